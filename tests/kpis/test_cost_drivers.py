"""Effort on accounts unlikely to buy: judged by what was known before the month, in parts that add up."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from core.periods import Period
from crm.models import Activity
from facts.refresh import refresh
from kpis.cost_drivers.low_probability import (
    OTHER,
    VISITS,
    Decided,
    Effort,
    Segment,
    judge_effort,
    lowest_fractions,
    shrunk_rate,
)
from kpis.cost_drivers.queries import HourCost, compute_costs
from kpis.rows import Scope
from team.models import Company, Role
from tests import make
from tests.kpis.ask_metric import TODAY
from tests.kpis.memory_facts import MemoryFacts

GOOD: Segment = ("Banking", "North", False)
BAD: Segment = ("Hotels", "North", False)
MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)


def ended(segment: Segment, won: int, lost: int, day: date = date(2026, 1, 10)) -> list[Decided]:
    return [Decided(segment, day, True)] * won + [Decided(segment, day, False)] * lost


def effort(account: int, segment: Segment, hours: float = 1.0, month: date = MARCH, kind: str = OTHER) -> Effort:
    return Effort(month, account, segment, kind, 1, hours)


KNOWN = [*ended(GOOD, 20, 20), *ended(BAD, 0, 20)]


def test_rates_of_few_deals_are_drawn_to_the_company() -> None:
    assert shrunk_rate(0, 0, 0.3) == pytest.approx(0.3)
    assert shrunk_rate(0, 20, 0.3) == pytest.approx(0.15)
    assert shrunk_rate(10, 20, 0.5) == pytest.approx(0.5)


def test_the_border_cuts_through_accounts_of_one_rate_in_proportion() -> None:
    other: Segment = ("Steel", "North", False)
    assert lowest_fractions({BAD: 1, GOOD: 9}, {BAD: 0.1, GOOD: 0.5}) == {BAD: 1.0, GOOD: pytest.approx(1 / 9)}
    assert lowest_fractions({BAD: 4, GOOD: 6}, {BAD: 0.1, GOOD: 0.5}) == {BAD: 0.5, GOOD: 0.0}
    assert lowest_fractions({BAD: 4, other: 4, GOOD: 2}, {BAD: 0.1, other: 0.1, GOOD: 0.5}) == {
        BAD: 0.25,
        other: 0.25,
        GOOD: 0.0,
    }


def test_effort_on_the_worst_segment_is_found() -> None:
    efforts = [effort(1, BAD, hours=6.0, kind=VISITS), *(effort(key, GOOD) for key in range(2, 6))]
    result = judge_effort(efforts, KNOWN)
    assert (result.total.hours, result.total.low_hours) == (10, 6)
    assert result.by_type[VISITS].share == 1
    assert [(line.segment, line.won, line.decided, line.hours) for line in result.lines] == [(BAD, 0, 20, 6)]


def test_what_happened_in_or_after_the_month_is_not_known() -> None:
    """In hindsight GOOD lost everything; on the day it was the better one."""
    known, later = [*ended(GOOD, 20, 20), *ended(BAD, 5, 20)], ended(GOOD, 0, 500, date(2026, 3, 1))
    efforts = [effort(1, BAD), *(effort(key, GOOD) for key in range(2, 6))]
    assert judge_effort(efforts, [*known, *later]).lines[0].segment == BAD
    april = [effort(1, BAD, month=APRIL), *(effort(key, GOOD, month=APRIL) for key in range(2, 6))]
    assert [line.segment for line in judge_effort(april, [*known, *later]).lines] == [GOOD]


def test_a_month_before_enough_deals_have_ended_is_not_judged() -> None:
    result = judge_effort([effort(1, BAD)], KNOWN[:19])
    assert (result.total.activities, result.unjudged) == (0, 1)


segments = st.sampled_from([GOOD, BAD, ("Steel", "South", True)])
accounts = st.integers(1, 30)


@given(
    st.lists(
        st.tuples(accounts, st.sampled_from([MARCH, APRIL]), st.sampled_from([VISITS, OTHER]), st.integers(0, 9)),
        max_size=40,
    ),
    st.lists(st.builds(Decided, segments, st.dates(date(2025, 1, 1), date(2026, 4, 30)), st.booleans()), max_size=80),
)
def test_types_and_months_add_up_and_a_fifth_of_the_accounts_is_lowest(
    drawn: list[Any], decided: list[Decided]
) -> None:
    names: list[Segment] = [GOOD, BAD, ("Steel", "South", True)]
    efforts = [Effort(month, key, names[key % 3], kind, 1, float(hours)) for key, month, kind, hours in drawn]
    result = judge_effort(efforts, decided)
    assert result.total.activities + result.unjudged == len(efforts)
    for parts in (result.by_type.values(), result.by_month.values()):
        assert sum(part.low_hours for part in parts) == pytest.approx(result.total.low_hours)
        assert sum(part.activities for part in parts) == result.total.activities
    assert sum(line.hours for line in result.lines) == pytest.approx(result.total.low_hours)
    assert 0 <= result.total.low_hours <= result.total.hours + 1e-9


def test_an_hour_costs_the_people_spend_of_sales_by_the_hours_of_those_who_logged_something() -> None:
    march = Period(date(2026, 3, 1), date(2026, 3, 31))
    rows: dict[str, Any] = {
        "owners": [{"name": "Ada", "email": "a@x"}, {"name": "Ada again", "email": "A@x"}, {"name": "Bob"}],
        "activities": [
            {
                "owner_id": 1,
                "kind": "Call",
                "happened_at": datetime(2026, 3, 3, 9, tzinfo=UTC),
                "seconds": 1800,
                "account_id": 1,
            },
            {
                "owner_id": 2,
                "kind": "Visit",
                "happened_at": datetime(2026, 3, 4, 9, tzinfo=UTC),
                "seconds": 3600,
                "opportunity_id": 1,
            },
            {"owner_id": 3, "kind": "Mail", "happened_at": datetime(2026, 3, 4, 9, tzinfo=UTC)},
            {"owner_id": 3, "kind": "Mail", "happened_at": datetime(2026, 4, 4, 9, tzinfo=UTC)},
        ],
        "accounts": [{"name": "Acme"}],
        "opportunities": [{"account_id": 1}],
        "spend": [
            {"amount": Decimal(3520), "side": "sales", "category": "people", "spent_on": date(2026, 3, 31)},
            {"amount": Decimal(99), "side": "marketing", "category": "people", "spent_on": date(2026, 3, 31)},
            {"amount": Decimal(99), "side": "sales", "category": "technology", "spent_on": date(2026, 3, 31)},
        ],
    }
    scope = Scope(MemoryFacts(**rows), march, "EUR", TODAY)  # type: ignore[arg-type]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kpis.cost_drivers.queries.HoursBook", _OfficeHours)
        report = compute_costs(scope, Company(currency="EUR", time_zone="Europe/Berlin"))
    assert (report.activities, report.without_account, report.without_duration) == (3, 1, 1)
    assert report.hour.spend == 3520
    assert report.hour.working_hours == 2 * 22 * 8  # two people, 22 days of 8 hours
    assert report.hour.per_hour == 10


class _OfficeHours:
    """Monday to Friday, 9 to 17, in Berlin."""

    def of(self, person: Any) -> Any:
        from team.calendars.queries import Hours

        return Hours.of(None, "Europe/Berlin")


def test_without_people_spend_or_hours_an_hour_has_no_cost() -> None:
    assert HourCost(Decimal(0), 100.0).per_hour is None
    assert HourCost(Decimal(100), 0.0).per_hour is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
@time_machine.travel(datetime(2026, 11, 22, 12, tzinfo=UTC), tick=False)
def test_the_page_says_what_is_missing_and_shows_what_is_there(client: Client, company: Company) -> None:
    client.force_login(make.user(Role.CRO))
    assert "No activities in this period" in client.get("/cost-drivers/").content.decode()
    good, bad = make.account(), make.account()
    for number in range(24):
        outcome = "won" if number % 2 else "lost"
        make.opportunity(
            account=good, outcome=outcome, opened_on=date(2025, 9, 1), closed_on=date(2025, 10, 1), owner=make.owner()
        )
    make.record(Activity, kind="Visit", account=bad, happened_at=datetime(2026, 3, 2, 9, tzinfo=UTC), seconds=7200)
    refresh()
    page = client.get("/cost-drivers/").content.decode()
    assert "No deal was won" in page
    assert "The fifth of accounts that was least likely to buy took" in page
    assert client.get("/cost-drivers/?format=csv").status_code == 200
    assert client.get("/cost-drivers/?period=never").status_code == 400
    answer = client.get("/api/v1/cost-drivers/").json()
    assert (answer["total"]["activities"], answer["total"]["hours"], answer["cost_per_hour"]) == (1, 2, None)
    Company.objects.update(visibility=Company.Visibility.RESTRICTED)
    client.force_login(make.user(Role.REP))
    assert client.get("/cost-drivers/").status_code == 403
    assert client.get("/api/v1/cost-drivers/").status_code == 403
