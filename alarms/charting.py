"""Reads the series of a detector and draws it, for the page of an alarm and that of a detector."""

from collections.abc import Iterator, Sequence
from datetime import date

from django.urls import NoReverseMatch, reverse

from alarms.charts import Series, series_chart
from alarms.context import Context
from alarms.judges import Watch
from alarms.judging import Point
from alarms.rules import LimitRule
from alarms.series import read_series, rolling_windows
from core.chart_marks import Mark
from core.charts import Chart
from core.periods import Period
from core.request_values import BadValue
from kpis.mark_registry import ALARM, MarkQuery, collect_marks
from kpis.registry import BadCut, find_metric
from team.models import User

HALF_YEAR = 182


def read_charted_points(context: Context, watch: Watch) -> Sequence[Point]:
    """Return what the rule judges: of a limit its window as it was at the end of each week, of a test the buckets.

    What was before a new normal is drawn too, though it is not judged.
    """
    rule = watch.detector.rule
    if isinstance(rule, LimitRule):
        return list(rolling_windows(context, watch.detector, rule, HALF_YEAR))
    return read_series(context, watch.detector)


def draw_detector(
    user: User,
    context: Context,
    watch: Watch,
    expected: float | None,
    *,
    name: str,
    title: str = "",
    since: date | None = None,
    until: date | None = None,
) -> Chart | None:
    """Draw the series of a detector with the marks that the reader may see; None where there is nothing to draw."""
    metric = find_metric(watch.detector.metric)
    if metric is None:
        return None
    try:
        points = read_charted_points(context, watch)
    except (BadCut, BadValue):
        return None
    if not points:
        return None
    is_limit = isinstance(watch.detector.rule, LimitRule)
    series = Series(
        metric, points, expected, "Limit" if is_limit else "Usual", context.currency, since, until, is_window=is_limit
    )
    return series_chart(series, name, title, list_marks(user, watch, Period(points[0].end, points[-1].end)))


def list_marks(user: User, watch: Watch, period: Period) -> Iterator[Mark]:
    """Yield what happened in the days of a chart, and the day from which a new normal holds."""
    metric = find_metric(watch.detector.metric)
    marks, _left_out = collect_marks(MarkQuery(metric, period, user, dict(watch.detector.where)))
    yield from marks
    if watch.setup and watch.setup.baseline_from:
        yield Mark(watch.setup.baseline_from, ALARM, "The new normal begins", _detector_url(watch))


def _detector_url(watch: Watch) -> str:
    try:
        return reverse("detector", args=[watch.detector.key])
    except NoReverseMatch:
        return ""
