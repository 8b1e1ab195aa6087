"""What the page of one alarm shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.forms import BaseForm
from django.urls import reverse
from django.utils import timezone

from agreements.kinds import get_kind
from alarms.charting import draw_detector
from alarms.context import open_context
from alarms.forms import AssignForm, CloseForm, NewNormalForm, NoteForm, SnoozeForm
from alarms.judges import Watch
from alarms.models import Alarm, AlarmEvent
from alarms.permissions import ANSWER_ALARM, ASSIGN_ALARM
from alarms.queries import cost_of
from alarms.registry import UnknownDetector
from alarms.rows import alarm_badge, alarm_sentence, cost_text
from alarms.sentences import event_in_words, format_figure
from alarms.setups import get_watch
from core.charts import Chart
from core.periods import Period
from kpis import url_params
from kpis.dashboard import Question
from kpis.metric_page import filter_labels
from kpis.registry import Metric, find_metric
from team.models import Company, User


@dataclass(frozen=True)
class HistoryEntry:
    """One event of an alarm in words."""

    event: AlarmEvent
    text: str


def page_context(user: User, alarm: Alarm, form: BaseForm | None = None, done: str = "") -> dict[str, Any]:
    """Return the variables of the template.

    Args:
        form: one that was refused, shown again with what to change.
        done: what was just done.
    """
    watch, currency, today = _find_watch(alarm), Company.get().currency, Company.today()
    metric = find_metric(alarm.metric)
    question = Question(_period_of(alarm), "", dict(alarm.where)) if metric else None
    return {
        "alarm": alarm,
        "watch": watch,
        "metric": metric,
        "sentence": alarm_sentence(alarm, watch, currency),
        "badge": alarm_badge(alarm, today),
        "is_snoozed": alarm.is_snoozed(today),
        "cost": cost_of(alarm),
        "cost_text": cost_text(alarm),
        "figures": _list_figures(alarm, metric, currency),
        "filters": filter_labels(question, user) if question else [],
        "metric_url": url_params.metric_url(alarm.metric, question) if question else "",
        "why_url": _why_url(alarm, question) if question else "",
        "kind": get_kind(watch.detector.agreement) if watch and watch.detector.agreement else None,
        "chart": _build_chart(user, alarm, watch) if watch else None,
        "entries": _list_events(alarm, metric, currency),
        "done": done,
        **_answer_context(user, alarm, watch, form),
    }


def _answer_context(user: User, alarm: Alarm, watch: Watch | None, form: BaseForm | None) -> dict[str, Any]:
    may_answer = ANSWER_ALARM.allows(user, alarm)
    if not may_answer:
        return {"may_answer": False}
    is_newest = not Alarm.objects.filter(detector=alarm.detector, opened_at__gt=alarm.opened_at).exists()
    forms = {
        "snooze_form": SnoozeForm(), "close_form": CloseForm(), "note_form": NoteForm(),
        "new_normal_form": NewNormalForm(initial={"since": alarm.since or Company.today()}),
        "assign_form": AssignForm(initial={"owner": alarm.owner_id}),
    }  # fmt: skip
    if form is not None:
        forms |= {name: form for name, empty in forms.items() if type(empty) is type(form)}
    return {
        "may_answer": True,
        "may_assign": ASSIGN_ALARM.allows(user, alarm) and alarm.closed_at is None,
        "may_reopen": alarm.closed_at is not None and is_newest,
        "may_take_as_normal": watch is not None and watch.detector.is_test,
        "refused": type(form).__name__ if form else "",
        "refused_form": form,
        **forms,
    }


def _find_watch(alarm: Alarm) -> Watch | None:
    try:
        return get_watch(alarm.detector)
    except UnknownDetector:
        return None


def _period_of(alarm: Alarm) -> Period:
    """Return the days that the alarm is about: since the change, until it ended."""
    zone = Company.get().zone
    end = timezone.localtime(alarm.ended_at or alarm.updated_at, zone).date()
    start = alarm.since or alarm.opened_bucket or timezone.localtime(alarm.opened_at, zone).date()
    return Period(min(start, end), end)


def _why_url(alarm: Alarm, question: Question) -> str:
    """Return where why the figure moved is explained, for the days since the change against as many before."""
    if question.period.before is None:
        return ""
    return f"{reverse('metric_why', args=[alarm.metric])}?{url_params.question_query(question, by=None)}"


def _list_figures(alarm: Alarm, metric: Metric | None, currency: str) -> Sequence[tuple[str, str]]:
    """Return the figures of an alarm with their names."""
    if metric is None or alarm.value is None:
        return ()
    is_test = alarm.p_value is not None
    figures = [
        ("Now", format_figure(alarm.value, metric, currency)),
        ("Usual" if is_test else "Limit", format_figure(alarm.expected, metric, currency)),
    ]
    if alarm.worst is not None and alarm.worst != alarm.value:
        figures.append(("Worst so far", format_figure(alarm.worst, metric, currency)))
    return figures


def _build_chart(user: User, alarm: Alarm, watch: Watch) -> Chart | None:
    until = alarm.ended_at.date() if alarm.ended_at else None
    since = alarm.since or alarm.opened_bucket
    return draw_detector(
        user, open_context(), watch, alarm.expected, name=f"alarm-{alarm.pk}", since=since, until=until
    )


def _list_events(alarm: Alarm, metric: Metric | None, currency: str) -> list[HistoryEntry]:
    events = alarm.events.select_related("by").order_by("-at", "-pk")
    return [
        HistoryEntry(event, event_in_words(event.verb, event.get_verb_display(), event.value, metric, currency))
        for event in events
    ]
