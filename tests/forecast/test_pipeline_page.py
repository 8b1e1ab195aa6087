"""The page of the pipeline: what is on it, who sees which deals, its lists, its files and its API."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client

from crm.models import Opportunity, StageChange
from facts.refresh import refresh
from kpis.models import Goal
from team.models import Company, Role, User
from tests import make

BACKEND = "django.contrib.auth.backends.ModelBackend"
QUARTER = "from=2026-10-01&to=2026-12-31"


@pytest.fixture(autouse=True)
def november() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 22, 12, tzinfo=UTC), tick=False):
        yield


def plain(response: Any) -> str:
    html: str = response.content.decode()
    return html.replace("\u202f", " ").replace("\u00a0", " ")


def sign_in(client: Client, user: User) -> None:
    client.force_login(user, backend=BACKEND)


@pytest.fixture
def rep(company: Company) -> User:
    return make.user("rep")


@pytest.fixture
def deals(company: Company, rep: User) -> dict[str, Opportunity]:
    """Return one deal pushed three times, one that was won, and one of another rep, with the history the CRM brought."""
    mine, other = make.owner(name="Rita", user=rep), make.owner(name="Olaf", user=make.user("rep"))
    before = {"opened_on": date(2026, 7, 1), "modified_at": datetime(2026, 11, 3, tzinfo=UTC), "stage": "Offer"}
    pushed = make.opportunity(
        name="Turbine", owner=mine, amount=Decimal(80_000), expected_close_on=date(2027, 2, 1), **before
    )
    won = make.opportunity(
        name="Pump", owner=mine, amount=Decimal(50_000), outcome="won", closed_on=date(2026, 11, 2), **before
    )
    others = make.opportunity(
        name="Secret valve", owner=other, amount=Decimal(9_000), expected_close_on=date(2026, 12, 1), **before
    )
    days = [date(2026, 10, 15), date(2026, 11, 15), date(2026, 12, 15), date(2027, 2, 1)]
    for number, day in enumerate(days):
        make.record(
            StageChange, opportunity=pushed, stage="Offer", amount=Decimal(100_000 if number == 0 else 80_000),
            entered_at=datetime(2026, 7 + number, 20, 9, tzinfo=UTC), expected_close_on=day,
        )  # fmt: skip
    refresh()
    return {"pushed": pushed, "won": won, "others": others}


def test_the_page_says_what_moved_the_pipeline(client: Client, deals: dict[str, Opportunity]) -> None:
    sign_in(client, make.user(Role.CRO))
    page = plain(client.get(f"/pipeline/?{QUARTER}"))
    # Two close in the quarter and the third did until October, when it was pushed into the next year.
    assert "fell from €139K to €9,000: €80.0K were pushed out and €50.0K were won" in page
    assert "Slipped: 1 deal" in page
    assert "pushed 3 times" in page.casefold()
    assert "bar=pushed_out" in page
    # Over all open pipeline a moved close date changes nothing.
    assert "bar=pushed_out" not in plain(client.get(f"/pipeline/?{QUARTER}&closes=all"))


def test_each_bar_opens_its_deals_and_they_sum_to_it(client: Client, deals: dict[str, Opportunity]) -> None:
    sign_in(client, make.user(Role.CRO))
    page = plain(client.get(f"/pipeline/deals/?{QUARTER}&bar=pushed_out"))
    assert "Turbine" in page
    assert "Pump" not in page
    assert "Dec 15, 2026 → Feb 1, 2027" in page
    text = b"".join(client.get(f"/pipeline/deals/?{QUARTER}&bar=start&format=csv").streaming_content).decode()
    assert sorted(line.split(",")[4] for line in text.splitlines()[1:]) == ["50000.00", "80000.00", "9000.00"]


def test_a_rep_counts_and_reads_the_own_deals_alone(
    client: Client, company: Company, rep: User, deals: dict[str, Opportunity]
) -> None:
    company.visibility = Company.Visibility.RESTRICTED
    company.save()
    sign_in(client, rep)
    page = plain(client.get(f"/pipeline/?{QUARTER}"))
    assert "fell from €130K to €0" in page
    assert "Counts only deals that you have permission to see" in page
    for path in (
        f"/pipeline/deals/?{QUARTER}&bar=start",
        "/pipeline/deals/?list=idle",
        f"/pipeline/?{QUARTER}&by=owner",
    ):
        assert "Secret valve" not in plain(client.get(path))
        assert "Olaf" not in plain(client.get(path))
    assert client.get(f"/pipeline/deals/{deals['others'].pk}/").status_code == 404
    assert client.get(f"/api/v1/pipeline/{deals['others'].pk}/").status_code == 404
    bars = client.get(f"/api/v1/pipeline/?{QUARTER}").json()["bars"]
    assert {bar["key"]: bar["deals"] for bar in bars}["start"] == 2


def test_the_history_of_a_deal_says_what_changed_and_what_tells_of_it(
    client: Client, deals: dict[str, Opportunity]
) -> None:
    sign_in(client, make.user(Role.CRO))
    page = plain(client.get(f"/pipeline/deals/{deals['pushed'].pk}/"))
    assert "moved to a later day 3 times" in page
    assert "Amount: 100,000.00 EUR → 80,000.00 EUR" in page
    assert "Close date: Dec 15, 2026 → Feb 1, 2027 (48 days later)" in page
    assert "Stage history of the CRM" in page


def test_what_an_api_call_changes_is_in_the_history_at_once(client: Client, deals: dict[str, Opportunity]) -> None:
    sign_in(client, make.user(Role.CRO))
    Opportunity.objects.filter(pk=deals["pushed"].pk).update(
        amount=Decimal(70_000), modified_at=datetime(2026, 11, 20, tzinfo=UTC)
    )
    answer = client.get(f"/api/v1/pipeline/{deals['pushed'].pk}/").json()
    assert (answer["pushes"], answer["events"][0]["changes"]) == (3, ["Amount: 80,000.00 EUR → 70,000.00 EUR"])
    assert answer["events"][0]["source"] == "Recorded by Accord"


def test_the_api_answers_the_waterfall_by_parts_and_the_lists(client: Client, deals: dict[str, Opportunity]) -> None:
    sign_in(client, make.user(Role.CRO))
    answer = client.get(f"/api/v1/pipeline/?{QUARTER}&by=owner").json()
    values = {bar["key"]: Decimal(bar["value"]) for bar in answer["bars"]}
    assert values["start"] + values["pushed_out"] + values["won"] == values["end"] == Decimal(9_000)
    assert {part["label"] for part in answer["parts"]} == {"Rita", "Olaf"}
    listed = client.get("/api/v1/pipeline/deals/?list=slipped").json()
    assert [(row["opportunity"], row["reason"]) for row in listed["results"]] == [
        (deals["pushed"].pk, "pushed 3 times")
    ]
    assert client.get("/api/v1/pipeline/deals/?bar=none").status_code == 400
    assert client.get("/api/v1/pipeline/?from=2027-01-01").status_code == 400


def test_coverage_holds_the_pipeline_against_what_is_missing(client: Client, deals: dict[str, Opportunity]) -> None:
    chief = make.user(Role.CRO)
    Goal.objects.create(
        metric="won_revenue", target=Decimal(53_000), currency="EUR", starts_on=date(2026, 10, 1),
        ends_on=date(2026, 12, 31), set_by=chief, sales_owner=chief, marketing_owner=make.user(Role.CMO),
    )  # fmt: skip
    sign_in(client, chief)
    page = plain(client.get("/pipeline/"))
    assert (
        "€9,000 open pipeline closes in the days of the goal; €3,000 of the won revenue goal of €53.0K are missing"
        in page
    )


def test_an_empty_company_is_told_what_to_import(client: Client, company: Company) -> None:
    sign_in(client, make.user(Role.OPS))
    page = plain(client.get("/pipeline/"))
    assert "No deals yet" in page
    assert "Import deals" in page


def test_a_bad_period_or_cut_is_explained_on_the_page(client: Client, company: Company) -> None:
    sign_in(client, make.user(Role.CRO))
    for query in ("period=never", "by=nothing", "from=2026-13-01"):
        response = client.get(f"/pipeline/?{query}")
        assert response.status_code == 400
        assert 'role="alert"' in plain(response)
    assert client.get("/pipeline/deals/?bar=nothing").status_code == 404
