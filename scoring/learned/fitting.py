"""The regression behind a learned model: which rules, how many whole points, which threshold, which probabilities. Pure.

A logistic regression with an L1 penalty chooses the rules; its strength is the strongest of those that cross validation
finds as good as the best, within one standard error, so that few rules remain. The rules kept are weighted again with a
light L2 penalty. Ten points double the odds. No class is weighted: probabilities stay those of the leads.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, TimeSeriesSplit

from scoring.learned.regularization import Strength, best_strength, sparsest_strength
from scoring.proof.measures import Flags, Floats, auc

DOUBLES = 10  # points that double the odds
FACTOR = DOUBLES / math.log(2)
STRENGTHS = 8
WEAKEST = 0.01  # of the penalty that leaves no rule
FOLDS = 5
FEWEST = 5  # of either kind in a fold, else it tells nothing
MOST_TRIED = 30_000  # leads on which strengths are tried
Tell = Callable[[int, int, str], None]
Folds = list[tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Fitted:
    """Points by feature (0: not used), and what a score says: P = 1 / (1 + e^−(base + slope · score))."""

    points: np.ndarray
    base: float
    slope: float
    tried: tuple[Strength, ...]


def scores_to_probabilities(scores: Floats, base: float, slope: float) -> Floats:
    """Return the probability that each score tells."""
    return 1 / (1 + np.exp(-np.clip(base + slope * scores, -500, 500)))


def fit_regression(features: Floats, won: Flags, *, is_dated: bool, seed: int, tell: Tell) -> Fitted:
    """Fit the training part; `features` are between 0 and 1, in the order of time where `is_dated`."""
    tried = _try_strengths(features, won, is_dated, seed, tell)
    tell(STRENGTHS, STRENGTHS, "Weighing the rules that are left")
    chosen = _choose_features(features, won, tried, seed)
    weights = np.zeros(features.shape[1])
    if len(chosen):
        weights[chosen] = _l2_weights(features[:, chosen], won)[0]
    points = np.round(weights * FACTOR).astype(int)
    scores = features @ points
    base, slope = _calibrate_scores(features[:, chosen], won, is_dated, seed, scores)
    return Fitted(points, base, slope, tuple(tried))


def _choose_features(features: Floats, won: Flags, tried: list[Strength], seed: int) -> npt.NDArray[np.int64]:
    """Return the places of the features chosen; where that is none, those of the weakest penalty that tells most."""
    for strength in (sparsest_strength(tried), best_strength(tried)):
        chosen = np.flatnonzero(_l1_weights(features, won, strength.penalty, seed))
        if len(chosen):
            break
    return chosen


def _try_strengths(features: Floats, won: Flags, is_dated: bool, seed: int, tell: Tell) -> list[Strength]:
    features, won = _sample_leads(features, won, seed)
    highest = float(np.abs(features.T @ (won - won.mean())).max() / len(won)) if features.size else 1.0
    penalties = np.geomspace(highest, highest * WEAKEST, STRENGTHS)
    parts = split_folds(won, is_dated, seed)
    strengths = []
    for number, penalty in enumerate(penalties):
        tell(number, STRENGTHS, "Trying how many rules are worth having")
        strengths.append(_evaluate_strength(features, won, float(penalty), parts, seed))
    return strengths


def _sample_leads(features: Floats, won: Flags, seed: int) -> tuple[Floats, Flags]:
    """Return as many leads as are needed to try strengths, in their order."""
    if len(won) <= MOST_TRIED:
        return features, won
    chosen = np.sort(np.random.default_rng(seed).choice(len(won), MOST_TRIED, replace=False))
    return features[chosen], won[chosen]


def split_folds(won: Flags, is_dated: bool, seed: int) -> Folds:
    """Return parts to learn on and to try on; with dates the tried part always lies later."""
    row_positions = np.zeros((len(won), 1))
    if is_dated:
        parts = list(TimeSeriesSplit(FOLDS).split(row_positions))
    else:
        parts = list(StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(row_positions, won))
    return [part for part in parts if all(min(won[half].sum(), (~won[half]).sum()) >= FEWEST for half in part)]


def _evaluate_strength(features: Floats, won: Flags, penalty: float, parts: Folds, seed: int) -> Strength:
    areas, rules = [], []
    for learn, test in parts:
        weights = _l1_weights(features[learn], won[learn], penalty, seed)
        areas.append(auc(features[test] @ weights, won[test]) or 0.5)
        rules.append(np.count_nonzero(weights))
    error = float(np.std(areas, ddof=1) / math.sqrt(len(areas))) if len(areas) > 1 else 0.0
    return Strength(
        penalty, round(float(np.mean(rules))) if rules else 0, float(np.mean(areas)) if areas else 0.5, error
    )


def _l1_weights(features: Floats, won: Flags, penalty: float, seed: int) -> Floats:
    """Return the weight of each feature under an L1 penalty; the intercept has hardly any."""
    if not features.size:
        return np.zeros(features.shape[1])
    model = LogisticRegression(
        l1_ratio=1.0, solver="liblinear", C=1 / (len(won) * penalty), intercept_scaling=100, random_state=seed,
        max_iter=300, tol=1e-3,
    )  # fmt: skip
    weights = model.fit(features, won).coef_[0]
    return np.where(np.abs(weights) < 1e-6, 0.0, weights)


def _l2_weights(features: Floats, won: Flags) -> tuple[Floats, float]:
    model = LogisticRegression(C=1.0, max_iter=1_000).fit(features, won)
    return model.coef_[0], float(model.intercept_[0])


def _calibrate_scores(features: Floats, won: Flags, is_dated: bool, seed: int, scores: Floats) -> tuple[float, float]:
    """Learn what a score says from scores that each lead got without having been learned from."""
    if not np.unique(scores).size > 1:
        share = float(np.clip(won.mean(), 1e-6, 1 - 1e-6))
        return math.log(share / (1 - share)), 0.0
    unseen, row_positions = [], []
    for learn, test in split_folds(won, is_dated, seed):
        unseen.append(features[test] @ np.round(_l2_weights(features[learn], won[learn])[0] * FACTOR))
        row_positions.append(test)
    unseen_scores = np.concatenate(unseen) if unseen else scores
    outcomes = won[np.concatenate(row_positions)] if row_positions else won
    model = LogisticRegression(C=1e4, max_iter=1_000).fit(unseen_scores.reshape(-1, 1) / DOUBLES, outcomes)
    return float(model.intercept_[0]), float(model.coef_[0, 0]) / DOUBLES


def best_threshold(scores: Floats, won: Flags) -> int:
    """Return the points at which precision and recall are best together (F1), on the leads learned from."""
    whole_scores = np.ceil(np.asarray(scores, dtype=float)).astype(int)
    edges, row_positions = np.unique(whole_scores, return_inverse=True)
    over = np.cumsum(np.bincount(row_positions)[::-1])[::-1]
    hits = np.cumsum(np.bincount(row_positions, won.astype(float))[::-1])[::-1]
    return int(edges[np.argmax(2 * hits / (over + won.sum()))])
