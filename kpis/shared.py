"""One period, the one before and the units of a trend, answered by one question to the facts for each measure.

The two periods follow each other, and sums add up: a question over both, grouped by unit and by side of the edge between
them, holds the answers to all. A stock is counted on all evenings at once. What two metrics share is asked once.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from typing import Any

from core.periods import Period
from kpis.asking import EVENING, Cut, Sums, add, ask, has_rows
from kpis.registry import Bases, Measure, Metric
from kpis.rows import Scope


class Shared:
    """Answers what `ask` answers, for one pair of periods; anything else is asked as it stands.

    `trended` are the metrics whose trend is wanted: flows by `grain`, stocks on the `evenings`.
    """

    def __init__(
        self, period: Period, *, grain: str = "", evenings: Iterable[date] = (), trended: Iterable[Metric] = ()
    ) -> None:
        self.period, self.before, self.grain = period, period.before, grain
        self._evenings = tuple(evenings)
        self._trended = {measure for metric in trended for measure in metric.all_measures}
        self._known: dict[Any, Any] = {}

    def ask(self, scope: Scope, measure: Measure, cut: Cut) -> list[Sums]:
        """Return the sums of the measure for every part and currency that has rows."""
        if measure.is_stock:
            return self._of_stock(scope, measure, cut)
        has_grain = measure in self._trended and bool(self.grain)
        if (
            scope.period not in (self.period, self.before)
            or not self.before
            or cut.by not in ({"", self.grain} if has_grain else {""})
        ):
            return ask(scope, measure, cut)
        rows = self._once(
            "flow", measure, cut, lambda: self._over_both(scope, measure, cut, self.grain if has_grain else "")
        )
        mine = [row for row in rows if row.is_before == (scope.period == self.before)]
        return mine if cut.by else _whole(measure, mine)

    def _over_both(self, scope: Scope, measure: Measure, cut: Cut, by: str) -> list[Sums]:
        assert self.before
        both = replace(scope, period=Period(self.before.start, self.period.end, calendar=self.period.calendar))
        return ask(both, measure, replace(cut, by=by, edge=self.period.start))

    def _of_stock(self, scope: Scope, measure: Measure, cut: Cut) -> list[Sums]:
        wanted = scope.evenings
        known = self._all_evenings(scope, measure)
        if cut.by not in ("", EVENING) or not set(wanted) <= set(known):
            return ask(scope, measure, cut)
        asked = replace(scope, asked_evenings=known)
        rows = self._once("stock", measure, cut, lambda: ask(asked, measure, replace(cut, by=EVENING)))
        mine = [row for row in rows if row.key in {day.isoformat() for day in wanted}]
        return mine if cut.by else _whole(measure, mine)

    def _all_evenings(self, scope: Scope, measure: Measure) -> tuple[date, ...]:
        ends = (period.end or scope.today for period in (self.period, self.before) if period)
        return tuple(sorted({*ends, *(self._evenings if measure in self._trended else ())}))

    def has_rows(self, scope: Scope, measure: Measure, cut: Cut) -> bool:
        """Tell whether the basis exists at all; that depends on no filter but the source."""
        is_dated = bool(scope.period.start or scope.period.end)
        kept = Cut(where={name: value for name, value in cut.where.items() if name == "source_system"})
        found: bool = self._once(f"rows {is_dated}", measure, kept, lambda: has_rows(scope, measure, kept))
        return found

    def _once(self, kind: str, measure: Measure, cut: Cut, question: Callable[[], Any]) -> Any:
        key = (kind, measure, tuple(sorted(cut.where.items())))
        if key not in self._known:
            self._known[key] = question()
        return self._known[key]


def _whole(measure: Measure, rows: Iterable[Sums]) -> list[Sums]:
    """Add up what is in one currency; without groups, no rows at all give a row of nothing, as in SQL."""
    found: dict[str, Sums] = {}
    if not (measure.is_money or measure.spread):
        found[""] = Sums(records={measure.table: 0}, checks={check.words: 0 for check in measure.checks})
    for row in rows:
        add(found.setdefault(row.currency, Sums(currency=row.currency)), row)
    return list(found.values())


def asked(scope: Scope, measure: Measure, cut: Cut) -> list[Sums]:
    return scope.shared.ask(scope, measure, cut) if scope.shared else ask(scope, measure, cut)


def chosen(scope: Scope, measure: Measure | Bases, cut: Cut) -> Measure:
    """Return the first basis that has rows, the last when none has."""
    if isinstance(measure, Measure):
        return measure
    is_there = scope.shared.has_rows if scope.shared else has_rows
    return next((basis for basis in measure[:-1] if is_there(scope, basis, cut)), measure[-1])
