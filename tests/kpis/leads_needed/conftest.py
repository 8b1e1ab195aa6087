"""A year of leads as Roberge counted them, in memory: 100 enquiries, 50 MQLs, 30 SALs, 15 opportunities, 5 customers."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from kpis.leads_needed import page as need_page
from team.models import Company
from tests.kpis.memory_facts import MemoryFacts

TODAY = MemoryFacts.as_of.date()  # November 22, 2026
CAME = TODAY - timedelta(days=200)
STEPS = (("inquiry", 0, 100), ("mql", 2, 50), ("sal", 5, 30), ("sql", 10, 15), ("won", 90, 5))
AMOUNT = 1000


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def roberge_rows(
    came: date = CAME, first: int = 1, source: str = "web", **deal: Any
) -> dict[str, list[dict[str, Any]]]:
    """Return 100 leads that came on one day, the moves of those that got further, and the won deals of five."""
    moves = [
        {"lead_id": first + number, "stage": stage, "entered_at": at(came + timedelta(days=days)), "is_dated": True}
        for stage, days, count in STEPS
        for number in range(count)
    ]
    deals = [
        {
            "id": first + number, "lead_id": first + number, "outcome": "won", "amount": AMOUNT, "opened_on": came + timedelta(days=10),
            "closed_on": came + timedelta(days=90), **deal,
        }
        for number in range(5)
    ]  # fmt: skip
    leads = [{"id": first + number, "lead_source": source, "first_contact_on": came} for number in range(100)]
    return {"leads": leads, "moves": moves, "opportunities": deals}


def merge(*given: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Put the rows of several sets of tables together; moves get ids of their own."""
    names = dict.fromkeys(name for tables in given for name in tables)
    return {name: [row for tables in given for row in tables.get(name, [])] for name in names}


@pytest.fixture
def use_facts(monkeypatch: pytest.MonkeyPatch, company: Company) -> Callable[..., MemoryFacts]:
    """Let the page read the given tables."""

    def use(**tables: Any) -> MemoryFacts:
        facts = MemoryFacts(**tables)
        monkeypatch.setattr(need_page, "open_facts", lambda: facts)
        return facts

    return use
