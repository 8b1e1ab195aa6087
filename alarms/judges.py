"""Has a detector judge the facts: by its rule, or by what it observes itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from alarms.context import Context
from alarms.judging import Judgement, Point, judge_drift, judge_level, judge_limit, judge_rate
from alarms.models import DetectorSetup
from alarms.registry import Detector, Evidence, Finding, no_data
from alarms.rules import DriftRule, LevelRule, LimitRule, RateRule, Strictness
from alarms.series import read_series
from core.periods import Period
from kpis.dashboard import Question
from kpis.registry import get_metric
from kpis.url_params import records_url


@dataclass(frozen=True)
class Watch:
    """A detector as the company has set it."""

    detector: Detector
    setup: DetectorSetup | None = None

    @property
    def is_on(self) -> bool:
        return self.setup is None or self.setup.is_on

    @property
    def strictness(self) -> Strictness:
        return self.setup.strictness if self.setup else "normal"  # type: ignore[return-value]


def judge(context: Context, watch: Watch) -> Finding:
    """Return what the detector sees as of the context's day.

    Raises:
        UnknownMetric, BadCut: its metric or a filter is no longer declared.
    """
    detector = watch.detector
    if empty := context.empty_tables(detector.requires):
        return no_data(f"No {' and no '.join(table.replace('_', ' ') for table in empty)} on record.")
    if detector.observe:
        return detector.observe(context)
    judged = _judge_rule(context, watch)
    return Finding(judged, evidence=_list_records(context, detector, judged))


def _judge_rule(context: Context, watch: Watch) -> Judgement:
    detector = watch.detector
    if isinstance(detector.rule, LimitRule):
        return _judge_limit(context, watch, detector.rule)
    return judge_points(watch, read_series(context, detector, watch.setup.baseline_from if watch.setup else None))


def judge_points(watch: Watch, points: Sequence[Point]) -> Judgement:
    """Judge the buckets of a series by the test of the detector."""
    match watch.detector.rule:
        case RateRule():
            return judge_rate(points, watch.detector.rule, watch.strictness)
        case DriftRule():
            return judge_drift(points, watch.detector.rule, watch.strictness)
        case LevelRule():
            return judge_level(points, watch.detector.rule, watch.strictness)
    raise TypeError(f"{watch.detector.key} has no test.")


def _list_records(context: Context, detector: Detector, judged: Judgement) -> tuple[Evidence, ...]:
    """Return the page of the records that a bad figure was counted from, in the days that were judged."""
    if not judged.is_bad:
        return ()
    rule, metric = detector.rule, get_metric(detector.records or detector.metric)
    assert rule
    period = _judged_period(context, rule) if isinstance(rule, LimitRule) else Period(judged.since, judged.bucket)
    count = judged.n
    if detector.records and judged.hits is not None:  # that metric counts the bad cases alone
        count = judged.hits if rule.bad == "up" else judged.n - judged.hits
    return (Evidence(metric.name, records_url(metric.key, Question(period, "", dict(detector.where))), count),)


def _judged_period(context: Context, rule: LimitRule) -> Period:
    if get_metric(rule.metric).is_stock:
        return Period(None, context.today)
    return context.last_year if rule.is_last_year else context.last_days(rule.days, rule.mature_days)


def limit_of(context: Context, watch: Watch) -> float | None:
    """Return the limit that holds: the company's setting, else what was signed, else the default of the detector."""
    if watch.setup and watch.setup.limit is not None:
        return float(watch.setup.limit)
    signed = watch.detector.read_limit(context) if watch.detector.read_limit else None
    rule = watch.detector.rule
    return signed if signed is not None else rule.limit if isinstance(rule, LimitRule) else None


def _judge_limit(context: Context, watch: Watch, rule: LimitRule) -> Judgement:
    limit = limit_of(context, watch)
    if limit is None:
        return Judgement(reason=f"No limit: {watch.detector.limit_from or 'nothing'} is not set.")
    metric = get_metric(rule.metric)
    result = context.compute(rule.metric, _judged_period(context, rule), watch.detector.where)
    if result.unrecorded:
        return Judgement(reason=f"No {' and no '.join(result.unrecorded)} is recorded.")
    value = None if result.value is None else float(result.value)
    n = int(result.denominator or 0) if metric.is_proportion else result.n
    judged = judge_limit(
        value, n, limit, bad=rule.bad, minimum_n=rule.minimum_n, bucket=context.today - timedelta(days=1)
    )
    if metric.is_proportion and judged.has_data:
        return Judgement(**{**judged.__dict__, "hits": int(result.numerator or 0)})
    return judged
