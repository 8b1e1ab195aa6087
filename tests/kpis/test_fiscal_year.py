"""Numbers by the company's fiscal calendar: cuts, trends, filters, goals, pages, API and command say the same."""

import json
from datetime import date
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse

from core.fiscal import FiscalCalendar
from core.periods import Period, preset_period
from facts.refresh import refresh
from kpis.compute import compute_metric, compute_trend
from kpis.forms import GoalForm
from kpis.registry import get_metric
from team.models import Company, User
from tests import make
from tests.kpis.memory_facts import MemoryFacts
from tests.kpis.test_dashboard import deal

pytestmark = pytest.mark.django_db
WEEKS = FiscalCalendar(week_start=date(2025, 2, 2), is_named_by_start=True)
DAYS = [date(2025, 6, 30), date(2025, 7, 1), date(2026, 1, 31), date(2026, 6, 30), date(2026, 7, 1)]


@pytest.fixture
def july(company: Company) -> FiscalCalendar:
    company.fiscal_first_month = 7
    company.save()
    return company.fiscal_calendar


def facts_of(*days: date) -> Any:
    return MemoryFacts(opportunities=[deal("won", day, 10 * (place + 1)) for place, day in enumerate(days)])


def keys(result: Any) -> dict[str, str]:
    return {part.key: str(part.value) for part in result.parts}


def test_revenue_by_year_and_quarter_goes_by_fiscal_years(july: FiscalCalendar) -> None:
    whole = Period(date(2025, 1, 1), date(2026, 12, 31), calendar=july)
    by_year = compute_metric("won_revenue", whole, by="year", facts=facts_of(*DAYS))
    by_quarter = compute_metric("won_revenue", whole, by="quarter", facts=facts_of(*DAYS))
    assert keys(by_year) == {"2025": "10.00", "2026": "90.00", "2027": "50.00"}
    assert keys(by_quarter) == {
        "2025Q4": "10.00", "2026Q1": "20.00", "2026Q3": "30.00", "2026Q4": "40.00", "2027Q1": "50.00",
    }  # fmt: skip


def test_a_filter_by_fiscal_quarter_counts_what_the_cut_counts(july: FiscalCalendar) -> None:
    whole = Period(calendar=july)
    found = compute_metric("won_revenue", whole, where={"quarter": "2026Q3"}, facts=facts_of(*DAYS))
    assert found.value == Decimal("30.00")


def test_weeks_of_4_4_5_cut_every_day_into_the_month_that_holds_it(company: Company) -> None:
    days = [date(2025, 2, 1), date(2025, 2, 2), date(2025, 3, 1), date(2025, 3, 2), date(2026, 1, 31)]
    span = Period(date(2025, 1, 1), date(2026, 12, 31), calendar=WEEKS)
    by_month = compute_metric("won_revenue", span, by="month", facts=facts_of(*days))
    assert keys(by_month) == {"2024P12": "10.00", "2025P01": "50.00", "2025P02": "40.00", "2025P12": "50.00"}
    for key, value in keys(by_month).items():
        assert str(compute_metric("won_revenue", span, where={"month": key}, facts=facts_of(*days)).value) == value


def test_a_trend_over_a_fiscal_year_has_its_four_quarters(july: FiscalCalendar) -> None:
    year = preset_period("last_year", date(2026, 11, 30), july)
    assert [part.key for part in compute_trend("won_revenue", year, grain="quarter", facts=facts_of(*DAYS)).parts] == [
        "2026Q1", "2026Q2", "2026Q3", "2026Q4",
    ]  # fmt: skip


def test_page_api_and_command_answer_for_the_same_fiscal_year(july: FiscalCalendar, as_user: Any, ceo: User) -> None:
    last = preset_period("last_year", Company.today(), july)
    assert last.start
    assert last.end
    make.opportunity(outcome="won", amount=Decimal(700), closed_on=last.start)
    make.opportunity(outcome="won", amount=Decimal(50), closed_on=date(last.end.year, 7, 1))
    refresh()
    page = as_user(ceo).get(reverse("metric", args=["won_revenue"])).content.decode()
    answer = as_user(ceo).get("/api/v1/metrics/won_revenue/", {"period": "last_year"}).json()
    written = StringIO()
    call_command("metric", "won_revenue", "--period", "last_year", "--json", stdout=written)
    assert last.label.startswith("FY ")
    assert last.label in page
    assert (answer["value"], answer["period"], answer["from"]) == (700.0, last.label, last.start.isoformat())
    assert json.loads(written.getvalue())["value"] == answer["value"]


def test_dates_and_the_name_of_a_period_together_are_refused(company: Company, as_user: Any, ceo: User) -> None:
    asked = {"period": "last_year", "from": "2025-01-01"}
    assert as_user(ceo).get("/api/v1/metrics/won_revenue/", asked).status_code == 400


def test_a_new_goal_proposes_the_fiscal_year(july: FiscalCalendar) -> None:
    form = GoalForm(metric=get_metric("smroi"))
    year = preset_period("this_year", Company.today(), july)
    assert (form.initial["starts_on"], form.initial["ends_on"]) == (year.start, year.end)
