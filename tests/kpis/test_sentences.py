"""Every sentence about a figure is true of nothing, of one row, of rows that are all the same, and where half is missing."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from core.periods import Period, year_period
from kpis import metric_charts, metric_page, sentences
from kpis.comparison import Reading
from kpis.dashboard import Dashboard, Question
from kpis.models import Goal
from kpis.pace import Pace
from kpis.ranking import rank_campaigns
from kpis.registry import get_metric
from kpis.result import Part, Quartiles, Result

YEAR = year_period(2025)
TODAY = date(2026, 3, 1)
AS_OF = datetime(2026, 3, 1, 12, tzinfo=UTC)


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def result(key: str, value: Any = None, n: int = 0, **more: Any) -> Result:
    metric = get_metric(key)
    asked = {"period": YEAR, "as_of": AS_OF, "currency": "EUR" if metric.is_money else "", **more}
    return Result(key=key, name=metric.name, unit=metric.unit, value=value, n=n, **asked)


def reading(key: str, value: Any = None, n: int = 0, before: Result | None = None, **more: Any) -> Reading:
    return Reading(get_metric(key), result(key, value, n, **more), before)


def board(recorded: str = "opportunities leads invoices spend", **readings: Reading) -> Dashboard:
    return Dashboard(Question(YEAR), AS_OF, frozenset(recorded.split()), readings=readings)


WON = (("opportunities", 3),)
BILLED = (("invoices", 1),)


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        (board(), "In 2025 no revenue and no spend is recorded."),
        (board(revenue=reading("revenue", Decimal(0))), "In 2025 no revenue and no spend is recorded."),
        (
            board(revenue=reading("revenue", Decimal(0), 3, records=WON)),
            "In 2025 3 deals were won without an amount: no revenue and no spend is recorded.",
        ),
        (
            board(revenue=reading("revenue", Decimal(0), 1, records=BILLED), sm_spend=reading("sm_spend", Decimal(50), 1)),
            "In 2025 €50 was spent on sales and marketing, and 1 invoice was issued without an amount: no revenue is recorded.",
        ),
        (
            board(sm_spend=reading("sm_spend", Decimal(50), 1)),
            "In 2025 €50 was spent on sales and marketing, and no revenue is recorded.",
        ),
        (
            board(revenue=reading("revenue", Decimal(90), 1), sm_spend=reading("sm_spend", Decimal(0))),
            "2025 earned €90. No sales and marketing spend is recorded for it, so there is no SMROI.",
        ),
        (board("leads"), "In 2025 no lead came."),
        (
            board("leads", leads=reading("leads", 1, 1)),
            "In 2025 1 lead came. No deal, invoice or spend is imported yet, so there is no revenue to show.",
        ),
        (
            board("leads", leads=reading("leads", 30, 30, result("leads", 20, 20)), leads_converted=reading("leads_converted", 4, 4)),
            "In 2025 30 leads came, +50% against 2024; 4 of them were converted. No deal, invoice or spend is imported yet, "
            "so there is no revenue to show.",
        ),
    ],
)  # fmt: skip
def test_the_headline_of_the_dashboard(shown: Dashboard, said: str) -> None:
    assert plain(sentences.headline(shown)) == said


@pytest.mark.parametrize(
    ("readings", "said"),
    [
        ([], "There are no records for 2024 to compare with"),
        ([reading("leads", 5, 5, result("leads", 5, 5))], "No changes against 2024"),
        ([reading("leads", 6, 6, result("leads", 3, 3))], "Against 2024: leads up 100%"),
    ],
)
def test_what_changed(readings: list[Reading], said: str) -> None:
    assert plain(sentences.changes_finding(readings, "2024")) == said


def test_nothing_is_compared_with_what_was_never_recorded() -> None:
    assert reading("leads", 5, 5, result("leads", 0, 0)).change == ""
    assert reading("revenue", Decimal(0), 0, result("revenue", Decimal(9), 2)).change == ""
    assert reading("leads", 5, 5, result("leads", 4, 4)).change == "+25%"


def month(margin: int, spend: int = 0, invoices: int = 1, lines: int = 1) -> Part:
    records = (("invoices", invoices), ("spend", lines))
    return Part(
        label="m", key="m", numerator=Decimal(margin), denominator=Decimal(spend), n=invoices + lines, records=records
    )


@pytest.mark.parametrize(
    ("months", "said"),
    [
        ([], "No revenue and no spend in this period"),
        ([month(90, lines=0), month(80, lines=0)], "Revenue by month; no spend is recorded"),
        ([month(-90, 90, invoices=0)], "Spend by month; no revenue is recorded"),
        ([month(5, 10)], "Revenue was above spend in the only month"),
        ([month(5, 10), month(40, lines=0)], "Revenue was above spend in the only month with spend"),
        ([month(-5, 10)], "Revenue was below spend in the only month"),
        ([month(0, 10)], "Revenue was equal to spend in the only month"),
        ([month(0, 10), month(0, 10)], "Revenue was equal to spend in every month"),
        ([month(5, 10), month(5, 10)], "Revenue stayed above spend in every month"),
        ([month(-5, 10), month(-5, 10)], "Spend was above revenue in every month"),
        ([month(-5, 10), month(0, 10)], "Revenue was above spend in no month"),
        ([month(5, 10), month(-5, 10)], "Revenue stayed above spend in 1 of 2 months"),
        (
            [month(5, 10), month(-5, 10), month(40, lines=0), month(40, lines=0)],
            "Revenue stayed above spend in 1 of 2 months with spend",
        ),
    ],
)
def test_revenue_beside_spend(months: list[Part], said: str) -> None:
    assert sentences.money_finding(months, "month") == said


@pytest.mark.parametrize(
    ("values", "benchmark", "said"),
    [
        ([], "1.52", "SMROI needs revenue and spend in the same period"),
        ([None, None], "1.52", "SMROI needs revenue and spend in the same period"),
        ([1.17], "1.52", "SMROI was 117% in m0, under the benchmark"),
        ([1.52], "1.52", "SMROI was 152% in m0, at the benchmark"),
        ([2.0], None, "SMROI was 200% in m0"),
        ([2.0, 2.0], "1.52", "SMROI was 200% in every month, over the benchmark"),
        ([2.0, None, 2.0], "1.52", "SMROI was 200% in every month with spend, over the benchmark"),
        ([1.0, None, 2.0, None], "1.52", "SMROI reached the benchmark in 1 of 2 months; best was m2 with 200%"),
        ([1.0, 1.2], "1.52", "SMROI reached the benchmark in no month; best was m1 with 120%"),
    ],
)
def test_smroi_over_time(values: list[float | None], benchmark: str | None, said: str) -> None:
    parts = [Part(label="m", key="m", value=value) for value in values]
    names = [f"m{place}" for place in range(len(values))]
    assert plain(sentences.smroi_finding(parts, names, "month", Decimal(benchmark) if benchmark else None)) == said


@pytest.mark.parametrize(
    ("won", "undecided", "closed", "said"),
    [
        (0, 0, 0, "No deal closed in this period"),
        (1, 0, 1, "1 deal closed; it was won"),
        (0, 0, 1, "1 deal closed; it was lost"),
        (0, 1, 1, "1 deal closed; it ended with no decision"),
        (3, 0, 3, "3 deals closed; all were won"),
        (0, 3, 3, "3 deals closed; all ended with no decision"),
        (0, 0, 3, "3 deals closed; none were won"),
        (2, 1, 4, "4 deals closed; 50% were won, and 25% ended with no decision at all"),
    ],
)
def test_how_deals_ended(won: int, undecided: int, closed: int, said: str) -> None:
    shares = [
        reading(key, n / closed if closed else None, closed, numerator=n, denominator=closed)
        for key, n in (("close_rate", won), ("no_decision_rate", undecided))
    ]
    assert plain(sentences.outcomes_finding(shares[0], shares[1])) == said


@pytest.mark.parametrize(
    ("n", "said"), [(0, ""), (1, ""), (2, "9% to 91% by chance, from 2 deals"), (400, "")]
)  # fmt: skip
def test_the_interval_of_a_rate(n: int, said: str) -> None:
    assert plain(sentences.interval_note(result("close_rate", 0.5, n, low=0.09, high=0.91))) == said


def took(n: int, q1: float, q3: float, p90: float, **more: Any) -> Result:
    return result("sales_cycle_time", q1, n, quartiles=Quartiles(q1, q1, q3, p90, q1, None, None), **more)


@pytest.mark.parametrize(
    ("cycle", "said"),
    [
        (result("sales_cycle_time"), "No deal was won in this period"),
        (result("sales_cycle_time", flagged=4), "No won deal of this period has both dates"),
        (took(1, 50, 50, 50), "from 1 deal"),
        (took(5, 50, 50, 50), "from 5 deals"),
        (took(5, 41, 96, 140), "half take 41 days to 96 days, from 5 deals"),
        (took(12, 41, 96, 140), "half take 41 days to 96 days, one in ten over 140 days"),
    ],
)
def test_how_long_deals_took(cycle: Result, said: str) -> None:
    assert plain(sentences.cycle_note(cycle)) == said


@pytest.mark.parametrize(
    ("count", "worth", "said"),
    [(0, 0, "No deal is open"), (1, 900, "from 1 open deal worth €900"), (2, 900, "from 2 open deals worth €900")],
)
def test_what_the_pipeline_is_weighted_from(count: int, worth: int, said: str) -> None:
    pipeline = reading("open_pipeline", Decimal(worth), count)
    assert plain(sentences.coverage_note(pipeline, reading("opportunities_open", count, count))) == said


@pytest.mark.parametrize(
    ("won", "money", "said"),
    [(0, 0, "No deal was won in this period"), (1, 500, "1 deal won, €500 together"), (2, 500, "2 deals won, €500 together")],
)  # fmt: skip
def test_what_an_average_is_made_of(won: int, money: int, said: str) -> None:
    average = result("average_revenue_per_transaction", None, won, numerator=Decimal(money), denominator=won)
    assert plain(sentences.deals_note(average)) == said


@pytest.mark.parametrize(
    ("leads", "revenue", "said"),
    [
        ({}, {}, "No campaign brought a lead or a deal"),
        ({"A": 0}, {"A": 0}, "No campaign brought a lead or revenue"),
        ({}, {"A": 9000, "B": 100}, "2 campaigns brought revenue; no lead names a campaign"),
        ({"A": 5}, {}, "1 campaign brought leads; no revenue is recorded for a campaign"),
        ({"A": 5}, {"A": 0}, "1 campaign brought leads; no revenue is recorded for a campaign"),
        ({"A": 5}, {"A": 900}, "Leads and revenue of the only campaign"),
        ({"A": 5, "B": 5}, {"A": 900, "B": 900}, "Leads and revenue of the campaigns hardly differ"),
        ({"A": 50, "B": 5}, {"A": 900, "B": 90}, "Campaigns that bring more leads also bring more revenue"),
        (
            {"A": 50, "B": 5},
            {"B": 90},
            "“A” brought 10.0 × the leads of “B”, but no revenue is recorded for it, where the other earned €90",
        ),
    ],
)
def test_campaigns(leads: dict[str, int], revenue: dict[str, int], said: str) -> None:
    counts = [Part(label=name, key=name, value=n) for name, n in leads.items()]
    money = [Part(label=name, key=name, value=Decimal(n)) for name, n in revenue.items()]
    assert plain(rank_campaigns(counts, money, "EUR").finding) == said


@pytest.mark.parametrize(
    ("key", "reached", "said", "is_on_track"),
    [
        ("revenue", result("revenue", Decimal(0)), "No records count toward it yet.", False),
        ("smroi", result("smroi"), "No records count toward it yet.", False),
        (
            "sm_share_of_revenue",
            result("sm_share_of_revenue", None, 4, unrecorded=("spend",)),
            "No spend is recorded, so the goal has no progress yet.",
            False,
        ),
        ("revenue", result("revenue", Decimal(1), 1), "€1.0 of €1.0 at the end: the goal is met.", True),
        (
            "revenue",
            result("revenue", Decimal(1), 1, is_readable_only=True),
            "You do not have permission to see the company's figure: it would reveal single records that you cannot see, "
            "or the goal does not cover whole months.",
            False,
        ),
    ],
)
def test_a_goal_is_held_against_what_is_recorded(key: str, reached: Result, said: str, is_on_track: bool) -> None:
    goal = Goal(metric=key, target=Decimal(1), currency="EUR", starts_on=YEAR.start, ends_on=YEAR.end)
    pace = Pace(goal, get_metric(key), reached, TODAY)
    assert (plain(pace.sentence).replace("€1", "€1.0"), pace.is_on_track) == (said, is_on_track)


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        (reading("revenue", Decimal(0)), "Revenue: no records in 2025"),
        (
            reading("sm_share_of_revenue", None, 4, unrecorded=("spend",)),
            "S&M share of revenue has no value in 2025: no spend is recorded",
        ),
        (reading("smroi", None, 4), "SMROI has no value in 2025: no S&M spend is recorded"),
        (reading("leads", 1, 1), "Leads was 1 in 2025"),
        (reading("leads", 4, 4, result("leads", 0, 0)), "Leads was 4 in 2025"),
        (reading("leads", 4, 4, result("leads", 2, 2)), "Leads was 4 in 2025, +100% against 2024"),
    ],
)
def test_the_sentence_of_a_metric(shown: Reading, said: str) -> None:
    assert plain(metric_page.metric_sentence(shown, YEAR, TODAY)) == said


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"2025-01": None}, None),
        ({"2025-01": 3}, "3 in Jan"),
        ({"2025-01": 3, "2025-02": 3}, "3 throughout"),
        ({"2025-01": 3, "2025-02": None}, "3 in Jan"),
        ({"2025-01": 3, "2025-02": None, "2025-03": 3}, "3 wherever it has a value"),
        ({"2025-01": 3, "2025-02": 9}, "Highest 9 in Feb, lowest 3 in Jan"),
    ],
)
def test_the_title_of_a_trend(values: dict[str, int | None], said: str | None) -> None:
    parts = tuple(Part(label=key, key=key, value=value, n=value or 0) for key, value in values.items())
    trend = replace(result("leads", by="month"), parts=parts)
    chart = metric_charts.trend_chart(get_metric("leads"), trend)
    assert (chart and chart.title) == said


def test_a_month_that_is_not_over_is_no_lowest_value() -> None:
    parts = tuple(Part(label=key, key=key, value=n, n=n) for key, n in (("2026-01", 9), ("2026-02", 5), ("2026-03", 1)))
    trend = replace(result("leads", by="month", period=Period(date(2026, 1, 1), date(2026, 12, 31))), parts=parts)
    chart = metric_charts.trend_chart(get_metric("leads"), trend)
    assert chart
    assert chart.title == "Highest 9 in Jan, lowest 5 in Feb"
