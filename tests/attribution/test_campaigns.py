"""The report of campaigns: what is credited, what it cost, how sure the ranks are, and what is missing."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from attribution.campaigns import queries
from attribution.campaigns.queries import RECORDED, read_report_data
from attribution.campaigns.report import CampaignReport, Credits, ReportData, Verdicts, build_report, round_to_cents
from attribution.campaigns.report import Coverage as Counts
from attribution.campaigns.sentences import (
    describe_finding,
    describe_firmness,
    describe_likeness,
    describe_unattributed,
    list_gaps,
)
from core.periods import Period
from kpis.compute import compute_metric
from team.models import Company, Role, User
from tests import make
from tests.kpis.memory_facts import MemoryFacts

PINK, BLUE = 1, 2
YEAR = Period(date(2025, 1, 1), date(2025, 12, 31))
AS_OF = datetime(2026, 1, 2, tzinfo=UTC)


def report_data(**changes: Any) -> ReportData:
    """Pink has half as many leads again as Blue and about a fifth of its revenue; 48 customers bought."""
    company = list(range(48))
    campaign = [PINK] * 10 + [BLUE] * 38
    data: dict[str, Any] = {
        "as_of": AS_OF, "currency": "USD", "companies": 400, "names": {PINK: "Pink", BLUE: "Blue"},
        "revenue": Credits(
            company, campaign, [10_000.0] * 10 + [12_631.58] * 38,
            {PINK: Decimal(100_000), BLUE: Decimal(480_000), None: Decimal(20_000)}, {PINK: Decimal(10), BLUE: Decimal(38)},
        ),
        "leads": Credits(sums={PINK: Decimal(150), BLUE: Decimal(100)}),
        "pipeline": {PINK: Decimal(5), BLUE: Decimal(7)}, "won": Decimal(650_000),
        "lead_spend": {PINK: Decimal(50_000), BLUE: Decimal(48_000)},
        "spend": {PINK: Decimal(95_000), BLUE: Decimal(118_000)},
        "coverage": Counts(touches=9, campaign_touches=8, won_deals=50, credited_deals=48, spend_lines=4, leads=250),
    }  # fmt: skip
    return ReportData(**{**data, **changes})


def report(*, sees_cost: bool = True, **changes: Any) -> CampaignReport:
    return build_report(report_data(**changes), {PINK: Verdicts(20, 5)}, sees_cost=sees_cost)


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def test_the_finding_names_the_pair_that_is_upside_down_and_the_model() -> None:
    finding = plain(describe_finding(report(), "Linear"))
    assert finding == "“Pink” brought 50% more leads than “Blue”, but only 21% of its revenue (Linear)"


def test_a_line_has_cost_return_and_verdicts_of_its_campaign() -> None:
    blue, pink = report().lines
    assert (pink.leads_rank, pink.revenue_rank, blue.leads_rank, blue.revenue_rank) == (1, 2, 2, 1)
    assert (pink.lead_cost_per_revenue, pink.cost_per_order) == (Decimal("0.5"), Decimal("0.95"))
    assert round(blue.roi or 0, 4) == Decimal("3.0678")
    assert pink.verdicts.rate == 0.25
    assert blue.verdicts.rate is None


def test_a_cost_counts_once_however_many_deals_were_won() -> None:
    """SuiteCRM counts the cost once per deal: cost 100, three deals of 100 are a return of 200 %, not 0."""
    credits = Credits([1, 2, 3], [PINK] * 3, [100.0] * 3, {PINK: Decimal(300)}, {PINK: Decimal(3)})
    (pink,) = report(revenue=credits, spend={PINK: Decimal(100)}, leads=Credits(), pipeline={}, lead_spend={}).lines
    assert pink.roi == 2


def test_cost_is_left_out_for_those_who_may_not_see_spend() -> None:
    assert all(line.spend is None and line.roi is None for line in report(sees_cost=False).lines)


def test_a_campaign_without_spend_has_no_return_and_no_cost_of_zero() -> None:
    lines = report(spend={BLUE: Decimal(100)}, lead_spend={BLUE: Decimal(100)}).lines
    assert [(line.name, line.spend) for line in lines] == [("Blue", Decimal(100)), ("Pink", None)]


def test_intervals_hold_the_revenue_and_clear_ranks_are_told_apart() -> None:
    answer = report()
    blue, pink = answer.lines
    assert pink.low is not None
    assert pink.high is not None
    assert pink.low < pink.revenue < pink.high
    assert (blue.rank_low, blue.rank_high) == (1, 1)
    assert describe_likeness(blue) == ""
    assert answer.top_holds == 1
    assert "In 100% of 500 draws of the companies, the first 2 by revenue keep their order." in plain(
        describe_firmness(answer)
    )


def test_campaigns_that_change_places_are_said_to_be_alike() -> None:
    credits = Credits(
        list(range(40)), [PINK] * 20 + [BLUE] * 20, [100.0] * 19 + [90.0] + [100.0] * 20,
        {PINK: Decimal(1990), BLUE: Decimal(2000)}, {},
    )  # fmt: skip
    blue, pink = report(revenue=credits).lines
    assert describe_likeness(blue) == "Cannot be told apart from “Pink”"
    assert describe_likeness(pink) == "Cannot be told apart from “Blue”"
    assert (blue.rank_low, blue.rank_high) == (1, 2)


def test_the_same_data_give_the_same_interval() -> None:
    assert report().lines == report().lines


def test_too_few_customers_give_no_interval_and_the_page_says_so() -> None:
    credits = Credits([1, 2], [PINK, BLUE], [10.0, 20.0], {PINK: Decimal(10), BLUE: Decimal(20)}, {})
    answer = report(revenue=credits)
    assert [line.low for line in answer.lines] == [None, None]
    assert "too few for intervals" in describe_firmness(answer)


def test_what_no_campaign_earned_is_said_so_that_all_parts_add_up() -> None:
    answer = report()
    assert sum(line.revenue for line in answer.lines) + answer.no_campaign + answer.no_touch == answer.won
    sentence = plain(describe_unattributed(answer))
    assert "$20.0K of touches without a campaign and $50.0K of deals without a touch" in sentence


def test_rounding_to_cents_keeps_the_total() -> None:
    third = Decimal(100) / 3
    rounded = round_to_cents({1: third, 2: third, None: third})
    assert sorted(rounded.values()) == [Decimal("33.33"), Decimal("33.33"), Decimal("33.34")]
    assert round_to_cents({1: Decimal("-0.005"), 2: Decimal("0.005")}) in (
        {1: Decimal("-0.01"), 2: Decimal("0.01")}, {1: Decimal(0), 2: Decimal(0)},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"as_of": None}, "No numbers have been computed yet."),
        ({"coverage": Counts()}, "No touches are recorded."),
        ({"coverage": Counts(touches=3)}, "No touch names a campaign."),
        ({"coverage": Counts(touches=3, campaign_touches=3)}, "No deal was won in this period."),
        ({"coverage": Counts(touches=3, campaign_touches=3, won_deals=4)}, "None of the 4 won deals has a touch before it closed."),
        ({"coverage": Counts(unconverted_deals=2)}, "2 won deals are in other currencies and are left out."),
        ({"coverage": Counts(without_amount=2)}, "2 won deals have no amount and count as 0."),
        ({"coverage": Counts()}, "No line of spend in this period names a campaign, so cost and return are empty."),
    ],
)  # fmt: skip
def test_what_is_missing_is_named_with_what_to_do(changes: dict[str, Any], problem: str) -> None:
    gaps = {gap.title: gap.remedy for gap in list_gaps(report(**changes), sees_cost=True)}
    assert gaps[problem]


def test_nothing_is_missing_where_all_is_there() -> None:
    assert list_gaps(report(), sees_cost=True) == []
    no_spend = report(coverage=Counts(touches=1, campaign_touches=1, won_deals=1, credited_deals=1))
    assert list_gaps(no_spend, sees_cost=False) == []


# The facts


def market(**changes: Any) -> MemoryFacts:
    """Two campaigns: of a deal of 100 Pink and Blue touched one half each, a deal of 10 has no touch."""
    closed = datetime(2025, 6, 1, 12, tzinfo=UTC)
    early = closed - timedelta(days=30)
    tables: dict[str, Any] = {
        "accounts": [{}, {}],
        "campaigns": [{"name": "Pink"}, {"name": "Blue"}],
        "contacts": [{"account_id": 1}],
        "leads": [{"created_at": early, "contact_id": 1, "account_id": 1}],
        "touches": [
            {"happened_at": early, "lead_id": 1, "campaign_id": PINK},
            {"happened_at": early + timedelta(days=9), "lead_id": 1, "campaign_id": BLUE},
        ],
        "opportunities": [
            {"outcome": "won", "amount": Decimal(100), "closed_at": closed, "account_id": 1, "lead_id": 1},
            {"outcome": "won", "amount": Decimal(10), "closed_at": closed, "account_id": 2},
            {"outcome": "won", "amount": Decimal(7), "closed_at": closed, "account_id": 2, "currency": "USD"},
            {"outcome": "open", "amount": Decimal(60), "account_id": 1, "lead_id": 1, "opened_on": date(2025, 7, 1)},
        ],
        "spend": [
            {"spent_on": date(2025, 3, 1), "campaign_id": PINK, "amount": Decimal(20), "category": "lead_generation"},
            {"spent_on": date(2025, 3, 1), "campaign_id": PINK, "amount": Decimal(5), "category": "people", "side": "sales"},
            {"spent_on": date(2024, 3, 1), "campaign_id": PINK, "amount": Decimal(99)},
        ],
    }  # fmt: skip
    return MemoryFacts(**{**tables, **changes})


@pytest.fixture
def euro_company(company: Company) -> Company:
    company.currency = "EUR"
    company.save()
    return company


def read_data(company: Company, facts: MemoryFacts, period: Period = YEAR, model: str = "linear") -> ReportData:
    facts.add_credits(company)
    return read_report_data(facts, company, period, model)


def test_credits_spend_and_pipeline_are_read_by_campaign(euro_company: Company) -> None:
    data = read_data(euro_company, market())
    assert data.revenue.sums == {PINK: 50, BLUE: 50}
    assert data.leads.sums == {PINK: 1}  # Blue touched the lead only later
    assert data.won == 110
    assert data.spend == {PINK: 25}
    assert data.lead_spend == {PINK: 20}
    assert data.companies == 2
    coverage = data.coverage
    assert (coverage.won_deals, coverage.credited_deals, coverage.unconverted_deals) == (3, 1, 1)
    assert (coverage.touches, coverage.campaign_touches, coverage.spend_lines, coverage.leads) == (2, 2, 2, 1)


def test_without_a_model_the_campaign_on_record_gets_all_of_it(euro_company: Company) -> None:
    deal = {"outcome": "won", "amount": Decimal(100), "closed_at": datetime(2025, 6, 1, tzinfo=UTC)}
    facts = market(
        leads=[{"created_at": datetime(2025, 5, 1, tzinfo=UTC), "campaign_id": BLUE}, {"created_at": datetime(2025, 5, 2, tzinfo=UTC)}],
        touches=[{"lead_id": 2, "campaign_id": PINK, "happened_at": datetime(2025, 5, 3, tzinfo=UTC)}],
        opportunities=[{**deal, "campaign_id": PINK, "lead_id": 1}, {**deal, "lead_id": 1}, deal],
    )  # fmt: skip
    data = read_data(euro_company, facts, model=RECORDED)
    assert data.revenue.sums == {PINK: 100, BLUE: 100}
    assert data.leads.sums == {BLUE: 1, PINK: 1}
    assert data.won == 300


def test_another_model_credits_other_campaigns(euro_company: Company) -> None:
    assert read_data(euro_company, market(), model="first").revenue.sums == {PINK: 100}
    assert read_data(euro_company, market(), model="last").revenue.sums == {BLUE: 100}


def test_the_period_bounds_deals_leads_and_spend(euro_company: Company) -> None:
    data = read_data(euro_company, market(), Period(date(2025, 6, 2), date(2025, 6, 30)))
    assert (data.revenue.sums, data.leads.sums, data.spend, data.won) == ({}, {}, {}, 0)


def test_foreign_deals_are_converted_where_the_company_converts(euro_company: Company) -> None:
    euro_company.foreign_amounts = Company.ForeignAmounts.CONVERT
    rates = [{"currency": "USD", "into": "EUR", "day": date(2025, 6, 1), "up": Decimal(1), "down": Decimal(2)}]
    data = read_data(euro_company, market(day_rates=rates))
    assert data.won == Decimal("113.50")
    assert data.coverage.unconverted_deals == 0


OPENED, CLOSED, TODAY = date(2025, 7, 1), date(2025, 6, 1), date(2026, 11, 22)


@pytest.mark.parametrize(
    ("deal", "metric", "worth"),
    [
        ({"outcome": "open", "amount": Decimal(60), "opened_on": OPENED}, "attributed_pipeline", Decimal(15)),
        ({"outcome": "won", "amount": Decimal("0.25"), "closed_on": CLOSED}, "attributed_revenue", Decimal("0.12")),
    ],
)
def test_the_page_counts_foreign_amounts_as_the_metrics_do(
    euro_company: Company, deal: dict[str, Any], metric: str, worth: Decimal
) -> None:
    """An open deal takes today's rate, not that of its opening; a half cent goes to the even one."""
    euro_company.foreign_amounts = Company.ForeignAmounts.CONVERT
    euro_company.save()
    facts = market(
        opportunities=[{**deal, "account_id": 1, "lead_id": 1, "currency": "USD"}],
        day_rates=[
            {"currency": "USD", "into": "EUR", "day": day, "up": Decimal(1), "down": down}
            for day, down in ((CLOSED, Decimal(2)), (OPENED, Decimal(2)), (TODAY, Decimal(4)))
        ],
    )
    data = read_data(euro_company, facts)
    sums = data.pipeline if deal["outcome"] == "open" else data.revenue.sums
    counted = compute_metric(metric, YEAR, where={"model": "linear"}, facts=facts).value  # type: ignore[arg-type]
    assert sum(sums.values()) == counted == worth


@pytest.mark.parametrize("model", Company.AttributionModel.values)
def test_every_model_credits_all_of_what_deals_with_touches_earned(euro_company: Company, model: str) -> None:
    data = read_data(euro_company, market(), model=model)
    assert sum(round_to_cents(data.revenue.sums).values()) == 100


# The page


@pytest.fixture
def page_of(monkeypatch: pytest.MonkeyPatch, client: Client, company: Company) -> Any:
    """Open the page of prepared data as a role."""
    monkeypatch.setattr(queries, "read_report_data", lambda *given: report_data())

    def open_page(role: str = Role.CMO, query: str = "", **changes: Any) -> Any:
        Company.objects.update(**changes)
        user: User = make.user(role)
        client.force_login(user)
        return client.get(f"/campaigns/?period=all{query}")

    return open_page


def test_the_page_tells_the_finding_the_model_and_the_cost(page_of: Any) -> None:
    page = plain(page_of(query="&model=u_shaped").content.decode())
    assert "“Pink” brought 50% more leads than “Blue”, but only 21% of its revenue (U-shaped)" in page
    assert page.count("(U-shaped)</h2>") == 2
    assert "By the campaign that leads and deals name: “Pink” brought 50% more leads" in page
    assert "Cost per order USD" in page
    assert "0.95" in page


def test_each_number_leads_to_its_records_under_the_same_model(page_of: Any) -> None:
    page = page_of(Role.CMO, "&model=markov").content.decode()
    assert "/metrics/attributed_leads/records/?period=all&amp;campaign=id%3A1&amp;model=markov" in page
    assert "/metrics/attributed_revenue/records/?period=all&amp;campaign=id%3A1&amp;model=markov" in page
    recorded = page_of(Role.CMO, "&model=recorded").content.decode()
    assert "/metrics/won_revenue/records/?period=all&amp;campaign=id%3A1" in recorded
    assert "/metrics/attributed_revenue/" not in recorded


def test_a_rep_of_an_open_company_sees_the_page_without_cost(page_of: Any) -> None:
    page = page_of(Role.REP).content.decode()
    assert "Blue" in page
    assert "Cost per order" not in page


def test_a_rep_of_a_restricted_company_does_not_see_the_page(page_of: Any) -> None:
    assert page_of(Role.REP, visibility=Company.Visibility.RESTRICTED).status_code == 403


def test_a_model_that_does_not_exist_is_refused_with_those_that_do(page_of: Any) -> None:
    page = page_of(query="&model=magic")
    assert page.status_code == 400
    assert "The model “magic” does not exist. Use one of: recorded, first, last, linear" in page.content.decode()


def test_the_csv_names_the_model_on_every_line(page_of: Any) -> None:
    lines = b"".join(page_of(query="&format=csv").streaming_content).decode().splitlines()
    assert lines[0].startswith("\ufeffCampaign,Id,Model,Leads")
    assert [line.split(",")[:3] for line in lines[1:]] == [["Blue", "2", "Linear"], ["Pink", "1", "Linear"]]


def test_the_api_returns_what_the_page_shows(page_of: Any, client: Client) -> None:
    page_of()
    answer = client.get("/api/v1/campaign-credits/?period=all&model=markov").json()
    assert answer["model_name"] == "Markov"
    assert [(line["name"], line["revenue"]) for line in answer["campaigns"]] == [
        ("Blue", "480000.00"),
        ("Pink", "100000.00"),
    ]
    assert client.get("/api/v1/campaign-credits/?model=magic").status_code == 400
    Company.objects.update(visibility=Company.Visibility.RESTRICTED)
    client.force_login(make.user(Role.MARKETER))
    assert client.get("/api/v1/campaign-credits/").status_code == 403
