"""A refusal says which field is meant."""

import pytest
from django import forms
from django.core.exceptions import PermissionDenied, ValidationError

from core.form_errors import cleaned_or_error, error_message


class Wish(forms.Form):
    lead = forms.CharField(label="Lead")
    points = forms.IntegerField(max_value=5)

    def clean(self) -> None:
        if "points" not in self.cleaned_data:
            raise ValidationError("Say how many.")


def test_a_form_gives_what_it_holds_or_says_every_fault_with_its_field() -> None:
    assert cleaned_or_error(Wish({"lead": "Ada", "points": "5"})) == {"lead": "Ada", "points": 5}
    with pytest.raises(ValidationError) as caught:
        cleaned_or_error(Wish({"points": "x"}))
    assert error_message(caught.value) == "Lead: This field is required. points: Enter a whole number. Say how many."


def test_a_refusal_without_a_list_is_its_own_words() -> None:
    assert error_message(PermissionDenied("Not yours.")) == "Not yours."
