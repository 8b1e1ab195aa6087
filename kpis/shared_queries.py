"""Several periods and the units of a trend, answered by one question to the facts for all measures of the same rows.

Time is divided into sections at the first and last days of all periods and units, and sums add up: a question grouped by
section holds the answers to all. A stock is counted on all evenings at once. What two metrics share is asked once.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from core.periods import Period
from facts.set_aside import RECORD_FAULTS
from kpis.grains import GRAINS, grain_of
from kpis.models import Benchmark
from kpis.query import EVENING, Cut, PartTotals, add_totals, has_rows, query_measure, query_measures
from kpis.registry import Measure, MeasureBases, Metric
from kpis.rows import Scope


@dataclass(frozen=True)
class Sections:
    """Time divided where one of the periods begins or has ended."""

    periods: tuple[Period, ...]

    @cached_property
    def hull(self) -> Period:
        """The days from the first to the last of all periods; open where one of them is."""
        starts, ends = [period.start for period in self.periods], [period.end for period in self.periods]
        return Period(
            None if None in starts else min(filter(None, starts)),
            None if None in ends else max(filter(None, ends)),
            calendar=self.periods[0].calendar,
        )

    @cached_property
    def edges(self) -> tuple[date, ...]:
        """The first day of each section but the first one."""
        starts = {period.start for period in self.periods if period.start}
        after = {period.end + timedelta(days=1) for period in self.periods if period.end and period.end < date.max}
        inside = (
            edge
            for edge in starts | after
            if (not self.hull.start or edge > self.hull.start) and (not self.hull.end or edge <= self.hull.end)
        )
        return tuple(sorted(inside))

    def can_tell(self, period: Period) -> bool:
        """Whether the period is made of whole sections."""
        begins = {None, self.hull.start, *self.edges} if self.hull.start is None else {self.hull.start, *self.edges}
        ends = {edge - timedelta(days=1) for edge in self.edges} | {self.hull.end}
        return period.start in begins and period.end in ends

    def rows_of(self, period: Period, rows: Iterable[PartTotals]) -> list[PartTotals]:
        """Return the rows whose section is in the period; those without a day are in a period that is open on both sides."""
        if not self.edges or not (period.start or period.end):
            return list(rows)
        first = bisect_right(self.edges, period.start) if period.start else 0
        last = bisect_right(self.edges, period.end) if period.end else len(self.edges)
        return [row for row in rows if row.section is not None and first <= row.section <= last]


class SharedQueries:
    """Answers what `query_measure` answers, for some periods; anything else is asked as it stands.

    `metrics` are those that will be asked for: measures of the same rows and day are asked together. `trended` are those
    whose trend over the first period is wanted, or over `trend_period`: flows by `grain`, stocks on the `evenings`.
    `cuts` names the metrics that will be asked by parts of a dimension, over `cut_periods`.
    """

    def __init__(
        self, *periods: Period, metrics: Iterable[Metric] = (), grain: str = "", evenings: Iterable[date] = (),
        trended: Iterable[Metric] = (), trend_period: Period | None = None, cuts: Mapping[str, Sequence[Metric]] | None = None,
        cut_periods: Sequence[Period] = (),
    ) -> None:  # fmt: skip
        self.grain = grain
        self._evenings = tuple(evenings)
        self._trended = {measure for metric in trended for measure in metric.all_measures}
        wanted = [measure for metric in metrics for measure in metric.all_measures]
        self._wanted = tuple(dict.fromkeys([*wanted, *self._trended]))
        self._cut_measures = {
            by: tuple(dict.fromkeys(measure for metric in cut_metrics for measure in metric.all_measures))
            for by, cut_metrics in (cuts or {}).items()
        }
        units = self._units_of(trend_period or periods[0]) if self._trended else {}
        self._sections = Sections((*periods, *units.values()))
        self._cut_sections = Sections(tuple(cut_periods)) if cut_periods else None
        self._ends = tuple(period.end for period in periods)
        self._cache: dict[Any, Any] = {}
        self._apart: set[tuple[Measure, ...]] = set()  # measures that cannot be asked together

    def query_measure(self, scope: Scope, measure: Measure, cut: Cut) -> list[PartTotals]:
        """Return the sums of the measure for every part and currency that has rows."""
        if measure.is_stock:
            return self._query_stock(scope, measure, cut)
        if cut.by == self.grain and cut.by:
            return self._query_units(scope, measure, cut)
        if not cut.by and self._sections.can_tell(scope.period):
            return _sum_by_currency(measure, self._query_sections(scope, measure, cut, self._sections, self._wanted))
        measures = self._cut_measures.get(cut.by, ())
        if self._cut_sections and measure in measures and self._cut_sections.can_tell(scope.period):
            return self._query_sections(scope, measure, cut, self._cut_sections, measures)
        return query_measure(scope, measure, cut)

    def _query_units(self, scope: Scope, measure: Measure, cut: Cut) -> list[PartTotals]:
        """Return the sums for each unit of a trend."""
        units = self._units_of(scope.period)
        if not (units and measure in self._trended and all(map(self._sections.can_tell, units.values()))):
            return query_measure(scope, measure, cut)
        plain = replace(cut, by="")
        return [
            replace(row, key=key, label=key)
            for key, unit in units.items()
            for row in self._query_sections(replace(scope, period=unit), measure, plain, self._sections, self._wanted)
        ]

    def _units_of(self, period: Period) -> dict[str, Period]:
        if not (period.start and period.end and self.grain in GRAINS):
            return {}
        return dict(grain_of(self.grain, period).all_in(period))

    def _query_sections(
        self, scope: Scope, measure: Measure, cut: Cut, sections: Sections, measures: tuple[Measure, ...]
    ) -> list[PartTotals]:
        rows = self._query_together(
            measure, measures, replace(scope, period=sections.hull), replace(cut, edges=sections.edges)
        )
        return sections.rows_of(scope.period, rows)

    def _query_stock(self, scope: Scope, measure: Measure, cut: Cut) -> list[PartTotals]:
        ends = {end or scope.today for end in self._ends}
        is_trended = self._trended.intersection(_like(measure, self._wanted))
        every = ends.union(self._evenings if is_trended else ())
        if cut.by not in ("", EVENING) or not every.issuperset(scope.evenings):
            return query_measure(scope, measure, cut)
        shared_scope = replace(scope, asked_evenings=tuple(sorted(every)))
        wanted = {day.isoformat() for day in scope.evenings}
        rows = self._query_together(measure, self._wanted, shared_scope, replace(cut, by=EVENING))
        mine = [row for row in rows if row.key in wanted]
        return mine if cut.by else _sum_by_currency(measure, mine)

    def _query_together(
        self, measure: Measure, measures: tuple[Measure, ...], scope: Scope, cut: Cut
    ) -> list[PartTotals]:
        """Return the answer for the measure; it is asked once for all of the measures that look at the same rows."""
        filters = (cut.by, scope.within, tuple(sorted(cut.where.items())))
        if (measure, filters) not in self._cache:
            among = _like(measure, measures)
            answers = self._ask(measure, among, scope, cut)
            self._cache.update({(queried, filters): rows for queried, rows in answers.items()})
        rows_of_measure: list[PartTotals] = self._cache[measure, filters]
        return rows_of_measure

    def _ask(
        self, measure: Measure, among: tuple[Measure, ...], scope: Scope, cut: Cut
    ) -> dict[Measure, list[PartTotals]]:
        """Ask for all measures together; where a record makes that fail, for the one alone, so that others are answered."""
        if among not in self._apart:
            try:
                return dict(zip(among, query_measures(scope, among, cut), strict=True))
            except RECORD_FAULTS:
                self._apart.add(among)
        return {measure: query_measure(scope, measure, cut)}

    def find_reference(self, key: str) -> Benchmark | None:
        """Return the benchmark that gaps are measured against, asked for once."""
        if ("benchmark", key) not in self._cache:
            self._cache["benchmark", key] = Benchmark.reference_for(key)
        benchmark: Benchmark | None = self._cache["benchmark", key]
        return benchmark

    def has_rows(self, scope: Scope, measure: Measure, cut: Cut) -> bool:
        """Tell whether the basis exists at all; that depends on no filter but the source."""
        is_dated = bool(scope.period.start or scope.period.end)
        source_cut = Cut(where={name: value for name, value in cut.where.items() if name == "source_system"})
        has_any: bool = self._query_once(
            f"rows {is_dated}", scope, measure, source_cut, lambda: has_rows(scope, measure, source_cut)
        )
        return has_any

    def _query_once(self, kind: str, scope: Scope, measure: Measure, cut: Cut, question: Callable[[], Any]) -> Any:
        key = (kind, scope.within, rows_of(measure), tuple(sorted(cut.where.items())))
        if key not in self._cache:
            self._cache[key] = question()
        return self._cache[key]


def rows_of(measure: Measure) -> tuple[Any, ...]:
    """Return what decides which rows a measure looks at, and on which day."""
    return measure.table, measure.source, measure.day, measure.is_stock


def _like(measure: Measure, measures: Iterable[Measure]) -> tuple[Measure, ...]:
    """Return the measures that one question can be asked of together with this one, itself among them."""
    if measure.spread:
        return (measure,)
    same = [other for other in measures if not other.spread and rows_of(other) == rows_of(measure)]
    return tuple(dict.fromkeys([measure, *same]))


def _sum_by_currency(measure: Measure, rows: Iterable[PartTotals]) -> list[PartTotals]:
    """Add up what is in one currency; without groups, no rows at all give a row of nothing, as in SQL."""
    totals: dict[str, PartTotals] = {}
    if not (measure.is_money or measure.spread):
        totals[""] = PartTotals(records={measure.table: 0}, checks={check.message: 0 for check in measure.checks})
    for row in rows:
        add_totals(totals.setdefault(row.currency, PartTotals(currency=row.currency)), row)
    return list(totals.values())


def query_shared(scope: Scope, measure: Measure, cut: Cut) -> list[PartTotals]:
    return scope.shared.query_measure(scope, measure, cut) if scope.shared else query_measure(scope, measure, cut)


def choose_basis(scope: Scope, measure: Measure | MeasureBases, cut: Cut) -> Measure:
    """Return the first basis that has rows, the last when none has."""
    if isinstance(measure, Measure):
        return measure
    is_there = scope.shared.has_rows if scope.shared else has_rows
    return next((basis for basis in measure[:-1] if is_there(scope, basis, cut)), measure[-1])
