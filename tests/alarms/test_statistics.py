"""The tests of detectors, with the golden numbers, and what they must never do."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alarms.statistics import (
    RateCusum,
    adjust_p_values,
    cusum,
    cusum_limit,
    cusum_points_between_false_alarms,
    cusum_points_to_find,
    false_discovery_limit,
    rate_limits,
    robust_z,
    shrink_rate,
)

WEEKS = [(100, 500), (118, 520), (82, 480), (109, 510), (90, 495), (112, 505), (86, 490), (135, 515)]
P_VALUES = [0.50, 0.01, 0.001, 0.69, 0.02, 0.05, 0.0025]


def test_robust_z_of_the_golden_weekdays() -> None:
    z = robust_z(28, [40, 42, 38, 45, 41, 39])
    assert z is not None
    assert round(z, 2) == -5.62


def test_a_history_without_variation_uses_the_floor_and_never_divides_by_zero() -> None:
    assert robust_z(5, [3, 3, 3, 3]) is None
    assert robust_z(5, [3, 3, 3, 3], floor=1.0) == 2.0


@pytest.mark.parametrize(("limit", "between", "delay"), [(4, 167.7, 8.38), (4.77, 368.5, 9.92), (5, 465.3, 10.38)])
def test_run_lengths_of_the_cusum(limit: float, between: float, delay: float) -> None:
    assert cusum_points_between_false_alarms(limit) == pytest.approx(between, rel=0.02)
    assert cusum_points_to_find(1.0, limit) == pytest.approx(delay, rel=0.02)
    assert cusum_limit(cusum_points_between_false_alarms(limit)) == pytest.approx(limit)


def test_a_cusum_adds_what_is_beyond_the_slack_and_forgets_at_zero() -> None:
    sums = list(cusum([10, 12, 14, 10, 4], target=10, sigma=2))
    assert sums == [(0, 0), (0.5, 0), (2.0, 0), (1.5, 0), (0, 2.5)]


@pytest.mark.parametrize(("size", "weeks"), [(12, 10.9), (50, 3.6), (200, 1.2)])
def test_the_fastest_possible_find_of_a_fall_of_the_sal_rate(size: int, weeks: float) -> None:
    """40 % → 28 % with one false alarm in 390 weeks."""
    assert RateCusum(0.40, 0.28).periods_to_find(390, size) == pytest.approx(weeks, abs=0.1)


def test_a_rate_that_is_as_usual_lowers_the_sum_to_zero() -> None:
    assert list(RateCusum(0.40, 0.28).sums([(40, 100), (39, 100)])) == [0.0, 0.0]
    assert next(RateCusum(0.40, 0.28).sums([(28, 100)])) > 0


def test_overdispersed_weeks_widen_their_limits() -> None:
    limits = rate_limits(WEEKS)
    assert limits is not None
    assert (round(limits.mean, 6), round(limits.dispersion, 5)) == (0.207223, 2.30696)
    low, high = limits.limits(515)
    assert round(high, 5) == 0.33083
    plain = limits.mean + (high - limits.mean) / limits.dispersion
    assert round(plain, 5) == 0.26080
    assert plain < 135 / 515 < high
    assert low < limits.mean


def test_rates_of_nothing_and_of_all_have_no_limits() -> None:
    for periods in ([], [(1, 5)], [(0, 5), (0, 6)], [(5, 5), (6, 6)], [(0, 0), (0, 0)]):
        assert rate_limits(periods) is None


def test_small_groups_are_drawn_towards_the_rate_of_all() -> None:
    groups = [(40, 100), (12, 20), (3, 20), (9, 15), (1, 2)]
    overall = Fraction(sum(hits for hits, _ in groups), sum(size for _, size in groups))
    assert round(float(overall), 4) == 0.4140
    assert [round(shrink_rate(*group, overall), 4) for group in groups] == [0.4023, 0.5070, 0.2820, 0.4937, 0.4218]


def test_p_values_are_adjusted_for_their_number() -> None:
    assert [round(p, 5) for p in adjust_p_values(P_VALUES)] == [0.58333, 0.02333, 0.007, 0.69, 0.035, 0.07, 0.00875]
    dependent = adjust_p_values(P_VALUES, are_dependent=True)
    assert [round(p, 5) for p in dependent] == [1, 0.0605, 0.01815, 1, 0.09075, 0.1815, 0.02269]
    assert adjust_p_values([]) == []


def test_one_false_alarm_a_quarter_is_a_limit_for_each_run() -> None:
    assert round(false_discovery_limit(1, 91), 3) == 0.011
    assert round(false_discovery_limit(1, 13), 3) == 0.077
    assert false_discovery_limit(5, 4) == 1


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_an_adjusted_p_value_is_never_smaller(p_values: list[float]) -> None:
    assert all(new >= old - 1e-12 for old, new in zip(p_values, adjust_p_values(p_values), strict=True))
