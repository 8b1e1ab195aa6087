"""A company with two years of deals in memory, and the forecast computed from them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from forecast.outcomes import nightly
from forecast.outcomes.models import ForecastRun
from team.models import Company, User
from tests import make
from tests.kpis.memory_facts import MemoryFacts

START = date(2024, 1, 2)
STAGES = ("Discovery", "Proposal")


def deal_rows(owners: list[int]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return deals that open every three days and their stage changes; every third is won after 60 days or so."""
    rng = np.random.default_rng(5)
    today = MemoryFacts.as_of.date()
    deals: list[dict[str, Any]] = []
    changes: list[dict[str, Any]] = []
    for number in range(1, 351):
        opened = START + timedelta(days=3 * number)
        closed = opened + timedelta(days=int(rng.integers(20, 110)))
        amount = 1000 * int(rng.integers(5, 40))
        is_over = closed <= today
        outcome = ("won", "lost", "lost", "no_decision")[int(rng.integers(0, 4))] if is_over else "open"
        deals.append({
            "id": number, "owner_id": owners[number % len(owners)], "opened_on": opened, "closed_on": closed if is_over else None,
            "outcome": outcome, "amount": amount, "stage": "Closed" if is_over else STAGES[0], "pipeline": "Sales",
            "probability": None if is_over else Decimal("0.2"), "expected_close_on": closed,
        })  # fmt: skip
        for step, stage in enumerate(STAGES):
            entered = opened + timedelta(days=10 * step)
            if entered <= today:
                changes.append({
                    "opportunity_id": number, "track": "deal", "stage": stage, "amount": amount, "probability": Decimal("0.2") + Decimal("0.3") * step,
                    "entered_at": datetime.combine(entered, datetime.min.time(), UTC) + timedelta(hours=12), "expected_close_on": closed,
                })  # fmt: skip
    return deals, changes


@pytest.fixture
def owners(company: Company, rep: User) -> list[int]:
    return [make.owner(name="Rita", user=rep).pk, make.owner(name="Sam", user=make.user(name="Sam")).pk]


@pytest.fixture
def computed(owners: list[int], monkeypatch: pytest.MonkeyPatch) -> ForecastRun:
    """The forecast as of November 22, 2026."""
    deals, changes = deal_rows(owners)
    facts = MemoryFacts(opportunities=deals, stage_changes=changes)
    monkeypatch.setattr(nightly, "open_facts", lambda: facts)
    monkeypatch.setattr(nightly, "RUNS", 1_000)
    monkeypatch.setattr(nightly, "REP_RUNS", 300)
    monkeypatch.setattr("forecast.outcomes.record.PAST_RUNS", 100)
    nightly.compute_forecast(lambda done, total, what: None)
    return ForecastRun.objects.get()
