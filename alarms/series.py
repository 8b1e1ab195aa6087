"""Reads the finished buckets of a metric that a test judges."""

from datetime import date, timedelta

from alarms.context import Context
from alarms.judging import LEVEL_WEEKS, Point
from alarms.registry import Detector
from alarms.rules import BASELINE_WEEKS, WATCHED_WEEKS, LevelRule, RateRule
from core.periods import Period
from kpis.compute import compute_trend
from kpis.grains import grain_of
from kpis.registry import Metric, get_metric
from kpis.result import Part


def read_weeks(context: Context, detector: Detector, baseline_from: date | None = None) -> list[Point]:
    """Return the finished weeks, and of a rate the mature ones, without those before the new normal."""
    mature_days = detector.rule.mature_days if isinstance(detector.rule, RateRule) else 0
    last = context.today - timedelta(days=1 + mature_days)
    end = last - timedelta(days=(last.weekday() + 1) % 7)  # the Sunday that it is, or the one before
    start = end - timedelta(days=7 * (BASELINE_WEEKS + WATCHED_WEEKS) - 1)
    return _read_points(context, detector, Period(start, end), "week", baseline_from)


def read_days(context: Context, detector: Detector, baseline_from: date | None = None) -> list[Point]:
    """Return the finished days up to yesterday."""
    end = context.today - timedelta(days=1)
    return _read_points(context, detector, Period(end - timedelta(days=7 * LEVEL_WEEKS), end), "day", baseline_from)


def read_points(context: Context, detector: Detector, baseline_from: date | None = None) -> list[Point]:
    """Return the buckets that the rule of the detector judges."""
    read = read_days if isinstance(detector.rule, LevelRule) else read_weeks
    return read(context, detector, baseline_from)


def _read_points(
    context: Context, detector: Detector, period: Period, grain: str, baseline_from: date | None
) -> list[Point]:
    metric = get_metric(detector.metric)
    trend = compute_trend(metric, period, grain=grain, where=detector.where, facts=context.facts)
    points = [_to_point(metric, part, grain_of(grain, period).parse_key(part.key)) for part in trend.parts]
    return [point for point in points if baseline_from is None or point.start >= baseline_from]


def _to_point(metric: Metric, part: Part, unit: Period) -> Point:
    assert unit.start
    assert unit.end
    if metric.is_proportion:
        return Point(unit.start, unit.end, int(part.denominator or 0), hits=int(part.numerator or 0))
    value = None if part.value is None else float(part.value)
    if value is None and metric.adds_up:
        value = 0.0  # it could have happened, and did not
    return Point(unit.start, unit.end, part.n, value=value)
