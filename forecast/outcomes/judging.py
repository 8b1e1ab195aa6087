"""How good a forecast was: pinball loss, CRPS, interval score, coverage, and the stretch that past misses ask for. Pure."""

import math
from collections.abc import Sequence

import numpy as np

from forecast.outcomes.curves import Floats

CONFIDENCE = 0.8  # of the intervals shown
MOST_STRETCH = 5.0


def pinball_loss(actual: float, quantile: float, level: float) -> float:
    """Return level·(y − q) where y ≥ q, else (1 − level)·(q − y)."""
    gap = actual - quantile
    return level * gap if gap >= 0 else (level - 1) * gap


def crps(draws: Floats, actual: float, *, is_unbiased: bool = False) -> float:
    """Return mean|x − y| − ½·mean|x − x′| over the draws; of a single number it is the absolute error.

    The unbiased form divides the second mean by n(n − 1) instead of n².
    """
    ordered = np.sort(np.asarray(draws, dtype=float))
    n = len(ordered)
    # Σ|x − x′| over all ordered pairs, from the sorted draws, instead of n² differences.
    spread = 2.0 * float(np.dot(2.0 * np.arange(n) - n + 1.0, ordered))
    pairs = n * (n - 1) if is_unbiased else n * n
    return float(np.abs(ordered - actual).mean()) - (0.5 * spread / pairs if pairs else 0.0)


def interval_score(low: float, high: float, actual: float, alpha: float = 1 - CONFIDENCE) -> float:
    """Return the width plus 2/α times what the actual value lies outside."""
    miss = max(low - actual, actual - high, 0.0)
    return (high - low) + 2.0 / alpha * miss


def coverage(lows: Sequence[float], highs: Sequence[float], actuals: Sequence[float]) -> float | None:
    """Return the share of actual values inside their intervals; None without any."""
    inside = [low <= actual <= high for low, high, actual in zip(lows, highs, actuals, strict=True)]
    return sum(inside) / len(inside) if inside else None


def conformal_rank(n: int, confidence: float = CONFIDENCE) -> int | None:
    """Return which of n sorted residuals bounds the next one, ⌈(n + 1)·confidence⌉; None where n are too few."""
    rank = math.ceil(round((n + 1) * confidence, 9))
    return rank if 1 <= rank <= n else None


def conformal_stretch(stretches: Sequence[float], confidence: float = CONFIDENCE) -> float | None:
    """Return by how much an interval must be stretched to hold the next value with the confidence asked for.

    `stretches` are what past intervals needed to hold their values: below 1 where they were wider than need be, so that
    an interval can become narrower too. None where the past is too short.
    """
    rank = conformal_rank(len(stretches), confidence)
    return None if rank is None else sorted(stretches)[rank - 1]


def needed_stretch(low: float, median: float, high: float, actual: float) -> float:
    """Return how far a value lies from the median, in lengths of that side of the interval: 1 is on its edge.

    The length makes a large quarter and a small one count alike. A side without length that misses its value counts as
    MOST_STRETCH.
    """
    side, distance = (high - median, actual - median) if actual >= median else (median - low, median - actual)
    if distance <= 0:
        return 0.0
    return min(distance / side, MOST_STRETCH) if side > 0 else MOST_STRETCH


def stretch_draws(draws: Floats, stretch: float, least: float) -> Floats:
    """Move draws away from their median or towards it; none falls below `least`, which is certain already."""
    median = np.median(draws)
    return np.maximum(median + stretch * (draws - median), least)
