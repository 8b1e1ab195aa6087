"""What a detector may need to know besides its metric: the facts, the day, and what the company's leads are worth."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from alarms.costs import MoneyBasis
from alarms.money_basis import read_money_basis
from core.periods import Period
from facts.engine import Facts, open_facts
from kpis.compute import compute_metric, scope_of
from kpis.result import Result
from team.models import Company


@dataclass
class Context:
    """One evaluation: every detector asks the same state of the facts, as of the same day.

    Attributes:
        today: the company's day; what is later is not known. For a trial on the past an earlier day.
    """

    facts: Facts
    today: date
    currency: str
    _results: dict[Any, Result] = field(default_factory=dict)

    @cached_property
    def money(self) -> MoneyBasis:
        """What leads, hand-offs and deals became, and what won deals brought."""
        return read_money_basis(self.facts, self.today)

    def last_days(self, days: int) -> Period:
        """Return the last finished days: today is not finished."""
        end = self.today - timedelta(days=1)
        return Period(end - timedelta(days=days - 1), end)

    def compute(self, metric: str, period: Period, where: Mapping[str, str] | None = None, by: str = "") -> Result:
        """Return the metric over all records of the company, computed once for an evaluation."""
        key = (metric, period.start, period.end, by, tuple(sorted((where or {}).items())))
        if key not in self._results:
            self._results[key] = compute_metric(metric, period, by=by or None, where=where, facts=self.facts)
        return self._results[key]


def open_context(facts: Facts | None = None, today: date | None = None) -> Context:
    """Return the context of the newest facts."""
    facts = facts or open_facts()
    return Context(facts, today or scope_of(Period(), facts).today, Company.get().currency)
