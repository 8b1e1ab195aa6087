"""Leads with outcomes in bulk, and a proof made of them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from agreements.models import Version
from core.work import run_claimed
from crm.models import Lead, Opportunity
from facts.refresh import refresh
from scoring.models import Proof
from scoring.proof.validation import request_proof
from tests.scoring.conftest import terms

FIRST = datetime(2024, 3, 4, 9, tzinfo=UTC)
BY_SIZE = terms(threshold=50, fit={
    f"From {size}": {"rule": {"field": "employees", "is": ">=", "value": size}, "points": 10} for size in range(10, 100, 10)
})  # fmt: skip
History = Callable[..., list[Lead]]


@pytest.fixture
def history(company: Any) -> History:
    """Make leads over a year of whom the larger are won more often: `history(400, strength=1)`."""

    def make_them(n: int = 420, strength: float = 1.0, rate: float = 0.35, **fields: Any) -> list[Lead]:
        chance = np.random.default_rng(11)
        won = chance.random(n) < rate
        sizes = np.clip(chance.normal(50, 20, n) + 25 * strength * won, 1, 99).astype(int)
        days = [FIRST + timedelta(days=int(day)) for day in np.arange(n) * 365 // n]
        leads = Lead.objects.bulk_create(
            Lead(source="t", external_id=f"h{k}", name=f"Lead {k}", employees=int(sizes[k]), created_at=days[k],
                 lead_source="Web" if k % 2 else "Fair", custom={"segment": "north" if k % 3 else "south"}, **fields)
            for k in range(n)
        )  # fmt: skip
        Opportunity.objects.bulk_create(
            Opportunity(source="t", external_id=f"d{k}", lead=leads[k], amount=1000 if won[k] else 500, currency="EUR",
                        outcome="won" if won[k] else "lost", opened_on=(days[k] + timedelta(days=10)).date(),
                        closed_on=(days[k] + timedelta(days=30)).date())
            for k in range(n)
        )  # fmt: skip
        return leads

    return make_them


def proven(version: Version) -> Proof:
    """Copy the records to the facts and prove the version by them."""
    refresh()
    asked = request_proof(version)
    assert asked is not None
    made = run_claimed(Proof, asked.pk, budget=1e9)
    assert isinstance(made, Proof)
    assert made.state == "done", made.last_error
    return made
