"""One metric, ready to be shown: its sentence, its trend, its cut, and what it is held against."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from core.charts import Chart
from core.date_formatting import format_day
from core.periods import Period
from crm.readable import ReadableRows, Reader
from facts.engine import Facts, open_facts
from facts.result_cache import cached_answer
from kpis import metric_charts, pace, url_params, visibility
from kpis.charts import axis_label
from kpis.comparison import Reading
from kpis.custom import custom_names
from kpis.dashboard import Question
from kpis.dimensions import BLANK, CUSTOM
from kpis.dimensions import get_dimension as dimension
from kpis.grains import GRAINS
from kpis.mark_registry import read_marks
from kpis.models import Benchmark
from kpis.pace import Pace
from kpis.query import record_id
from kpis.registry import Metric
from kpis.result import Part, Result

MAX_DAYS = {"day": 45, "week": 190, "month": 1200}  # how long a period may be to be shown so finely


@dataclass(frozen=True)
class Line:
    """A part as a line of the cut's table, with where it leads."""

    part: Part
    label: str
    filtered: str
    records: str


@dataclass(frozen=True)
class Cut:
    name: str
    label: str
    result: Result
    lines: tuple[Line, ...]
    largest: float


@dataclass(frozen=True)
class Page:
    metric: Metric
    question: Question
    reading: Reading
    sentence: str
    grain: str
    trend: Result
    chart: Chart | None
    cut: Cut | None
    benchmarks: Sequence[Benchmark]
    goals: list[Pace]
    own_columns: list[str]
    facts: Facts

    @property
    def when(self) -> str:
        return period_in_sentence(self.question.period)

    @property
    def mark_texts(self) -> dict[str, str]:
        """What is marked on the trend, by the key of its unit."""
        return {unit.key: unit.text for unit in self.chart.marks.units} if self.chart else {}

    @property
    def now(self) -> Result:
        return self.reading.now


def build_page(metric: Metric, question: Question, grain: str, today: date, user: Reader) -> Page:
    """Ask all that the page of a metric shows.

    Raises:
        BadCut, PermissionDenied: it cannot be cut so, or not for this reader.
    """
    facts, rows = open_facts(), ReadableRows(user)
    period, where = question.period, question.where
    now, before = visibility.compare_periods_for(user, metric, period, where=where, facts=facts, rows=rows)
    reading = Reading(metric, now, before)
    grain = grain if grain in GRAINS else default_grain(period)
    over_time = visibility.compute_trend_for(user, metric, period, grain=grain, where=where, facts=facts, rows=rows)
    benchmarks = list(Benchmark.objects.filter(metric=metric.benchmark_key))
    reference = next((benchmark.value for benchmark in benchmarks if benchmark.is_reference), None)
    chart = metric_charts.trend_chart(metric, over_time, reference)
    return Page(
        metric=metric,
        question=question,
        reading=reading,
        sentence=metric_sentence(reading, period, today),
        grain=grain,
        trend=over_time,
        chart=chart and chart.with_marks(read_marks(metric, over_time, user, is_open=True)),
        cut=_build_cut(metric, question, user, facts, rows) if question.by else None,
        benchmarks=benchmarks,
        goals=[goal_pace for goal_pace in pace.current_paces(today, user, facts) if goal_pace.metric == metric],
        own_columns=own_columns(metric, facts),
        facts=facts,
    )


def default_grain(period: Period) -> str:
    """Return the grain that shows the period in some dozen points."""
    if period.days is None:
        return "quarter"
    return next((grain for grain, most in MAX_DAYS.items() if period.days <= most), "year")


def metric_sentence(reading: Reading, period: Period, today: date) -> str:
    """Say the number in words: what it was, when, and how that compares."""
    metric, now = reading.metric, reading.now
    if not now.n:
        return f"{now.name}: no records {period_in_sentence(period)}"
    if now.value is None:
        missing = " and no ".join(now.unrecorded) or metric.below
        return f"{now.name} has no value {period_in_sentence(period)}: no {missing} is recorded"
    value = reading.format_value(now.value) + (f" a {now.per}" if now.per else "")
    is_stock = metric.is_stock and not now.per
    text = f"{now.name} {_stock_in_words(value, period, today) if is_stock else f'was {value} {period_in_sentence(period)}'}"
    before = period.before
    return f"{text}, {reading.change} against {before.label}" if reading.change and before else text


def _stock_in_words(value: str, period: Period, today: date) -> str:
    """Say a stock with its evening: now, or the last of the period."""
    if period.end is None or period.end >= today:
        return f"stands at {value} now"
    return f"stood at {value} on the evening of {format_day(period.end)}"


def period_in_sentence(period: Period) -> str:
    """Put the period into a sentence: in 2025, since Jan 1, 2025, over all time."""
    if period.start and period.end:
        return f"from {period.label.replace(' – ', ' to ')}" if " – " in period.label else f"in {period.label}"
    return "over all time" if not (period.start or period.end) else period.label


def _build_cut(metric: Metric, question: Question, user: Reader, facts: Facts, rows: ReadableRows) -> Cut:
    by = question.by
    result = visibility.compute_for(user, metric, question.period, by=by, where=question.where, facts=facts, rows=rows)
    lines = tuple(_build_line(metric, question, by, part) for part in result.parts)
    largest = max([abs(float(part.value)) for part in result.parts if part.value is not None], default=0.0)
    return Cut(by, dimension(by).label, result, lines, largest)


def _build_line(metric: Metric, question: Question, by: str, part: Part) -> Line:
    name = "None" if part.key == BLANK else axis_label(part.key, by, question.period) if by in GRAINS else part.label
    changes: dict[str, Any] = {"by": None, by: part.key}
    return Line(
        part,
        name,
        url_params.metric_url(metric.key, question, **changes),
        url_params.records_url(metric.key, question, **changes),
    )


def own_columns(metric: Metric, facts: Facts) -> list[str]:
    """Return the dimensions of columns that only this company has."""
    if len(metric.tables) != 1 or facts.snapshot is None:
        return []
    table = metric.tables[0]
    cache_key = f"custom:{facts.snapshot.pk}:{facts.snapshot.taken_at.isoformat()}:{table}"
    return [CUSTOM + name for name in cached_answer(cache_key, lambda: custom_names(facts, table))]


def filter_labels(question: Question, user: Reader) -> list[tuple[str, str, str]]:
    """Return each filter as its dimension, the dimension's name and the part's name."""
    return [
        (name, dimension(name).label, _part_name(name, value, question.period, user))
        for name, value in question.where.items()
    ]


def _part_name(name: str, value: str, period: Period, user: Reader) -> str:
    lookup, number = dimension(name).lookup, record_id(value)
    if value == BLANK:
        return "None"
    if lookup and number:
        record = ReadableRows(user).visible(lookup).filter(pk=number).first()
        return str(record) if record else value
    return axis_label(value, name, period) if name in GRAINS else dimension(name).label_of(value)
