"""What the tests of numbers share: a company with a few real records, copied to real facts."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from crm import models as crm
from facts.engine import Facts, open_facts
from facts.refresh import refresh
from facts.steps import Step
from kpis import nightly
from team.models import Company, User
from tests import make
from tests.kpis.running import Chain

MAY = date(2025, 5, 5)


@pytest.fixture
def sold(company: Company, rep: User) -> Facts:
    """Three owners, of whom Rita is a user: 4 deals won, 2 lost, 1 undecided, 2 open; invoices and spend in 2025."""
    make.record(crm.Product, name="Pump")
    owners = [make.owner(name="Rita", user=rep), make.owner(name="Sam"), make.owner(name="=Kim")]
    accounts = [make.account(name=f"{owner.name}'s account", owner=owner) for owner in owners]
    for owner, account in zip(owners, accounts, strict=True):
        make.opportunity(
            owner=owner,
            account=account,
            outcome="won",
            amount=Decimal("1000.10"),
            closed_on=MAY,
            opened_on=date(2025, 4, 5),
        )
    make.opportunity(
        owner=owners[0], outcome="won", amount=Decimal("50"), closed_on=date(2024, 5, 5), opened_on=date(2024, 5, 1)
    )
    for end in ("lost", "lost", "no_decision"):
        make.opportunity(owner=owners[1], outcome=end, amount=Decimal("10"), closed_on=MAY, opened_on=MAY)
    for owner in owners[:2]:
        make.opportunity(owner=owner, amount=Decimal("200"), probability=Decimal("0.5"), stage="Demo", opened_on=MAY)
    make.invoice(account=accounts[0], amount=Decimal("3000"), issued_on=MAY, number="I-1")
    make.spend(amount=Decimal("1200"), spent_on=MAY, side="sales", category="people")
    make.lead(owner=owners[0], first_contact_on=MAY, lead_source="web", created_at=datetime(2025, 5, 5, tzinfo=UTC))
    refresh()
    return open_facts()


@pytest.fixture
def chain(monkeypatch: pytest.MonkeyPatch) -> Chain:
    """Let the chain consist of the given functions: `chain(first=work, second=work)`."""

    def consist(**works: Any) -> None:
        made = [Step(name, f"Do the {name}", work) for name, work in works.items()]
        monkeypatch.setattr(nightly, "ordered_steps", lambda: made)

    return consist
