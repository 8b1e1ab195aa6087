"""Horizons, payouts, and which metrics carry a reward. No database."""

from datetime import date
from decimal import Decimal

import pytest

from alignment.plan.rules import HORIZONS, RewardTerms, compute_payout, read_goal, why_no_reward
from kpis.registry import get_metric


def reward(pays_from: str = "0.9", capped_at: str = "1.5") -> RewardTerms:
    return RewardTerms(("g",), ("cmo",), Decimal(1000), "EUR", Decimal(pays_from), Decimal(capped_at), "None.")


@pytest.mark.parametrize(
    ("horizon", "end"),
    [
        ("30_days", date(2026, 1, 30)),
        ("60_days", date(2026, 3, 1)),
        ("90_days", date(2026, 3, 31)),
        ("12_months", date(2026, 12, 31)),
        ("24_months", date(2027, 12, 31)),
        ("36_months", date(2028, 12, 31)),
    ],
)
def test_a_goal_ends_with_its_horizon(horizon: str, end: date) -> None:
    assert HORIZONS[horizon].end(date(2026, 1, 1)) == end
    terms = {"horizon": horizon, "metric": "revenue", "target": "1", "starts_on": "2026-01-01"}
    assert read_goal(terms).ends_on == end


@pytest.mark.parametrize(
    ("reached", "paid"),
    [("0", "0"), ("89.99", "0"), ("90", "900"), ("100", "1000"), ("120", "1200"), ("150", "1500"), ("900", "1500")],
)
def test_a_reward_pays_from_a_share_and_up_to_a_share_of_the_target(reached: str, paid: str) -> None:
    assert compute_payout(reward(), Decimal(reached), Decimal(100), "up") == Decimal(paid)


@pytest.mark.parametrize(
    ("reached", "paid"), [("50", "1000"), ("55", "909.09"), ("56", "0"), ("25", "1500"), ("0", "1500")]
)
def test_where_less_is_better_the_reward_grows_as_the_metric_falls(reached: str, paid: str) -> None:
    assert compute_payout(reward(), Decimal(reached), Decimal(50), "down") == Decimal(paid)


def test_only_money_and_rates_of_money_carry_a_reward() -> None:
    for key in ("revenue", "smroi", "close_rate_by_value"):
        metric = get_metric(key)
        assert why_no_reward(metric.name, metric.unit, metric.is_money) == ""
    for key, reason in (
        ("leads", "Leads is a number of records, not money"),
        ("close_rate", "Close rate is a rate of records, not money"),
        ("sales_cycle_time", "is days, not money"),
    ):
        metric = get_metric(key)
        assert reason in why_no_reward(metric.name, metric.unit, metric.is_money)
        assert metric.may_be_goal is False
