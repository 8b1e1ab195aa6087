"""Ask metrics of facts in memory, without any database."""

from collections.abc import Mapping
from datetime import date

from core.periods import Period
from kpis.compute import compute_uncached
from kpis.query import Cut
from kpis.registry import Metric, all_metrics, get_metric
from kpis.result import Part, Result
from kpis.rows import Scope
from tests.kpis.memory_facts import MemoryFacts

ALL = Period()
TODAY = date(2026, 11, 22)


def ask(
    facts: MemoryFacts,
    key: str,
    period: Period = ALL,
    by: str = "",
    where: Mapping[str, str] | None = None,
    currency: str = "EUR",
) -> Result:
    scope = Scope(facts, period, currency, TODAY)  # type: ignore[arg-type]
    return compute_uncached(scope, get_metric(key), Cut(by, dict(where or {})))


def parts(result: Result) -> dict[str, Part]:
    return {part.label: part for part in result.parts}


def shapes() -> list[Metric]:
    """Return one metric of each shape: where one works, its like do."""
    found: dict[object, Metric] = {}
    for metric in all_metrics():
        is_kind = (metric.is_rate, metric.is_spread, metric.is_stock, metric.is_proportion, bool(metric.factors))
        found.setdefault((metric.tables, metric.unit, is_kind), metric)
    return list(found.values())
