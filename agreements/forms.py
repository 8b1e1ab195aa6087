"""The forms of agreements: they check shape; the actions check business."""

from typing import Any

from django import forms
from django.utils.text import slugify

from agreements import kinds
from agreements.models import Agreement, Decision, Seat
from team.models import Side, User

LONG = forms.Textarea(attrs={"rows": 6})


class WordingForm(forms.Form):
    """Text of the agreement, and why it is proposed."""

    text = forms.CharField(
        label="What is agreed",
        widget=LONG,
        max_length=20_000,
        help_text="Use terms that both teams know. Both sides sign this text.",
    )
    reason = forms.CharField(label="Why", required=False, widget=forms.Textarea(attrs={"rows": 3}), max_length=5_000)
    pilot_manager = forms.ModelChoiceField(
        User.objects.none(),
        label="Only for the team of",
        required=False,
        empty_label="Everybody",
        help_text="A pilot applies to one team until its end date; its results are compared with the other teams.",
    )
    expires_on = forms.DateField(label="Last day", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    review_on = forms.DateField(
        label="Next review",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="After this day it is marked as stale until a new version is signed.",
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["pilot_manager"].queryset = User.objects.filter(is_active=True, reports__isnull=False).distinct()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("pilot_manager") and not cleaned.get("expires_on"):
            self.add_error("expires_on", "A pilot needs an end date.")
        return cleaned


class OpeningForm(forms.Form):
    """What a new agreement is about."""

    title = forms.CharField(max_length=200)
    third_side = forms.ChoiceField(
        label="Third signature", required=False,
        choices=[("", "None"), (Side.SUPPORT, "Support"), (Side.FINANCE, "Finance")],
        help_text="If Support or Finance owns it, they also sign.",
    )  # fmt: skip

    def __init__(self, *args: Any, kind: kinds.Kind, **options: Any) -> None:
        super().__init__(*args, **options)
        self.kind = kind

    def clean_title(self) -> str:
        title = self.cleaned_data["title"].strip()
        self.cleaned_data["key"] = slugify(title, allow_unicode=True)[:120] or title[:120]
        if Agreement.objects.filter(kind=self.kind.key, key=self.cleaned_data["key"]).exists():
            raise forms.ValidationError("An agreement with this name already exists. Propose a new version of it.")
        return title


class DisputeForm(forms.Form):
    reason = forms.CharField(label="Reason for the dispute", widget=forms.Textarea(attrs={"rows": 3}), max_length=5_000)
    decide_by = forms.DateField(
        label="Decide by",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Default: two weeks from now.",
    )


class RulingForm(forms.Form):
    decision = forms.ChoiceField(choices=Decision, widget=forms.RadioSelect)
    ruling = forms.CharField(
        label="The reason for the ruling", widget=forms.Textarea(attrs={"rows": 3}), max_length=5_000
    )


class SeatForm(forms.Form):
    seat = forms.ChoiceField(choices=Seat, widget=forms.HiddenInput)
    person = forms.ModelChoiceField(User.objects.filter(is_active=True), empty_label=None)
