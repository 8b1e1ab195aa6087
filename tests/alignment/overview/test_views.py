"""The page of the CEO: from the company's own figures, for the CEO whole and for the CFO in its part about money."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache

from agreements import actions
from agreements.models import Version, company_today
from alarms.models import Alarm
from alignment.metric_values import ResultReader
from alignment.overview.queries import read_money, read_overview
from alignment.plan.models import PlanUpdate
from alignment.prepared_values import prepare_values
from facts.engine import open_facts
from facts.refresh import refresh
from kpis import visibility
from kpis.models import Benchmark
from team.models import Company, Role, User
from tests import make
from tests.alignment.index.test_agreed import sign
from tests.alignment.index.test_history import last_month_end, snapshot
from tests.alignment.test_plan import sign_goal


def text_of(client: Any, url: str = "/overview/") -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return str(answer.content.decode())


def record_money(revenue: int = 2470, spend: int = 1140) -> None:
    day = Company.today().replace(year=Company.today().year - 1, month=6, day=1)
    make.invoice(amount=Decimal(revenue), currency="EUR", issued_on=day)
    make.spend(amount=Decimal(spend), currency="EUR", spent_on=day, side="sales", category="people")
    Benchmark.objects.filter(metric="smroi").delete()
    Benchmark.objects.create(metric="smroi", value=Decimal("1.52"), label="Enterprise software", dated_on=day)
    refresh()


@pytest.mark.django_db(transaction=True)
def test_the_cost_is_of_the_companys_own_figures(as_user: Any, ceo: User) -> None:
    record_money()
    money = read_money(ResultReader(ceo, open_facts(), waits=False))
    assert (money.revenue, money.spend) == (Decimal(2470), Decimal(1140))
    assert money.cost is not None
    assert round(money.cost.extra_revenue, 2) == Decimal("402.80")  # 1,140 × 2.52 − 2,470
    answer = as_user(ceo).get("/api/v1/overview/").json()
    assert round(answer["money"]["smroi"], 4) == 1.1667
    assert answer["money"]["currency"] == "EUR"
    Benchmark.objects.filter(metric="smroi").update(value=Decimal(1))
    page = text_of(as_user(ceo))  # an edited benchmark counts at once
    assert "points above the benchmark, which brought" in page


@pytest.mark.django_db(transaction=True)
def test_after_the_nightly_chain_no_figure_is_computed_while_the_page_waits(
    ceo: User, cmo: User, cro: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_goal(cmo, cro)
    record_money()
    prepare_values()

    def refuse(*args: Any, **options: Any) -> None:
        raise AssertionError("A figure is computed.")

    monkeypatch.setattr(visibility, "compute_for", refuse)
    overview = read_overview(ceo)
    assert overview.money.cost is not None
    assert overview.goals[0].pace is not None


@pytest.mark.django_db(transaction=True)
def test_a_company_that_began_this_year_is_measured_by_this_year(ceo: User) -> None:
    make.invoice(amount=Decimal(300), currency="EUR", issued_on=company_today())
    make.spend(amount=Decimal(100), currency="EUR", spent_on=company_today(), side="sales", category="people")
    refresh()
    money = read_money(ResultReader(ceo, open_facts()))
    assert money.period.name == "this_year"
    assert money.smroi.value == 2


@pytest.mark.django_db
def test_an_empty_company_is_told_what_is_missing_and_where_it_comes_from(as_user: Any, ceo: User) -> None:
    page = text_of(as_user(ceo))
    assert "Accord cannot say yet what is wrong" in page
    for sentence in (
        "There is no alignment index yet.", "so there is no return to compare", "No goal of the plan is signed",
        "No agreement is disputed",
    ):  # fmt: skip
        assert sentence in page
    for link in ("/rounds/", "/alignment/", "/cost/", "/agreements/new/?kind=goal"):
        assert f'href="{link}' in page, link
    answer = as_user(ceo).get("/api/v1/overview/").json()
    assert (answer["index"]["score"], answer["money"]["smroi"], answer["goals"], answer["dates"]) == (
        None,
        None,
        [],
        [],
    )


@pytest.mark.django_db
def test_disputes_come_with_their_day_and_overdue_things_with_theirs(
    as_user: Any, ceo: User, cmo: User, cro: User, cfo: User
) -> None:
    today = company_today()
    draft = actions.draft_version(by=cmo, kind="role", key="two", title="Lead manager", text="Two.")
    actions.dispute_version(by=cro, version=actions.propose_version(by=cmo, version=draft), reason="No.")
    stale = sign(cmo, cro, "priority", review_on=today)
    Version.objects.filter(pk=stale.pk).update(review_on=today - timedelta(days=23))
    sign_goal(cmo, cro)
    Version.objects.filter(agreement__kind="goal").update(in_force_at=draft.drafted_at - timedelta(days=33))
    overview = read_overview(ceo)
    assert [(row.kind, row.is_overdue) for row in overview.dates] == [
        ("review", True), ("update", True), ("dispute", False),
    ]  # fmt: skip
    page = text_of(as_user(ceo))
    assert f"Disputed by Sales; {cfo} decides" in page
    assert "Review overdue by 23 days" in page
    assert "update of the plan is overdue by 3 days" in page
    assert not PlanUpdate.objects.exists()


@pytest.mark.django_db
def test_the_cfo_reads_the_part_about_money(as_user: Any, ceo: User, cfo: User, cmo: User, cro: User) -> None:
    snapshot(last_month_end(), answers="50", agreements="60")
    snapshot(company_today(), answers="56", agreements="57")
    sign_goal(cmo, cro)
    sign_goal(cmo, cro, "leads", metric="leads", target="100", currency="")
    whole, part = text_of(as_user(ceo)), text_of(as_user(cfo))
    assert "56.5" in whole
    assert "+1.5 since" in whole
    assert "Missing. Read" in whole  # behaviour, with what would supply it
    assert 'id="overview-index"' not in part
    assert (whole.count('class="overview-goal"'), part.count('class="overview-goal"')) == (2, 1)
    assert as_user(cfo).get("/api/v1/overview/").json()["index"] is None


@pytest.mark.django_db
@pytest.mark.parametrize("role", Role.values)
def test_the_overview_is_for_the_ceo_and_the_cfo(company: Company, as_user: Any, role: str) -> None:
    client = as_user(make.user(role))
    expected = 200 if role in {Role.CEO, Role.CFO} else 403
    assert client.get("/overview/").status_code == expected
    assert client.get("/api/v1/overview/").status_code == expected


@pytest.mark.django_db
def test_many_disputes_and_reviews_take_as_many_queries_as_few(
    ceo: User, cmo: User, cro: User, cfo: User, django_assert_max_num_queries: Any, django_assert_num_queries: Any
) -> None:
    def add(first: int, count: int) -> None:
        for number in range(first, first + count):
            draft = actions.draft_version(by=cmo, kind="role", key=f"r{number}", title="Role", text="Two.")
            actions.dispute_version(by=cro, version=actions.propose_version(by=cmo, version=draft), reason="No.")

    add(0, 2)
    cache.clear()
    with django_assert_max_num_queries(30) as few:
        read_overview(ceo)
    add(2, 6)
    cache.clear()
    with django_assert_num_queries(len(few)):
        assert len(read_overview(ceo).disputes) == 8


@pytest.mark.django_db(transaction=True)
def test_open_alarms_and_what_they_cost_are_said_on_overview_and_dashboard(as_user: Any, ceo: User) -> None:
    record_money()
    costs = {"cost_low": 300_000, "cost": 412_000, "cost_high": 500_000, "currency": "EUR"}
    Alarm.objects.create(detector="a", name="Clocks missed", sentence="12 of 40 clocks were missed.", **costs)
    Alarm.objects.create(detector="b", name="Update overdue", sentence="The update is 9 days overdue.")
    Alarm.objects.create(detector="c", name="Snoozed", snoozed_until=Company.today() + timedelta(days=9))
    client = as_user(ceo)
    sentence = client.get("/api/v1/overview/").json()["sentence"]
    assert "Two alarms are open; one of them costs about" in sentence
    for address in ("/overview/", "/dashboard/"):
        page = text_of(client, address)
        assert "Clocks missed" in page
        assert "Update overdue" in page
        assert "Snoozed" not in page
    assert [row["name"] for row in client.get("/api/v1/overview/").json()["alarms"]] == [
        "Clocks missed",
        "Update overdue",
    ]
