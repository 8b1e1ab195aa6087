"""The values of metrics, as far as a reader may know them, on pages that do not wait for them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from alignment.last_values import read_value
from core import periods
from core.formatting import format_by_unit
from core.periods import Period
from crm.readable import ReadableRows, is_limited
from facts.engine import Facts, open_facts
from kpis import visibility
from kpis.compute import scope_of
from kpis.registry import Metric, find_metric
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


@dataclass(frozen=True)
class ResultReader:
    """Reads results for one reader from one state of the facts; with `waits` false, the last ones that were computed."""

    user: User
    facts: Facts
    waits: bool = True
    rows: ReadableRows = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rows", ReadableRows(self.user))

    def read_result(self, metric: Metric, period: Period, name: str) -> Result:
        """Return the metric's result; `name` stays the same from day to day, while the period grows.

        A result is stored for those who may read every buyer: it is the same for all of them. For others it is computed
        each time, because what they may read can change at any moment.
        """

        def compute() -> Result:
            return visibility.compute_for(self.user, metric, period, facts=self.facts, rows=self.rows)

        if self.facts.snapshot is None or is_limited(self.user):
            return compute()
        return read_value(f"{metric.key}:{name}", self._state(period), compute, waits=self.waits)

    def _state(self, period: Period) -> str:
        scope, snapshot = scope_of(period, self.facts), self.facts.snapshot
        taken = (snapshot.pk, snapshot.taken_at.isoformat()) if snapshot else ()
        days = (str(period.start), str(period.end), str(scope.today))
        return repr((taken, days, scope.currency, scope.converts))


def read_values(
    keys: Iterable[str], user: User, facts: Facts | None = None, *, waits: bool = True
) -> dict[str, MetricValue]:
    """Return this year's value of each metric by key."""
    metrics = [metric for key in dict.fromkeys(keys) if key and (metric := find_metric(key))]
    if not metrics:
        return {}
    facts = facts or open_facts()
    period, reader = current_period(facts), ResultReader(user, facts, waits)
    results = {metric.key: reader.read_result(metric, period, f"{PERIOD}:{period.start}") for metric in metrics}
    return {metric.key: MetricValue(metric, results[metric.key], results[metric.key].period) for metric in metrics}


def oldest_moment(results: Iterable[Result], facts: Facts) -> datetime | None:
    """Return the moment up to which all results know the records."""
    return min((result.as_of for result in results if result.as_of), default=facts.as_of)


def current_period(facts: Facts) -> Period:
    """Return this fiscal year as of the day that the facts tell of."""
    return periods.preset_period(PERIOD, scope_of(Period(), facts).today, Company.get().fiscal_calendar)
