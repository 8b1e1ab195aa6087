"""The page New and existing revenue: the mix against what is signed, the index, the segments, and who may see it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import time_machine
from django.test import Client

from agreements.models import Agreement, Signature
from core import periods
from crm.models import Vertical
from facts.refresh import refresh
from kpis.revenue.page import build_page
from kpis.revenue.terms import REVENUE_MIX, RevenueMixTerms, describe_mix
from team.models import Company, Role, User
from tests import make

BACKEND = "django.contrib.auth.backends.ModelBackend"
TERMS = {"new_share": "40.00", "new_weight": "1.50", "existing_weight": "0.50"}


@pytest.fixture(autouse=True)
def november() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 22, 12, tzinfo=UTC), tick=False):
        yield


def sign_in(client: Client, user: User) -> None:
    client.force_login(user, backend=BACKEND)


@pytest.fixture
def invoices(company: Company) -> None:
    """Steel brings much new margin with one deal, glass little with three; an old customer pays as before."""
    steel, glass = make.record(Vertical, name="Steel"), make.record(Vertical, name="Glass")
    first, second = make.account(vertical=steel), make.account(vertical=glass)
    old = make.account(vertical=steel)
    for account, amount, cost, is_new in ((first, 600, 200, True), (second, 100, 50, True), (old, 300, 100, False)):
        make.invoice(
            account=account,
            amount=Decimal(amount),
            cost=Decimal(cost),
            issued_on=date(2025, 5, 1),
            is_new_business=is_new,
        )
    make.invoice(account=old, amount=Decimal(400), cost=Decimal(0), issued_on=date(2024, 5, 1), is_new_business=False)
    for account in (first, second, second, second):
        make.opportunity(account=account, is_new_business=True, opened_on=date(2025, 2, 1))
    make.opportunity(account=old, is_new_business=False, opened_on=date(2025, 2, 1))
    make.spend(amount=Decimal(200), spent_on=date(2025, 1, 10), side="marketing", category="people")
    refresh()


def sign(company: Company) -> None:
    cmo, cro = make.user(Role.CMO), make.user(Role.CRO)
    agreement = Agreement.objects.create(kind=REVENUE_MIX, key="yearly", title="The mix")
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    version = agreement.versions.create(
        number=1, text="So be it.", terms=TERMS, drafted_by=cmo, proposed_by=cmo, proposed_at=moment, sides=agreement.sides,
    )  # fmt: skip
    for side, user in (("marketing", cmo), ("sales", cro)):
        Signature.objects.create(version=version, side=side, signed_by=user, signed_at=moment)
    agreement.versions.update(in_force_at=moment)


def test_the_mix_and_the_segments_without_a_signature(client: Client, invoices: None) -> None:
    sign_in(client, make.user(Role.CFO))
    page = client.get("/revenue/").content.decode()
    assert "No mix is signed" in page
    assert "New customers lose money in 1 segment" in page
    assert "new customers of vertical Glass lose" in page
    answer = client.get("/api/v1/revenue-mix/?period=last_year").json()
    assert [(part["key"], Decimal(part["revenue"])) for part in answer["parts"]] == [
        ("new", 700), ("existing", 300), ("unclassified", 0),
    ]  # fmt: skip
    assert answer["index"] is None
    left = {
        row["key"]: (Decimal(row["cost"]), Decimal(row["left"]))
        for row in answer["segments"]
        if row["dimension"] == "vertical"
    }
    assert left == {"Steel": (40, 360), "Glass": (120, -70)}
    kept = {row["key"]: row["value"] for row in answer["retention"]}
    assert (kept["nrr"], kept["grr"], kept["revenue_contraction"]) == (0.75, 0.75, 100)


def test_the_signed_weights_make_the_index(company: Company, invoices: None) -> None:
    sign(company)
    page = build_page(make.user(Role.CEO), periods.year_period(2025))
    assert page.agreed
    assert page.agreed.new_share == Decimal("0.4")
    # (1.5 × (400 + 50) + 0.5 × 200) ÷ 1000
    assert page.index == Decimal("0.775")
    assert "40% are agreed" in page.sentence


@pytest.mark.parametrize("role", [Role.REP, Role.SUPPORT, Role.MARKETER])
def test_only_leaders_ops_and_finance_see_margins(client: Client, company: Company, role: Role) -> None:
    sign_in(client, make.user(role))
    assert client.get("/revenue/").status_code == 403
    assert client.get("/api/v1/revenue-mix/").status_code == 403


def test_the_sheet_holds_mix_retention_and_segments(client: Client, invoices: None) -> None:
    sign_in(client, make.user(Role.CRO))
    lines = b"".join(client.get("/revenue/?format=csv").streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert {line.split(",")[0].strip("\ufeff") for line in lines} == {"Section", "Mix", "Index", "Retention", "Segment"}


def test_terms_are_kept_as_text_and_said_in_words() -> None:
    form = RevenueMixTerms({"new_share": "40", "new_weight": "1.5", "existing_weight": "0.5"})
    assert form.is_valid()
    assert form.terms() == {"new_share": "40", "new_weight": "1.5", "existing_weight": "0.5"}
    assert describe_mix(form.terms())[0] == "New business: 40 % of revenue"


def test_a_bad_period_is_explained(client: Client, invoices: None) -> None:
    sign_in(client, make.user(Role.CFO))
    response = client.get("/revenue/?period=soon")
    assert response.status_code == 400
    assert "does not exist" in response.content.decode()
