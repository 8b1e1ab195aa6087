"""What came into a stock, left it and changed in it between two evenings; together it is the change exactly."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

import ibis

from core.periods import Period
from kpis import dimensions
from kpis.query import Cut, is_counted, select_rows
from kpis.registry import Measure
from kpis.rows import Scope


@dataclass(frozen=True)
class Movement:
    """Records that were added, removed or changed, and what that did to the sum."""

    name: str
    label: str
    n: int
    total: Fraction


LABELS = {"added": "Added", "removed": "Removed", "changed": "Changed", "same": "Unchanged"}


def query_movements(
    scope: Scope, measure: Measure, before: Period, now: Period, where: Mapping[str, str], currency: str
) -> tuple[Movement, ...]:
    """Return how the rows of a stock differ between the last evenings of two periods, in one currency."""
    first, last = (min(period.end or scope.today, scope.today) for period in (before, now))
    if first == last:
        return ()
    both = replace(scope, period=now, asked_evenings=(first, last))
    own_currency = dimensions.dimensions_of(measure.table).get("currency") if measure.is_money else None
    builds = [build for build in (measure.keep, measure.numerator, own_currency) if build]
    table, row = select_rows(both, measure, Cut(where=where), [*builds, lambda row: row["counted_on"]])
    counts = is_counted(measure, row)
    if own_currency:
        counts &= own_currency(row) == currency
    amount = measure.numerator(row).fill_null(0) if measure.numerator else ibis.literal(1, type="int64")
    rows = table.filter(counts).select(id=row["id"], is_last=row["counted_on"] == ibis.literal(last), amount=amount)
    sides = rows.group_by("id").aggregate(
        old=(~rows.is_last).ifelse(rows.amount, 0).sum(),
        new=rows.is_last.ifelse(rows.amount, 0).sum(),
        was=(~rows.is_last).any(),
        stays=rows.is_last.any(),
    )
    names = ibis.cases(
        (~sides.was, "added"), (~sides.stays, "removed"), (sides.old != sides.new, "changed"), else_="same"
    )
    kinds = sides.group_by(name=names).aggregate(n=sides.count(), total=(sides.new - sides.old).sum())
    lines = {line["name"]: line for line in scope.facts.execute(kinds).to_dict("records")}
    return tuple(
        Movement(name, label, int(lines[name]["n"]), Fraction(Decimal(str(lines[name]["total"]))))
        for name, label in LABELS.items()
        if name in lines
    )
