import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.outcomes.judging import (
    MOST_STRETCH,
    conformal_rank,
    conformal_stretch,
    coverage,
    crps,
    interval_score,
    needed_stretch,
    pinball_loss,
    stretch_draws,
)


@pytest.mark.parametrize(("quantile", "level", "loss"), [(80, 0.1, 2), (110, 0.5, 5), (150, 0.9, 5)])
def test_the_pinball_loss_has_its_golden_values(quantile: float, level: float, loss: float) -> None:
    assert pinball_loss(100, quantile, level) == pytest.approx(loss, abs=1e-9)


def test_crps_has_its_golden_values_in_both_forms() -> None:
    draws = np.array([80.0, 90, 100, 120, 160])
    assert crps(draws, 110) == pytest.approx(8.8, abs=1e-9)
    assert crps(draws, 110, is_unbiased=True) == pytest.approx(5.0, abs=1e-9)


def test_crps_of_a_single_number_is_its_absolute_error() -> None:
    assert crps(np.array([90.0]), 110) == 20.0
    assert crps(np.array([90.0]), 110, is_unbiased=True) == 20.0


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20), st.floats(-1e6, 1e6))
def test_crps_equals_the_sum_over_all_pairs(draws: list[float], actual: float) -> None:
    x = np.array(draws)
    pairs = np.abs(x[:, None] - x[None, :]).mean()
    assert crps(x, actual) == pytest.approx(np.abs(x - actual).mean() - pairs / 2, abs=1e-6)


def test_the_interval_score_has_its_golden_value_and_punishes_a_miss() -> None:
    assert interval_score(80, 150, 100, 0.2) == pytest.approx(70, abs=1e-9)
    assert interval_score(80, 150, 160, 0.2) == pytest.approx(170, abs=1e-9)


def test_coverage_counts_the_edges_as_inside() -> None:
    assert coverage([0, 0, 0, 0], [10, 10, 10, 10], [0, 10, 11, 5]) == 0.75
    assert coverage([], [], []) is None


def test_four_past_values_are_the_fewest_for_80_percent_and_nine_for_90() -> None:
    assert [conformal_rank(n, 0.8) for n in (3, 4, 9, 14)] == [None, 4, 8, 12]
    assert [conformal_rank(n, 0.9) for n in (8, 9, 19)] == [None, 9, 18]
    assert conformal_stretch([0.1, 0.2, 0.3], 0.8) is None
    assert conformal_stretch([1.3, 0.1, 0.9, 0.5], 0.8) == 1.3


def test_the_needed_stretch_is_measured_on_the_side_of_the_value() -> None:
    assert needed_stretch(100, 200, 250, 275) == 1.5
    assert needed_stretch(100, 200, 250, 150) == 0.5
    assert needed_stretch(100, 200, 250, 250) == 1.0
    assert needed_stretch(100, 100, 100, 100) == 0.0
    assert needed_stretch(100, 100, 100, 101) == MOST_STRETCH


def test_stretched_draws_keep_their_median_and_never_fall_below_what_is_won() -> None:
    draws = np.array([10.0, 20, 30, 40, 70])
    assert stretch_draws(draws, 2, 0).tolist() == [0, 10, 30, 50, 110]
    assert stretch_draws(draws, 0.5, 25).tolist() == [25, 25, 30, 35, 50]


@given(st.lists(st.floats(0, 3), min_size=4, max_size=30))
def test_the_conformal_stretch_holds_four_of_five_past_values(stretches: list[float]) -> None:
    limit = conformal_stretch(stretches)
    assert limit is not None
    assert np.mean([stretch <= limit for stretch in stretches]) >= 0.8
