"""A note on a day as people type it."""

from typing import Any

from django import forms

from alarms.marks.models import MOST_TEXT, DayNote
from kpis.registry import Metric
from team.models import Company


class DayNoteForm(forms.Form):
    day = forms.DateField(label="Day", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    text = forms.CharField(
        label="Note",
        max_length=MOST_TEXT,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=f"What happened, in at most {MOST_TEXT} characters. Everyone in the company can read it.",
        error_messages={
            "required": "The note is empty. Write what happened on this day.",
            "max_length": "The note has %(show_value)d characters. Use at most %(limit_value)d.",
        },
    )
    is_for_all = forms.BooleanField(label="Show it on the charts of all metrics", required=False)

    def __init__(self, data: Any = None, *, metric: Metric | None, note: DayNote | None = None) -> None:
        initial = {"day": Company.today(), "is_for_all": metric is None}
        if note:
            initial |= {"day": note.day, "text": note.text, "is_for_all": not note.metric}
        super().__init__(data, initial=initial)
        self.metric = metric
        if metric is None:  # a note on all metrics has no metric to go back to
            del self.fields["is_for_all"]

    @property
    def note_fields(self) -> dict[str, Any]:
        """The values for the action."""
        cleaned = self.cleaned_data
        is_for_all = self.metric is None or cleaned["is_for_all"]
        metric = "" if is_for_all or self.metric is None else self.metric.key
        return {"metric": metric, "day": cleaned["day"], "text": cleaned["text"]}
