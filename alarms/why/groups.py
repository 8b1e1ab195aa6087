"""The sums of every group of every dimension before and now, by as few questions as there are kinds of rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from alarms.why.comparison import Comparison
from alarms.why.parts import GroupTotals, Totals, join_groups
from crm.readable import ReadableRows
from facts.result_cache import cached_answer
from kpis import visibility
from kpis.aggregation import fold_totals
from kpis.compute import question_key, scope_of
from kpis.cube import WHOLE, Cube, query_cube
from kpis.query import Cut, is_converted
from kpis.registry import Measure
from kpis.rows import Scope
from kpis.shared_queries import choose_basis

NOW, BEFORE = 0, 1
Counts = dict[str, int]  # by table


@dataclass(frozen=True)
class GroupTable:
    """The sums of every group of every dimension, before and now, and the records of each table behind them."""

    groups: Mapping[str, Sequence[GroupTotals]]
    records: Mapping[str, tuple[dict[str, Counts], dict[str, Counts]]]
    currency: str

    @property
    def whole(self) -> GroupTotals:
        return next(iter(self.groups[WHOLE]), GroupTotals("", "", Totals(), Totals()))

    @classmethod
    def load(cls, comparison: Comparison, names: Sequence[str], within: ReadableRows | None) -> "GroupTable":
        """Ask for all dimensions at once; an answer of a snapshot is remembered."""
        scope = scope_of(comparison.now, comparison.facts, within=within)
        key = question_key(scope, comparison.metric, Cut(",".join(names), comparison.where))
        address = key and f"{key}:why:{comparison.before.start}:{comparison.before.end}"
        return cached_answer(address, lambda: load_groups(scope, comparison, names))

    def visible(self, name: str, own: "GroupTable | None") -> list[GroupTotals]:
        """Return the groups of a dimension; those of too few records that the reader may not read are one group."""
        groups = list(self.groups[name])
        if own is None:
            return groups
        hidden: set[str] = set()
        for slot in (NOW, BEFORE):
            company, mine = self.records[name][slot], own.records[name][slot]
            hidden |= visibility.few_parts(
                {key: list(counts.items()) for key, counts in company.items()},
                {key: list(counts.items()) for key, counts in mine.items()},
            )
        return join_groups(groups, hidden)


def load_groups(scope: Scope, comparison: Comparison, names: Sequence[str]) -> GroupTable:
    """Ask the facts for the sums of every group, in the currency that the whole is in."""
    measures = [choose_basis(scope, measure, Cut(where=comparison.where)) for measure in comparison.metric.measures]
    cube = query_cube(scope, measures, names, where=comparison.where, periods=(comparison.now, comparison.before))
    return read_groups(cube, measures, names, scope, Cut(where=comparison.where))


def read_groups(cube: Cube, measures: Sequence[Measure], names: Sequence[str], scope: Scope, cut: Cut) -> GroupTable:
    """Take the sums of every group from the answer of one question, which several metrics may share."""
    currencies = [
        fold_totals(
            [row for measure in measures for row in cube.totals(measure, WHOLE, slot)],
            scope.currency,
            converts=is_converted(scope, cut),
        ).currency
        for slot in (NOW, BEFORE)
    ]
    sides = {
        name: [_sum_groups(cube, measures, name, slot, currencies[slot]) for slot in (NOW, BEFORE)]
        for name in (WHOLE, *names)
    }
    groups = {}
    for name, (now, before) in sides.items():
        labels = {key: side.label for slot in (before, now) for key, side in slot.items()}
        groups[name] = [
            GroupTotals(key, label, before.get(key, Side()).totals, now.get(key, Side()).totals)
            for key, label in labels.items()
            if now.get(key, Side()).totals.n or before.get(key, Side()).totals.n
        ]
    records = {
        name: tuple({key: side.records for key, side in slot.items()} for slot in slots)
        for name, slots in sides.items()
    }
    return GroupTable(groups, records, currencies[NOW])  # type: ignore[arg-type]


@dataclass
class Side:
    """A group in one period, with the records of each table behind it."""

    label: str = ""
    totals: Totals = field(default_factory=Totals)
    records: Counts = field(default_factory=dict)


def _sum_groups(cube: Cube, measures: Sequence[Measure], name: str, slot: int, currency: str) -> dict[str, Side]:
    sides: dict[str, Side] = {}
    for measure in measures:
        for row in cube.totals(measure, name, slot):
            if row.n and row.currency != currency:
                continue
            side = sides.setdefault(row.key, Side(row.label))
            side.totals += Totals(Fraction(row.numerator), Fraction(row.denominator), row.n)
            side.records[measure.table] = side.records.get(measure.table, 0) + row.n
    return sides
