"""The marks that alarms bring along: alarms, and people's notes on a day."""

from collections.abc import Iterator

from django.urls import reverse

from alarms.marks.models import DayNote
from core.chart_marks import Mark
from kpis.mark_registry import NOTE, MarkQuery, register_source


def mark_notes(query: MarkQuery) -> Iterator[Mark]:
    """Yield the notes on the metric and on all metrics, the latest days first where there are too many."""
    assert query.period.start
    assert query.period.end
    key = query.metric.key if query.metric else ""
    notes = DayNote.objects.of_metric(key, query.period.start, query.period.end)
    for note in notes.select_related("author"):
        yield Mark(note.day, NOTE, f"{note.text} ({note.author.name})", reverse("day_note", args=[note.pk]))


register_source("notes", mark_notes)
