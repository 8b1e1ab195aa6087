"""One evaluation of all detectors: judge, keep chance within its budget, open and end alarms.

First everything is judged, which only reads. Then all changes are written in one transaction: a worker that is killed has
written nothing or everything, and the next run goes on from what is written.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from alarms.context import Context
from alarms.holds import MOVED_TOGETHER, are_too_many, hold_detectors, judge_together, pass_tests, turning_tests
from alarms.judges import Watch, judge
from alarms.judging import Judgement
from alarms.models import Alarm, AlarmEvent, Condition, DetectorState
from alarms.notices import tell_owner
from alarms.owners import owner_of
from alarms.registry import Finding
from alarms.transitions import Standing, is_worse, next_standing
from alarms.verdicts import Verdict
from core.locks import AdvisoryLock, acquire_lock
from core.request_values import BadValue
from facts.refresh import Progress
from kpis.registry import BadCut, UnknownMetric

log = logging.getLogger(__name__)
Verb = AlarmEvent.Verb


def evaluate(context: Context, watches: Iterable[Watch], progress: Progress | None = None) -> list[Alarm]:
    """Judge all detectors that are on, write what changed, and return the alarms that were opened."""
    active = [watch for watch in watches if watch.is_on]
    verdicts = []
    for done, watch in enumerate(active):
        if progress:
            progress(done, len(active), watch.detector.name)
        verdicts.append(_judge_safely(context, watch))
    return write_verdicts(context, verdicts)


def _judge_safely(context: Context, watch: Watch) -> Verdict:
    """Judge; a detector that fails is in the state error and does not stop the others."""
    try:
        finding = judge(context, watch)
        cost = watch.detector.cost
        money = cost.estimate(context, finding) if cost and finding.judgement.is_bad else None
        return Verdict(watch, finding, money)
    except (UnknownMetric, BadCut, BadValue) as error:
        return Verdict(watch, Finding(Judgement()), error=str(error))
    except Exception as error:
        log.exception("The detector “%s” failed.", watch.detector.key)
        return Verdict(watch, Finding(Judgement()), error=f"{type(error).__name__}: {error}")


@transaction.atomic
def write_verdicts(context: Context, verdicts: Sequence[Verdict]) -> list[Alarm]:
    """Write the states of the detectors, and open, worsen and end alarms; one process at a time."""
    with connection.cursor() as cursor:
        acquire_lock(cursor, AdvisoryLock.ALARMS)
    states = {state.key: state for state in DetectorState.objects.all()}
    open_alarms = {alarm.detector: alarm for alarm in Alarm.objects.open()}
    passed = pass_tests(verdicts)
    turning = turning_tests(verdicts, states, passed)
    is_suspicious = are_too_many(turning, verdicts)
    has_answer = is_suspicious and _is_answered(states, open_alarms)
    held = hold_detectors(verdicts, states, passed, () if has_answer else turning)
    verdicts = [
        replace(verdict, finding=judge_together(context, turning if is_suspicious and not has_answer else ()))
        if verdict.key == MOVED_TOGETHER
        else verdict
        for verdict in verdicts
    ]
    opened = []
    for verdict in verdicts:
        state = states.get(verdict.key) or DetectorState(key=verdict.key)
        alarm = _write_verdict(
            verdict, state, open_alarms.get(verdict.key),
            passes=passed.get(verdict.key, True), held=held.get(verdict.key, ""),
        )  # fmt: skip
        if alarm:
            opened.append(alarm)
    return opened


def _is_answered(states: Mapping[str, DetectorState], open_alarms: Mapping[str, Alarm]) -> bool:
    """Whether somebody has closed the alarm of figures that moved together: then they are judged one by one."""
    state = states.get(MOVED_TOGETHER)
    return state is not None and state.is_alerting and MOVED_TOGETHER not in open_alarms


def _write_verdict(
    verdict: Verdict, state: DetectorState, alarm: Alarm | None, *, passes: bool, held: str
) -> Alarm | None:
    """Write one detector's state and its alarm; return the alarm where it is new."""
    now, judged = timezone.now(), verdict.judged
    before = Standing(Condition(state.condition), state.bucket, state.calm_buckets, state.is_alerting)
    after = next_standing(before, judged, passes=passes, is_held=bool(held))
    condition = Condition.ERROR if verdict.error else after.condition
    if condition != state.condition or state.pk is None:
        state.condition, state.since = condition, now
    state.bucket, state.calm_buckets, state.is_alerting = after.bucket, after.calm_buckets, after.is_alerting
    state.reason = (verdict.error or judged.reason or (held if judged.is_bad else ""))[:500]
    state.evaluated_at = now
    if judged.has_data:
        state.judged = judgement_to_json(judged)
    state.save()
    if alarm is None:
        is_new = after.is_alerting and (not before.is_alerting or is_worse(judged, _worst_of_last(verdict.key)))
        return _open_alarm(verdict, now) if is_new and judged.is_bad else None
    if not after.is_alerting:
        _end_alarm(alarm, judged, now)
    elif judged.has_data:
        _update_alarm(alarm, verdict, now)
    return None


def _worst_of_last(key: str) -> float | None:
    last = Alarm.objects.filter(detector=key).first()
    return last.worst if last else None


def _open_alarm(verdict: Verdict, now: datetime) -> Alarm:
    detector, judged = verdict.watch.detector, verdict.judged
    alarm = Alarm(
        detector=detector.key, name=detector.name, metric=detector.metric, where=dict(detector.where), opened_at=now,
        opened_bucket=judged.bucket, worst=judged.value, owner=owner_of(verdict.watch),
    )  # fmt: skip
    _fill_figures(alarm, verdict, now)
    alarm.save()
    AlarmEvent.objects.create(alarm=alarm, verb=Verb.OPENED, at=now, value=judged.value)
    tell_owner(alarm, "opened")
    return alarm


def _fill_figures(alarm: Alarm, verdict: Verdict, now: datetime) -> None:
    judged, cost = verdict.judged, verdict.cost
    alarm.sentence = verdict.finding.sentence[:500]
    alarm.since, alarm.value, alarm.expected = judged.since, judged.value, judged.expected
    alarm.n, alarm.p_value, alarm.updated_at = judged.n, judged.p_value, now
    alarm.evidence = [asdict(evidence) for evidence in verdict.finding.evidence]
    alarm.details = {"judged": judgement_to_json(judged)}
    if cost:
        alarm.cost_low, alarm.cost, alarm.cost_high = cost.low, cost.middle, cost.high
        alarm.currency = cost.currency
        alarm.is_overall_cost = bool(verdict.watch.detector.cost and verdict.watch.detector.cost.is_overall)
    else:
        alarm.cost_low = alarm.cost = alarm.cost_high = None


def _update_alarm(alarm: Alarm, verdict: Verdict, now: datetime) -> None:
    """Bring an open alarm up to date. A worse figure is told, and ends a snooze."""
    judged = verdict.judged
    if judged.is_bad:
        _fill_figures(alarm, verdict, now)
    if is_worse(judged, alarm.worst):
        alarm.worst, alarm.worsened_at, alarm.snoozed_until, alarm.snooze_reason = judged.value, now, None, ""
        AlarmEvent.objects.create(alarm=alarm, verb=Verb.WORSENED, at=now, value=judged.value)
        alarm.save()
        tell_owner(alarm, "worsened")
    else:
        alarm.save()


def _end_alarm(alarm: Alarm, judged: Judgement, now: datetime) -> None:
    alarm.ended_at = alarm.updated_at = now
    alarm.save(update_fields=["ended_at", "updated_at"])
    AlarmEvent.objects.create(alarm=alarm, verb=Verb.ENDED, at=now, value=judged.value)


def judgement_to_json(judged: Judgement) -> dict[str, Any]:
    """Return the judgement as it is stored: days as ISO dates."""
    return {key: value.isoformat() if hasattr(value, "isoformat") else value for key, value in asdict(judged).items()}
