"""The regression keeps the few rules that tell, in whole points, the same each time; its probabilities come true."""

from functools import cache

import numpy as np

from scoring.learned.fitting import (
    DOUBLES,
    Fitted,
    best_threshold,
    fit_regression,
    scores_to_probabilities,
    split_folds,
)
from scoring.learned.regularization import is_chance, sparsest_strength
from scoring.proof.measures import auc, brier_score

N = 2_500
CHANCE = np.random.default_rng(11)
FEATURES = (CHANCE.random((N, 20)) < 0.4).astype(float)
LEAN = 1.4 * FEATURES[:, 0] - 0.9 * FEATURES[:, 1] - 1.2
WON = CHANCE.random(N) < 1 / (1 + np.exp(-LEAN))


def quiet(done: int, total: int, words: str) -> None:
    """No one looks."""


@cache
def fitted() -> Fitted:
    return fit_regression(FEATURES, WON, is_dated=False, seed=1, tell=quiet)


def test_it_finds_the_rules_that_tell_and_weighs_them_in_whole_points() -> None:
    found = fitted()
    expected = np.array([1.4, -0.9]) * DOUBLES / np.log(2)
    assert found.points.dtype.kind == "i"
    assert np.abs(found.points[:2] - expected).max() <= 3
    assert np.count_nonzero(found.points) <= 6
    assert not is_chance(found.tried)
    scores = FEATURES @ found.points
    chances = scores_to_probabilities(scores, found.base, found.slope)
    assert brier_score(chances, WON) < brier_score(np.full(N, WON.mean()), WON) * 0.95
    assert abs(chances.mean() - WON.mean()) < 0.02
    assert (auc(scores, WON) or 0) > 0.65


def test_the_same_seed_has_the_same_result() -> None:
    one, two = fitted(), fit_regression(FEATURES, WON, is_dated=False, seed=1, tell=quiet)
    assert (one.points.tolist(), one.base, one.slope, one.tried) == (
        two.points.tolist(),
        two.base,
        two.slope,
        two.tried,
    )


def test_noise_is_known_as_chance_by_cross_validation() -> None:
    noise = np.random.default_rng(2).random(N) < 0.3
    found = fit_regression(FEATURES, noise, is_dated=False, seed=1, tell=quiet)
    assert is_chance(found.tried)
    assert np.count_nonzero(found.points) < 20


def test_without_any_feature_everyone_has_the_average() -> None:
    found = fit_regression(np.zeros((N, 0)), WON, is_dated=False, seed=1, tell=quiet)
    assert (
        scores_to_probabilities(np.zeros(3), found.base, found.slope).round(3).tolist()
        == [round(float(WON.mean()), 3)] * 3
    )


def test_the_sparest_penalty_as_good_as_the_best_is_taken() -> None:
    found = fitted()
    chosen = sparsest_strength(found.tried)
    better = [one for one in found.tried if one.penalty > chosen.penalty]
    top = max(found.tried, key=lambda one: one.auc)
    assert all(one.auc < top.auc - top.error for one in better)


def test_with_dates_what_is_tried_lies_later_than_what_is_learned_from() -> None:
    assert all(learn.max() < test.min() for learn, test in split_folds(WON, is_dated=True, seed=0))


def test_the_threshold_is_where_precision_and_recall_are_best_together() -> None:
    scores, won = np.array([1.0, 2, 3, 4, 5, 6]), np.array([0, 0, 1, 0, 1, 1], bool)
    assert best_threshold(scores, won) == 3
