"""The page Market to cash: what it says, its lists, files and API, its settings, and what each reader counts."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from crm.models import Opportunity, Payment
from facts.refresh import refresh
from team.models import Company, Role, User
from tests import make

BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture(autouse=True)
def november() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 22, 12, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def rep(company: Company) -> User:
    return make.user("rep")


def plain(response: Any) -> str:
    html: str = response.content.decode()
    return html.replace("\u202f", " ").replace("\u00a0", " ")


def sign_in(client: Client, user: User) -> None:
    client.force_login(user, backend=BACKEND)


def win(owner: Any, name: str, amount: int, invoiced: int = 0, paid: int = 0, **fields: Any) -> Opportunity:
    account = make.account(name=f"{name} Ltd", owner=owner)
    deal = make.opportunity(
        name=name,
        owner=owner,
        account=account,
        amount=Decimal(amount),
        outcome="won",
        closed_on=date(2026, 6, 1),
        **fields,
    )
    if invoiced:
        bill = make.invoice(
            number=f"N-{name}", account=account, opportunity=deal, amount=Decimal(invoiced), issued_on=date(2026, 6, 3)
        )
        if paid:
            make.record(Payment, invoice=bill, amount=Decimal(paid), currency="EUR", paid_on=date(2026, 7, 1))
    return deal


@pytest.fixture
def deals(company: Company, rep: User) -> dict[str, Opportunity]:
    """Return deals of a rep: forgotten, short and unpaid; and one of another rep, over and paid."""
    mine, other = make.owner(name="Rita", user=rep), make.owner(name="Olaf", user=make.user("rep"))
    deals = {
        "forgotten": win(mine, "Forgotten", 5_000),
        "short": win(mine, "Short", 8_000, 6_000, 1_000),
        "others": win(other, "Secret", 9_000, 9_300, 9_300),
    }
    make.invoice(number="N-free", account=deals["others"].account, amount=Decimal(70), issued_on=date(2026, 9, 1))
    refresh()
    return deals


def test_the_page_says_what_became_of_the_money(client: Client, deals: dict[str, Opportunity]) -> None:
    sign_in(client, make.user(Role.CFO))
    page = plain(client.get("/cash/"))
    assert "€15.3K of €22.0K won are invoiced; most is stuck in “not paid after terms”: €5,070 in 2 invoices" in page
    assert "due to be invoiced 14 days after the win" in page
    assert "Too little" in page
    assert "Too much" in page
    assert "N-free" in page
    assert "N-Short" in page
    assert "nobody is said to be paid but not live" in page


def test_the_days_are_settings_of_the_company(client: Client, company: Company, deals: dict[str, Opportunity]) -> None:
    company.invoice_within_days, company.payment_term_days = 200, 365
    company.save()
    sign_in(client, make.user(Role.CFO))
    answer = client.get("/api/v1/cash/").json()
    assert answer["terms"] == {"invoice_within_days": 200, "payment_term_days": 365, "live_within_days": 30}
    assert Decimal(answer["total"]["not_yet_due"]) == 7_000
    counts = {each["key"]: each["count"] for each in answer["lists"]}
    assert (counts["not_invoiced"], counts["overdue"], counts["unpaid"]) == (0, 0, 2)


def test_zero_days_can_be_set_in_the_form(client: Client, company: Company) -> None:
    sign_in(client, make.user(Role.OPS))
    form = client.get("/company/").context["form"]
    data = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    client.post("/company/", {**data, "invoice_within_days": "0", "payment_term_days": "45"})
    company.refresh_from_db()
    assert (company.invoice_within_days, company.payment_term_days, company.live_within_days) == (0, 45, 30)


def test_lists_open_whole_as_page_csv_and_api(client: Client, deals: dict[str, Opportunity]) -> None:
    sign_in(client, make.user(Role.CRO))
    page = plain(client.get("/cash/list/?list=off_amount"))
    assert "€2,300 in 2 deals" in strip_tags(page)
    assert f"/pipeline/deals/{deals['short'].pk}/" in page
    text = b"".join(client.get("/cash/list/?list=overdue&format=csv").streaming_content).decode()
    assert [line.split(",")[0:4] for line in text.splitlines()[1:]] == [
        ["Invoice N-Short", "Short Ltd", "Rita", "5000.00"],
        ["Invoice N-free", "Secret Ltd", "Olaf", "70.00"],
    ]
    answer = client.get("/api/v1/cash/records/?list=off_amount&limit=1").json()
    assert answer["count"] == 2
    assert answer["results"] == [
        {"record": deals["short"].pk, "money": "2000.00", "days": 172, "difference": "-2000.00"}
    ]
    assert client.get("/cash/list/?list=nothing").status_code == 404
    assert client.get("/api/v1/cash/records/").status_code == 400


def test_customers_sum_to_the_whole_in_csv_and_api(client: Client, deals: dict[str, Opportunity]) -> None:
    sign_in(client, make.user(Role.CEO))
    lines = b"".join(client.get("/cash/?format=csv").streaming_content).decode().splitlines()
    rows = [[Decimal(value) for value in line.split(",")[3:9]] for line in lines[1:]]
    assert [sum(column) for column in zip(*rows[:-1], strict=True)] == rows[-1] == [22000, 15300, 0, 5000, 2000, 300]
    answer = client.get("/api/v1/cash/customers/").json()
    assert sum(Decimal(each["won"]) for each in answer["results"]) == 22_000


def test_a_rep_of_a_restricted_company_counts_the_own_deals_alone(
    client: Client, company: Company, rep: User, deals: dict[str, Opportunity]
) -> None:
    company.visibility = Company.Visibility.RESTRICTED
    company.save()
    sign_in(client, rep)
    page = plain(client.get("/cash/"))
    assert "€6,000 of €13.0K won are invoiced" in page
    assert "Counts only deals and invoices that you have permission to see" in page
    for path in ("/cash/", "/cash/list/?list=off_amount", "/cash/list/?list=without_deal", "/cash/?format=csv"):
        response = client.get(path)
        text = b"".join(response.streaming_content).decode() if response.streaming else plain(response)
        assert not {"Secret", "Olaf", "N-free", "9300"} & set(text.replace(",", " ").replace("<", " ").split())
    assert Decimal(client.get("/api/v1/cash/").json()["total"]["won"]) == 13_000


def test_a_deal_with_an_invoice_that_the_reader_may_not_read_is_left_out(
    client: Client, company: Company, rep: User, deals: dict[str, Opportunity]
) -> None:
    lead = make.lead(owner=make.owner(user=rep))
    Opportunity.objects.filter(pk=deals["others"].pk).update(lead=lead)
    company.visibility = Company.Visibility.RESTRICTED
    company.save()
    refresh()
    sign_in(client, rep)
    answer = client.get("/api/v1/cash/").json()
    assert (Decimal(answer["total"]["won"]), answer["not_compared"]) == (13_000, 1)


def test_a_bad_period_is_explained(client: Client, deals: dict[str, Opportunity]) -> None:
    sign_in(client, make.user(Role.CFO))
    response = client.get("/cash/?period=soon")
    assert response.status_code == 400
    assert "does not exist" in plain(response)
    assert client.get("/cash/?status=New").status_code == 400


def test_an_empty_company_is_told_what_to_import(client: Client, company: Company) -> None:
    sign_in(client, make.user(Role.OPS))
    assert "Import the opportunities, invoices and payments" in plain(client.get("/cash/"))


def test_ten_customers_cost_as_many_queries_as_two(client: Client, company: Company, rep: User) -> None:
    owner = make.owner(user=rep)
    sign_in(client, make.user(Role.CFO))

    def count_queries() -> int:
        refresh()
        client.get("/cash/")
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/cash/").status_code == 200
        return len(queries)

    for number in range(2):
        win(owner, f"Deal {number}", 100, 90)
    few = count_queries()
    for number in range(8):
        win(owner, f"More {number}", 100, 90)
    assert count_queries() == few
