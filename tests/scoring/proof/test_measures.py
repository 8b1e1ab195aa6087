"""Counts, shares and intervals of scores against outcomes, with the golden numbers; no database."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.proof.measures import (
    auc,
    auc_interval,
    brier_score,
    calibration_error,
    decile_edges,
    find_falls,
    gains_curve,
    is_monotone,
    make_bands,
    missing_outcomes,
    precision_recall,
    reliability_parts,
    round_edges,
)  # fmt: skip

SCORES = np.array([10.0, 20, 20, 30, 40, 50, 60, 70, 80, 90])
WON = np.array([0, 0, 1, 0, 0, 1, 0, 0, 0, 1], dtype=bool)


def test_auc_counts_pairs_and_half_of_ties() -> None:
    pairs = [(a, b) for a in SCORES[WON] for b in SCORES[~WON]]
    expected = sum(1.0 if a > b else 0.5 if a == b else 0.0 for a, b in pairs) / len(pairs)
    assert auc(SCORES, WON) == pytest.approx(expected)
    assert auc(-SCORES, WON) == pytest.approx(1 - expected)


def test_auc_of_one_kind_alone_is_none() -> None:
    assert auc(SCORES, np.ones(10, dtype=bool)) is None
    assert auc_interval(SCORES, np.zeros(10, dtype=bool)) is None


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=40))
def test_auc_is_the_share_of_pairs_rightly_ordered(rows: list[tuple[int, bool]]) -> None:
    scores, won = np.array([row[0] for row in rows], dtype=float), np.array([row[1] for row in rows])
    pairs = [(a > b) + (a == b) / 2 for a in scores[won] for b in scores[~won]]
    assert auc(scores, won) == (pytest.approx(sum(pairs) / len(pairs)) if pairs else None)


def test_the_interval_of_a_working_score_leaves_out_a_half_and_that_of_noise_holds_it() -> None:
    chance = np.random.default_rng(7)
    won = chance.random(3_000) < 0.2
    works, noise = chance.normal(size=3_000) + won, chance.normal(size=3_000)
    low, high = auc_interval(works, won, seed=1) or (0, 0)
    assert 0.5 < low < (auc(works, won) or 0) < high < 1
    low, high = auc_interval(noise, won, seed=1) or (1, 1)
    assert low < 0.5 < high
    assert auc_interval(noise, won, seed=1) == (low, high)  # the same draws


def test_the_interval_is_as_wide_as_theory_says() -> None:
    chance = np.random.default_rng(3)
    won = np.arange(20_000) < 4_000
    scores = chance.normal(size=20_000) + won
    low, high = auc_interval(scores, won) or (0, 0)
    area = auc(scores, won) or 0
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)  # Hanley and McNeil
    error = np.sqrt((area * (1 - area) + 3_999 * (q1 - area**2) + 15_999 * (q2 - area**2)) / 4_000 / 16_000)
    assert (high - low) / 2 == pytest.approx(1.96 * error, rel=0.2)


def test_three_won_in_ten_have_the_golden_interval_and_lift_is_the_rate_over_the_average() -> None:
    won = np.array([True] * 3 + [False] * 7 + [False] * 10)
    scores = np.array([80.0] * 10 + [20.0] * 10)
    low, high = make_bands(scores, won, np.where(won, 100.0, 0.0), [0, 50, 100])
    assert (high.n, high.won, high.revenue, high.rate) == (10, 3, 300, 0.3)
    assert [round(end, 3) for end in high.interval or ()] == [0.108, 0.603]
    assert high.lift == pytest.approx(2)
    assert (low.rate, low.lift) == (0, 0)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=1, max_size=60))
def test_bands_add_up_to_the_whole_and_part_no_equals(rows: list[tuple[int, bool]]) -> None:
    scores, won = np.array([row[0] for row in rows], dtype=float), np.array([row[1] for row in rows])
    found = make_bands(scores, won, won * 10.0)
    assert sum(band.n for band in found) == len(rows)
    assert sum(band.won for band in found) == won.sum()
    assert sum(band.revenue for band in found) == won.sum() * 10
    for band in found[:-1]:
        assert band.n == ((scores >= band.low) & (scores < band.high)).sum()


@pytest.mark.parametrize(
    "scores", [[0.4, 12.7, 40.2, 99.5], [0.2, 50.0, 100.0, 100.0, 100.0], [1.1, 1.2, 1.3], [-30.5, 7.0]]
)
def test_edges_in_whole_points_hold_the_same_leads(scores: list[float]) -> None:
    values = np.array(scores)
    found = make_bands(values, values > 50, None, round_edges(decile_edges(values)))
    assert sum(band.n for band in found) == len(scores)
    assert all(band.n for band in found[-1:])
    if values.max() - values.min() >= 20:
        assert all(band.low == round(band.low) for band in found)


def test_gains_rise_from_nothing_to_all() -> None:
    found = gains_curve(SCORES, WON, WON * 50.0)
    assert (found[0].leads, found[0].won) == (0, 0)
    assert (found[-1].leads, found[-1].won, found[-1].revenue) == (1, 1, 1)
    top = next(point for point in found if point.leads >= 0.1)
    assert (top.leads, top.won) == (0.1, pytest.approx(1 / 3))
    assert gains_curve(SCORES, np.zeros(10, dtype=bool)) == []


def test_brier_is_the_mean_squared_distance() -> None:
    assert brier_score(np.array([0.8, 0.3]), np.array([True, False])) == pytest.approx((0.04 + 0.09) / 2)


def test_probabilities_that_come_true_are_reliable() -> None:
    told = np.repeat([0.1, 0.5, 0.9], 100)
    won = np.concatenate([np.arange(100) < share for share in (10, 50, 90)])
    parts = reliability_parts(told, won)
    assert [(part.n, round(part.told, 9), part.rate) for part in parts] == [
        (100, told, told) for told in (0.1, 0.5, 0.9)
    ]
    assert calibration_error(parts) == pytest.approx(0, abs=1e-9)
    assert calibration_error(reliability_parts(told, ~won)) == pytest.approx((0.8 + 0 + 0.8) / 3)


def test_precision_and_recall_at_the_threshold() -> None:
    found = precision_recall(SCORES, WON, 50, WON * 100.0)
    assert (found.over, found.won, found.precision, found.recall) == (5, 2, 0.4, pytest.approx(2 / 3))
    assert found.revenue_captured == pytest.approx(2 / 3)
    none = precision_recall(SCORES, WON, 1_000)
    assert (none.precision, none.recall, none.revenue_captured) == (None, 0, None)


def test_a_fall_is_one_that_chance_does_not_explain() -> None:
    scores = np.repeat([1.0, 2.0], 400)
    clear = np.concatenate([np.arange(400) < 200, np.arange(400) < 40])
    by_chance = np.concatenate([np.arange(400) < 42, np.arange(400) < 40])
    assert len(find_falls(make_bands(scores, clear, None, [1, 2, 3]))) == 1
    assert is_monotone(make_bands(scores, by_chance, None, [1, 2, 3]))


@pytest.mark.parametrize(("conversions", "wanting"), [(0, 120), (119, 1), (120, 0), (500, 0)])
def test_what_is_missing_is_counted(conversions: int, wanting: int) -> None:
    assert missing_outcomes(conversions) == wanting
