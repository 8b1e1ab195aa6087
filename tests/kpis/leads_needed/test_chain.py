"""From revenue back to leads: golden numbers, intervals, and what matters most."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.leads_needed.chain import Chain, Rate, compute_needs, compute_sensitivities, leads_per_customer

ROBERGE = Chain((100, 50, 30, 15, 5), (1000.0,) * 5)


def test_five_customers_need_the_leads_of_roberges_chain() -> None:
    needs = compute_needs(ROBERGE, 5000)
    assert [need.number for need in needs] == pytest.approx([100, 50, 30, 15, 5], abs=1e-9)


def test_mqls_are_goal_times_share_over_deal_size_times_rate() -> None:
    """The two-way SLA: goal 1,200,000, half of it from leads, deals of 20,000, one MQL in ten becomes a customer."""
    needs = compute_needs(Chain((400, 200, 20), (20_000.0,) * 20), 1_200_000 * 0.5)
    assert needs[1].number == pytest.approx(300, abs=1e-9)


def test_the_interval_holds_the_need_and_is_narrower_with_more_leads() -> None:
    few, many = compute_needs(ROBERGE, 5000)[0], compute_needs(Chain((10_000, 5000, 3000, 1500, 500), (1000.0,) * 500), 5000)[0]  # fmt: skip
    assert few.interval.low < 100 < few.interval.high
    assert many.interval.low < 100 < many.interval.high
    assert many.interval.high - many.interval.low < (few.interval.high - few.interval.low) / 5


def test_equal_deals_leave_the_number_of_customers_certain() -> None:
    customers = compute_needs(ROBERGE, 5000)[-1]
    assert (customers.interval.low, customers.interval.high) == pytest.approx((5, 5))


def test_the_same_question_has_the_same_answer() -> None:
    assert compute_needs(ROBERGE, 5000) == compute_needs(Chain((100, 50, 30, 15, 5), (1000.0,) * 5), 5000)


def test_a_rate_of_none_or_all_keeps_its_end() -> None:
    assert Rate(20, 0).interval.low == 0
    assert Rate(20, 20).interval.high == 1
    low, high = Rate(10, 3).interval.low, Rate(10, 3).interval.high
    assert (low, high) == pytest.approx((0.147, 0.496), abs=0.01)  # 80 %: narrower than Wilson's 95 %, 0.108 to 0.603


def test_one_point_more_saves_most_at_the_smallest_rate() -> None:
    effects = compute_sensitivities(ROBERGE, 5000)
    assert [round(effect.saved, 4) for effect in effects] == [1.9608, 1.6393, 1.9608, 2.9126, 0.9901]
    assert max(effects[:-1], key=lambda effect: effect.saved).index == 3


def test_a_factor_at_the_ends_of_its_interval_gives_the_leads_needed_there() -> None:
    effect = compute_sensitivities(ROBERGE, 5000)[3]
    interval = ROBERGE.rates[3].interval
    assert effect.range.low == pytest.approx(100 * (5 / 15) / interval.high)
    assert effect.range.high == pytest.approx(100 * (5 / 15) / interval.low)


def test_four_wins_are_too_few_and_wins_without_amounts_have_no_value() -> None:
    assert not Chain((100, 4), (1000.0,) * 4).is_enough
    assert not Chain((100, 5), ()).is_enough
    assert ROBERGE.is_enough


def test_no_customer_has_no_number_of_leads() -> None:
    assert leads_per_customer((82, 0)) is None
    interval = leads_per_customer((100, 5))
    assert interval
    assert interval.low < 20 < interval.high


@given(
    st.lists(st.floats(0.05, 1), min_size=1, max_size=5),
    st.floats(1000, 1e9),
)
def test_needs_never_grow_on_the_way_and_end_in_the_customers(shares: list[float], revenue: float) -> None:
    counts = [100_000]
    for share in shares:
        counts.append(max(5, int(counts[-1] * share)))
    chain = Chain(tuple(counts), (500.0, 1500.0))
    needs = [need.number for need in compute_needs(chain, revenue)]
    assert needs == sorted(needs, reverse=True)
    assert needs[-1] == pytest.approx(revenue / 1000)
    assert needs[0] == pytest.approx(revenue / 1000 * counts[0] / counts[-1])
