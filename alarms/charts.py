"""The series that a detector judges as a chart: the figure, what is usual or the limit, and the change. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from alarms.judging import Point
from core.chart_marks import ChartMarks, Mark, MarkedUnit
from core.charts import Chart, build_axis
from core.formatting import format_by_unit
from core.periods import Period
from kpis.grains import grain_of
from kpis.metric_charts import COLOURS
from kpis.registry import Metric

DAY, WEEK = timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True)
class Series:
    """The buckets of a metric, and what they are compared with.

    Attributes:
        expected: what is usual, or the limit.
        since: the first day of the change, or the day from which an alarm was open.
        is_window: each point is a longer window that ends on its last day.
    """

    metric: Metric
    points: Sequence[Point]
    expected: float | None
    expected_name: str
    currency: str
    since: date | None = None
    until: date | None = None
    is_window: bool = False

    @property
    def days(self) -> list[tuple[date, date]]:
        """The first and the last day that each point stands for on the axis."""
        if not self.is_window:
            return [(point.start, point.end) for point in self.points]
        ends = [point.end for point in self.points]
        starts = [ends[0] - WEEK, *ends[:-1]]
        return [(start + DAY, end) for start, end in zip(starts, ends, strict=True)]

    @property
    def bucket(self) -> str:
        """What a point is: a day, a week, or the window that ended on a day."""
        if self.is_window:
            return "the last day of its window"
        return "day" if self.points[0].start == self.points[0].end else "week"


def value_of(point: Point, metric: Metric) -> float | None:
    """Return the figure of a bucket: of a rate its hits over its cases."""
    if metric.is_proportion and point.value is None:
        return point.hits / point.n if point.n else None
    return point.value


def series_chart(series: Series, name: str, title: str = "", marks: Iterable[Mark] = ()) -> Chart | None:
    """Draw the buckets as a line, those of the change in the colour of alarms; None where no bucket has a value."""
    metric = series.metric
    values = [value_of(point, metric) for point in series.points]
    if not any(value is not None for value in values):
        return None
    names = _axis_names([end if series.is_window else start for start, end in series.days])
    traces = [
        _line(metric.name, names, values, COLOURS[metric.owner_side]),
        *_expected_line(series, names),
        *_changed_points(series, names, values),
    ]
    drawn = [value for trace in traces for value in trace["y"]]
    finding = title or f"{metric.name} by {series.bucket}"
    chart = Chart(
        name=name,
        title=finding,
        summary=f"{metric.name} by {series.bucket}. {finding}.",
        figure={
            "data": traces,
            "layout": {"yaxis": build_axis(drawn, metric.unit, series.currency), "xaxis": {"type": "category"}},
        },
        unit=metric.unit,
        currency=series.currency,
    )
    return chart.with_marks(_group_marks(series, names, marks))


def _line(name: str, names: Sequence[str], values: Sequence[float | None], colour: str) -> dict[str, Any]:
    return {
        "type": "scatter", "mode": "lines+markers", "name": name, "x": list(names), "y": list(values),
        "line": {"color": colour, "width": 2.5}, "marker": {"size": 5},
    }  # fmt: skip


def _expected_line(series: Series, names: Sequence[str]) -> list[dict[str, Any]]:
    if series.expected is None:
        return []
    written = format_by_unit(series.expected, series.metric.unit, series.currency)
    return [
        {
            "type": "scatter", "mode": "lines", "name": f"{series.expected_name} {written}", "x": list(names),
            "y": [series.expected] * len(names), "line": {"color": "--soft", "width": 1.5, "dash": "dash"},
        }
    ]  # fmt: skip


def _changed_points(series: Series, names: Sequence[str], values: Sequence[float | None]) -> list[dict[str, Any]]:
    """Draw the buckets from the change on once more, as dots: the table has a column of them."""
    if series.since is None:
        return []
    changed = [
        value if end >= series.since and (series.until is None or start <= series.until) else None
        for (start, end), value in zip(series.days, values, strict=True)
    ]
    if not any(value is not None for value in changed):
        return []
    return [
        {
            "type": "scatter", "mode": "markers", "name": "Since the change", "x": list(names), "y": changed,
            "marker": {"color": "--red", "size": 9, "symbol": "diamond"},
        }
    ]  # fmt: skip


def _axis_names(days: Sequence[date]) -> list[str]:
    """Return how the axis names each bucket by its first day, or the last of a window."""
    grain = grain_of("day", Period())
    has_years = len({day.year for day in days}) > 1
    return [grain.title(grain.key_of(day), with_year=has_years) for day in days]


def _group_marks(series: Series, names: Sequence[str], marks: Iterable[Mark]) -> ChartMarks:
    listed, units = list(marks), []
    for (start, end), name in zip(series.days, names, strict=True):
        inside = tuple(mark for mark in listed if start <= mark.day <= end)
        if inside:
            units.append(MarkedUnit(start.isoformat(), name, inside))
    return ChartMarks(tuple(units))
