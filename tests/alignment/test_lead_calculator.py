"""From a revenue goal back to the leads: rounding up at each step, and the rates that are refused."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignment.lead_calculator import STEPS, ImpossibleRate, LeadPlan, Rate, plan_leads

HALF = Decimal("0.5")
ROBERGE: dict[str, Rate] = {
    "qualification_rate": HALF,
    "acceptance_rate": Decimal("0.6"),
    "opportunity_rate": HALF,
    "close_rate": Fraction(1, 3),
}


def plan(goal: str = "5", per_deal: str = "1", days: int = 90, **rates: Rate) -> LeadPlan:
    return plan_leads(
        revenue_goal=Decimal(goal),
        revenue_per_deal=Decimal(per_deal),
        rates=ROBERGE | rates,
        cycle_days=days,
        won_by=date(2026, 12, 31),
    )


def test_the_published_funnel_comes_out() -> None:
    assert [step.count for step in plan().steps] == [100, 50, 30, 15, 5]
    assert [step.name for step in plan().steps] == ["Leads", "MQLs", "SALs", "Opportunities", "Deals"]


def test_every_step_is_rounded_up() -> None:
    # 1.2 M at 25.1 k a deal are 47.8 deals: 48 → 160 opportunities → 320 SALs → 533.3 MQLs → 1,068 leads
    steps = plan("1200000", "25100", close_rate=Decimal("0.3")).steps
    assert [step.count for step in steps] == [1068, 534, 320, 160, 48]
    assert [step.count for step in plan(close_rate=Decimal("0.3333")).steps] == [108, 54, 32, 16, 5]


def test_what_is_whole_is_not_rounded_further() -> None:
    tenth = Decimal("0.1")
    assert plan("3", "0.1", close_rate=tenth, opportunity_rate=tenth).steps[2].count == 3000


def test_leads_must_arrive_one_cycle_before_the_day_of_the_goal() -> None:
    assert plan(days=90).leads_by == date(2026, 10, 2)
    assert plan(days=0).leads_by == date(2026, 12, 31)


def test_at_full_rates_each_deal_needs_one_lead() -> None:
    assert {step.count for step in plan(**dict.fromkeys(ROBERGE, Decimal(1))).steps} == {5}


@pytest.mark.parametrize("key", [step[0] for step in STEPS])
@pytest.mark.parametrize(("rate", "remedy"), [("0", "above 0%"), ("-0.1", "above 0%"), ("1.0001", "100% or less")])
def test_an_impossible_rate_is_refused_by_name(key: str, rate: str, remedy: str) -> None:
    with pytest.raises(ImpossibleRate, match=remedy) as refused:
        plan(**{key: Decimal(rate)})
    assert refused.value.key == key


@pytest.mark.parametrize(("goal", "per_deal", "days"), [("0", "1", 1), ("1", "0", 1), ("-1", "1", 1), ("1", "1", -1)])
def test_goal_and_deal_must_be_above_zero(goal: str, per_deal: str, days: int) -> None:
    with pytest.raises(ValueError, match="above 0"):
        plan(goal, per_deal, days)


@given(
    st.decimals("0.01", "1", places=2),
    st.decimals("0.01", "1", places=2),
    st.integers(1, 10**9),
    st.integers(1, 10**6),
)
def test_the_leads_suffice_and_one_fewer_at_any_step_does_not(
    won: Decimal, taken: Decimal, goal: int, deal: int
) -> None:
    steps = plan(str(goal), str(deal), close_rate=won, acceptance_rate=taken).steps
    assert steps[-1].count * deal >= goal > (steps[-1].count - 1) * deal
    for step, after in pairwise(steps):
        assert step.rate is not None
        assert step.count * Fraction(step.rate) >= after.count > (step.count - 1) * Fraction(step.rate)
