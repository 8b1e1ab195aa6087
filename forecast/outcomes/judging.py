"""How good a forecast was: pinball loss, CRPS, interval score, coverage, and the widening that past misses ask for. Pure."""

import math
from collections.abc import Sequence

import numpy as np

from forecast.outcomes.curves import Floats

CONFIDENCE = 0.8  # of the intervals shown


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


def conformal_margin(residuals: Sequence[float], confidence: float = CONFIDENCE) -> float | None:
    """Return the residual by which an interval must be widened to hold the next value with the confidence asked for.

    A residual is how far a past value lay outside its interval, negative where it lay inside. The margin is negative too
    where the intervals were wider than need be. None where the past is too short.
    """
    rank = conformal_rank(len(residuals), confidence)
    return None if rank is None else sorted(residuals)[rank - 1]


def relative_residual(low: float, high: float, actual: float) -> float:
    """Return how far a value lies outside an interval, in widths of the interval, negative inside; a quarter of any size counts alike."""
    width = high - low
    outside = max(low - actual, actual - high)
    return outside / width if width > 0 else (0.0 if outside <= 0 else math.inf)
