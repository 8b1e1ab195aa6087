"""One record of every kind, and callers that carry a token."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from crm import models as crm
from crm.registry import kinds_by_plural
from team.models import User
from team.tokens import create_token
from tests import make
from tests.conftest import proven

NOON = datetime(2025, 3, 31, 12, 0, tzinfo=UTC)
DAY = date(2025, 3, 31)


class Caller:
    """A person who calls the API with a token of their own."""

    def __init__(self, user: User, scopes: list[str] | None = None) -> None:
        self.token, self.secret = create_token(owner=user, name="test", scopes=scopes)
        self.client = Client(headers={"Authorization": f"Bearer {self.secret}"})

    def get(self, address: str, **query: Any) -> Any:
        return self.client.get(f"/api/v1/{address}", query)

    def rows(self, kind: str, **query: Any) -> list[dict[str, Any]]:
        answer = self.get(f"{kind}/", **query)
        assert answer.status_code == 200, answer.content
        return answer.json()["results"]


def present(user: User) -> Caller:
    """Return a caller by a session in which the password was entered again just now, as signing asks for."""
    caller = Caller(user)
    caller.client = Client()
    caller.client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    proven(caller.client, user)
    return caller


@pytest.fixture
def caller(db: None) -> Callable[..., Caller]:
    return Caller


def one_of_each(user: User | None = None) -> dict[str, Any]:
    """Make one record of every kind, all of them the user's own, by the kind's name in the API."""
    territory = make.territory()
    owner = make.owner(user=user, territory=territory)
    vertical, product = make.record(crm.Vertical, name="Steel"), make.record(crm.Product, name="Press")
    account = make.account(owner=owner, territory=territory, vertical=vertical, annual_revenue=Decimal("1000.50"))
    contact = make.contact(owner=owner, account=account)
    campaign = make.campaign(owner=owner)
    lead = make.lead(owner=owner, account=account, campaign=campaign, contact=contact)
    deal = make.opportunity(
        owner=owner, account=account, contact=contact, lead=lead, campaign=campaign, product=product, amount=Decimal("99.90"),
        opened_on=DAY, closed_on=DAY, closed_at=NOON, outcome="won", probability=Decimal(1), created_at=NOON,
    )  # fmt: skip
    asset, invoice = make.record(crm.ContentAsset, name="Paper"), make.invoice(account=account, opportunity=deal)
    enquiry = make.record(crm.Enquiry, name="How?", owner=owner, account=account, contact=contact, opened_at=NOON)
    rows = {
        "accounts": account,
        "activities": make.record(crm.Activity, kind="call", owner=owner, lead=lead, happened_at=NOON, due_on=DAY),
        "buying_roles": make.record(crm.BuyingRole, opportunity=deal, contact=contact, role="champion"),
        "campaigns": campaign,
        "contacts": contact,
        "content_assets": asset,
        "content_uses": make.record(crm.ContentUse, asset=asset, owner=owner, lead=lead, used_at=NOON),
        "enquiries": enquiry,
        "enquiry_handovers": make.record(crm.EnquiryHandover, enquiry=enquiry, from_owner=owner, handed_at=NOON),
        "exchange_rates": make.record(crm.ExchangeRate, currency="USD", base="EUR", valued_on=DAY, rate=Decimal("1.0872")),
        "invoices": invoice,
        "leads": lead,
        "line_items": make.record(crm.LineItem, name="Press", opportunity=deal, invoice=invoice, account=account, product=product, sold_on=DAY, quantity=Decimal(2), unit_price=Decimal("49.95"), amount=Decimal("99.90"), currency="EUR"),
        "opportunities": deal,
        "owners": owner,
        "payments": make.record(crm.Payment, invoice=invoice, amount=Decimal(5), paid_on=DAY),
        "products": product,
        "quotas": make.record(crm.Quota, owner=owner, amount=Decimal(7), starts_on=DAY),
        "spend": make.spend(campaign=campaign, amount=Decimal("1.25"), spent_on=DAY),
        "stage_changes": make.record(crm.StageChange, opportunity=deal, stage="Won", entered_at=NOON),
        "subscriptions": make.record(crm.Subscription, name="Care", account=account, product=product, plan="Gold", starts_on=DAY, amount=Decimal(20), currency="EUR"),
        "territories": territory,
        "touches": make.record(crm.Touch, campaign=campaign, lead=lead, contact=contact, asset=asset, happened_at=NOON, value=Decimal("12.50"), currency="EUR"),
        "usage_events": make.record(crm.UsageEvent, name="login", lead=lead, account=account, quantity=Decimal("1.5")),
        "verticals": vertical,
    }  # fmt: skip
    return rows | {
        name: make.example(kind, rows.values()) for name, kind in kinds_by_plural().items() if name not in rows
    }
