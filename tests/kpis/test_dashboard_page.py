"""The page of the joint dashboard: who may open it, what is in its HTML, what htmx gets, what it costs."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core import periods
from core.periods import Period
from facts.engine import Facts
from facts.refresh import refresh
from kpis import precompute
from kpis.dashboard import Question, build_dashboard
from kpis.models import Goal
from team.models import Company, Role, User
from tests import make

pytestmark = pytest.mark.slow

TODAY = date(2026, 11, 22)


@pytest.fixture(autouse=True)
def november() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 22, 12, tzinfo=UTC), tick=False):
        yield


def plain(html: str) -> str:
    return html.replace("\u202f", " ").replace("\u00a0", " ")


@pytest.fixture
def records(company: Company) -> None:
    owner = make.owner(name="Rita")
    make.opportunity(
        name="Big",
        outcome="won",
        closed_on=date(2025, 5, 1),
        opened_on=date(2025, 3, 1),
        amount=Decimal(250_000),
        owner=owner,
    )
    make.opportunity(
        name="Open", outcome="open", opened_on=date(2025, 3, 1), amount=Decimal(80_000), probability=Decimal("0.5")
    )
    make.spend(spent_on=date(2025, 2, 1), amount=Decimal(100_000), side="marketing")
    refresh()


def test_every_role_may_open_it(records: None, client: Client) -> None:
    for role in Role.values:
        client.force_login(make.user(role), backend="django.contrib.auth.backends.ModelBackend")
        response = client.get("/dashboard/")
        assert response.status_code == 200, role
        assert "2025 earned €250K" in response.content.decode(), role


def test_no_one_else_may(client: Client, company: Company) -> None:
    response = client.get("/dashboard/")
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")


def test_the_numbers_are_in_the_first_html(records: None, as_user: Callable[[User], Client], cro: User) -> None:
    html = plain(as_user(cro).get("/dashboard/").content.decode())
    for shown in [
        'title="150%"',
        'title="250,000.00 EUR"',
        'title="100,000.00 EUR"',
        "benchmark 152%",
        "1 deal closed; it was won",
    ]:
        assert shown in html
    assert 'type="application/json"' in html
    assert "As of Nov 22, 2026" in html


def test_an_empty_accord_says_what_to_do_first(
    company: Company, as_user: Callable[[User], Client], ops: User, rep: User
) -> None:
    first = as_user(ops).get("/dashboard/").content.decode()
    assert "No records yet" in first
    assert "/imports/" in first
    assert "SMROI" not in first
    for_rep = as_user(rep).get("/dashboard/").content.decode()
    assert "No records yet" in for_rep
    assert 'href="/imports/"' not in for_rep


def test_an_empty_copy_of_an_empty_accord_is_empty_too(
    company: Company, as_user: Callable[[User], Client], cmo: User
) -> None:
    refresh()
    assert "No records yet" in as_user(cmo).get("/dashboard/").content.decode()


def test_records_without_numbers_are_on_their_way(
    company: Company, as_user: Callable[[User], Client], cmo: User
) -> None:
    make.opportunity()
    assert "the metrics are being computed" in as_user(cmo).get("/dashboard/").content.decode()


def test_period_cut_and_filter_are_in_the_address(records: None, as_user: Callable[[User], Client], cmo: User) -> None:
    html = as_user(cmo).get("/dashboard/?from=2025-01-01&to=2025-06-30&by=owner").content.decode()
    assert "Jan 1, 2025 – Jun 30, 2025" in html
    assert '<h2 id="cut-title">By owner</h2>' in html
    assert 'href="?from=2025-01-01&amp;to=2025-06-30&amp;by=campaign"' in html
    assert "?from=2025-01-01&amp;to=2025-06-30&amp;owner=id" in html
    assert '<input type="hidden" name="by" value="owner">' in html


def test_a_bad_address_is_explained_on_the_page(records: None, as_user: Callable[[User], Client], cmo: User) -> None:
    client = as_user(cmo)
    for query, words in [
        ("period=someday", "The period “someday” does not exist"),
        ("from=2025-12-31&to=2025-01-01", "Swap the two dates"),
        ("from=yesterday", "is not a date"),
        ("by=shoe_size", "The dashboard cannot be broken down by “shoe_size”. Use one of: owner"),
    ]:
        response = client.get(f"/dashboard/?{query}")
        assert response.status_code == 400, query
        assert words in response.content.decode()
        assert "2025 earned" in response.content.decode()


def test_htmx_gets_the_live_region_alone(records: None, as_user: Callable[[User], Client], cmo: User) -> None:
    client = as_user(cmo)
    whole, part = client.get("/dashboard/"), client.get("/dashboard/", headers={"HX-Request": "true"})
    assert "<html" in whole.content.decode()
    assert "<html" not in part.content.decode()
    assert part.content.decode().strip().startswith('<div class="live dashboard" id="live"')
    for headers in [{"HX-Boosted": "true"}, {"HX-History-Restore-Request": "true"}]:
        assert "<html" in client.get("/dashboard/", headers={"HX-Request": "true", **headers}).content.decode()
    for response in (whole, part):
        assert "HX-Request" in response["Vary"]


def test_a_joint_goal_stands_before_the_money(records: None, as_user: Callable[[User], Client], cmo: User) -> None:
    client = as_user(cmo)
    assert "No joint goal is set for today" in client.get("/dashboard/").content.decode()
    Goal.objects.create(
        metric="revenue", target=1_000_000, currency="EUR", starts_on=date(2026, 1, 1), ends_on=date(2026, 12, 31)
    )
    html = plain(client.get("/dashboard/").content.decode())
    assert "Joint goal 2026: €1.0M revenue" in html
    assert html.index("Joint goal 2026") < html.index("What the gap is worth")


def test_ten_campaigns_or_twenty_ask_the_database_as_often(
    records: None, as_user: Callable[[User], Client], cmo: User
) -> None:
    def queries() -> int:
        refresh()
        client = as_user(cmo)
        with CaptureQueriesContext(
            connection,
        ) as caught:
            assert client.get("/dashboard/?by=campaign").status_code == 200
        return len(caught)

    def campaigns(number: int) -> None:
        for _ in range(number):
            make.lead(campaign=make.campaign(), first_contact_on=date(2025, 4, 1))

    campaigns(10)
    before = queries()
    campaigns(10)
    assert queries() == before
    assert before <= 16  # three ask what is marked on the charts, two the open alarms: the page and its badge


def test_a_prepared_dashboard_asks_the_facts_nothing(records: None, cmo: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precompute, "FIRST_READ", (("last_year", "owner"),))
    assert precompute.prepare_dashboards() == 0
    asked: list[object] = []
    real = Facts.execute
    monkeypatch.setattr(Facts, "execute", lambda facts, question: asked.append(question) or real(facts, question))
    build_dashboard(Question(periods.preset_period("last_year", TODAY), "owner"), TODAY, cmo)
    assert asked == []
    build_dashboard(Question(Period(date(2025, 3, 3), date(2025, 4, 4))), TODAY, cmo)
    assert asked


def test_preparing_stops_when_its_time_is_over(records: None) -> None:
    assert precompute.prepare_dashboards(seconds=-1) is None


def test_an_installation_with_leads_only_has_a_dashboard_of_leads(
    company: Company, as_user: Callable[[User], Client], cmo: User
) -> None:
    for number in range(3):
        make.lead(first_contact_on=date(2025, 3, number + 1), lead_source="Web", is_converted=number == 0)
    refresh()
    html = plain(as_user(cmo).get("/dashboard/?from=2025-01-01&to=2025-12-31").content.decode())
    assert "In 2025 3 leads came; 1 of them was converted." in html
    assert "No deal, invoice or spend is imported yet" in html
    main = html.split("<main")[1]
    for shown in ("Leads converted", "Lead conversion rate", ">Web<", "leads-trend", "Leads by month: "):
        assert shown in main
    for hidden in ("SMROI", "Weighted pipeline", "S&amp;M share", "0%", "deals closed", "Nothing happened"):
        assert hidden not in main
    assert as_user(cmo).get("/dashboard/?by=campaign").status_code == 200
    assert "Use one of" in as_user(cmo).get("/dashboard/?by=shoe_size").content.decode()


def test_without_spend_there_is_no_share_and_no_comparison_with_it(
    company: Company, as_user: Callable[[User], Client], cmo: User
) -> None:
    campaign = make.campaign(name="Elm")
    for number in (3, 4):
        make.opportunity(
            outcome="won", closed_on=date(2025, number, 3), opened_on=date(2025, 1, 10), amount=9000, campaign=campaign
        )
    make.lead(first_contact_on=date(2025, 1, 5))
    refresh()
    main = plain(as_user(cmo).get("/dashboard/?period=all").content.decode()).split("<main")[1]
    for hidden in (
        "Revenue stayed above spend",
        "also bring more revenue",
        "The first 0 of",
        ">You<",
        ">0%<",
    ):
        assert hidden not in main
    assert "no spend is recorded" in main
    share = main[main.index("S&amp;M share<") :]
    assert re.sub(r"<[^>]*>", "", share[share.index("figure-number") + 15 :]).strip().startswith("–")
    assert "1 campaign brought revenue; no lead names a campaign" in main


def test_no_records_yet_is_never_said_over_records(
    company: Company, as_user: Callable[[User], Client], cmo: User, rep: User
) -> None:
    make.account()
    make.contact()
    refresh()
    for person in (cmo, rep):
        html = as_user(person).get("/dashboard/").content.decode()
        assert "No records yet" not in html
        assert "Imported so far: accounts, contacts." in html


def test_an_average_says_how_many_amounts_are_missing(
    records: None, as_user: Callable[[User], Client], cmo: User
) -> None:
    make.opportunity(outcome="won", closed_on=date(2025, 5, 1), opened_on=date(2025, 3, 1), amount=None)
    refresh()
    html = plain(as_user(cmo).get("/dashboard/?from=2025-01-01&to=2025-12-31").content.decode())
    card = html[html.index("Revenue per deal") :]
    assert "2 deals won" in card[:4000]
    assert "Deals without an amount: 1. They count as 0" in card[:4000]
    page = as_user(cmo).get("/metrics/average_revenue_per_transaction/?from=2025-01-01&to=2025-12-31").content.decode()
    opening = page[page.index('aria-label="The number"') : page.index('class="huge"')]
    assert "Deals without an amount: 1. They count as 0." in opening


def test_the_pace_of_a_goal_tells_a_reader_no_more_than_other_figures(
    company: Company, as_user: Callable[[User], Client], rep: User, cmo: User
) -> None:
    Goal.objects.create(
        metric="revenue", target=1_000_000, currency="EUR", starts_on=date(2026, 1, 1), ends_on=date(2026, 12, 31)
    )
    Company.objects.update(visibility=Company.Visibility.RESTRICTED)

    def shown(person: User) -> str:
        refresh()
        return plain(as_user(person).get("/dashboard/").content.decode())

    for _ in range(4):
        make.opportunity(outcome="won", closed_on=date(2026, 5, 1), amount=Decimal(100_000))
    assert "€400K of €1.0M" in shown(cmo)
    assert "€400K" not in shown(rep)
    assert "would reveal single records" in shown(rep)
    for _ in range(4):
        make.opportunity(outcome="won", closed_on=date(2026, 5, 1), amount=Decimal(50_000))
    assert "€600K of €1.0M" in shown(rep)
    Goal.objects.update(starts_on=date(2026, 1, 5))
    assert "€600K" not in shown(rep)
    assert "€600K" in shown(cmo)
