"""The marks that alarms bring along: alarms, and people's notes on a day."""

from collections.abc import Iterator, Mapping
from datetime import datetime, time, timedelta

from django.urls import reverse
from django.utils import timezone

from alarms.marks.models import DayNote
from alarms.models import Alarm
from core.chart_marks import Mark
from kpis.mark_registry import ALARM, NOTE, MarkQuery, register_source
from team.models import Company, User


def mark_notes(query: MarkQuery) -> Iterator[Mark]:
    """Yield the notes on the metric and on all metrics, the latest days first where there are too many."""
    assert query.period.start
    assert query.period.end
    key = query.metric.key if query.metric else ""
    notes = DayNote.objects.of_metric(key, query.period.start, query.period.end)
    for note in notes.select_related("author"):
        yield Mark(note.day, NOTE, f"{note.text} ({note.author.name})", reverse("day_note", args=[note.pk]))


def mark_alarms(query: MarkQuery) -> Iterator[Mark]:
    """Yield the alarms on the metric that opened, on the day that the company saw them; those that the reader may read."""
    if not isinstance(query.reader, User):
        return
    assert query.period.start
    assert query.period.end
    zone = Company.get().zone
    first = datetime.combine(query.period.start, time(), zone)
    after = datetime.combine(query.period.end + timedelta(days=1), time(), zone)
    alarms = Alarm.objects.visible_to(query.reader).filter(opened_at__gte=first, opened_at__lt=after)
    if query.metric:
        alarms = alarms.filter(metric__in=[query.metric.key, *query.metric.factors])
    for alarm in alarms:
        if _is_of_chart(alarm.where, query.where):
            day = timezone.localtime(alarm.opened_at, zone).date()
            yield Mark(day, ALARM, _describe_alarm(alarm), reverse("alarm", args=[alarm.pk]))


def _is_of_chart(where: Mapping[str, str], chart: Mapping[str, str]) -> bool:
    """Tell whether an alarm is about records of the chart: no filter of it asks for others than the chart's."""
    return all(chart.get(name, value) == value for name, value in where.items())


def _describe_alarm(alarm: Alarm) -> str:
    ended = alarm.closed_at or alarm.ended_at
    return f"{alarm.name} opened" if ended is None else f"{alarm.name} opened, {_describe_end(alarm)}"


def _describe_end(alarm: Alarm) -> str:
    return f"closed as {alarm.get_verdict_display().lower()}" if alarm.verdict else "ended"


register_source("alarms", mark_alarms)
register_source("notes", mark_notes)
