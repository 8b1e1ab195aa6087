"""The glossary, the page of a metric, its records, and what it is held against."""

import csv
import io
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from crm import models as crm
from facts.engine import Facts
from facts.refresh import refresh
from kpis.models import Benchmark, Goal
from kpis.registry import all_metrics
from team.models import Company, User
from tests import make
from tests.kpis.ask_metric import shapes

pytestmark = pytest.mark.slow

SignIn = Callable[[User], Client]
YEAR = "?from=2025-01-01&to=2025-12-31"


def text(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status, address
    return response.content.decode().replace("\u202f", " ").replace("\u00a0", " ")


def test_a_metric_of_every_shape_has_its_pages_also_without_records(
    company: Company, cmo: User, as_user: SignIn
) -> None:
    page = as_user(cmo)
    refresh()
    for metric in shapes():
        assert escape(metric.name) in text(page, f"/metrics/{metric.key}/?by={metric.default_cut}")
        assert "No records match" in text(page, f"/metrics/{metric.key}/records/")


def test_the_glossary_names_every_metric(cmo: User, as_user: SignIn) -> None:
    found = text(as_user(cmo), "/metrics/")
    assert all(f"/metrics/{metric.key}/" in found for metric in all_metrics())


def test_a_page_says_its_sentence_and_shows_what_it_is_held_against(sold: Facts, cfo: User, as_user: SignIn) -> None:
    found = text(as_user(cfo), f"/metrics/smroi/{YEAR}")
    assert "SMROI was 150% in 2025." in found
    assert "Vendor article, 2014" in found
    assert "Add a benchmark" in found


def test_a_stock_is_told_with_its_evening(sold: Facts, cmo: User, as_user: SignIn) -> None:
    page = as_user(cmo)
    assert "Weighted pipeline stood at €200 on the evening of Dec 31, 2025" in text(
        page, f"/metrics/weighted_pipeline/{YEAR}"
    )
    assert "Weighted pipeline stands at €200 now." in text(page, "/metrics/weighted_pipeline/?period=all")


def test_the_comparison_is_in_the_sentence(sold: Facts, cmo: User, as_user: SignIn) -> None:
    assert "Close rate was 50% in 2025, −50 points against 2024." in text(as_user(cmo), f"/metrics/close_rate/{YEAR}")


def test_a_part_leads_to_its_own_page_and_records(sold: Facts, cmo: User, as_user: SignIn) -> None:
    sam = crm.Owner.objects.get(name="Sam")
    page = as_user(cmo)
    found = text(page, f"/metrics/close_rate/{YEAR}&by=owner")
    assert f"/metrics/close_rate/records/{YEAR.replace('&', '&amp;')}&amp;owner=id%3A{sam.pk}" in found
    records = text(page, f"/metrics/close_rate/records/{YEAR}&owner=id:{sam.pk}")
    assert "25% in 2025 rests on 4 records." in records.replace('<span class="number" title="4">4</span>', "4").replace(
        '<span class="number" title="25%">25<span class="unit">%</span></span>', "25%"
    )
    assert records.count("<tr>") == 5


def test_a_bad_question_is_explained_on_the_page(sold: Facts, cmo: User, as_user: SignIn) -> None:
    page = as_user(cmo)
    assert "cannot be broken down by “colour”" in text(page, "/metrics/leads/?by=colour", 400)
    assert "is not a valid month" in text(page, "/metrics/leads/?month=2025-13", 400)
    assert "Swap the two dates" in text(page, "/metrics/leads/records/?from=2025-02-01&to=2025-01-01", 400)
    text(page, "/metrics/colour/", 404)


def test_htmx_gets_the_live_region_alone(sold: Facts, cmo: User, as_user: SignIn) -> None:
    response = as_user(cmo).get(f"/metrics/close_rate/{YEAR}", headers={"HX-Request": "true"})
    assert response.content.decode().strip().startswith('<div class="live')
    assert "HX-Request" in response["Vary"]


def test_sheets_guard_against_formulas_and_keep_numbers(sold: Facts, cmo: User, as_user: SignIn) -> None:
    page = as_user(cmo)
    cut = b"".join(page.get(f"/metrics/won_revenue/{YEAR}&by=owner&format=csv")).decode()  # type: ignore[arg-type]
    assert "'=Kim,id:" in cut
    assert ",1000.10,1000.10,,1,EUR" in cut
    rows = b"".join(page.get(f"/metrics/won_revenue/records/{YEAR}&format=csv")).decode()  # type: ignore[arg-type]
    assert rows.count("\r\n") == 4
    assert "'=Kim" in rows
    assert cut.startswith("\ufeff")
    assert rows.startswith("\ufeff")


def test_a_sheet_cut_by_a_boolean_reads_yes_and_no(sold: Facts, cmo: User, as_user: SignIn) -> None:
    make.lead(is_converted=True)
    refresh()
    page = as_user(cmo)
    answer = page.get("/metrics/leads/?period=all&by=is_converted&format=csv")
    rows = {
        row["is_converted"]: row["key"] for row in csv.DictReader(io.StringIO(b"".join(answer).decode("utf-8-sig")))
    }  # type: ignore[arg-type]
    assert rows["Yes"] == "Yes"
    assert "true" not in rows.values()
    assert "Leads was 1 over all time" in text(page, "/metrics/leads/?period=all&is_converted=Yes")


def test_colleagues_and_buyers_are_held_back_on_pages_too(sold: Facts, rep: User, as_user: SignIn) -> None:
    Company.objects.update(achievement=Company.Achievement.LEADERS, visibility=Company.Visibility.RESTRICTED)
    sam = crm.Owner.objects.get(name="Sam")
    page = as_user(rep)
    assert "Sam" not in text(page, f"/metrics/won_revenue/{YEAR}&by=owner")
    assert "Sam" not in text(page, f"/metrics/won_revenue/{YEAR}&by=account")
    text(page, f"/metrics/won_revenue/{YEAR}&owner=id:{sam.pk}", 403)
    assert "do not have permission" not in text(page, f"/metrics/won_revenue/records/{YEAR}")
    for _ in range(3):
        make.opportunity(outcome="won", closed_on=date(2025, 5, 5), amount=Decimal(7))
    refresh()
    assert "but you do not have permission to see them" in text(page, f"/metrics/won_revenue/records/{YEAR}")


@pytest.mark.parametrize(
    "address", ["/metrics/", "/metrics/close_rate/", "/metrics/close_rate/records/", "/goals/", "/metrics/smroi/goal/"]
)
def test_no_one_reads_without_signing_in(db: None, client: Client, address: str) -> None:
    assert client.get(address).status_code == 302


def test_ten_deals_or_forty_cost_the_same_queries(sold: Facts, cmo: User, as_user: SignIn) -> None:
    page = as_user(cmo)

    def queries(address: str) -> int:
        refresh()
        with CaptureQueriesContext(connection) as seen:
            text(page, address)
        return len(seen)

    addresses = [f"/metrics/close_rate/{YEAR}&by=owner", "/metrics/opportunities_won/records/"]
    before = [queries(address) for address in addresses]
    for number in range(30):
        account = make.account(name=f"Buyer {number}")
        make.opportunity(outcome="won", amount=number, owner=make.owner(), account=account, closed_on=date(2025, 6, 1))
    assert [queries(address) for address in addresses] == before
    assert max(before) <= 16


# Goals and benchmarks


def test_a_leader_sets_changes_and_drops_a_goal(company: Company, cmo: User, cro: User, as_user: SignIn) -> None:
    page = as_user(cro)
    days = {"starts_on": "2026-01-01", "ends_on": "2026-12-31"}
    assert page.post("/metrics/revenue/goal/", {"target": "26000000", **days}).status_code == 302
    goal = Goal.objects.get()
    assert (goal.target, goal.currency, goal.set_by) == (Decimal(26_000_000), "EUR", cro)
    assert (goal.marketing_owner, goal.sales_owner) == (cmo, cro)
    assert page.post("/metrics/revenue/goal/", {"target": "1", **days}).status_code == 422
    page.post(f"/metrics/revenue/goal/{goal.pk}/", {"target": "27000000", **days})
    assert Goal.objects.get().target == Decimal(27_000_000)
    assert "27.0M" in text(page, "/goals/").replace('<span class="unit">', "").replace("</span>", "")
    page.post(f"/metrics/revenue/goal/{goal.pk}/", {"drop": "1"})
    assert not Goal.objects.exists()


def test_a_rate_is_typed_in_percent_and_kept_as_a_fraction(
    company: Company, cmo: User, cro: User, cfo: User, as_user: SignIn
) -> None:
    page = as_user(cfo)
    page.post("/metrics/smroi/goal/", {"target": "152", "starts_on": "2026-01-01", "ends_on": "2026-12-31"})
    goal = Goal.objects.get()
    assert (goal.target, goal.currency) == (Decimal("1.52"), "")
    assert 'value="152"' in text(page, f"/metrics/smroi/goal/{goal.pk}/")


def test_what_can_be_reached_without_earning_is_no_goal(company: Company, cro: User, as_user: SignIn) -> None:
    page = as_user(cro)
    assert "cannot be a joint goal" in text(page, "/metrics/leads/goal/", 409)
    page.post("/metrics/leads/goal/", {"target": "9", "starts_on": "2026-01-01", "ends_on": "2026-12-31"})
    assert not Goal.objects.exists()


def test_who_sets_what_is_a_right(company: Company, rep: User, cmo: User, cfo: User, as_user: SignIn) -> None:
    for user, goal, benchmark in [(rep, 403, 403), (cmo, 200, 403), (cfo, 200, 200)]:
        page = as_user(user)
        text(page, "/metrics/smroi/goal/", goal)
        text(page, "/metrics/smroi/benchmark/", benchmark)


def test_the_cfo_changes_the_benchmark_and_the_gap_follows(sold: Facts, cfo: User, as_user: SignIn) -> None:
    page, known = as_user(cfo), Benchmark.objects.get(metric="smroi")
    gap = lambda: page.get("/api/v1/metrics/smroi/?from=2025-01-01&to=2025-12-31").json()["gap"]  # noqa: E731
    assert (gap()["benchmark"], gap()["extra_revenue"]) == (1.52, 24.0)
    posted = {"label": "Ours", "value": "200", "source": "Board", "dated_on": "2026-01-01", "is_reference": "on"}
    assert page.post(f"/metrics/smroi/benchmark/{known.pk}/", posted).status_code == 302
    assert (gap()["benchmark"], gap()["extra_revenue"]) == (2.0, 600.0)
    known.refresh_from_db()
    assert (known.value, known.edited_by) == (Decimal(2), cfo)
    assert page.post("/metrics/smroi/benchmark/", {**posted, "upper": "100"}).status_code == 422
    page.post(f"/metrics/smroi/benchmark/{known.pk}/", {"drop": "1"})
    assert not Benchmark.objects.filter(metric="smroi").exists()
