"""The portfolio: which programmes and content move which transition, what it costs and what it gains."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from attribution.portfolio import queries
from attribution.portfolio.queries import list_stages_to_win, read_portfolio_data
from attribution.portfolio.report import (
    CONTENT,
    PROGRAMME,
    CreditedMoves,
    Portfolio,
    PortfolioData,
    StageFigures,
    build_portfolio,
)
from attribution.portfolio.sentences import describe_portfolio, describe_transition
from core.periods import Period
from funnel.definitions import in_force
from team.models import Company, Role
from tests import make
from tests.kpis.memory_facts import MemoryFacts

EXPO, MAIL, BRIEF = 1, 2, 7
YEAR = Period(date(2025, 1, 1), date(2025, 12, 31))


def portfolio_data(**changes: Any) -> PortfolioData:
    """Of 1,000 enquiries 200 become MQLs and 20 are won; 100 moved to MQL in the period, 10 were won."""
    data: dict[str, Any] = {
        "stages": [
            StageFigures("inquiry", "Enquiry", "marketing", 1000), StageFigures("mql", "MQL", "marketing", 200),
            StageFigures("won", "Won", "sales", 20),
        ],
        "moves": {"mql": 100, "won": 10},
        "touched": {"mql": 80},
        "credited": [
            CreditedMoves("mql", PROGRAMME, EXPO, Decimal(30)), CreditedMoves("won", PROGRAMME, EXPO, Decimal(10)),
            CreditedMoves("mql", PROGRAMME, MAIL, Decimal(50)), CreditedMoves("mql", CONTENT, BRIEF, Decimal(5)),
        ],
        "spend": {EXPO: Decimal(4000)},
        "names": {(PROGRAMME, EXPO): "Expo", (PROGRAMME, MAIL): "Mail", (CONTENT, BRIEF): "Brief"},
        "average_won": Decimal(10_000),
        "currency": "EUR",
        "as_of": datetime(2026, 1, 2, tzinfo=UTC),
    }  # fmt: skip
    return PortfolioData(**{**data, **changes})


def portfolio(*, sees_cost: bool = True, **changes: Any) -> Portfolio:
    return build_portfolio(portfolio_data(**changes), sees_cost=sees_cost)


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def test_a_transition_gains_how_much_likelier_the_win_became_times_an_average_deal() -> None:
    to_mql, to_won = portfolio().transitions
    assert (to_mql.chance_before, to_mql.chance_after) == (Decimal("0.02"), Decimal("0.1"))
    assert (to_mql.gain_per_move, to_mql.gain) == (800, 80_000)
    assert to_won.gain_per_move == 9000


def test_the_spend_of_a_programme_counts_once_over_all_transitions() -> None:
    to_mql, to_won = portfolio().transitions
    assert [(mover.name, mover.cost, mover.cost_per_move) for mover in to_mql.programmes] == [
        ("Mail", None, None),
        ("Expo", 3000, 100),
    ]
    assert to_won.programmes[0].cost == 1000
    assert (to_mql.cost, to_won.cost) == (3000, 1000)
    assert to_mql.cost_per_move == 30


def test_cost_is_left_out_for_those_who_may_not_see_spend() -> None:
    assert [transition.cost for transition in portfolio(sees_cost=False).transitions] == [None, None]


def test_content_stands_apart_from_programmes_and_has_no_cost() -> None:
    (brief,) = portfolio().transitions[0].content
    assert (brief.name, brief.share, brief.cost) == ("Brief", Decimal("0.05"), None)


def test_transitions_that_nothing_touched_are_known() -> None:
    assert [transition.target.key for transition in portfolio().idle] == ["won"]


def test_sentences_say_what_a_move_costs_and_gains() -> None:
    answer = portfolio()
    assert plain(describe_portfolio(answer)) == (
        "“MQL to Won” gains most, €9,000 per lead; 0% of its 10 moves had a programme or content before them"
    )
    assert plain(describe_transition(answer.transitions[0], "EUR")) == (
        "100 leads moved, 80% of them after a programme or content. A move costs €30. "
        "The chance of a win changes from 2.0% to 10%, worth €800 per lead."
    )
    still = portfolio(moves={}, touched={}, credited=[])
    assert describe_transition(still.transitions[0], "EUR") == "No lead made this move in the period."
    assert "No lead moved between stages" in describe_portfolio(still)


def test_a_stage_with_fewer_entries_than_wins_has_no_chance() -> None:
    stages = [StageFigures("mql", "MQL", "marketing", 5), StageFigures("won", "Won", "sales", 20)]
    (to_won,) = portfolio(stages=stages).transitions
    assert to_won.chance_before is None
    assert to_won.gain is None


# The facts


def on_day(day: int) -> datetime:
    return datetime(2025, 5, day, 12, tzinfo=UTC)


def move(lead: int, stage: str, day: int) -> dict[str, Any]:
    return {"lead_id": lead, "stage": stage, "entered_at": on_day(day), "is_dated": True}


def read_data(company: Company, period: Period = YEAR, **tables: Any) -> PortfolioData:
    facts = MemoryFacts(**tables)
    return read_portfolio_data(facts, company, in_force(make.user(Role.CMO)), period)


@pytest.mark.django_db
def test_a_move_is_shared_among_the_touches_since_the_stage_before(company: Company) -> None:
    data = read_data(
        company,
        leads=[{}, {"contact_id": 1}],
        contacts=[{}],
        moves=[
            move(1, "inquiry", 1),
            move(1, "mql", 10),
            move(2, "inquiry", 1),
            move(2, "mql", 10),
            move(2, "mql", 20),
        ],
        touches=[
            {"lead_id": 1, "campaign_id": MAIL, "happened_at": on_day(1)},  # at the enquiry, so before the way to MQL
            {"lead_id": 1, "campaign_id": EXPO, "happened_at": on_day(5)},
            {"lead_id": 1, "campaign_id": MAIL, "asset_id": BRIEF, "happened_at": on_day(10)},
            {"lead_id": 1, "campaign_id": EXPO, "happened_at": on_day(11)},  # after it
            {"contact_id": 1, "campaign_id": EXPO, "happened_at": on_day(7)},  # of the contact that lead 2 became
        ],
        content_uses=[{"lead_id": 1, "asset_id": BRIEF, "used_at": on_day(9)}],
    )
    assert data.moves["mql"] == 2  # a lead that enters a stage again is counted once
    assert data.touched["mql"] == 2
    rows = {(row.to_stage, row.kind, row.key): row.moves for row in data.credited}
    assert rows[("mql", PROGRAMME, EXPO)] == Decimal("1.5")
    assert rows[("mql", PROGRAMME, MAIL)] == Decimal("0.5")
    assert rows[("mql", CONTENT, BRIEF)] == 1


@pytest.mark.django_db
def test_moves_outside_the_period_and_without_a_day_do_not_count(company: Company) -> None:
    undated = {**move(2, "mql", 10), "is_dated": False}
    data = read_data(company, leads=[{}, {}], moves=[move(1, "mql", 10), undated])
    assert data.moves == {"mql": 1}
    june = Period(date(2025, 6, 1), date(2025, 6, 30))
    assert read_data(company, june, leads=[{}], moves=[move(1, "mql", 10)]).moves == {}


@pytest.mark.django_db
def test_the_way_ends_at_the_win(company: Company) -> None:
    stages = list_stages_to_win(in_force(make.user(Role.CMO)))
    assert stages[-1].dated_by == "won"


# The page


def test_the_page_and_the_csv_show_each_transition(
    monkeypatch: pytest.MonkeyPatch, client: Client, company: Company
) -> None:
    monkeypatch.setattr(queries, "read_portfolio_data", lambda *given: portfolio_data())
    client.force_login(make.user(Role.CMO))
    page = plain(client.get("/campaigns/portfolio/?period=all").content.decode())
    assert "Enquiry to MQL" in page
    assert "Cost per move" in page
    rows = b"".join(client.get("/campaigns/portfolio/?period=all&format=csv").streaming_content).decode().splitlines()
    assert len(rows) == 5
    client.force_login(make.user(Role.REP))
    assert "Cost per move" not in client.get("/campaigns/portfolio/?period=all").content.decode()
