"""How evenly quotas are set and met: spread, inequality, and whether attainment follows potential. Pure.

Sources: formulas.md 5.8 and methods.md 5. The interval of a rank correlation is that of Bonett and Wright (2000): Fisher's z
with the standard error √((1 + ρ²/2) ÷ (n − 3)).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from core.intervals import Z

MIN_REPS = 8  # fewer give no verdict
BANDS = (
    (0.5, "under 50%"),
    (0.8, "50% to 80%"),
    (1.0, "80% to 100%"),
    (1.2, "100% to 120%"),
    (math.inf, "120% and more"),
)
NEAR = 0.2  # a rep is near the quota within this share of it
ALIKE = 0.1  # potential ÷ quota is alike within this share of the mean
AT_QUOTA = (0.55, 0.65)  # the share of reps at quota that a fair plan has
MOST_VARIATION = 0.2  # of quotas
WEAK = 0.3  # a rank correlation up to this is small


@dataclass(frozen=True)
class Correlation:
    """Spearman's rank correlation with its 95 % interval and the p-value of no correlation."""

    rho: float
    low: float
    high: float
    p: float
    n: int

    @property
    def is_apart_from_zero(self) -> bool:
        return self.low > 0 or self.high < 0


def compute_gini(values: Sequence[float]) -> float | None:
    """Return the Gini coefficient, 0 where all are equal; None without a positive mean or with a negative value."""
    if not values or min(values) < 0 or sum(values) <= 0:
        return None
    ranked, n = np.sort(np.asarray(values, dtype=float)), len(values)
    ranks = np.arange(1, n + 1)
    return float(((2 * ranks - n - 1) * ranked).sum() / (n * ranked.sum()))


def compute_variation(values: Sequence[float]) -> float | None:
    """Return the sample standard deviation ÷ the mean; None of fewer than two values or without a positive mean."""
    if len(values) < 2 or sum(values) <= 0:
        return None
    return float(np.std(values, ddof=1) / np.mean(values))


def correlate_ranks(first: Sequence[float], second: Sequence[float]) -> Correlation | None:
    """Return Spearman's correlation; None of fewer than `MIN_REPS` pairs, or where one side is all equal."""
    n = len(first)
    if n < MIN_REPS or len(set(first)) < 2 or len(set(second)) < 2:
        return None
    rho, p = (float(value) for value in stats.spearmanr(first, second))
    z = math.atanh(max(-1 + 1e-12, min(1 - 1e-12, rho)))
    reach = Z * math.sqrt((1 + rho * rho / 2) / (n - 3))
    return Correlation(rho, math.tanh(z - reach), math.tanh(z + reach), p, n)


def count_bands(attainments: Sequence[float]) -> list[tuple[str, int]]:
    """Count the reps in each band of attainment; a band begins at its lower edge."""
    counts, below = [], -math.inf
    for edge, label in BANDS:
        counts.append((label, sum(1 for value in attainments if below <= value < edge)))
        below = edge
    return counts


@dataclass(frozen=True)
class Spread:
    """The least, the quartiles and the most of a set of values."""

    least: float
    lower: float
    median: float
    upper: float
    most: float


def compute_spread(values: Sequence[float]) -> Spread | None:
    return Spread(*map(float, np.quantile(values, [0, 0.25, 0.5, 0.75, 1]))) if values else None


def count_alike(ratios: Sequence[float]) -> tuple[int, float] | None:
    """Return how many ratios are within ±10 % of their mean, and the mean; None of none or without a positive mean."""
    mean = float(np.mean(ratios)) if ratios else 0.0
    if mean <= 0:
        return None
    return sum(1 for ratio in ratios if is_alike(ratio, mean)), mean


def is_alike(ratio: float, mean: float) -> bool:
    return abs(ratio - mean) <= ALIKE * mean * (1 + 1e-12)
