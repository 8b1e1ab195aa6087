"""Alarms as the pages list them: with their sentence, cost and state."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from alarms.judges import Watch
from alarms.models import Alarm, DetectorState
from alarms.queries import cost_of
from alarms.registry import Detector
from alarms.sentences import cost_in_words, describe_figures
from team.models import User


@dataclass(frozen=True)
class Label:
    """The text and the kind of a badge."""

    text: str
    kind: str = ""


CONDITION_KINDS = {
    "alerting": "is-alarm", "recovering": "is-warning", "pending": "is-warning", "error": "is-alarm", "normal": "is-met",
}  # fmt: skip
VERDICT_KINDS = {"real": "is-alarm", "known": "is-warning"}


@dataclass(frozen=True)
class AlarmRow:
    """An alarm in a list."""

    alarm: Alarm
    sentence: str
    cost: str
    badge: Label
    is_own: bool = False


def build_rows(
    alarms: Iterable[Alarm], watches: Mapping[str, Watch], currency: str, user: User, today: date
) -> list[AlarmRow]:
    return [
        AlarmRow(
            alarm,
            alarm_sentence(alarm, watches.get(alarm.detector), currency),
            cost_text(alarm),
            alarm_badge(alarm, today),
            alarm.owner_id == user.pk,
        )
        for alarm in alarms
    ]


def alarm_sentence(alarm: Alarm, watch: Watch | None, currency: str) -> str:
    """Say what is wrong: what the detector wrote, else the figures by its rule; the name where the detector is gone."""
    if alarm.sentence:
        return alarm.sentence
    return describe_figures(alarm, watch.detector, currency, alarm.since) if watch else alarm.name


def watched_sentence(detector: Detector, state: DetectorState, currency: str) -> str:
    """Say what a detector sees that has not raised an alarm."""
    judged = state.judged or {}
    since = date.fromisoformat(judged["since"]) if judged.get("since") else None
    return describe_figures(StoredFigures(judged.get("value"), judged.get("expected")), detector, currency, since)


@dataclass(frozen=True)
class StoredFigures:
    """The figures of a judgement as a detector's state stores them."""

    value: float | None
    expected: float | None


def cost_text(alarm: Alarm) -> str:
    cost = cost_of(alarm)
    return cost_in_words(cost) if cost else ""


def alarm_badge(alarm: Alarm, today: date) -> Label:
    """Return how an alarm stands."""
    if alarm.closed_at:
        return Label(f"Closed: {alarm.get_verdict_display().lower()}", VERDICT_KINDS.get(alarm.verdict, ""))
    if alarm.ended_at:
        return Label("Ended, verdict missing", "is-warning")
    if alarm.is_snoozed(today):
        return Label("Snoozed")
    if alarm.worsened_at and (alarm.acknowledged_at is None or alarm.worsened_at > alarm.acknowledged_at):
        return Label("Worse", "is-alarm")
    return Label("Acknowledged", "is-warning") if alarm.acknowledged_at else Label("New", "is-alarm")


def condition_badge(condition: str, label: str) -> Label:
    return Label(label, CONDITION_KINDS.get(condition, ""))
