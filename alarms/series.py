"""Reads the finished buckets of a metric that a rule judges."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from alarms.context import Context
from alarms.judging import LEVEL_WEEKS, Point
from alarms.registry import Detector
from alarms.rules import BASELINE_WEEKS, WATCHED_WEEKS, LevelRule, LimitRule, RateRule
from core.periods import Period
from kpis.compute import compute_trend, evenings_of
from kpis.grains import grain_of
from kpis.registry import Metric, get_metric
from kpis.result import Part

MONTH_DAYS = 30


def read_series(
    context: Context, detector: Detector, baseline_from: date | None = None, more_days: int = 0
) -> list[Point]:
    """Return the buckets that the rule of the detector judges, the earliest first.

    Args:
        baseline_from: what is before the new normal is left out.
        more_days: how much longer the series is than one judgement needs, to judge the past.
    """
    if isinstance(detector.rule, LevelRule):
        end = context.today - timedelta(days=1)
        period = Period(end - timedelta(days=7 * LEVEL_WEEKS + more_days), end)
        return _read_points(context, detector, period, "day", baseline_from)
    mature_days = detector.rule.mature_days if isinstance(detector.rule, RateRule) else 0
    last = context.today - timedelta(days=1 + mature_days)
    end = last - timedelta(days=(last.weekday() + 1) % 7)  # the Sunday that it is, or the one before
    weeks = BASELINE_WEEKS + WATCHED_WEEKS + more_days // 7
    return _read_points(context, detector, Period(end - timedelta(days=7 * weeks - 1), end), "week", baseline_from)


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


def rolling_windows(context: Context, detector: Detector, rule: LimitRule, days: int) -> Iterator[Point]:
    """Yield the metric over the window of the rule as it was at the end of each week of the last days.

    Medians, and metrics made of others, are asked once a month: their windows are no sums of days.
    """
    metric, end = get_metric(rule.metric), context.today - timedelta(days=1)
    if metric.is_stock:
        yield from _stock_evenings(context, detector, metric, days)
    elif metric.is_spread or metric.factors:
        for back in range(days // MONTH_DAYS, -1, -1):
            last = end - timedelta(days=MONTH_DAYS * back)
            first = last - timedelta(days=rule.days - 1)
            result = context.compute(rule.metric, Period(first, last), detector.where)
            yield Point(first, last, result.n, value=None if result.value is None else float(result.value))
    else:
        daily = Period(end - timedelta(days=days + rule.days), end)
        trend = compute_trend(metric, daily, grain="day", where=detector.where, facts=context.facts)
        yield from _sum_windows(metric, trend.parts, rule.days, days)


def _stock_evenings(context: Context, detector: Detector, metric: Metric, days: int) -> Iterator[Point]:
    period = Period(context.today - timedelta(days=days), context.today)
    trend = compute_trend(metric, period, grain="week", where=detector.where, facts=context.facts)
    evenings = evenings_of(period, "week", context.today)
    for part in trend.parts:
        value = None if part.value is None else float(part.value)
        yield Point(evenings[part.key], evenings[part.key], part.n, value=value)


def _sum_windows(metric: Metric, parts: Sequence[Part], window: int, days: int) -> Iterator[Point]:
    grain = grain_of("day", Period())
    for last in range(len(parts) - days // 7 * 7, len(parts) + 1, 7):
        inside = parts[max(last - window, 0) : last]
        n = sum(part.n for part in inside)
        numerator = sum(float(part.numerator or 0) for part in inside)
        denominator = sum(float(part.denominator or 0) for part in inside)
        start, end = grain.parse_key(inside[0].key).start, grain.parse_key(inside[-1].key).end
        assert start
        assert end
        if metric.is_rate:
            size = int(denominator) if metric.is_proportion else n
            yield Point(start, end, size, value=numerator / denominator if denominator else None)
        else:
            yield Point(start, end, n, value=numerator if n else 0.0)
