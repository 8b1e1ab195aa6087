"""The cost of misalignment: amounts as typed, the golden figures, the page and its address."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.conf import settings as project
from django.test import Client
from django.urls import reverse

from alignment.cost.amounts import parse_amount, parse_percent
from alignment.cost.charts import draw_cost
from alignment.cost.rules import Cost, compute_cost
from alignment.cost.sentences import cost_finding
from core.formatting import format_percent, short_money
from kpis.models import Benchmark
from team.models import Company, User

APPLEXUS = {"revenue": "24.7M", "spend": "11.4M", "benchmark": "152", "currency": "USD"}
FUNNEL = {
    "revenue_goal": "5000",
    "revenue_per_deal": "1000",
    "won_by": "2026-12-31",
    "cycle_days": "90",
    "qualification_rate": "50",
    "acceptance_rate": "60",
    "opportunity_rate": "50 %",
    "close_rate": "33.4",
}


def cost_of(revenue: str = "24700000", spend: str = "11400000", gross_profit: str | None = None) -> Cost:
    return compute_cost(
        revenue=Decimal(revenue),
        spend=Decimal(spend),
        benchmark=Decimal("1.52"),
        currency="USD",
        gross_profit=gross_profit and Decimal(gross_profit),  # type: ignore[arg-type]
    )


def read(client: Client, **query: str) -> str:
    page = client.get(f"{reverse('cost')}?{urlencode(query)}")
    assert page.status_code == 200
    return re.sub(r"<[^>]+>", "", page.content.decode()).replace("\u202f", " ").replace("&amp;", "&")


# Pure rules


def test_the_golden_figures_of_applexus_come_out() -> None:
    cost = cost_of()
    assert format_percent(cost.smroi) == "117%"
    assert short_money(cost.extra_revenue) == "4.0M"
    assert short_money(cost.spend_saved) == "1.6M"
    assert cost.extra_revenue == Decimal("4028000")
    assert cost.is_behind


def test_gross_profit_is_a_second_basis_and_moves_no_gap() -> None:
    cost = cost_of(gross_profit="15000000")
    assert format_percent(cost.smroi_gross_profit) == "32%"
    assert cost.extra_revenue == cost_of().extra_revenue
    assert cost_of().smroi_gross_profit is None


def test_at_the_benchmark_both_figures_give_the_benchmark() -> None:
    cost = cost_of()
    assert (cost.benchmark_revenue - cost.spend) / cost.spend == cost.benchmark
    assert round((cost.revenue - cost.benchmark_spend) / cost.benchmark_spend, 9) == cost.benchmark


def test_the_finding_says_which_side_of_the_benchmark_the_company_is_on() -> None:
    assert "the same spend brings $4.0M more revenue" in cost_finding(cost_of())
    assert cost_finding(cost_of("25200", "10000")) == "Your SMROI is at the benchmark of 152%"
    assert cost_finding(cost_of("30000", "10000")).startswith("Above the benchmark of 152%")


@pytest.mark.parametrize(("revenue", "spend"), [("0", "1"), ("1", "0"), ("-1", "1")])
def test_figures_that_have_no_return_are_refused(revenue: str, spend: str) -> None:
    with pytest.raises(ValueError, match="above 0"):
        cost_of(revenue, spend)


def test_the_chart_has_its_finding_as_title_and_both_gaps_in_its_table() -> None:
    chart = draw_cost(cost_of())
    assert chart.title == cost_finding(cost_of())
    assert chart.table_rows[0][1:] == (Decimal(24700000), Decimal(28728000), Decimal(4028000))
    assert round(chart.table_rows[1][3]) == -1598413


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("24700000", "24700000"),
        ("24,700,000", "24700000"),
        ("24.700.000", "24700000"),
        ("24 700 000", "24700000"),
        ("24’700’000", "24700000"),
        ("24.7M", "24700000"),
        ("24,7 Mio.", "24700000"),
        ("24.700 million", "24700000"),
        ("480k", "480000"),
        ("1.5 bn", "1500000000"),
        ("24,700", "24700"),
        ("1.234.567,89", "1234567.89"),
        ("99.5", "99.5"),
    ],
)
def test_amounts_are_read_as_people_type_them(text: str, amount: str) -> None:
    assert parse_amount(text) == Decimal(amount)


@pytest.mark.parametrize(
    "text", ["", "abc", "24.700", "1,2,3", "-5", "1e9", "٢٤", "NaN", "12 parsecs", "9" * 50, "$5", "1.2.3"]
)
def test_what_is_no_amount_or_two_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="Enter"):
        parse_amount(text)


def test_percentages_are_read_as_fractions() -> None:
    assert [parse_percent(text) for text in ("152", "152 %", "12,5")] == [
        Decimal("1.52"),
        Decimal("1.52"),
        Decimal("0.125"),
    ]
    for text in ("", "-3", "a", "1.2.3", "NaN", "Infinity"):
        with pytest.raises(ValueError, match="not a percentage"):
            parse_percent(text)


# The page

pytestmark = pytest.mark.django_db


def test_a_visitor_without_account_meets_both_forms_and_no_cookie(client: Client, company: Company) -> None:
    page = client.get(reverse("cost"))
    html = page.content.decode()
    assert page.status_code == 200
    assert html.count("<form") == 2
    assert 'value="152"' in html
    assert "Vendor article, 2014" in html
    assert not page.cookies
    assert "X-Robots-Tag" not in page.headers


def test_the_page_shows_the_golden_figures_with_their_basis_and_source(client: Client, company: Company) -> None:
    text = read(client, **APPLEXUS)
    assert "The gap is $4.0M of revenue, or $1.6M of spend." in text
    assert "SMROI is 117%, 35 points below the benchmark." in text
    assert "At the benchmark of 152%, the same spend brings $4.0M more revenue" in text
    assert re.search(r"SMROI on revenue\s*117%", text)
    assert "Enterprise software, average (source: Vendor article, 2014; figure of 2014)" in text
    assert "Do not compare it with the benchmark" not in text
    assert re.search(r"SMROI on gross profit\s*32%", read(client, **APPLEXUS, gross_profit="15M"))


def test_the_address_holds_the_figures_and_is_shown_as_a_link(client: Client, company: Company) -> None:
    page = client.get(f"{reverse('cost')}?{urlencode(APPLEXUS)}")
    link = re.search(r'id="link"[^>]*value="([^"]+)"', page.content.decode())
    assert link
    assert link[1] == f"{project.SITE_URL}/cost/?{urlencode(APPLEXUS)}".replace("&", "&amp;")
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert page.headers["Referrer-Policy"] == "no-referrer"


def test_without_a_benchmark_in_the_address_the_published_one_counts(client: Client, company: Company) -> None:
    assert "At the benchmark of 152%" in read(client, revenue="24.7M", spend="11.4M")


def test_a_benchmark_of_ones_own_is_labelled_so(client: Client, company: Company) -> None:
    text = read(client, **APPLEXUS | {"benchmark": "130"})
    assert "Entered by you, without a source" in text
    assert "At the benchmark of 130%" in text


def test_a_benchmark_that_the_company_entered_is_not_public(client: Client, cmo: User) -> None:
    Benchmark.objects.create(metric="smroi", value="2.22", label="Ours", dated_on="2025-12-31", edited_by=cmo)
    Benchmark.objects.filter(metric="smroi", dated_on="2014-12-31").update(edited_by=cmo, value="1.99")
    html = client.get(reverse("cost")).content.decode()
    assert "Ours" not in html
    assert "222" not in html
    assert "199" not in html
    assert "Enter the SMROI to compare with" in read(client, revenue="24.7M", spend="11.4M")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"revenue": ""}, "Enter an amount, such as 24.7M."),
        ({"spend": "0"}, "This amount is 0. Enter an amount above 0."),
        ({"spend": "lots"}, "“lots” is not an amount. Enter digits"),
        ({"revenue": "24.700"}, "can be read in two ways. Enter 24700"),
        ({"revenue": "9" * 20}, "This amount is too large."),
        ({"benchmark": "x"}, "“x” is not a percentage."),
        ({"benchmark": "10001"}, "above 10,000%"),
        ({"currency": "XXX"}, "“XXX” is not in the list of currencies."),
        ({"gross_profit": "25M"}, "Gross profit is above revenue."),
    ],
)
def test_each_wrong_figure_is_answered_with_what_to_enter(
    client: Client, company: Company, change: dict[str, str], message: str
) -> None:
    text = read(client, **APPLEXUS | change)
    assert message in text
    assert "The gap is" not in text
    assert "Link to this page" not in text


def test_the_lead_calculator_says_how_many_leads_by_when(client: Client, company: Company) -> None:
    with time_machine.travel(datetime(2026, 3, 1, 12, tzinfo=UTC), tick=False):
        text = read(client, **FUNNEL)
    assert "You need 100 leads by Oct 2, 2026." in text
    assert [re.search(rf"{name}\s+([\d,]+)", text)[1] for name in ("MQLs", "SALs", "Opportunities", "Deals")] == [
        "50",
        "30",
        "15",
        "5",
    ]  # type: ignore[index]


def test_a_day_that_is_past_is_told_with_the_earliest_win(client: Client, company: Company) -> None:
    with time_machine.travel(datetime(2026, 11, 1, 12, tzinfo=UTC), tick=False):
        text = read(client, **FUNNEL)
    assert "Oct 2, 2026 is past. At this sales cycle, a lead of today is won on Jan 30, 2027." in text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"close_rate": "0"}, "At 0% no opportunities become deals. Enter a rate above 0%."),
        ({"close_rate": "101"}, "More than 100% of the opportunities cannot become deals."),
        ({"qualification_rate": "0.001"}, "This rate is below 0.01%."),
        ({"cycle_days": "-1"}, "A sales cycle cannot be below 0 days."),
        ({"cycle_days": "ninety"}, "Enter a whole number of days"),
        ({"won_by": "31.02.2026"}, "Enter a valid date, such as 2027-12-31."),
        ({"revenue_per_deal": ""}, "Enter an amount, such as 25k."),
    ],
)
def test_each_wrong_rate_is_answered_with_what_to_enter(
    client: Client, company: Company, change: dict[str, str], message: str
) -> None:
    text = read(client, **FUNNEL | change)
    assert message in text
    assert "You need" not in text


def test_one_address_holds_both_forms(client: Client, company: Company) -> None:
    text = read(client, **APPLEXUS, **FUNNEL)
    assert "The gap is $4.0M of revenue" in text
    assert "You need 100 leads" in text
    html = client.get(f"{reverse('cost')}?{urlencode(APPLEXUS)}").content.decode()
    assert html.count('type="hidden" name="revenue" value="24.7M"') == 1


def test_only_who_is_signed_in_gets_the_currency_of_the_company(client: Client, as_user: Any, cmo: User) -> None:
    chosen = re.compile(r'<option value="(\w+)" selected')
    assert chosen.findall(client.get(reverse("cost")).content.decode()) == ["USD", "USD"]
    assert chosen.findall(as_user(cmo).get(reverse("cost")).content.decode()) == ["EUR", "EUR"]


def test_the_result_of_the_detector_and_the_front_page_lead_here(client: Client, company: Company) -> None:
    assert f'href="{reverse("cost")}"' in client.get("/").content.decode()
    result = client.post("/", {"plan": "no", "people": "no", "reward": "yes"}).headers["Location"]
    assert f'action="{reverse("cost")}"' in client.get(result).content.decode()


def test_no_address_writes(client: Client, company: Company) -> None:
    assert client.post(reverse("cost")).status_code == 405


# The API


def test_the_api_computes_the_same_for_who_is_signed_in(client: Client, as_user: Any, cmo: User) -> None:
    query = urlencode({"revenue": "24700000", "spend": "11400000", "benchmark": "152"})
    assert client.get(f"/api/v1/cost-of-misalignment/?{query}").status_code == 401
    answer = as_user(cmo).get(f"/api/v1/cost-of-misalignment/?{query}").json()
    assert (answer["extra_revenue"], answer["currency"], answer["gross_profit"]) == (4028000.0, "EUR", None)
    assert round(answer["smroi"], 4) == 1.1667
    assert round(answer["spend_saved"]) == 1598413


def test_the_api_plans_the_leads(as_user: Any, cmo: User) -> None:
    answer = as_user(cmo).get(f"/api/v1/lead-calculator/?{urlencode(FUNNEL)}").json()
    assert answer["leads_by"] == "2026-10-02"
    assert [step["count"] for step in answer["steps"]] == [100, 50, 30, 15, 5]
    assert answer["steps"][-1]["rate"] is None


@pytest.mark.parametrize(
    ("address", "field"),
    [
        ("cost-of-misalignment/", "revenue"),
        ("cost-of-misalignment/?revenue=5&spend=lots", "spend"),
        ("cost-of-misalignment/?revenu=5", "revenu"),
        ("lead-calculator/", "close_rate"),
        (f"lead-calculator/?{urlencode(FUNNEL | {'close_rate': '0'})}", "close_rate"),
    ],
)
def test_the_api_names_the_field_that_is_wrong(as_user: Any, cmo: User, address: str, field: str) -> None:
    answer = as_user(cmo).get(f"/api/v1/{address}")
    assert answer.status_code == 400
    assert field in str(answer.json())
