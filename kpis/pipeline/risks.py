"""The open deals that need attention now, as a reader may know them: slipped, idle, and rotting ones."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from crm.readable import Reader
from facts.engine import Facts
from facts.plain_rows import plain_rows
from facts.result_cache import cached_answer
from forecast.at_risk import IDLE_DAYS, PUSHED_TIMES, deals_at_risk
from kpis.metrics.pipeline_risk import AS_THEN
from kpis.pipeline.waterfall import (
    PipelineQuestion,
    check_question,
    currency_of,
    scope_for,
    snapshot_address,
    stock_measure,
)
from kpis.query import Cut, select_rows
from kpis.rows import Scope

SLIPPED, IDLE, ROTTING = "slipped", "idle", "rotting"


@dataclass(frozen=True)
class RiskList:
    """One of the lists: which flag it goes by, and how it is called."""

    key: str
    label: str
    definition: str
    metric: str

    @property
    def flag(self) -> str:
        return f"is_{self.key}"


LISTS = {
    risk.key: risk
    for risk in (
        RiskList(
            SLIPPED, "Slipped", f"The close date has passed, or was moved to a later day {PUSHED_TIMES} times or more.",
            "slipped_pipeline",
        ),
        RiskList(IDLE, "Idle", f"No activity and no change for {IDLE_DAYS} days or more.", "idle_pipeline"),
        RiskList(
            ROTTING, "Rotting", "Longer in the stage than nine of ten won deals were.", "rotting_pipeline"
        ),
    )
}  # fmt: skip


@dataclass(frozen=True)
class RiskyDeal:
    """An open deal with what puts it at risk; its amount is in `currency`."""

    deal_id: int
    amount: Decimal
    currency: str
    close_on: date | None
    pushes: int
    days_past: int
    idle_days: int
    stage_days: int
    stage_limit: int | None
    lists: tuple[str, ...]

    def describe(self, key: str) -> str:
        """Say why the deal is in a list."""
        return {SLIPPED: self._describe_slip, IDLE: self._describe_idleness, ROTTING: self._describe_rot}[key]()

    def _describe_slip(self) -> str:
        parts = []
        if self.days_past > 0:
            parts.append(f"close date passed {_count_days(self.days_past)} ago")
        if self.pushes:
            parts.append("pushed once" if self.pushes == 1 else f"pushed {self.pushes} times")
        return ", ".join(parts)

    def _describe_idleness(self) -> str:
        return f"{_count_days(self.idle_days)} without activity or change"

    def _describe_rot(self) -> str:
        return f"{_count_days(self.stage_days)} in the stage; nine of ten won deals took at most {self.stage_limit}"


def _count_days(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"


@dataclass(frozen=True)
class RiskTotal:
    """How many deals a list has and what they are worth in the company's currency; `deals` are the largest, or all."""

    risk: RiskList
    deals: tuple[RiskyDeal, ...]
    value: Decimal
    currency: str
    count: int


def read_risks(user: Reader, question: PipelineQuestion, facts: Facts) -> list[RiskyDeal]:
    """Return every open deal that is in one of the lists, the largest first, inside the filters.

    Raises:
        BadCut: with what it can be filtered by.
        PermissionDenied: a filter would show what a colleague achieved.
    """
    check_question(user, question)
    return _read_deals(scope_for(user, question.period, facts), question)


def summarize_risks(user: Reader, question: PipelineQuestion, facts: Facts, most: int) -> list[RiskTotal]:
    """Return the lists with their largest deals, at most so many; the answer is remembered with its snapshot.

    Raises:
        BadCut, PermissionDenied: as `read_risks`.
    """
    check_question(user, question)
    scope = scope_for(user, question.period, facts)

    def summarize() -> list[RiskTotal]:
        totals = total_risks(_read_deals(scope, question), scope.currency)
        return [replace(total, deals=total.deals[:most]) for total in totals]

    asked = ("risks", most, sorted(question.where.items()))
    return cached_answer(snapshot_address("risks", scope, ("opportunities", "activities"), asked), summarize)


def _read_deals(scope: Scope, question: PipelineQuestion) -> list[RiskyDeal]:
    names = ("amount", "expected_close_on", "pushes", "days_past", "idle_days", "stage_days", "stage_limit")
    flags = [risk.flag for risk in LISTS.values()]
    builds = [lambda row, name=name: row[name] for name in (*names, *flags)]
    table, row = select_rows(
        scope, stock_measure(_deals_with_risks), Cut("", dict(question.where)), [*builds, currency_of]
    )
    risky = table.filter(table.is_slipped | table.is_idle | table.is_rotting)
    chosen = risky.select("id", *names, *flags, shown_in=currency_of(row))
    frame = scope.facts.execute(chosen.order_by([chosen.amount.fill_null(0).desc(), chosen.id]))
    return [_make_deal(line, scope.currency) for line in plain_rows(frame)]


def _deals_with_risks(scope: Scope) -> Any:
    risks = deals_at_risk(scope, [scope.today], scope.today)
    deals = scope.table("opportunities").drop(*AS_THEN, "expected_close_on", "cost")
    joined = deals.inner_join(risks, deals.id == risks.deal_id)
    return joined.mutate(cost=joined.amount.nullif(joined.amount)).rename(expected_close_on="close_on")


def _make_deal(line: dict[str, Any], company_currency: str) -> RiskyDeal:
    close_on = line["expected_close_on"]
    limit = line["stage_limit"]
    return RiskyDeal(
        int(line["id"]),
        Decimal(str(line["amount"] or 0)),
        line["shown_in"] or company_currency,
        close_on.date() if hasattr(close_on, "date") else close_on,
        int(line["pushes"] or 0),
        int(line["days_past"] or 0),
        int(line["idle_days"] or 0),
        int(line["stage_days"] or 0),
        None if limit is None else int(limit),
        tuple(key for key, risk in LISTS.items() if line[risk.flag]),
    )


def total_risks(deals: Iterable[RiskyDeal], company_currency: str) -> list[RiskTotal]:
    """Return the lists with their deals and what these are worth; amounts in other currencies are not added."""
    rows = list(deals)
    currencies = {deal.currency for deal in rows}
    currency = currencies.pop() if len(currencies) == 1 else company_currency
    totals = []
    for key, risk in LISTS.items():
        own = tuple(deal for deal in rows if key in deal.lists)
        value = sum((deal.amount for deal in own if deal.currency == currency), Decimal(0))
        totals.append(RiskTotal(risk, own, value, currency, len(own)))
    return totals
