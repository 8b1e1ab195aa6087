"""Stages by pipeline, and deals that were opened again: what metrics make of them."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from core.periods import Period
from tests.kpis.ask_metric import ask, parts
from tests.kpis.memory_facts import MemoryFacts

JANUARY = date(2025, 1, 10)
DEALS = [
    {"pipeline": "Sales", "stage": "Won", "outcome": "won", "opened_on": JANUARY, "closed_on": date(2025, 5, 1)},
    {"pipeline": "Sales", "stage": "Lost", "outcome": "lost", "opened_on": JANUARY, "closed_on": date(2025, 5, 1)},
    {"pipeline": "Renewals", "stage": "Won", "outcome": "won", "opened_on": JANUARY, "closed_on": date(2025, 5, 1)},
    {"pipeline": "Sales", "stage": "New", "amount": Decimal(1000), "probability": Decimal("0.1"), "opened_on": JANUARY},
    {
        "pipeline": "Renewals",
        "stage": "New",
        "amount": Decimal(1000),
        "probability": Decimal("0.8"),
        "opened_on": JANUARY,
    },
]
ENTERED = [
    {"opportunity_id": 1, "pipeline": "Sales", "stage": "New"},
    {"opportunity_id": 2, "pipeline": "", "stage": "New"},  # its deal says in which pipeline
    {"opportunity_id": 3, "pipeline": "Renewals", "stage": "New"},
]


def test_stages_of_one_name_in_two_pipelines_are_two_stages() -> None:
    facts = MemoryFacts(opportunities=DEALS, stage_changes=ENTERED)
    weighted = parts(ask(facts, "weighted_pipeline", by="stage"))
    assert {name: part.value for name, part in weighted.items()} == {
        "New (Sales)": Decimal(100),
        "New (Renewals)": Decimal(800),
    }
    assert ask(facts, "weighted_pipeline", where={"stage": "New (Sales)"}).value == Decimal(100)
    assert ask(facts, "weighted_pipeline", where={"stage": "New"}).value == Decimal(900)


def test_the_observed_chance_goes_by_pipeline_and_stage() -> None:
    observed = parts(
        ask(MemoryFacts(opportunities=DEALS, stage_changes=ENTERED), "weighted_pipeline_observed", by="stage")
    )
    assert {name: part.value for name, part in observed.items()} == {
        "New (Sales)": Decimal(500),
        "New (Renewals)": Decimal(1000),
    }


def test_a_stage_without_a_pipeline_is_called_by_its_name_alone() -> None:
    facts = MemoryFacts(opportunities=[{"stage": "New", "pipeline": "", "amount": Decimal(7)}])
    assert list(parts(ask(facts, "open_pipeline", by="stage"))) == ["New"]


def entered(deal: int, stage: str, month: int, day: int, ended_as: str = "", chance: str = "0.9") -> dict[str, object]:
    moment = datetime(2025, month, day, 9, tzinfo=UTC)
    return {
        "opportunity_id": deal, "stage": stage, "entered_at": moment, "ended_as": ended_as, "amount": Decimal(50), "probability": Decimal(chance),
    }  # fmt: skip


REOPENED = MemoryFacts(
    opportunities=[
        {"stage": "Negotiation", "amount": Decimal(50), "probability": Decimal("0.9"), "opened_on": JANUARY},
        {
            "stage": "Closed Lost",
            "outcome": "lost",
            "amount": Decimal(50),
            "opened_on": JANUARY,
            "closed_on": date(2025, 5, 5),
        },
    ],
    stage_changes=[
        row
        for deal in (1, 2)
        for row in (
            entered(deal, "Negotiation", 1, 10),
            entered(deal, "Closed Won", 2, 1, "won", "1"),
            entered(deal, "Negotiation", 3, 1),
            *([entered(2, "Closed Lost", 5, 5, "lost", "0")] if deal == 2 else []),
        )
    ],
)


@pytest.mark.parametrize(
    ("evening", "count", "weighted"),
    [
        (date(2025, 1, 31), 2, Decimal(90)),  # both open
        (date(2025, 2, 28), 0, None),  # both won
        (date(2025, 3, 31), 2, Decimal(90)),  # both open again
        (date(2025, 5, 31), 1, Decimal(45)),  # one was lost
    ],
)
def test_a_reopened_deal_was_what_it_was_on_each_evening(evening: date, count: int, weighted: Decimal | None) -> None:
    period = Period(start=date(2025, 1, 1), end=evening)
    assert ask(REOPENED, "opportunities_open", period).value == count
    assert ask(REOPENED, "weighted_pipeline", period).value in {weighted, weighted or Decimal(0)}


def test_the_close_rate_takes_a_reopened_deal_by_its_last_close() -> None:
    assert ask(REOPENED, "close_rate", Period(date(2025, 1, 1), date(2025, 3, 31))).value is None
    assert ask(REOPENED, "close_rate", Period(date(2025, 4, 1), date(2025, 6, 30))).value == 0
