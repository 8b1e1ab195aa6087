"""Which metric is compared between which periods, over which records, and for whom."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.periods import Period
from crm.readable import ReadableRows, Reader
from facts.engine import Facts
from kpis import visibility
from kpis.compute import compute_metric
from kpis.registry import Metric
from kpis.result import Result


@dataclass(frozen=True)
class Comparison:
    """A metric in two periods, over the rows that all filters match; without a reader for the company."""

    metric: Metric
    now: Period
    before: Period
    where: Mapping[str, str]
    user: Reader | None
    facts: Facts
    rows: ReadableRows | None

    def compute(self, key: str) -> list[Result]:
        """Return a metric now and before, as the reader may know it."""
        periods = (self.now, self.before)
        if self.user is None:
            return [compute_metric(key, period, where=self.where, facts=self.facts) for period in periods]
        return visibility.compute_spans_for(self.user, key, periods, where=self.where, facts=self.facts, rows=self.rows)

    def compute_parts(self, period: Period, by: str) -> Result:
        if self.user is None:
            return compute_metric(self.metric, period, by=by, where=self.where, facts=self.facts)
        return visibility.compute_for(
            self.user, self.metric, period, by=by, where=self.where, facts=self.facts, rows=self.rows
        )
