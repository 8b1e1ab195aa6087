"""Statistics of small groups that answer on a scale: gaps between two groups, agreement within one, reliability of items.

Pure functions over plain numbers. Sources: Welch (1947) with Satterthwaite's degrees of freedom; O'Neill 2017
(PMC5427087) and the R package multilevel for r_wg, a_wg and AD; Lindell for r*wg(j).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import comb, lcm, sqrt

import numpy as np
from scipy.special import stdtr, stdtrit

EXACT_UP_TO = 20  # people in both groups together; beyond it Welch's test serves as well
POINTS = 5


@dataclass(frozen=True)
class Interval:
    """A difference of means with its standard error, degrees of freedom and confidence limits."""

    gap: float
    error: float
    degrees: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        return self.low > 0 or self.high < 0


def mean(values: Sequence[float]) -> float:
    return float(np.mean(values))


def variance(values: Sequence[float]) -> float:
    """Return the sample variance (n − 1); at least two values are needed."""
    return float(np.var(values, ddof=1))


def welch_interval(first: Sequence[float], second: Sequence[float], confidence: float = 0.95) -> Interval:
    """Return mean(first) − mean(second) with its interval; each group needs two values."""
    spreads = (variance(first), variance(second))
    return welch_from_summary(mean(first) - mean(second), spreads, (len(first), len(second)), confidence)


def welch_from_summary(
    gap: float, variances: tuple[float, float], sizes: tuple[int, int], confidence: float = 0.95
) -> Interval:
    """Return the interval of a gap whose groups are known by variance and size alone."""
    parts = [spread / size for spread, size in zip(variances, sizes, strict=True)]
    error = sqrt(sum(parts))
    if not error:
        return Interval(gap, 0.0, float(sum(sizes) - 2), gap, gap)
    degrees = sum(parts) ** 2 / sum(part**2 / (size - 1) for part, size in zip(parts, sizes, strict=True))
    reach = float(stdtrit(degrees, (1 + confidence) / 2)) * error
    return Interval(gap, error, degrees, gap - reach, gap + reach)


def paired_interval(differences: Sequence[float], confidence: float = 0.95) -> Interval:
    """Return the mean of differences within persons with its interval."""
    size = len(differences)
    error = sqrt(variance(differences) / size)
    reach = float(stdtrit(size - 1, (1 + confidence) / 2)) * error
    gap = mean(differences)
    return Interval(gap, error, float(size - 1), gap - reach, gap + reach)


def gap_p_value(first: Sequence[float], second: Sequence[float]) -> float:
    """Return the two-sided p of a gap: exact for up to 20 people, by Welch's test beyond."""
    if len(first) + len(second) <= EXACT_UP_TO:
        return exact_permutation_p(first, second)
    interval = welch_interval(first, second)
    if not interval.error:
        return 0.0 if interval.gap else 1.0
    return float(2 * stdtr(interval.degrees, -abs(interval.gap) / interval.error))


def exact_permutation_p(first: Sequence[float], second: Sequence[float]) -> float:
    """Return the two-sided p over all ways to split the answers into these two sizes.

    It is twice the smaller tail, as `scipy.stats.permutation_test` has it. Splits are counted by their sum, not listed:
    `counts[k, s]` is the number of ways to choose k answers that sum to s.
    """
    answers = _as_integers([*first, *second])
    size, total = len(first), sum(answers)
    counts = np.zeros((size + 1, total + 1), dtype=np.int64)
    counts[0, 0] = 1
    for answer in answers:
        counts[1:, answer:] += counts[:-1, : total + 1 - answer].copy()
    observed = sum(answers[:size])
    smaller_tail = min(counts[size][: observed + 1].sum(), counts[size][observed:].sum())
    return min(1.0, float(2 * smaller_tail / comb(len(answers), size)))


def exact_sign_flip_p(differences: Sequence[float]) -> float:
    """Return the two-sided exact p of paired differences: the share of all sign patterns with a sum at least as far from 0."""
    steps = _as_integers([abs(difference) for difference in differences])
    signed = sum(step if difference > 0 else -step for step, difference in zip(steps, differences, strict=True))
    reach = sum(steps)
    counts = np.zeros(2 * reach + 1, dtype=np.float64)
    counts[reach] = 1
    for step in steps:
        counts = np.roll(counts, step) + np.roll(counts, -step)
    distances = np.abs(np.arange(-reach, reach + 1))
    return float(counts[distances >= abs(signed)].sum() / counts.sum())


def _as_integers(values: Sequence[float]) -> list[int]:
    """Scale values such as means of two or three answers to whole numbers, exactly."""
    fractions = [Fraction(value).limit_denominator(1000) for value in values]
    scale = lcm(*(fraction.denominator for fraction in fractions))
    return [int(fraction * scale) for fraction in fractions]


def cliffs_delta(first: Sequence[float], second: Sequence[float]) -> float:
    """Return P(first > second) − P(first < second), from −1 to 1."""
    return float(np.sign(np.subtract.outer(np.asarray(first), np.asarray(second))).mean())


def uniform_variance(points: int = POINTS) -> float:
    """Return the variance of answers spread evenly over all points of the scale."""
    return (points**2 - 1) / 12


def agreement_rwg(values: Sequence[float], points: int = POINTS) -> float:
    """Return r_wg: 1 where all answer alike, 0 where they answer as if at random or worse."""
    return max(0.0, raw_agreement_rwg(values, points))


def raw_agreement_rwg(values: Sequence[float], points: int = POINTS) -> float:
    return 1 - variance(values) / uniform_variance(points)


def agreement_awg(values: Sequence[float], points: int = POINTS) -> float:
    """Return a_wg, which sets the spread against the widest that this mean allows; −1 to 1.

    All at one end of the scale leaves no spread to compare with and counts as full agreement.
    """
    centre, size = mean(values), len(values)
    widest = ((points + 1) * centre - centre**2 - points) * size / (size - 1)
    return 1 - 2 * variance(values) / widest if widest > 0 else 1.0


def average_deviation(values: Sequence[float]) -> float:
    """Return AD, the mean distance from the mean; up to points ÷ 6 counts as agreement."""
    return float(np.mean(np.abs(np.asarray(values) - np.mean(values))))


def agreement_rwg_j(rows: Sequence[Sequence[float]], points: int = POINTS) -> float:
    """Return r_wg(j) of several items, which grows with their number; `rows` are persons."""
    star, items = agreement_rwg_star(rows, points), len(rows[0])
    return items * star / (items * star + 1 - star)


def agreement_rwg_star(rows: Sequence[Sequence[float]], points: int = POINTS) -> float:
    """Return r*wg(j) = 1 − mean item variance ÷ σ², which does not grow with the number of items; 0 at least."""
    spread = float(np.var(np.asarray(rows, dtype=float), axis=0, ddof=1).mean())
    return max(0.0, 1 - spread / uniform_variance(points))


def cronbach_alpha(rows: Sequence[Sequence[float]]) -> float | None:
    """Return Cronbach's α of the items; None where all persons have the same total."""
    table = np.asarray(rows, dtype=float)
    items = table.shape[1]
    total = float(table.sum(axis=1).var(ddof=1))
    if not total:
        return None
    return float(items / (items - 1) * (1 - table.var(axis=0, ddof=1).sum() / total))


def spearman_brown(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Return 2r ÷ (1 + r), the reliability of two items; None where one of them does not vary or r is −1."""
    if not (variance(first) and variance(second)):
        return None
    correlation = float(np.corrcoef(first, second)[0, 1])
    return 2 * correlation / (1 + correlation) if correlation > -1 else None


def reliability(rows: Sequence[Sequence[float]]) -> float | None:
    """Return how well the items of a dimension hang together: Spearman–Brown for two, Cronbach's α for more."""
    if len(rows[0]) == 2:
        return spearman_brown([row[0] for row in rows], [row[1] for row in rows])
    return cronbach_alpha(rows)


def widest_variance(centre: float, size: int, points: int = POINTS) -> float:
    """Return the largest sample variance that answers from 1 to `points` with this mean can have."""
    return (centre - 1) * (points - centre) * size / (size - 1)
