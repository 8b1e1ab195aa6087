"""The values of several metrics this year, as far as a reader may know them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from core import periods
from core.formatting import format_by_unit
from core.periods import Period
from crm.readable import ReadableRows
from facts.engine import Facts, open_facts
from kpis import visibility
from kpis.compute import scope_of
from kpis.registry import Metric, UnknownMetric, get_metric
from kpis.result import Result
from team.models import Company, User

PERIOD = "this_year"


@dataclass(frozen=True)
class MetricValue:
    """A metric in a period, and what the reader may know of it."""

    metric: Metric
    result: Result
    period: Period

    @property
    def text(self) -> str:
        """The value as it is written, or why there is none."""
        if self.result.is_readable_only:
            return "Not shown to you"
        if self.result.value is None:
            return "No value yet"
        return format_by_unit(self.result.value, self.metric.unit, self.result.currency)

    @property
    def number(self) -> Any:
        """The value; None where the company's value is not shown to the reader."""
        return None if self.result.is_readable_only else self.result.value


def find_metric(key: str) -> Metric | None:
    """Return the metric; None where none is declared any more under a key that was signed."""
    try:
        return get_metric(key)
    except UnknownMetric:
        return None


def read_values(keys: Iterable[str], user: User, facts: Facts | None = None) -> dict[str, MetricValue]:
    """Return this year's value of each metric by key; answers to the same facts are cached by kpis."""
    metrics = [metric for key in dict.fromkeys(keys) if key and (metric := find_metric(key))]
    if not metrics:
        return {}
    facts = facts or open_facts()
    period = current_period(facts)
    rows = ReadableRows(user)
    return {
        metric.key: MetricValue(
            metric, visibility.compute_for(user, metric, period, facts=facts, rows=rows), period
        )
        for metric in metrics
    }  # fmt: skip


def current_period(facts: Facts) -> Period:
    """Return this fiscal year as of the day that the facts tell of."""
    return periods.preset_period(PERIOD, scope_of(Period(), facts).today, Company.get().fiscal_calendar)
