"""The section on the page of a metric, its page, its sheet and its address of the API; who sees what in them."""

import csv
import io
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client

from alarms.why.explain import explain_change
from core import periods
from core.date_formatting import format_day
from crm import models as crm
from facts.engine import Facts, open_facts
from facts.refresh import refresh
from kpis.registry import BadCut
from team.models import Company, User
from tests import make
from tests.funnel.handoff_factory import signed

pytestmark = pytest.mark.slow

SignIn = Callable[[User], Client]
YEAR = "from=2025-01-01&to=2025-12-31"
NOW, BEFORE = periods.year_period(2025), periods.year_period(2024)


def text(client: Client, address: str, status: int = 200, **headers: str) -> str:
    response = client.get(address, headers=headers)
    assert response.status_code == status, address
    content = b"".join(response.streaming_content) if response.streaming else response.content  # type: ignore[attr-defined]
    return content.decode().replace("\u202f", " ").replace("\u00a0", " ")


def test_every_metric_page_leads_to_why_it_moved(sold: Facts, cfo: User, as_user: SignIn) -> None:
    page = as_user(cfo)
    assert f"/metrics/close_rate/why/?{YEAR}" in text(page, f"/metrics/close_rate/?{YEAR}").replace("&amp;", "&")
    for key in ("pipeline_velocity", "leads", "payments_received"):
        assert 'id="section-why"' in text(page, f"/metrics/{key}/why/?{YEAR}")
    assert "section-why" not in text(page, "/metrics/leads/?period=all")
    assert "no period before" in text(page, "/metrics/leads/why/?period=all")


def test_htmx_gets_the_section_alone(sold: Facts, cfo: User, as_user: SignIn) -> None:
    section = text(as_user(cfo), f"/metrics/won_revenue/why/?{YEAR}", **{"HX-Request": "true"})
    assert section.strip().startswith('<section class="section why" id="section-why"')
    assert "Won revenue rose from €50 to €3,000." in section
    assert "/metrics/won_revenue/records/?from=2024-01-01&amp;to=2024-12-31&amp;owner=id%3A" in section


def test_the_sheet_adds_up_to_the_change(sold: Facts, cfo: User, as_user: SignIn) -> None:
    sheet = text(as_user(cfo), f"/metrics/won_revenue/why/?{YEAR}&why=owner&format=csv").lstrip("\ufeff")
    rows = list(csv.DictReader(io.StringIO(sheet)))
    assert sum(Decimal(row["part"]) for row in rows[:-1]) == Decimal(rows[-1]["part"]) == Decimal("2950.30")
    assert {row["owner"] for row in rows} == {"Rita", "Sam", "'=Kim", "Change"}


def test_a_dimension_without_parts_to_compare_is_refused_with_the_reason(
    sold: Facts, cfo: User, as_user: SignIn
) -> None:
    page = as_user(cfo)
    assert "no week in common" in text(page, f"/metrics/leads/why/?{YEAR}&why=week", 400)
    assert "Use one of" in text(page, f"/metrics/leads/why/?{YEAR}&why=nothing", 400)
    assert "different currencies" in text(page, f"/metrics/won_revenue/why/?{YEAR}&why=currency", 400)
    with pytest.raises(BadCut):
        explain_change("leads", NOW, BEFORE, by="month")


def test_a_dimension_with_many_parts_is_asked_alone(sold: Facts, cfo: User, as_user: SignIn) -> None:
    explanation = explain_change("won_revenue", NOW, BEFORE)
    assert explanation.dimension("account") is None
    assert "account" in explanation.asked_alone
    alone = explain_change("won_revenue", NOW, BEFORE, by="account").dimension("account")
    assert alone
    assert alone.change == Decimal("2950.30")


def test_the_api_answers_the_same_parts(sold: Facts, cfo: User, as_user: SignIn) -> None:
    page = as_user(cfo)
    document = page.get(f"/api/v1/metrics/close_rate/why/?{YEAR}&by=owner").json()
    parts = document["parts"]
    assert (document["dimension"], document["from_before"], document["to_before"]) == (
        "owner",
        "2024-01-01",
        "2024-12-31",
    )
    assert sum(Decimal(part["part"]) for part in parts) == Decimal(document["change"]) == Decimal("-0.5")
    assert all(Decimal(part["rate"]) + Decimal(part["mix"]) == Decimal(part["part"]) for part in parts)
    assert document["sentence"].startswith("Close rate fell from 100% to 50%.")
    assert page.get("/api/v1/metrics/close_rate/why/?period=all").status_code == 400
    assert page.get(f"/api/v1/metrics/close_rate/why/?{YEAR}&against=month").status_code == 400
    assert page.get(f"/api/v1/metrics/nothing/why/?{YEAR}").status_code == 404


def test_the_same_period_a_year_before_is_a_choice(sold: Facts, cfo: User, as_user: SignIn) -> None:
    address = "/metrics/won_revenue/why/?from=2025-05-01&to=2025-05-31"
    page = as_user(cfo)
    assert "from €0 to €3,000." in text(page, address)
    assert "from €50 to €3,000." in text(page, f"{address}&against=year")
    assert "against=year" not in text(page, f"/metrics/won_revenue/why/?{YEAR}")


def test_a_median_says_that_it_has_no_parts(sold: Facts, cfo: User, as_user: SignIn) -> None:
    section = text(as_user(cfo), f"/metrics/sales_cycle_time/why/?{YEAR}")
    assert "A median has no parts that add up" in section
    assert "Rita" in section
    document = as_user(cfo).get(f"/api/v1/metrics/sales_cycle_time/why/?{YEAR}").json()
    assert document["parts"] == []
    assert {row["label"] for row in document["medians"]} == {"Rita", "Sam", "=Kim"}


def test_a_return_says_what_its_parts_are_worth(sold: Facts, cfo: User, as_user: SignIn) -> None:
    make.spend(amount=Decimal("600"), spent_on=date(2024, 5, 5), side="sales", category="people")
    make.invoice(account=crm.Account.objects.first(), amount=Decimal("900"), issued_on=date(2024, 5, 5), number="I-0")
    refresh()
    section = text(as_user(cfo), f"/metrics/smroi/why/?{YEAR}")
    assert "In money" in section
    assert "+€1,200" in section  # 100 points of €1,200
    explanation = explain_change("smroi", NOW, BEFORE, facts=open_facts())
    assert [link.link.label for link in explanation.links] == ["Revenue", "Spend"]
    assert sum(link.part for link in explanation.links) == Decimal("1.000000")


def test_a_stock_lists_what_came_and_what_left(sold: Facts, cfo: User, as_user: SignIn) -> None:
    explanation = explain_change("open_pipeline", NOW, BEFORE)
    assert [(movement.name, movement.n, movement.total) for movement in explanation.movements] == [("added", 2, 400)]
    assert "Added" in text(as_user(cfo), f"/metrics/open_pipeline/why/?{YEAR}")


def test_a_reader_of_few_records_gets_no_part_of_few_others(
    sold: Facts, company: Company, rep: User, as_user: SignIn
) -> None:
    company.visibility = Company.Visibility.RESTRICTED
    company.save()
    explanation = explain_change("won_revenue", NOW, BEFORE, user=rep)
    assert explanation.now.is_readable_only
    assert explanation.now.value == Decimal("1000.10")
    assert {part.group.label for part in explanation.dimensions[0].parts} <= {"(blank)", "Rita", "test", "accord"}
    assert "Sam" not in text(as_user(rep), f"/metrics/won_revenue/why/?{YEAR}")


def test_groups_of_few_records_are_one_part_so_that_the_sum_stays_exact(
    company: Company, rep: User, as_user: SignIn
) -> None:
    other = make.owner(name="Sam")
    for source, n in (("web", 12), ("fair", 2), ("mail", 3), ("call", 9)):
        for day in (date(2024, 5, 5), date(2025, 5, 5)):
            for _ in range(n):
                make.lead(owner=other, first_contact_on=day, lead_source=source)
    refresh()
    company.visibility = Company.Visibility.RESTRICTED
    company.save()
    dimension = explain_change("leads", NOW, BEFORE, user=rep).dimension("lead_source")
    assert dimension
    assert [(part.group.label, part.group.now.n) for part in dimension.parts if part.is_others] == [
        ("All others (2)", 5)
    ]
    assert {part.group.label for part in dimension.parts} == {"web", "call", "All others (2)"}


def test_a_colleagues_achievement_is_no_dimension_for_those_who_may_not_see_it(
    sold: Facts, company: Company, rep: User
) -> None:
    company.achievement = Company.Achievement.LEADERS
    company.save()
    explanation = explain_change("won_revenue", NOW, BEFORE, user=rep)
    assert explanation.dimension("owner") is None
    assert explanation.dimension("product") is not None
    with pytest.raises(PermissionDenied):
        explain_change("won_revenue", NOW, BEFORE, user=rep, by="owner")


def test_a_new_version_of_what_is_signed_is_said_and_its_effect_called_unknown(
    company: Company, cmo: User, cro: User
) -> None:
    signed(cmo, cro)
    newer = signed(cmo, cro)
    period = periods.month_period(company.today())
    assert period.before
    notes = explain_change("handoffs", period, period.before, user=cmo).notes
    assert f"Version 2 of “{newer.agreement}” came into force on {format_day(company.today())}." in notes[1]
    assert "not known" in notes[1]
    assert "is not over" in notes[0]
    assert len(explain_change("leads", period, period.before, user=cmo).notes) == 1
    assert explain_change("handoffs", NOW, BEFORE, user=cmo).notes == ()
