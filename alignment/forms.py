"""The detector's form: three answers, and a field that only machines fill in."""

from collections.abc import Iterator
from typing import Any

from django import forms

from alignment import detector

YES_NO = [("yes", "Yes"), ("no", "No")]


class DetectorForm(forms.Form):
    # People never see this field; anyone who writes into it is a program that fills in forms.
    reference = forms.CharField(required=False, max_length=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for question in detector.QUESTIONS:
            error_messages = {"required": "Answer yes or no.", "invalid_choice": "Answer yes or no."}
            self.fields[question.key] = forms.ChoiceField(choices=YES_NO, error_messages=error_messages)

    def clean_reference(self) -> str:
        if self.cleaned_data["reference"]:
            raise forms.ValidationError("Leave the field that asks for nothing empty, then ask for the result again.")
        return ""

    def questions(self) -> Iterator[tuple[detector.Question, forms.BoundField]]:
        for question in detector.QUESTIONS:
            yield question, self[question.key]

    def answers(self) -> dict[str, bool]:
        return {question.key: self.cleaned_data[question.key] == "yes" for question in detector.QUESTIONS}
