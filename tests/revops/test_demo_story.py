"""The demo company tells its story: exact sums, time in order, the same for every day it is looked at."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from itertools import pairwise
from statistics import median
from typing import Any

import pytest
from django.db.models import Model
from hypothesis import given
from hypothesis import strategies as some

from crm import models as crm
from revops.demo.book import Book
from revops.demo.days import DAY
from revops.demo.load import ORDER
from revops.demo.people import GONE, SLOW, make_people
from revops.demo.scaling import distribute_total
from revops.demo.story import LAGGING, OUTSIDE, YEARS
from revops.demo.world import simulate_market
from revops.demo.write import write_book
from team.models import Role

TODAYS = (date(2026, 11, 22), date(2027, 1, 1), date(2028, 2, 29))
REVENUE, SPEND = Decimal("24700000.00"), Decimal("11400000.00")
PINK, BLUE = "Pink – Spring webinar series", "Blue – CFO roundtables"


@cache
def told(today: date) -> Book:
    """Return the book of a day, its records numbered so that they can be keys."""
    book = write_book(today)
    for page in book.pages.values():
        for number, record in enumerate(page, 1):
            record.pk = number
    return book


@pytest.fixture(scope="module", params=TODAYS, ids=str)
def book(request: pytest.FixtureRequest) -> Book:
    return told(request.param)


def rows(book: Book, kind: type[Model]) -> list[Any]:
    return book.pages[kind]  # type: ignore[index]


def last_year(book: Book) -> int:
    return book.calendar.today.year - 1


def invoiced(book: Book, number: int) -> Decimal:
    return sum(
        (-one.amount if one.kind == "credit" else one.amount for one in rows(book, crm.Invoice)
         if one.issued_on.year == number), Decimal(0),
    )  # fmt: skip


def closed(book: Book, number: int, outcome: str = "") -> list[Any]:
    return [one for one in rows(book, crm.Opportunity)
            if one.closed_on and one.closed_on.year == number and outcome in ("", one.outcome)]  # fmt: skip


# --- the sums


def test_the_last_full_year_brings_exactly_its_revenue_and_spend(book: Book) -> None:
    year = last_year(book)
    assert invoiced(book, year) == REVENUE
    assert sum(one.amount for one in closed(book, year, "won")) == REVENUE
    assert sum(one.amount for one in rows(book, crm.Spend) if one.spent_on.year == year) == SPEND


def test_each_deal_is_invoiced_net_of_credit_notes_in_the_year_it_was_won(book: Book) -> None:
    net: dict[Any, Decimal] = {}
    for one in (invoice for invoice in rows(book, crm.Invoice) if invoice.opportunity):
        assert one.issued_on.year == one.opportunity.closed_on.year
        net[one.opportunity] = net.get(one.opportunity, Decimal(0)) + (-1 if one.kind == "credit" else 1) * one.amount
    for deal in closed(book, last_year(book), "won"):
        assert net[deal] == deal.amount
    assert {one.kind for one in rows(book, crm.Invoice)} == {"invoice", "credit"}


@pytest.mark.parametrize(("name", "leads", "revenue"), [(PINK, 150, 100_000), (BLUE, 100, 480_000)])
def test_pink_has_more_leads_and_blue_more_money(book: Book, name: str, leads: int, revenue: int) -> None:
    year = last_year(book)
    came = [one for one in rows(book, crm.Lead) if one.campaign and one.campaign.name == name]
    assert len(came) == leads
    assert {one.first_contact_on.year for one in came} == {one.created_at.year for one in came} == {year}
    won = [one for one in rows(book, crm.Opportunity) if one.outcome == "won"
           and (one.campaign or (one.lead and one.lead.campaign)) in [lead.campaign for lead in came[:1]]]  # fmt: skip
    assert sum(one.amount for one in won) == revenue
    assert {one.closed_on.year for one in won} == {year}


def test_the_year_before_was_clearly_smaller(book: Book) -> None:
    before = last_year(book) - 1
    assert invoiced(book, before) == YEARS[-2].revenue < REVENUE * Decimal("0.85")
    spent = sum(one.amount for one in rows(book, crm.Spend) if one.spent_on.year == before)
    assert spent == YEARS[-2].spend < SPEND


def test_a_campaign_costs_what_its_lines_of_spend_say(book: Book) -> None:
    for campaign in rows(book, crm.Campaign):
        assert campaign.cost == sum(one.amount for one in rows(book, crm.Spend) if one.campaign is campaign)


@given(
    weights=some.lists(some.floats(0.001, 1e6), min_size=1, max_size=60),
    units=some.integers(0, 10**9),
    unit=some.sampled_from([Decimal("0.01"), Decimal(50)]),
)
def test_scaling_gives_the_sum_and_moves_no_one_by_more_than_a_unit(
    weights: list[float], units: int, unit: Decimal
) -> None:
    total = units * unit
    shares = distribute_total(weights, total, unit)
    assert sum(shares) == total
    whole = sum(map(Decimal, weights))
    assert all(abs(share - Decimal(w) / whole * total) <= unit for w, share in zip(weights, shares, strict=True))


def test_scaling_refuses_what_cannot_be_shared_out() -> None:
    with pytest.raises(ValueError, match="cannot be shared out"):
        distribute_total([1.0, 2.0], Decimal("10.01"), Decimal(50))
    with pytest.raises(ValueError, match="cannot be shared out"):
        distribute_total([], Decimal(50), Decimal(50))


# --- time


def stamps(record: Any) -> Iterator[tuple[str, date]]:
    """Yield the name and day of each moment of a record that tells what has happened."""
    ahead = {"expected_close_on", "due_on", "starts_on", "ends_on"}  # plans may be ahead
    for field in record._meta.concrete_fields:
        value = getattr(record, field.name)
        if isinstance(value, date) and field.name not in ahead:
            yield field.name, value.date() if isinstance(value, datetime) else value


def test_nothing_has_happened_in_the_future(book: Book) -> None:
    late = [(record, name) for page in book.pages.values() for record in page for name, day in stamps(record)
            if day >= book.calendar.today]  # fmt: skip
    assert late == []


def test_every_moment_falls_on_one_day_in_the_company_and_in_utc(book: Book) -> None:
    for page in book.pages.values():
        for record in page:
            for field in record._meta.concrete_fields:
                value = getattr(record, field.name)
                if isinstance(value, datetime):
                    assert value.tzinfo is UTC
                    assert value.date() == value.astimezone(book.calendar.zone).date()


def test_leads_come_first_then_touches_then_deals_then_stages_then_the_close(book: Book) -> None:
    entered: dict[Any, list[Any]] = {}
    for change in rows(book, crm.StageChange):
        entered.setdefault(change.opportunity, []).append(change)
    for deal in rows(book, crm.Opportunity):
        moments = [change.entered_at for change in entered[deal]]
        assert moments == sorted(moments)
        assert moments[0] == deal.created_at
        assert deal.first_contact_on <= deal.opened_on == moments[0].date()
        if deal.closed_at:
            assert deal.closed_at == moments[-1] >= deal.created_at
        if deal.lead:
            assert deal.lead.created_at <= deal.created_at
            assert deal.lead.converted_on == deal.opened_on
            assert deal.lead.account is deal.account
        assert entered[deal][-1].amount == deal.amount
        assert entered[deal][-1].stage == deal.stage


def test_touches_and_activities_stay_within_their_lead_and_deal(book: Book) -> None:
    deals = {deal.lead: deal for deal in rows(book, crm.Opportunity) if deal.lead}
    for touch in rows(book, crm.Touch):
        assert touch.lead.created_at <= touch.happened_at
        deal = deals.get(touch.lead)
        if touch.contact:
            assert deal.created_at <= touch.happened_at <= (deal.closed_at or touch.happened_at)
        elif deal:
            assert touch.happened_at <= deal.created_at
    for activity in rows(book, crm.Activity):
        if activity.opportunity:
            assert activity.opportunity.created_at <= activity.happened_at
            assert activity.happened_at <= (activity.opportunity.closed_at or activity.happened_at)
        elif activity.lead:
            assert activity.lead.created_at <= activity.happened_at


def test_money_follows_the_close(book: Book) -> None:
    for invoice in rows(book, crm.Invoice):
        if invoice.opportunity:
            assert invoice.opportunity.closed_on <= invoice.issued_on
    for payment in rows(book, crm.Payment):
        assert payment.invoice.issued_on < payment.paid_on
        assert payment.amount <= payment.invoice.amount


def test_only_this_year_has_deals_that_were_never_billed_and_services_without_a_deal(book: Book) -> None:
    today = book.calendar.today
    billed = {invoice.opportunity for invoice in rows(book, crm.Invoice)}
    lost = [deal for deal in rows(book, crm.Opportunity)
            if deal.outcome == "won" and deal not in billed and deal.closed_on < today - 30 * DAY]  # fmt: skip
    extra = [invoice for invoice in rows(book, crm.Invoice) if not invoice.opportunity]
    assert {deal.closed_on.year for deal in lost} <= {today.year}
    assert {invoice.issued_on.year for invoice in extra} <= {today.year}
    assert (len(lost) >= 2 and len(extra) >= 1) or today.month < 9


def test_enquiries_pass_from_hand_to_hand_in_order(book: Book) -> None:
    passed: dict[Any, list[Any]] = {}
    for one in rows(book, crm.EnquiryHandover):
        passed.setdefault(one.enquiry, []).append(one)
    for enquiry, hands in passed.items():
        moments = [enquiry.opened_at, *(one.handed_at for one in hands)]
        assert moments == sorted(moments)
        assert hands[-1].to_owner is enquiry.owner
        assert all(one.from_owner is not one.to_owner for one in hands)
        assert all(one.to_owner is after.from_owner for one, after in pairwise(hands))
        assert enquiry.answered_at is None or enquiry.answered_at >= moments[-1]


# --- the stories


def test_rates_and_times_are_believable(book: Book) -> None:
    for number in (last_year(book) - 1, last_year(book)):
        ended = closed(book, number)
        share = {kind: len(closed(book, number, kind)) / len(ended) for kind in ("won", "lost", "no_decision")}
        assert 0.28 < share["won"] < 0.38
        assert 0.15 < share["no_decision"] < 0.27
        days = {kind: median((one.closed_on - one.first_contact_on).days for one in closed(book, number, kind))
                for kind in share}  # fmt: skip
        assert 55 < days["won"] < 90 < days["no_decision"]
        assert days["won"] < days["lost"]
        won = closed(book, number, "won")
        assert 60_000 < sum(one.amount for one in won) / len(won) < 105_000


def test_no_decision_rises_from_year_to_year(book: Book) -> None:
    before, after = (len(closed(book, number, "no_decision")) / len(closed(book, number))
                     for number in (last_year(book) - 1, last_year(book)))  # fmt: skip
    assert before < after


@pytest.mark.parametrize("number", range(2029, 2034))
def test_the_sums_hold_whatever_weekdays_a_year_brings(number: int) -> None:
    world = simulate_market(date(number, 1, 1))
    won = [deal for deal in world.won_deals if deal.closed.year == number - 1]
    assert sum(deal.amount for deal in won) == REVENUE
    own = {key: sum(deal.amount for deal in won if deal.run and deal.run.plan.key == key) for key in ("pink", "blue")}
    assert own == {"pink": 100_000, "blue": 480_000}


def test_there_is_a_pipeline_with_smoke_in_it(book: Book) -> None:
    still_open = [one for one in rows(book, crm.Opportunity) if one.outcome == "open"]
    assert 3_000_000 < sum(one.amount * one.probability for one in still_open) < 15_000_000
    overdue = [one for one in still_open if one.expected_close_on < book.calendar.today]
    assert 0.05 < len(overdue) / len(still_open) < 0.35
    assert 0.1 < sum(not one.next_step for one in still_open) / len(still_open) < 0.45


def test_some_leads_are_never_followed_up_and_all_of_a_rep_who_left(book: Book) -> None:
    worked = {one.lead for one in rows(book, crm.Activity) if one.lead}
    handed = [one for one in rows(book, crm.Lead) if one.owner]
    assert 0.1 < sum(one not in worked for one in handed) / len(handed) < 0.4
    queue = [one for one in handed if one.owner.name == GONE.name]
    assert len(queue) > 10
    assert worked.isdisjoint(queue)
    assert not queue[0].owner.is_active


def test_one_rep_is_slow(book: Book) -> None:
    first: dict[Any, datetime] = {}
    for one in rows(book, crm.Activity):
        if one.lead and not one.opportunity:
            first[one.lead] = min(one.happened_at, first.get(one.lead, one.happened_at))

    def hours(slow: bool) -> float:
        return median((moment - lead.created_at).total_seconds() / 3600 for lead, moment in first.items()
                      if (lead.owner.name == SLOW.name) is slow)  # fmt: skip

    assert hours(True) > 4 * hours(False)


def test_one_territory_lags_and_one_vertical_lies_outside_the_niche(book: Book) -> None:
    ended = [one for one in rows(book, crm.Opportunity) if one.outcome != "open"]

    def close_rate(found: list[Any]) -> float:
        return sum(one.outcome == "won" for one in found) / len(found)

    lagging = close_rate([one for one in ended if one.territory.name == LAGGING])
    outside = close_rate([one for one in ended if one.account.vertical.name == OUTSIDE])
    assert lagging < 0.75 * close_rate([one for one in ended if one.territory.name != LAGGING])
    assert outside < 0.75 * close_rate([one for one in ended if one.account.vertical.name != OUTSIDE])


def test_one_source_has_many_leads_and_little_money(book: Book) -> None:
    leads = [one for one in rows(book, crm.Lead) if one.first_contact_on.year == last_year(book)]
    won = closed(book, last_year(book), "won")
    share_of_leads = sum(one.lead_source == "Content syndication" for one in leads) / len(leads)
    earned = sum(one.amount for one in won if one.lead_source == "Content syndication")
    assert share_of_leads > 0.15
    assert earned < REVENUE / 100


def test_deals_end_in_no_decision_for_reasons_of_their_own(book: Book) -> None:
    lost = {one.lost_reason for one in rows(book, crm.Opportunity) if one.outcome == "lost"} - {""}
    undecided = {one.lost_reason for one in rows(book, crm.Opportunity) if one.outcome == "no_decision"} - {""}
    assert len(lost) > 3 < len(undecided)
    assert lost.isdisjoint(undecided)


def test_every_kind_of_record_is_there_in_good_number(book: Book) -> None:
    assert set(book.pages) == set(ORDER)
    assert 3000 < len(rows(book, crm.Lead)) < 8000
    assert all(len(page) > 3 for page in book.pages.values())
    for page in book.pages.values():
        assert len({one.external_id for one in page}) == len(page)
        assert {one.source for one in page} == {"demo"}


def test_the_people_cover_every_role_and_each_rep_has_a_manager() -> None:
    people = make_people()
    assert {user.role for user in people.users.values()} == set(Role)
    assert all(user.email.endswith("@applexus.example") for user in people.users.values())
    assert all(user.manager for user in people.users.values() if user.role != Role.CEO)
    assert [key for key, owner in people.owners.items() if owner.user is None] == [GONE.key]


def plain(record: Model) -> dict[str, Any]:
    """Return a record's values, its links as what the other is called."""
    values = {field.name: getattr(record, field.name) for field in record._meta.concrete_fields
              if field.name not in ("id", "changed_xid")}  # fmt: skip
    return {name: str(value) if isinstance(value, Model) else value for name, value in values.items()}


def test_the_same_day_tells_the_same_story_to_the_last_field() -> None:
    one, other = told(TODAYS[1]), write_book(TODAYS[1])
    for kind in ORDER:
        assert [plain(record) for record in one.pages[kind]] == [plain(record) for record in other.pages[kind]]
