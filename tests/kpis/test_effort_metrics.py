"""What deals and enquiries take, how well the CRM is kept, and what goes to ideal customers: golden numbers."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from kpis.ideal_customers.report import read_spend
from kpis.rows import Scope
from team.models import Company, Role
from tests import make
from tests.kpis.ask_metric import ALL, TODAY, ask, parts
from tests.kpis.memory_facts import MemoryFacts


def at(day: int, hour: int = 9) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


ENQUIRIES = [
    {"kind": "How-to", "opened_at": at(2), "answered_at": at(3)},  # by the first hand
    {"kind": "How-to", "opened_at": at(2), "answered_at": at(6)},  # passed on twice
    {"kind": "Billing", "opened_at": at(2), "answered_at": at(3)},  # passed on after the answer, which is no matter
    {"kind": "Billing", "opened_at": at(2)},  # not answered
    {"kind": "Billing", "opened_at": at(2), "answered_at": at(3)},  # passed to the same hand, which is none
    {"kind": "opportunity", "channel": "Spotted", "opened_at": at(2), "answered_at": at(3)},  # no customer asked
]
HANDOVERS = [
    {"enquiry_id": 2, "from_owner_id": 1, "to_owner_id": 2, "handed_at": at(3)},
    {"enquiry_id": 2, "from_owner_id": 2, "to_owner_id": 3, "handed_at": at(4)},
    {"enquiry_id": 3, "from_owner_id": 1, "to_owner_id": 2, "handed_at": at(5)},
    {"enquiry_id": 5, "from_owner_id": 1, "to_owner_id": 1, "handed_at": at(2, 12)},
]


def test_an_enquiry_answered_without_being_passed_on_is_resolved_at_first_touch() -> None:
    facts = MemoryFacts(enquiries=ENQUIRIES, enquiry_handovers=HANDOVERS)
    result = ask(facts, "first_touch_resolution", by="kind")
    assert (result.numerator, result.denominator) == (3, 5)
    assert {label: part.value for label, part in parts(result).items() if part.n} == {
        "How-to": 0.5,
        "Billing": pytest.approx(2 / 3),
    }
    assert result.warnings == ("Enquiries without an answer: 1. They count as not answered by the first hand.",)


def test_hands_are_the_first_and_one_for_each_pass_before_the_answer() -> None:
    result = ask(MemoryFacts(enquiries=ENQUIRIES, enquiry_handovers=HANDOVERS), "hands_per_enquiry")
    assert (result.numerator, result.denominator, result.value) == (7, 5, 1.4)


def test_the_silence_is_the_median_of_business_minutes_and_what_lasts_is_told() -> None:
    silences = [{"id": 1, "seconds": 3600.0}, {"id": 2, "seconds": 7200.0}, {"id": 3, "seconds": None}]
    result = ask(MemoryFacts(enquiry_handovers=HANDOVERS, silences=silences), "silence_at_handover")
    assert (result.n, result.value) == (2, 90)
    assert "2. They are left out." in result.warnings[0]


DEALS: list[dict[str, Any]] = [
    {"outcome": "open", "opened_on": date(2026, 10, 1), "expected_close_on": date(2026, 11, 21), "amount": Decimal(5), "account_id": 1, "next_step": "Call"},
    {"outcome": "open", "opened_on": date(2026, 10, 1), "expected_close_on": date(2026, 11, 22), "amount": None, "account_id": 1, "next_step": "  "},
    {"outcome": "open", "opened_on": date(2026, 10, 1), "expected_close_on": None, "amount": Decimal(5), "contact_id": 1},
    {"outcome": "open", "opened_on": date(2026, 10, 1), "expected_close_on": date(2026, 12, 1), "amount": Decimal(0), "next_step": "Visit"},
    {"outcome": "won", "opened_on": date(2026, 10, 1), "expected_close_on": date(2026, 10, 5), "amount": None},
]  # fmt: skip


@pytest.mark.parametrize(
    ("key", "n"), [("overdue_close_dates", 1), ("missing_next_steps", 2), ("missing_deal_fields", 3)]
)
def test_diligence_counts_open_deals_alone_and_a_close_date_of_today_is_not_overdue(key: str, n: int) -> None:
    facts = MemoryFacts(opportunities=DEALS)
    rate = ask(facts, f"{key}_rate")
    assert (ask(facts, key).value, rate.numerator, rate.denominator) == (n, n, 4)


def test_effort_is_divided_by_the_deals_won_in_the_period() -> None:
    activities = [
        {"kind": "Visit", "happened_at": at(2), "seconds": 5400},
        {"kind": "Demo", "happened_at": at(2), "seconds": 3600},
        {"kind": "Call", "happened_at": at(2), "seconds": 600},
        {"kind": "Mail", "happened_at": at(2)},
    ]
    deals = [{"outcome": "won", "closed_on": date(2026, 11, 3)}] * 2 + [
        {"outcome": "lost", "closed_on": date(2026, 11, 3)}
    ]
    facts = MemoryFacts(activities=activities, opportunities=deals)
    hours = ask(facts, "hours_per_won_deal")
    assert float(hours.value or 0) == pytest.approx((5400 + 3600 + 600) / 3600 / 2, abs=1e-6)
    assert hours.warnings == ("Activities without a duration: 1. They count as no time.",)
    assert ask(facts, "site_visits_per_won_deal").value == ask(facts, "demos_per_won_deal").value == 0.5
    nothing_won = MemoryFacts(activities=activities, opportunities=deals[2:])
    assert ask(nothing_won, "hours_per_won_deal").value is None


PLACES = [
    {"account_id": 1, "place": "inside"}, {"account_id": 2, "place": "outside"}, {"lead_id": 1, "place": "inside"},
    {"lead_id": 2, "place": "near"}, {"lead_id": 3, "place": "inside"},
]  # fmt: skip


def test_the_profile_divides_wins_and_pipeline_by_account_else_lead() -> None:
    won = {"outcome": "won", "closed_on": date(2026, 11, 3)}
    deals = [
        {**won, "amount": Decimal(300), "account_id": 1, "lead_id": 2},
        {**won, "amount": Decimal(500), "account_id": 2},
        {**won, "amount": Decimal(200), "lead_id": 1},
        {**won, "amount": Decimal(999)},  # without a place
        {"outcome": "open", "amount": Decimal(10), "account_id": 2, "opened_on": date(2026, 11, 3)},
    ]
    facts = MemoryFacts(
        opportunities=deals, accounts=[{"name": "A"}, {"name": "B"}], leads=[{"name": "L"}] * 3, icp_places=PLACES
    )
    wins = ask(facts, "icp_share_of_wins")
    assert (wins.numerator, wins.denominator, wins.value) == (500, 1000, 0.5)
    assert wins.warnings[0].startswith("Deals without a place by the profile: 1.")
    assert ask(facts, "icp_share_of_pipeline").value == 0
    by_place = parts(ask(facts, "won_revenue", by="icp"))
    assert {label: part.value for label, part in by_place.items()} == {"Inside": 500, "Outside": 500, "(blank)": 999}


def test_spend_of_a_campaign_is_shared_by_the_places_of_its_leads() -> None:
    leads = [{"campaign_id": 1}, {"campaign_id": 1}, {}]
    touches = [{"lead_id": 3, "campaign_id": 2, "happened_at": at(1)}]  # the third came by its first touch
    spend = [
        {"amount": Decimal(100), "campaign_id": 1, "spent_on": date(2026, 11, 1)},
        {"amount": Decimal(60), "campaign_id": 2, "spent_on": date(2026, 11, 1)},
        {"amount": Decimal(999), "spent_on": date(2026, 11, 1)},
    ]
    campaigns = [{"name": "Pink"}, {"name": "Blue"}]
    facts = MemoryFacts(leads=leads, touches=touches, spend=spend, campaigns=campaigns, icp_places=PLACES)
    result = ask(facts, "icp_share_of_spend")
    assert (float(result.numerator or 0), result.denominator) == (110, 160)
    assert result.warnings[0].startswith("Lines of spend without a campaign")
    assert ask(MemoryFacts(leads=leads, spend=spend, campaigns=campaigns), "icp_share_of_spend").value is None


def test_the_places_of_spend_add_up_to_the_cent_and_tie_with_the_metric() -> None:
    leads = [{"campaign_id": 1}, {"campaign_id": 1}, {"campaign_id": 1}]
    spend = [
        {"amount": Decimal("100.01"), "campaign_id": 1, "spent_on": date(2026, 11, 1)},
        {"amount": Decimal("33.33"), "campaign_id": 1, "spent_on": date(2026, 11, 1)},
        {"amount": Decimal("9.99"), "spent_on": date(2026, 11, 1)},
        {"amount": Decimal(5), "campaign_id": 1, "currency": "USD", "spent_on": date(2026, 11, 1)},  # has no rate
    ]
    places = [{"lead_id": key, "place": place} for key, place in enumerate(("inside", "near", "outside"), 1)]
    facts = MemoryFacts(leads=leads, spend=spend, campaigns=[{"name": "Pink"}], icp_places=places)
    report = read_spend(Scope(facts, ALL, "EUR", TODAY))  # type: ignore[arg-type]
    assert report.placed == Decimal("133.34")
    assert (report.by_place["inside"], report.unplaced) == (Decimal("44.45"), Decimal("9.99"))
    result = ask(facts, "icp_share_of_spend")
    assert float(result.numerator or 0) == pytest.approx(44.45, abs=0.005)
    assert result.denominator == Decimal("133.34")


@pytest.mark.django_db(transaction=True)
def test_without_a_signed_profile_the_page_says_what_to_sign(client: Client, company: Company) -> None:
    client.force_login(make.user(Role.CMO))
    assert client.get("/api/v1/ideal-customers/").json()["is_signed"] is False
    assert b"No ideal customer profile is signed" in client.get("/ideal-customers/").content
