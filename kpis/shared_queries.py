"""One period, the one before and the units of a trend, answered by one question to the facts for all measures of the same rows.

The two periods follow each other, and sums add up: a question over both, grouped by unit and by side of the edge between
them, holds the answers to all. A stock is counted on all evenings at once. What two metrics share is asked once.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from typing import Any

from core.periods import Period
from kpis.models import Benchmark
from kpis.query import EVENING, Cut, PartTotals, add_totals, has_rows, query_measure, query_measures
from kpis.registry import Measure, MeasureBases, Metric
from kpis.rows import Scope


class SharedQueries:
    """Answers what `ask` answers, for one pair of periods; anything else is asked as it stands.

    `metrics` are those that will be asked for: measures of the same rows and day are asked together. `trended` are those
    whose trend is wanted: flows by `grain`, stocks on the `evenings`.
    """

    def __init__(
        self, period: Period, *, metrics: Iterable[Metric] = (), grain: str = "", evenings: Iterable[date] = (),
        trended: Iterable[Metric] = (),
    ) -> None:  # fmt: skip
        self.period, self.before, self.grain = period, period.before, grain
        self._evenings = tuple(evenings)
        self._trended = {measure for metric in trended for measure in metric.all_measures}
        wanted = [measure for metric in metrics for measure in metric.all_measures]
        self._wanted = dict.fromkeys([*wanted, *self._trended])
        self._cache: dict[Any, Any] = {}

    def query_measure(self, scope: Scope, measure: Measure, cut: Cut) -> list[PartTotals]:
        """Return the sums of the measure for every part and currency that has rows."""
        among = self._measures_to_query(measure)
        if measure.is_stock:
            return self._query_stock(scope, measure, cut, among)
        by = self.grain if self._trended.intersection(among) else ""
        if not self.before or scope.period not in (self.period, self.before) or cut.by not in {"", by}:
            return query_measure(scope, measure, cut)
        both = replace(scope, period=Period(self.before.start, self.period.end, calendar=self.period.calendar))
        rows = self._query_together(measure, among, both, replace(cut, by=by, edge=self.period.start))
        mine = [row for row in rows if row.is_before == (scope.period == self.before)]
        return mine if cut.by else _sum_by_currency(measure, mine)

    def _query_stock(self, scope: Scope, measure: Measure, cut: Cut, among: tuple[Measure, ...]) -> list[PartTotals]:
        ends = {period.end or scope.today for period in (self.period, self.before) if period}
        every = ends.union(self._evenings if self._trended.intersection(among) else ())
        if cut.by not in ("", EVENING) or not every.issuperset(scope.evenings):
            return query_measure(scope, measure, cut)
        shared_scope = replace(scope, asked_evenings=tuple(sorted(every)))
        wanted = {day.isoformat() for day in scope.evenings}
        rows = self._query_together(measure, among, shared_scope, replace(cut, by=EVENING))
        mine = [row for row in rows if row.key in wanted]
        return mine if cut.by else _sum_by_currency(measure, mine)

    def _measures_to_query(self, measure: Measure) -> tuple[Measure, ...]:
        """Return the measures that one question can be asked of together with this one, itself among them."""
        if measure.spread:
            return (measure,)
        same = [other for other in self._wanted if not other.spread and rows_of(other) == rows_of(measure)]
        return tuple(dict.fromkeys([measure, *same]))

    def _query_together(self, measure: Measure, among: tuple[Measure, ...], scope: Scope, cut: Cut) -> list[PartTotals]:
        filters = (scope.within, tuple(sorted(cut.where.items())))
        if (measure, filters) not in self._cache:
            answers = zip(among, query_measures(scope, among, cut), strict=True)
            self._cache.update({(queried, filters): rows for queried, rows in answers})
        rows_of_measure: list[PartTotals] = self._cache[measure, filters]
        return rows_of_measure

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
