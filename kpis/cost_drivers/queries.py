"""Read effort, ended deals and the cost of an hour from the facts."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import ibis

from attribution.campaigns.queries import as_decimal, with_home_amount, within_period
from core.dates import end_of_day, start_of_day
from core.periods import Period, month_end
from facts import result_cache
from facts.engine import Facts
from facts.plain_rows import plain_rows
from kpis.compute import scope_of
from kpis.cost_drivers.low_probability import (
    DEMOS,
    OTHER,
    VISITS,
    Decided,
    Effort,
    LowProbability,
    Segment,
    judge_effort,
)
from kpis.metrics.follow_up import is_of_kind
from kpis.people import with_persons
from kpis.query import Cut, select_rows
from kpis.registry import Measure
from kpis.result import round_to_cents
from kpis.rows import Row, Scope
from team.calendars.queries import HoursBook, Person
from team.models import Company

CACHE_VERSION = "1"  # raise it when a remembered answer would mean something else
HOUR = 3600


@dataclass(frozen=True)
class HourCost:
    """What people cost Sales in the period, and the working hours of those who logged an activity."""

    spend: Decimal
    working_hours: float

    @property
    def per_hour(self) -> Decimal | None:
        hours = Decimal(str(round(self.working_hours, 6)))
        return self.spend / hours if hours and self.spend > 0 else None


@dataclass(frozen=True)
class CostReport:
    effort: LowProbability
    hour: HourCost
    currency: str
    as_of: datetime | None
    activities: int  # of the period
    without_account: int  # of them, those with no company
    without_duration: int

    def cost_of(self, hours: float) -> Decimal | None:
        """Return what hours cost, to the cent."""
        per_hour = self.hour.per_hour
        return None if per_hour is None else round_to_cents(Decimal(str(round(hours, 6))) * per_hour)

    @property
    def money(self) -> Decimal | None:
        """What the hours on the lowest fifth cost."""
        return self.cost_of(self.effort.total.low_hours)


def read_costs(period: Period, facts: Facts) -> CostReport:
    """Return the report on all records of the company; the reader must be one who may read every buyer."""
    scope = scope_of(period, facts)
    return result_cache.cached_answer(_address(scope), lambda: compute_costs(scope, Company.get()))


def _address(scope: Scope) -> str:
    snapshot = scope.facts.snapshot
    if snapshot is None:
        return ""
    company = Company.get()
    state = (
        CACHE_VERSION, snapshot.pk, snapshot.taken_at, scope.currency, scope.converts, scope.period.start, scope.period.end,
        company.time_zone, HoursBook().of(Person()),
    )  # fmt: skip
    return "cost-drivers:" + hashlib.sha256(repr(state).encode()).hexdigest()


def compute_costs(scope: Scope, company: Company) -> CostReport:
    deals = _read_decided(scope)
    bought = _first_wins(deals)
    segments = _read_segments(scope)
    lines = _read_activities(scope)
    efforts = [
        Effort(
            month, int(line["account"]), _segment(segments, int(line["account"]), month, bought), line["type"],
            int(line["n"]), float(line["seconds"] or 0) / HOUR,
        )
        for line in lines
        if line["account"] is not None and (month := _day(line["month"])) is not None
    ]  # fmt: skip
    decided = [
        Decided(_segment(segments, deal.account, deal.opened_on, bought), deal.closed_on, deal.is_won) for deal in deals
    ]
    return CostReport(
        effort=judge_effort(efforts, decided),
        hour=_read_hour_cost(scope, company),
        currency=scope.currency,
        as_of=scope.facts.as_of,
        activities=sum(int(line["n"]) for line in lines),
        without_account=sum(int(line["n"]) for line in lines if line["account"] is None),
        without_duration=sum(int(line["untimed"]) for line in lines),
    )


@dataclass(frozen=True)
class Deal:
    account: int
    opened_on: date
    closed_on: date
    is_won: bool


def _read_decided(scope: Scope) -> list[Deal]:
    """Return the deals with an account that have ended on a known day, by that day."""
    deals = scope.table("opportunities")
    closed_on = ibis.coalesce(deals.closed_on, deals.closed_at.date())
    opened_on = ibis.coalesce(deals.opened_on, deals.created_at.date(), closed_on)
    ended = deals.filter((deals.outcome != "open") & deals.account_id.notnull() & closed_on.notnull())
    rows = ended.select("account_id", "outcome", opened=opened_on, closed=closed_on).order_by(["closed"])
    return [
        Deal(int(line["account_id"]), _known_day(line["opened"]), _known_day(line["closed"]), line["outcome"] == "won")
        for line in plain_rows(scope.facts.execute(rows))
    ]


def _first_wins(deals: Iterable[Deal]) -> dict[int, date]:
    """Return the day of the first win of each account."""
    first: dict[int, date] = {}
    for deal in deals:
        if deal.is_won and deal.closed_on < first.get(deal.account, date.max):
            first[deal.account] = deal.closed_on
    return first


def _read_segments(scope: Scope) -> dict[int, tuple[str, str]]:
    measure = Measure("accounts", day=lambda row: row.day("created_at"), is_stock=True)
    builds = [lambda row: row["vertical.name"], lambda row: row["territory.name"]]
    table, row = select_rows(scope, measure, Cut(), builds)
    rows = table.select(id=row["id"], vertical=row["vertical.name"], territory=row["territory.name"])
    return {
        int(line["id"]): (line["vertical"] or "", line["territory"] or "")
        for line in plain_rows(scope.facts.execute(rows))
    }


def _segment(segments: dict[int, tuple[str, str]], account: int, day: date, bought: dict[int, date]) -> Segment:
    """Return the segment of an account on a day: it is a customer from the day after its first win."""
    return (*segments.get(account, ("", "")), bought.get(account, date.max) < day)


def happened_day(row: Row) -> Any:
    return row.day("happened_at")


def account_of(row: Row) -> Any:
    return row.first("account_id", "opportunity.account_id", "contact.account_id", "lead.account_id")


def _read_activities(scope: Scope) -> list[dict[str, Any]]:
    """Return the activities of the period by account, month and type."""
    is_visit, is_demo = is_of_kind("visit", "meeting"), is_of_kind("demo")
    builds = [is_visit, is_demo, account_of, happened_day, lambda row: row["seconds"]]
    table, row = select_rows(scope, Measure("activities", day=happened_day), Cut(), builds)
    rows = table.select(
        account=account_of(row), month=happened_day(row).truncate("M"),
        type=ibis.cases((is_demo(row), DEMOS), (is_visit(row), VISITS), else_=OTHER), seconds=row["seconds"],
    )  # fmt: skip
    sums = rows.group_by(["account", "month", "type"]).aggregate(
        n=rows.count(), seconds=rows.seconds.sum(), untimed=(rows.seconds.fill_null(0) <= 0).sum()
    )
    return plain_rows(scope.facts.execute(sums.order_by(["month", "account", "type"])))


def _read_hour_cost(scope: Scope, company: Company) -> HourCost:
    lines = scope.table("spend")
    people = lines.filter(
        within_period(lines.spent_on, scope.period) & (lines.side == "sales") & (lines.category == "people")
    )
    rows = with_home_amount(scope.facts, "spend", people, company)
    spend = as_decimal(scope.facts.execute(rows.agg(total=rows.home_amount.sum())).iat[0, 0])
    return HourCost(spend, _count_working_hours(scope, company))


def _count_working_hours(scope: Scope, company: Company) -> float:
    """Return the company's working hours of each month × the people who logged an activity in it."""
    activities, owners = scope.table("activities"), with_persons(scope.table("owners"))
    dated = activities.filter(
        within_period(activities.happened_at.date(), scope.period) & activities.owner_id.notnull()
    )
    persons = owners.select(record="id", person="person_id")
    rows = dated.join(persons, dated.owner_id == persons.record)
    each = rows.select(month=rows.happened_at.date().truncate("M"), person=rows.person)
    counts = each.group_by("month").aggregate(n=each.person.nunique())
    hours = HoursBook().of(Person())
    total = 0.0
    for line in plain_rows(scope.facts.execute(counts)):
        first = _known_day(line["month"])
        start = max(first, scope.period.start or first)
        end = min(month_end(first), scope.period.end or scope.today, scope.today)
        if start <= end:
            since, until = start_of_day(start, company.zone), end_of_day(end, company.zone)
            total += int(line["n"]) * hours.table(since, until).elapsed(since, until) / HOUR
    return total


def _day(value: Any) -> date | None:
    return value.date() if isinstance(value, datetime) else value


def _known_day(value: Any) -> date:
    day = _day(value)
    assert day is not None
    return day
