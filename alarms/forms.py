"""What people enter about an alarm."""

from datetime import timedelta
from typing import Any

from django import forms

from alarms.models import Alarm
from team.models import Company, User

SNOOZE_DAYS = 14
DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class SnoozeForm(forms.Form):
    until = forms.DateField(label="Until", widget=DAY)
    reason = forms.CharField(label="Reason", max_length=300, help_text="Others read it while the alarm waits.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["until"].initial = Company.today() + timedelta(days=SNOOZE_DAYS)


class CloseForm(forms.Form):
    verdict = forms.ChoiceField(
        label="Was it real?", choices=Alarm.Verdict.choices, widget=forms.RadioSelect,
        help_text="Real: something was wrong. Not real: chance or an error. Known: you expected it.",
    )  # fmt: skip
    note = forms.CharField(label="Note", max_length=480, required=False)


class NewNormalForm(forms.Form):
    since = forms.DateField(label="Since", widget=DAY, required=False)


class NoteForm(forms.Form):
    note = forms.CharField(label="Note", max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class AssignForm(forms.Form):
    owner = forms.ModelChoiceField(queryset=User.objects.none(), label="Owner")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = User.objects.filter(is_active=True).order_by("name")  # type: ignore[attr-defined]


class EmptyForm(forms.Form):
    """The form of a button that asks nothing."""
