"""Tries a detector on the company's own past: when it would have opened an alarm, at what cost, and what it can find at all.

The past is judged by today's records: what was imported, merged or corrected since then counts as it is known now.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from statistics import median

import numpy as np

from alarms.budget import ROUNDS, WATCHED_BELOW
from alarms.context import Context
from alarms.costs import MoneyRange
from alarms.judges import Watch, judge_points, limit_of
from alarms.judging import Judgement, Point, judge_limit
from alarms.models import AlarmSettings
from alarms.registry import Finding
from alarms.rules import BASELINE_WEEKS, WATCHED_WEEKS, Direction, LevelRule, LimitRule, RateRule
from alarms.series import read_series, rolling_windows
from alarms.statistics import (
    NORMAL_MAD,
    RateCusum,
    cusum_limit,
    cusum_points_to_find,
    false_discovery_limit,
)
from alarms.transitions import Standing, next_standing

YEAR_DAYS = 365
FALL = 0.3  # the change whose delay is told
LARGE = 400  # cases a week, from which a change of this size shows within the week
NOT_RECORDED = "This detector looks at how things stand today. How they stood before is not recorded."


@dataclass(frozen=True)
class TrialPoint:
    """How one bucket of the past would have been judged."""

    day: date
    value: float | None
    expected: float | None
    p_value: float | None
    is_bad: bool
    would_ring: bool  # an alarm would have been open


@dataclass(frozen=True)
class TrialAlarm:
    """An alarm that would have been opened; `ended_on` is None where it would still be open."""

    opened_on: date
    ended_on: date | None
    value: float | None
    expected: float | None
    cost: MoneyRange | None


@dataclass(frozen=True)
class Trial:
    """What a detector would have done.

    Attributes:
        reason: why nothing could be judged; empty where something was.
        weeks_to_find: after how many weeks a change of 30 % for the worse shows at this volume, on average; no method is faster
            at the same rate of false alarms. None for limits, and where nothing is known.
        cases_a_week: the median of a week.
    """

    points: Sequence[TrialPoint]
    alarms: Sequence[TrialAlarm]
    reason: str = ""
    weeks_to_find: float | None = None
    cases_a_week: float = 0.0

    @property
    def judged(self) -> int:
        """How many buckets could be judged."""
        return len(self.points)


def try_on_past(context: Context, watch: Watch, days: int = YEAR_DAYS, tests: int = 1) -> Trial:
    """Judge every week, or for a daily rule every day, of the last days as it would have been judged then.

    Args:
        tests: how many tests share the budget of false alarms, this one among them.
    """
    if watch.detector.observe:
        return Trial((), (), NOT_RECORDED)
    threshold = _p_value_that_rings(watch, tests)
    judgements = list(_judge_past(context, watch, days))
    judged = [judgement for judgement in judgements if judgement.has_data]
    if not judged:
        return Trial((), (), judgements[-1].reason if judgements else "No finished week.")
    points, alarms = _follow(context, watch, judged, threshold)
    if isinstance(watch.detector.rule, LimitRule):
        return Trial(points, alarms)
    series = _read_past(context, watch, 0)
    return Trial(points, alarms, "", _weeks_to_find(watch, series, threshold), median(point.n for point in series))


def _p_value_that_rings(watch: Watch, tests: int) -> float:
    """Return the p-value at which this test alone passes the budget."""
    allowed = float(AlarmSettings.get().false_alarms_per_quarter)
    family = "day" if isinstance(watch.detector.rule, LevelRule) else "week"
    return false_discovery_limit(allowed, ROUNDS[family]) / max(tests, 1)  # type: ignore[index]


def _judge_past(context: Context, watch: Watch, days: int) -> Iterator[Judgement]:
    rule = watch.detector.rule
    if isinstance(rule, LimitRule):
        yield from _judge_past_limit(context, watch, rule, days)
        return
    points = _read_past(context, watch, days)
    step = 1 if isinstance(rule, LevelRule) else 7
    for end in range(max(len(points) - days // step, 1), len(points) + 1):
        yield judge_points(watch, points[:end])


def _read_past(context: Context, watch: Watch, days: int) -> list[Point]:
    baseline_from = watch.setup.baseline_from if watch.setup else None
    return read_series(context, watch.detector, baseline_from, days)


def _judge_past_limit(context: Context, watch: Watch, rule: LimitRule, days: int) -> Iterator[Judgement]:
    limit = limit_of(context, watch)
    if limit is None:
        yield Judgement(reason=f"No limit: {watch.detector.limit_from or 'it'} is not set.")
        return
    for point in rolling_windows(context, watch.detector, rule, days):
        yield judge_limit(point.value, point.n, limit, bad=rule.bad, minimum_n=rule.minimum_n, bucket=point.end)


def _follow(
    context: Context, watch: Watch, judged: Sequence[Judgement], threshold: float
) -> tuple[list[TrialPoint], list[TrialAlarm]]:
    """Let the state follow from bucket to bucket, and note the alarms."""
    standing, points, alarms = Standing(), [], []
    for judgement in judged:
        passes = judgement.p_value is None or judgement.p_value <= threshold
        after = next_standing(standing, judgement, passes=passes)
        assert judgement.bucket
        if after.is_alerting and not standing.is_alerting:
            alarms.append(_to_alarm(context, watch, judgement))
        elif standing.is_alerting and not after.is_alerting:
            alarms[-1] = replace(alarms[-1], ended_on=judgement.bucket)
        points.append(
            TrialPoint(
                judgement.bucket, judgement.value, judgement.expected, judgement.p_value, judgement.is_bad,
                after.is_alerting,
            )
        )  # fmt: skip
        standing = after
    return points, alarms


def _to_alarm(context: Context, watch: Watch, judgement: Judgement) -> TrialAlarm:
    assert judgement.bucket
    cost = watch.detector.cost
    money = cost.estimate(context, Finding(judgement)) if cost else None
    return TrialAlarm(judgement.bucket, None, judgement.value, judgement.expected, money)


def _weeks_to_find(watch: Watch, points: Sequence[Point], threshold: float) -> float | None:
    """Return the mean delay of a change by 30 % at this volume and this rate of false alarms."""
    rule, usual = watch.detector.rule, points[-WATCHED_WEEKS - BASELINE_WEEKS : -WATCHED_WEEKS]
    size = round(median(point.n for point in usual)) if usual else 0
    if not size or isinstance(rule, (LevelRule, LimitRule)) or rule is None:
        return None
    if not isinstance(rule, RateRule):
        return _weeks_of_drift(usual, rule.bad, threshold)
    rate = (sum(point.hits for point in usual) + 0.5) / (sum(point.n for point in usual) + 1)
    changed = min(rate * (1 + FALL), (1 + rate) / 2) if rule.bad == "up" else rate * (1 - FALL)
    return 1.0 if size > LARGE else round(RateCusum(rate, changed).periods_to_find(1 / threshold, size), 1)


def _weeks_of_drift(usual: Sequence[Point], bad: Direction, threshold: float) -> float | None:
    values = np.array([point.value for point in usual if point.value is not None], dtype=float)
    if values.size < WATCHED_WEEKS:
        return None
    spread = NORMAL_MAD * float(np.median(np.abs(values - np.median(values))))
    shift = FALL * abs(float(np.median(values))) / spread if spread else np.inf
    if shift > 6:
        return 1.0
    if shift <= 0.5:
        return None  # a change that small never shows
    limit = cusum_limit(min(1 / threshold, 1 / WATCHED_BELOW * 1e4) / 2)  # one-sided: two-sided at twice the rate
    return round(cusum_points_to_find(float(shift), limit), 1)
