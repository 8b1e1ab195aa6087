"""Content: the consumption gap in its meanings, the coverage of the journey, and the finder."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from core.periods import Period
from crm import models as crm
from facts.engine import open_facts
from facts.refresh import refresh
from kpis.content.coverage import (
    COVERED,
    GENERAL,
    NONE,
    UNUSED,
    Asset,
    OpenValue,
    build_coverage,
    classify_reason,
)
from kpis.content.finder import Search, compute_records, find_content
from kpis.content.queries import compute_content
from kpis.rows import Scope
from team.models import Company, Role
from tests import make
from tests.kpis.ask_metric import TODAY, ask
from tests.kpis.memory_facts import MemoryFacts

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def scope_over(currency: str = "EUR", *, converts: bool = False, **tables: Any) -> Scope:
    return Scope(MemoryFacts(**tables), Period(), currency, TODAY, converts=converts)  # type: ignore[arg-type]


def days_ago(days: int) -> datetime:
    return NOON - timedelta(days=days)


USES = [
    {"asset_id": 1, "requested_at": days_ago(10), "used_at": days_ago(9), "opened_at": days_ago(8)},  # 2 days
    {"asset_id": 1, "requested_at": days_ago(10), "used_at": days_ago(10), "opened_at": days_ago(10) + timedelta(hours=6)},
    {"asset_id": 1, "requested_at": days_ago(10), "used_at": days_ago(10)},  # not opened
    {"asset_id": 1, "requested_at": days_ago(5), "used_at": days_ago(5), "opened_at": days_ago(5)},  # noted afterwards
    {"asset_id": 1, "requested_at": days_ago(5), "used_at": days_ago(5), "opened_at": days_ago(6)},  # out of order
    {"asset_id": 2, "requested_at": days_ago(300), "used_at": days_ago(299), "opened_at": days_ago(299)},
    {"asset_id": 3, "requested_at": days_ago(4), "reason_unused": "Not found in time"},
    {"asset_id": 3, "requested_at": days_ago(4), "reason_unused": "Did not know it"},
]  # fmt: skip
ASSETS = [{"name": name, "created_at": days_ago(500)} for name in ("Used", "Long ago", "Passed over", "Downloaded")]
TOUCHES = [
    {"asset_id": 4, "has_responded": True, "happened_at": days_ago(3)},
    {"asset_id": 3, "has_responded": False, "happened_at": days_ago(3)},  # it was only sent
]


def test_content_is_unused_without_a_use_in_180_days_and_unopened_without_an_opening_by_a_buyer() -> None:
    facts = MemoryFacts(content_assets=ASSETS, content_uses=USES, touches=TOUCHES)
    unused, unopened = ask(facts, "content_unused_rate"), ask(facts, "content_unopened_rate")
    assert (unused.numerator, unused.denominator) == (3, 4)
    assert (unopened.numerator, unopened.denominator) == (2, 4)


def test_the_time_to_open_is_the_median_of_what_was_opened_and_the_rest_is_told() -> None:
    result = ask(MemoryFacts(content_assets=ASSETS, content_uses=USES), "content_time_to_open")
    assert (result.n, result.value) == (3, 24 * 60)  # 6 hours, 1 day, 2 days
    assert result.warnings == (
        "Uses that the buyer has not opened: 1. They are left out.",
        "Uses noted afterwards, without a time of their own: 1. They are left out.",
        "Uses opened before they were requested: 1. They are left out.",
    )


def test_a_reason_is_no_use_and_uses_add_up_over_stages() -> None:
    facts = MemoryFacts(content_assets=[{**ASSETS[0], "stage": "Offer"}, *ASSETS[1:]], content_uses=USES)
    result = ask(facts, "content_used", by="journey_stage")
    assert (result.value, ask(facts, "content_passed_over").value) == (6, 2)
    assert {part.label: part.value for part in result.parts} == {"Offer": 5, "(blank)": 1}


@pytest.mark.parametrize(
    ("text", "reason"),
    [("Not found in time", "not_found"), ("Does not fit this buyer", "not_fitting"), ("Did not know it", "not_known"),
     ("Not known", "not_known"), ("Out of date", "other")],
)  # fmt: skip
def test_reasons_fall_into_the_classes_of_the_report(text: str, reason: str) -> None:
    assert classify_reason(text) == reason


DEALS = [
    OpenValue("Offer", "CFO", Decimal(500), 2, 0.6),
    OpenValue("Demo", "CFO", Decimal(900), 3, 0.2),
    OpenValue("Demo", "User", Decimal(100), 1, 0.2),
    OpenValue("Offer", "User", Decimal(50), 1, 0.6),
    OpenValue("Offer", "", Decimal(999), 9, 0.6),
]
PAPERS = [
    Asset(1, "Demo paper", stage="demo", persona="cfo", is_used=False),
    Asset(2, "Offer paper", stage="Offer", persona="CFO", is_used=True),
    Asset(3, "For all", stage="Offer", is_used=False),
]


def test_holes_are_ordered_by_open_value_and_covered_cells_are_none() -> None:
    coverage = build_coverage(PAPERS, DEALS)
    assert coverage.stages == ("Demo", "Offer")
    assert coverage.personas == ("CFO", "User")
    states = {(cell.stage, cell.persona): cell.state for cell in coverage.cells}
    assert states == {
        ("Demo", "CFO"): UNUSED,
        ("Demo", "User"): NONE,
        ("Offer", "CFO"): COVERED,
        ("Offer", "User"): GENERAL,
    }
    assert [(cell.stage, cell.persona, cell.value) for cell in coverage.stakes] == [
        ("Demo", "CFO", 900), ("Demo", "User", 100), ("Offer", "User", 50)
    ]  # fmt: skip


def test_an_asset_may_name_the_accord_stage_or_phase_of_a_stage() -> None:
    papers = [Asset(1, "Paper", stage="Explore", persona="CFO", is_used=True)]
    coverage = build_coverage(papers, DEALS[:1], {"offer": frozenset({"sql", "explore"})})
    assert (coverage.stages, coverage.cells[0].state) == (("Offer",), COVERED)


names = st.sampled_from(["", "Demo", "demo", "Offer", "Contract"])
people = st.sampled_from(["", "CFO", "cfo", "User"])


@given(
    st.lists(st.builds(OpenValue, names, people, st.integers(0, 999).map(Decimal), st.integers(1, 9)), max_size=12),
    st.lists(st.builds(Asset, st.integers(1, 99), st.just("Paper"), st.just(""), names, people), max_size=12),
)
def test_the_cells_hold_every_deal_with_a_stage_and_a_persona_once(
    values: list[OpenValue], assets: list[Asset]
) -> None:
    coverage = build_coverage(assets, values)
    placed = [value for value in values if value.stage and value.persona]
    assert sum(cell.value for cell in coverage.cells) == sum(value.value for value in placed)
    assert sum(cell.deals for cell in coverage.cells) == sum(value.deals for value in placed)
    assert len(coverage.cells) == len(coverage.stages) * len(coverage.personas)


def test_open_value_is_in_the_company_currency_and_what_has_no_rate_is_told() -> None:
    deals = [
        {"stage": "Demo", "amount": Decimal("100.10"), "contact_id": 1, "outcome": "open"},
        {"stage": "Demo", "amount": Decimal(50), "lead_id": 1, "outcome": "open"},
        {"stage": "Demo", "amount": None, "contact_id": 1, "outcome": "open"},
        {"stage": "Demo", "amount": Decimal(7), "currency": "USD", "contact_id": 1, "outcome": "open"},
        {"stage": "Demo", "amount": Decimal(9), "contact_id": 1, "outcome": "won"},
    ]
    scope = scope_over(opportunities=deals, contacts=[{"persona": "CFO"}], leads=[{"persona": "CFO"}])
    report = compute_content(scope, {})
    assert [(cell.value, cell.deals) for cell in report.coverage.cells] == [(Decimal("150.10"), 3)]
    assert (report.left_out, report.without_amount) == ((("USD", 1),), 1)


def test_a_deal_counts_once_for_an_asset_that_was_used_before_it_closed() -> None:
    deals = [
        {"outcome": "won", "closed_on": date(2026, 11, 1), "lead_id": 1},
        {"outcome": "lost", "closed_on": date(2026, 11, 1)},
        {"outcome": "open"},
    ]
    before, after = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 5, tzinfo=UTC)
    uses = [
        {"asset_id": 1, "opportunity_id": 1, "used_at": before},
        {"asset_id": 1, "opportunity_id": 1, "used_at": before},
        {"asset_id": 1, "lead_id": 1, "used_at": before},  # the same deal, through its lead
        {"asset_id": 1, "opportunity_id": 2, "used_at": before},
        {"asset_id": 1, "opportunity_id": 3, "used_at": before},
        {"asset_id": 2, "opportunity_id": 1, "used_at": after},
        {"asset_id": 2, "opportunity_id": 1, "requested_at": before, "reason_unused": "Not found"},
    ]
    records = compute_records(scope_over(opportunities=deals, content_uses=uses))
    assert {key: (record.won, record.closed) for key, record in records.items()} == {1: (1, 2)}


@pytest.fixture
def library(company: Company) -> None:
    bank = make.record(crm.Vertical, name="Banking")
    paper = make.record(crm.ContentAsset, name="Bank paper", stage="Demo", persona="CFO", vertical=bank, kind="Paper")
    make.record(
        crm.ContentAsset,
        name="Steel film",
        stage="Demo",
        persona="CFO",
        vertical=make.record(crm.Vertical, name="Steel"),
    )
    make.record(crm.ContentAsset, name="Deck", kind="Slides")
    won = make.opportunity(outcome="won", closed_on=date(2026, 11, 10), owner=make.owner(user=make.user(Role.REP)))
    make.record(crm.ContentUse, asset=paper, opportunity=won, used_at=datetime(2026, 11, 1, tzinfo=UTC))
    make.opportunity(stage="Demo", amount=Decimal(1000), contact=make.contact(persona="CFO"))
    refresh()


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
@time_machine.travel(datetime(2026, 11, 22, 12, tzinfo=UTC), tick=False)
@pytest.mark.usefixtures("library")
def test_the_finder_gives_what_fits_with_what_helped_to_win_first(client: Client) -> None:
    user = make.user(Role.REP)
    client.force_login(user)

    def names(**asked: str) -> list[str]:
        return [match.asset.name for match in find_content(user, Search(**asked), open_facts())]

    assert names(stage="demo", persona="cfo", vertical="banking") == ["Bank paper", "Deck"]
    assert names(text="film") == ["Steel film"]
    assert names(text="slides") == ["Deck"]
    assert names(stage="Contract") == ["Deck"]
    page = client.get("/content/find/?stage=Demo").content.decode()
    assert page.index("Bank paper") < page.index("Deck")
    answer = client.get("/api/v1/content/find/?vertical=Banking").json()
    assert [(row["name"], row["won_deals"]) for row in answer["results"]] == [("Bank paper", 1), ("Deck", 0)]
    report = client.get("/api/v1/content/").json()
    assert [(cell["state"], cell["value"]) for cell in report["coverage"]] == [("covered", "1000.00")]
    assert "Sales has not used 2 of 3 assets (67%)" in client.get("/content/").content.decode()
    assert b"Bank paper" in b"".join(client.get("/content/?format=csv").streaming_content)  # type: ignore[attr-defined]
    # a rep who may read neither deal is not told of them
    Company.objects.update(visibility=Company.Visibility.RESTRICTED)
    assert [row["won_deals"] for row in client.get("/api/v1/content/find/").json()["results"]] == [0, 0, 0]
    report = client.get("/api/v1/content/").json()
    assert (report["readable_only"], [cell["value"] for cell in report["coverage"]]) == (True, ["0.00"])


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("company")
def test_without_content_the_page_says_what_to_import(client: Client) -> None:
    client.force_login(make.user(Role.CMO))
    assert b"Import your content" in client.get("/content/").content
    assert b"No content yet" in client.get("/content/find/").content
    assert client.get("/content/?period=never").status_code == 400
