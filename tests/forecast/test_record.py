from datetime import date

import numpy as np
import pytest

from forecast.outcomes.history import DealHistory
from forecast.outcomes.projection import Projection, Span
from forecast.outcomes.record import (
    ASSUMED_SHOCKS,
    Baselines,
    Interval,
    PastError,
    PastForecast,
    Record,
    compare_baselines,
    count_months_left,
    summarize_record,
)
from tests.forecast.deals import build_history, make_history, month_evenings, quarters_from, sell_at_random, to_day


def no_commit(day: int, span: Span) -> float | None:
    return None


@pytest.fixture(scope="module")
def company() -> DealHistory:
    return sell_at_random(seed=7, weekly=5.0)


@pytest.fixture(scope="module")
def record(company: DealHistory) -> Record:
    return Record(company, month_evenings(company), quarters_from, no_commit)


def test_the_interval_covers_what_it_promises_where_quarters_differ(record: Record) -> None:
    summary = summarize_record(record.forecasts)
    assert summary.dates >= 12
    assert summary.is_enough
    assert summary.coverage is not None
    assert 0.7 <= summary.coverage <= 0.95


def test_the_forecast_errs_less_than_the_same_quarter_last_year(record: Record) -> None:
    contest = summarize_record(record.forecasts).last_year
    assert contest is not None
    assert contest.forecast < contest.other


def test_an_interval_is_calibrated_only_by_quarters_that_had_ended(record: Record) -> None:
    first = next(past for past in record.forecasts if past.ahead == 0 and past.is_calibrated)
    earlier = [past for past in record.forecasts if past.ahead == 0 and past.span.end <= first.day]
    assert len(earlier) >= 4
    before = [past for past in record.forecasts if past.ahead == 0 and past.day < first.day]
    assert not any(past.is_calibrated for past in before)


def test_a_forecast_of_the_past_is_the_same_without_what_came_after(company: DealHistory) -> None:
    day = date(2023, 6, 30).toordinal()
    spans = quarters_from(day + 1)
    then_deals = company.deals[company.deals["opened"] <= day].copy()
    is_later = then_deals["closed"] > day
    then_deals.loc[is_later, ["closed", "outcome"]] = [np.nan, 0]
    then_changes = company.changes[company.changes["day"] <= day].drop(columns=["entered", "begins", "is_terminal"])
    new_row = {int(old): new for new, old in enumerate(then_deals.index)}
    then_changes["deal"] = then_changes["deal"].map(new_row)
    then = build_history(then_deals.reset_index(drop=True), then_changes, "2023-06-30")
    now, before = (
        Projection(history, day).forecast_quarters(spans, [1.0] * 4, [1.0], 500) for history in (company, then)
    )
    for outlook, other in zip(now, before, strict=True):
        assert np.array_equal(outlook.draws, other.draws)
        assert outlook.stages == other.stages


def test_the_same_history_gives_the_same_record(company: DealHistory, record: Record) -> None:
    days = month_evenings(company)[:16]
    again = Record(company, days, quarters_from, no_commit)
    assert again.forecasts == [past for past in record.forecasts if past.day <= days[-1]]


def test_too_few_closed_deals_are_not_forecast() -> None:
    few = make_history([{"opened": "2025-01-01", "closed": "2025-02-01", "end": "won", "amount": 5}] * 30)
    assert not Projection(few, few.today).is_possible, "a curve needs deals that were lost too"
    assert Record(few, [few.today], quarters_from, no_commit).forecasts == []


def test_without_past_errors_a_common_shock_is_assumed(record: Record) -> None:
    running = quarters_from(record.history.today)[0]
    assert record.experience(0, running).shocks == ASSUMED_SHOCKS
    assert record.experience(0, running).corrections == [1.0] * 4
    assert record.experience(record.history.today, running).shocks != ASSUMED_SHOCKS
    assert record.experience(0, running).stretch(0) is None


def test_months_left_are_counted_from_the_evening_to_the_end_of_the_quarter() -> None:
    span = quarters_from(date(2025, 5, 1).toordinal())[0]
    days = [date(2025, 3, 31), date(2025, 4, 30), date(2025, 5, 31), date(2025, 6, 29)]
    assert [count_months_left(day.toordinal(), span) for day in days] == [3, 2, 1, 1]


def test_odds_are_corrected_by_the_errors_of_the_same_time_of_a_quarter() -> None:
    record = Record(make_history([{"opened": "2025-01-01"}]), [], quarters_from, no_commit)
    for turn in range(5):
        record.errors += [PastError(turn, 0, 1, np.log(2.0), 0.01), PastError(turn, 0, 3, np.log(0.5), 0.01)]
    span = Span(0, 92)
    early, late = record.experience(10, Span(0, 101)), record.experience(62, span)
    assert early.corrections == pytest.approx([0.5, 1, 1, 1])
    assert late.corrections == pytest.approx([2.0, 1, 1, 1])
    assert late.shocks == pytest.approx([1.0] * 10), "about these means no quarter was off"


def past(actual: float, low: float = 80, high: float = 120, **baselines: float) -> PastForecast:
    interval = Interval(low, 100, high)
    others = Baselines(baselines.get("agreed"), baselines.get("commit"), baselines.get("last_year"))
    return PastForecast(1, 0, Span(1, 90), 0, interval, others, actual, 10, 50, 1.0, True)


def test_a_summary_counts_what_the_intervals_held() -> None:
    rows = [past(100), past(120), past(121), past(60), past(90, agreed=130, commit=80)]
    summary = summarize_record(rows)
    assert (summary.dates, summary.inside, summary.coverage) == (5, 3, 0.6)
    assert summary.crps == 10
    assert summary.agreed is not None
    assert (summary.agreed.dates, summary.agreed.forecast, summary.agreed.other) == (1, 10, 40)
    assert summary.commit is not None
    assert summary.commit.other == 10
    assert summary.last_year is None
    assert not summary.is_enough


def test_agreed_probabilities_count_the_deals_expected_by_then_and_last_year_its_own_wins() -> None:
    lost = {"opened": "2024-01-01", "closed": "2024-01-20", "end": "lost", "amount": 5}
    won = {"opened": "2024-01-01", "closed": "2024-05-20", "end": "won", "amount": 70}
    open_deals = [
        {"opened": "2025-04-01", "amount": 100, "probability": 0.5, "expected": "2025-06-30"},
        {"opened": "2025-04-01", "amount": 100, "probability": 0.4, "expected": "2025-07-15"},
        {"opened": "2025-04-01", "amount": 100, "probability": 0.2, "expected": "2025-04-15"},
    ]
    fresh = {"opened": "2025-04-01", "closed": "2025-04-10", "end": "won", "amount": 8}
    history = make_history([*[lost] * 20, *[won] * 5, fresh, *open_deals], today="2025-05-01")
    day = int(to_day("2025-05-01"))
    projection = Projection(history, day)
    outlooks = projection.forecast_quarters(quarters_from(day), [1.0] * 4, [1.0], 200)
    running = compare_baselines(projection, outlooks[0], lambda at, span: 42.0)
    assert running == Baselines(agreed=8 + 50 + 20, commit=42.0, last_year=350.0)
    following = compare_baselines(projection, outlooks[1], no_commit)
    assert following == Baselines(agreed=40.0, commit=None, last_year=0.0)


def test_a_year_before_the_history_began_is_no_baseline() -> None:
    deals = [{"opened": "2025-01-01", "closed": "2025-02-01", "end": end, "amount": 10} for end in ("won", "lost") * 20]
    history = make_history(deals, today="2025-05-01")
    projection = Projection(history, history.today)
    outlook = projection.forecast_quarters(quarters_from(history.today), [1.0] * 4, [1.0], 100)[0]
    assert compare_baselines(projection, outlook, no_commit).last_year is None


def test_parts_of_a_quarter_add_up_to_the_mean_of_its_runs(company: DealHistory) -> None:
    projection = Projection(company, company.today)
    for outlook in projection.forecast_quarters(
        quarters_from(company.today), [0.9, 1.0, 1.0, 1.1], [0.8, 1.0, 1.3], 6_000
    ):
        assert outlook.won + outlook.open + outlook.unborn == pytest.approx(outlook.draws.mean(), rel=0.03)
