"""A rate of what was never recorded has no value: no spend on record is not a spend of nothing."""

from collections.abc import Sequence
from dataclasses import replace

from kpis.aggregation import FoldedTotals, tables_without_required_rows
from kpis.registry import Measure, Metric
from kpis.result import Result
from kpis.rows import Scope

RECORDED = {
    "spend": "spend", "invoices": "revenue whose cost is known", "opportunities": "deal", "activities": "activity",
}  # fmt: skip


def missing_records(scope: Scope, metric: Metric, measures: Sequence[Measure], whole: FoldedTotals) -> tuple[str, ...]:
    """Return what a rate would need on record for a value and has not, in words; a rate of nothing is not a 0 %."""
    if not metric.is_rate or metric.is_spread:
        return ()
    missing = [RECORDED[table] for table in tables_without_required_rows(metric, whole.total)]
    for declared, measure in zip(metric.measures, measures, strict=True):
        if len(measures) > 1 and not whole.total.records.get(measure.table) and not _holds_rows(scope, measure.table):
            missing.append(RECORDED[measure.table] if isinstance(declared, Measure) else "revenue")
        if measure.rests_on and not whole.total.numerator:
            missing += [RECORDED[table] for table in measure.rests_on if not _holds_rows(scope, table)]
    return tuple(dict.fromkeys(missing))


def _holds_rows(scope: Scope, table: str) -> bool:
    snapshot = scope.facts.snapshot
    if snapshot is not None and table in snapshot.rows:
        return bool(snapshot.rows[table])
    return bool(len(scope.facts.execute(scope.table(table).limit(1))))


def without_values(result: Result, missing: tuple[str, ...]) -> Result:
    """Return the result without a value, and with the reason, where something that it needs is not on record."""
    if not missing:
        return result
    warning = f"No {' and no '.join(missing)} is recorded, so {result.name} has no value."
    parts = tuple(replace(part, value=None, low=None, high=None) for part in result.parts)
    return replace(
        result, value=None, low=None, high=None, parts=parts, unrecorded=missing, warnings=(*result.warnings, warning)
    )
