"""The joint dashboard: the sentence, the money, the cuts; for every role, with and without records."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied

from core import periods
from core.periods import Period
from kpis import charts, sentences, url_params
from kpis.dashboard import Dashboard, Question, build_dashboard, grain_for, stock_grain_for
from kpis.models import Benchmark
from kpis.registry import BadCut
from team.models import Company, User
from tests import make
from tests.kpis.memory_facts import MemoryFacts

TODAY = date(2026, 11, 22)
YEAR = periods.year_period(2025)


@pytest.fixture(autouse=True)
def november(settings: Any) -> Any:
    with time_machine.travel(datetime(2026, 11, 22, 12, tzinfo=UTC), tick=False):
        yield


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def applexus(**more: Any) -> MemoryFacts:
    """The worked example of the product: 24.7M earned on 11.4M spent in 2025."""
    rows: dict[str, Any] = {
        "invoices": [
            {"issued_on": date(2025, 2, 1), "amount": Decimal(20_000_000)},
            {"issued_on": date(2025, 9, 1), "amount": Decimal(4_800_000)},
            {"issued_on": date(2025, 9, 2), "amount": Decimal(100_000), "kind": "credit"},
            {"issued_on": date(2024, 9, 2), "amount": Decimal(19_000_000)},
        ],
        "spend": [
            {"spent_on": date(2025, 2, 1), "amount": Decimal(5_000_000), "side": "marketing"},
            {"spent_on": date(2025, 9, 1), "amount": Decimal(6_400_000), "side": "sales"},
            {"spent_on": date(2024, 9, 1), "amount": Decimal(10_000_000), "side": "sales"},
        ],
        "owners": [{"name": "Rita"}, {"name": "Sam"}],
        "opportunities": [
            deal("won", date(2025, 3, 1), 100_000, owner_id=1),
            deal("won", date(2025, 6, 1), 300_000, owner_id=2),
            deal("lost", date(2025, 6, 1), 50_000, owner_id=1),
            deal("no_decision", date(2025, 7, 1), 50_000, owner_id=1),
        ],
    }
    return MemoryFacts(**{**rows, **more})


def deal(outcome: str, closed: date, amount: int, **more: Any) -> dict[str, Any]:
    return {"outcome": outcome, "closed_on": closed, "opened_on": date(2025, 1, 1), "amount": Decimal(amount), **more}


_asked: dict[str, Dashboard] = {}  # the worked example is always answered the same, so it is computed once


def board(user: User, facts: MemoryFacts | None = None, **question: Any) -> Dashboard:
    asked = Question(**{"period": YEAR, **question})
    if facts:
        return build_dashboard(asked, TODAY, user, facts)  # type: ignore[arg-type]
    if repr(asked) not in _asked:
        _asked[repr(asked)] = build_dashboard(asked, TODAY, user, applexus())  # type: ignore[arg-type]
    return _asked[repr(asked)]


# What it says


def test_the_worked_example_comes_out_exactly(cmo: User) -> None:
    found = board(cmo)
    assert (
        plain(sentences.headline(found))
        == "2025 earned €24.7M on €11.4M of sales and marketing: SMROI 117%, 35 points under the benchmark."
    )
    smroi = found.readings["smroi"]
    assert smroi.now.gap["extra_revenue"] == Decimal("4028000.00")
    assert smroi.now.gap["spend_saved"].quantize(Decimal(1)) == Decimal("1598413")
    assert smroi.change == "+27 points"
    assert smroi.is_better


def test_the_benchmark_may_be_edited_or_missing(cmo: User) -> None:
    Benchmark.objects.filter(metric="smroi").update(value=Decimal("1.00"))
    assert plain(sentences.headline(board(cmo, applexus()))).endswith("SMROI 117%, 17 points over the benchmark.")
    Benchmark.objects.filter(metric="smroi").delete()
    assert plain(sentences.headline(board(cmo, applexus()))).endswith("SMROI 117%.")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"spend": []}, "2025 earned €24.7M. No sales and marketing spend is recorded for it, so there is no SMROI."),
        (
            {"invoices": [], "opportunities": []},
            "In 2025 €11.4M was spent on sales and marketing, and no revenue is recorded.",
        ),
        ({"invoices": [], "opportunities": [], "spend": []}, "In 2025 no revenue and no spend is recorded."),
    ],
)
def test_what_is_missing_is_said_and_never_shown_as_zero(cmo: User, given: dict[str, Any], said: str) -> None:
    assert plain(sentences.headline(board(cmo, applexus(**given)))) == said


def test_three_outcomes_never_two(cmo: User) -> None:
    found = board(cmo)
    rates = [found.readings[key].now.value for key in ("close_rate", "loss_rate", "no_decision_rate")]
    assert rates == [0.5, 0.25, 0.25]
    said = sentences.outcomes_finding(found.readings["close_rate"], found.readings["no_decision_rate"])
    assert plain(said) == "4 deals closed; 50% were won, and 25% ended with no decision at all"
    assert plain(sentences.interval_note(found.readings["close_rate"].now)) == "15% to 85% by chance, from 4 deals"


def test_changes_are_ordered_by_weight_and_written_by_their_unit(cmo: User) -> None:
    found = board(cmo)
    written = {one.metric.key: one.change for one in found.changes}
    assert plain(written["revenue"]) == "+30%"
    assert plain(written["sm_spend"]) == "+14%"
    assert (
        plain(sentences.changes_finding(found.changes, "2024"))
        == "Against 2024: revenue up 30%, SMROI up 27 points, S&M spend up 14%"
    )
    assert [one.weight for one in found.changes] == sorted((one.weight for one in found.changes), reverse=True)


def test_a_period_without_end_has_no_change(cmo: User) -> None:
    assert board(cmo, period=Period()).changes == ()


# Charts


def test_the_charts_say_their_finding_and_carry_their_numbers(cmo: User) -> None:
    found = board(cmo)
    assert found.smroi_trend
    money, smroi = charts.money_chart(found.smroi_trend, found.spend_trends), charts.smroi_chart(found.smroi_trend)
    assert money
    assert smroi
    assert money.title == "Revenue stayed above spend in 1 of 2 months"
    assert plain(smroi.title) == "SMROI reached the benchmark in 1 of 2 months; best was Feb with 300%"
    assert money.table_head == ("", "Marketing spend", "Sales spend", "Revenue")
    assert money.table_rows[8] == ("Sep", 0.0, 6_400_000.0, 4_700_000.0)
    assert sum(row[3] for row in money.table_rows) == 24_700_000


def test_nothing_to_draw_draws_nothing(cmo: User) -> None:
    found = board(cmo, applexus(invoices=[], opportunities=[], spend=[]))
    assert found.smroi_trend
    assert charts.money_chart(found.smroi_trend, ()) is None
    assert charts.smroi_chart(found.smroi_trend) is None


@pytest.mark.parametrize(
    ("key", "grain", "written"),
    [
        ("2025-03", "month", "Mar 25"),
        ("2025Q1", "quarter", "Q1 25"),
        ("2025", "year", "2025"),
        ("2025-03-31", "week", "Mar 31"),
    ],
)
def test_an_axis_writes_its_parts_shortly(key: str, grain: str, written: str) -> None:
    assert charts.axis_label(key, grain, Period()) == written


@pytest.mark.parametrize(
    ("days", "grain", "stock"),
    [
        (14, "day", "week"),
        (90, "week", "week"),
        (365, "month", "month"),
        (800, "month", "quarter"),
        (2000, "quarter", "year"),
        (4000, "year", "year"),
    ],
)
def test_a_trend_has_neither_too_few_points_nor_too_many(days: int, grain: str, stock: str) -> None:
    period = Period(date(2015, 1, 1), date.fromordinal(date(2015, 1, 1).toordinal() + days - 1))
    assert (grain_for(period), stock_grain_for(period)) == (grain, stock)


# Cuts and filters


def test_a_cut_lays_the_metrics_side_by_side(cmo: User) -> None:
    cut = board(cmo, by="owner").cut
    assert cut
    assert [metric.key for metric in cut.metrics][:2] == ["revenue", "close_rate"]
    assert "smroi" not in {metric.key for metric in cut.metrics}  # spend has no owner
    rates = {row.label: row.cells[1].value for row in cut.rows}
    assert rates["Rita"] == pytest.approx(1 / 3)
    assert rates["Sam"] == 1


def test_a_filter_leaves_out_what_cannot_be_told_apart_by_it_and_says_so(cmo: User) -> None:
    found = board(cmo, where={"owner": "id:1"})
    assert found.readings["close_rate"].now.denominator == 3
    assert "smroi" not in found.readings
    assert {"SMROI", "S&M spend"} <= set(found.without)
    assert found.names == {("owner", "id:1"): "Rita"}
    assert sentences.headline(found) == "In 2025 no revenue and no spend is recorded."
    assert found.peers == ()


@pytest.mark.parametrize("question", [{"by": "shoe_size"}, {"where": {"shoe_size": "44"}}])
def test_a_cut_or_filter_that_does_not_exist_is_refused_with_those_that_do(cmo: User, question: dict[str, Any]) -> None:
    with pytest.raises(BadCut, match="owner"):
        board(cmo, **question)


def test_who_may_not_see_what_colleagues_achieve_does_not_see_it_here(company: Company, rep: User) -> None:
    company.achievement = Company.Achievement.LEADERS
    company.save()
    cut = board(rep, applexus(), by="owner").cut
    assert cut
    assert {row.label for row in cut.rows}.isdisjoint({"Rita", "Sam"})
    with pytest.raises(PermissionDenied):
        board(rep, applexus(), where={"owner": f"id:{make.owner().pk}"})


def test_the_question_survives_its_address() -> None:
    asked = Question(YEAR, "owner", {"territory": "North & South"})
    query = url_params.question_query(asked)
    assert query == "from=2025-01-01&to=2025-12-31&by=owner&territory=North+%26+South"
    assert url_params.question_params(Question(periods.preset_period("last_year", TODAY)), page=None) == {
        "period": "last_year"
    }
    assert url_params.question_params(Question(Period())) == {"period": "all"}


@pytest.mark.parametrize(
    ("period", "said"),
    [
        (Period(), "So far €43.7M was earned on €21.4M of sales and marketing: SMROI 104%, 48 points under the benchmark."),
        (Period(date(2025, 1, 1)), "Since Jan 1, 2025 €24.7M was earned on €11.4M of sales and marketing: SMROI 117%, 35 points under the benchmark."),
        (Period(date(2025, 2, 1), date(2025, 2, 20)), "Feb 1, 2025 – Feb 20, 2025 earned €20.0M on €5.0M of sales and marketing: SMROI 300%, 148 points over the benchmark."),
    ],
)  # fmt: skip
def test_any_period_is_said_in_words(cmo: User, period: Period, said: str) -> None:
    assert plain(sentences.headline(board(cmo, period=period))) == said


def test_a_month_that_is_not_over_is_drawn_open_and_claims_no_record(cmo: User) -> None:
    rows = {
        "invoices": [
            {"issued_on": date(2026, 10, 5), "amount": Decimal(300)},
            {"issued_on": date(2026, 11, 5), "amount": Decimal(900)},
        ],
        "spend": [
            {"spent_on": date(2026, 10, 5), "amount": Decimal(100)},
            {"spent_on": date(2026, 11, 5), "amount": Decimal(100)},
        ],
    }
    found = board(cmo, applexus(**rows), period=Period(date(2026, 6, 1), date(2026, 12, 31)))
    assert found.smroi_trend
    chart = charts.smroi_chart(found.smroi_trend)
    assert chart
    assert plain(chart.title) == "SMROI was 200% in Oct, over the benchmark"
    assert chart.figure["data"][0]["marker"]["symbol"][-1] == "circle-open"
    assert chart.note == "The open circle is the current month."
