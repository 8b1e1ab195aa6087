"""What is marked on charts over time. Each app declares its sources in a module `chart_marks.py`, found when Django starts."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from core.chart_marks import ChartMarks, Mark, MarkedUnit, MarkKind, limit_marks
from core.periods import Period
from crm.readable import Reader
from kpis.charts import axis_labels
from kpis.dimensions import BLANK
from kpis.grains import GRAINS, Grain, grain_of
from kpis.registry import Metric, get_metric
from kpis.result import Result

ALARM = MarkKind("alarm", "A", "Alarm", "alarms", rank=0, most=20)
DEFINITION = MarkKind("definition", "D", "Definition change", "definition changes", rank=1, most=20)
NOTE = MarkKind("note", "N", "Note", "notes", rank=2, most=20)
CAMPAIGN = MarkKind("campaign", "C", "Campaign", "campaigns", rank=3, most=5)
KINDS = (ALARM, DEFINITION, NOTE, CAMPAIGN)


@dataclass(frozen=True)
class MarkQuery:
    """Which marks are wanted: of a metric (None: of a chart over all the teams' work), in a closed period, for a reader.

    `where` holds the filters of the chart.
    """

    metric: Metric | None
    period: Period
    reader: Reader
    where: Mapping[str, str] = field(default_factory=dict)


MarkSource = Callable[[MarkQuery], Iterable[Mark]]
_sources: dict[str, MarkSource] = {}


def register_source(key: str, source: MarkSource) -> None:
    """Declare a source of marks; it yields what this reader may know, and only days of the period."""
    _sources[key] = source


def collect_marks(query: MarkQuery) -> tuple[list[Mark], list[tuple[MarkKind, int]]]:
    """Return the marks of all sources in the order of time, and of each kind how many are left out."""
    return limit_marks(mark for source in _sources.values() for mark in source(query))


def read_marks(metric: Metric, trend: Result, reader: Reader, *, is_open: bool = False) -> ChartMarks:
    """Return the marks of a metric by the units of its trend, for charts of that trend."""
    parts = [part for part in trend.parts if part.key != BLANK]
    if not parts or trend.by not in GRAINS:
        return ChartMarks()
    names = dict(zip([part.key for part in parts], axis_labels(parts, trend), strict=True))
    query = MarkQuery(metric, trend_days(trend, list(names)), reader, trend.where)
    marks, left_out = collect_marks(query)
    units = _group_by_unit(marks, grain_of(trend.by, trend.period), names)
    return ChartMarks(tuple(units), tuple(left_out), is_open)


def list_marks_of_result(result: Result, reader: Reader) -> list[tuple[str, Mark]]:
    """Return the marks of a figure that is cut by a unit of the calendar, each with the key of its unit."""
    keys = sorted(part.key for part in result.parts if part.key != BLANK)
    if result.by not in GRAINS or not keys:
        return []
    is_closed = result.period.start and result.period.end
    days = result.period if is_closed else trend_days(result, keys)
    marks, _left_out = collect_marks(MarkQuery(get_metric(result.key), days, reader, result.where))
    grain = grain_of(result.by, result.period)
    return [(grain.key_of(mark.day), mark) for mark in marks]


def _group_by_unit(marks: Sequence[Mark], grain: Grain, names: Mapping[str, str]) -> Iterator[MarkedUnit]:
    by_key: dict[str, list[Mark]] = {}
    for mark in marks:
        by_key.setdefault(grain.key_of(mark.day), []).append(mark)
    return (MarkedUnit(key, names[key], tuple(group)) for key, group in by_key.items() if key in names)


def trend_days(trend: Result, keys: Sequence[str]) -> Period:
    """Return the days that the units of a trend cover, within its period."""
    grain, period = grain_of(trend.by, trend.period), trend.period
    first, last = grain.parse_key(keys[0]).start, grain.parse_key(keys[-1]).end
    assert first
    assert last
    start = max(first, period.start) if period.start else first
    end = min(last, period.end) if period.end else last
    return Period(start, end, calendar=period.calendar)
