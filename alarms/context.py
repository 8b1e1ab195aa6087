"""What a detector may need to know besides its metric: the facts, the day, and what the company's leads are worth."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property, partial
from typing import Any

from alarms.costs import MoneyBasis
from alarms.money_basis import read_money_basis
from core.periods import Period, preset_period
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
    _remembered: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def money(self) -> MoneyBasis:
        """What leads, hand-offs and deals became, and what won deals brought."""
        return read_money_basis(self.facts, self.today)

    @property
    def yesterday(self) -> date:
        """The last finished day."""
        return self.today - timedelta(days=1)

    def remember(self, name: str, read: Callable[[], Any]) -> Any:
        """Return what `read` returns, read once for an evaluation: several detectors need it."""
        if name not in self._remembered:
            self._remembered[name] = read()
        return self._remembered[name]

    def empty_tables(self, tables: Iterable[str]) -> list[str]:
        """Return those of the fact tables that hold no row: nothing can be judged by what was never recorded."""
        return [table for table in tables if self.remember(f"rows of {table}", partial(self._is_empty, table))]

    def _is_empty(self, table: str) -> bool:
        snapshot = self.facts.snapshot
        if snapshot is not None and table in snapshot.rows:
            return not snapshot.rows[table]
        return not len(self.facts.execute(self.facts.table(table).limit(1)))

    def last_days(self, days: int, mature_days: int = 0) -> Period:
        """Return the last finished days, without the youngest ones that are not mature: today is not finished."""
        end = self.today - timedelta(days=1 + mature_days)
        return Period(end - timedelta(days=days - 1), end)

    @property
    def last_year(self) -> Period:
        """The last finished fiscal year of the company."""
        return preset_period("last_year", self.today, Company.get().fiscal_calendar)

    def compute(self, metric: str, period: Period, where: Mapping[str, str] | None = None, by: str = "") -> Result:
        """Return the metric over all records of the company, computed once for an evaluation."""
        key = (metric, period.start, period.end, by, tuple(sorted((where or {}).items())))
        if key not in self._results:
            self._results[key] = compute_metric(metric, period, by=by or None, where=where, facts=self.facts)
        return self._results[key]


def as_day(value: Any) -> date:
    """Return the day of a value of a frame, which pandas may have made a moment."""
    day: date = value.date() if isinstance(value, datetime) else value
    return day


def open_context(facts: Facts | None = None, today: date | None = None) -> Context:
    """Return the context of the newest facts."""
    facts = facts or open_facts()
    return Context(facts, today or scope_of(Period(), facts).today, Company.get().currency)
