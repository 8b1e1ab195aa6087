"""The tests by which a detector judges a figure, and what they can find at all. Pure.

Sources: Rousseeuw and Croux (median and MAD), Page and Siegmund (CUSUM), Laney (p′ charts), Benjamini and Hochberg.
Intervals of shares and of their differences are in `core.intervals`.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.stats import binom, false_discovery_control, median_abs_deviation

NORMAL_MAD = 1.4826  # the standard deviation of a normal distribution in units of its MAD
MEAN_MOVING_RANGE = 1.128  # the mean range of two values of a normal distribution, in standard deviations
CUSUM_OVERSHOOT = 1.166  # Siegmund: how much later a discrete CUSUM passes its limit than a continuous one
PRIOR_SIZE = 20  # cases of the company's rate that stand behind each small group
RATE_STATES = 400  # into which the state of a CUSUM is cut to find its run length


def robust_z(value: float, history: Sequence[float], floor: float = 0.0) -> float | None:
    """Return how far a value is from the median of its history, in robust standard deviations.

    Args:
        history: the same weekday of earlier weeks, at least two values.
        floor: the smallest standard deviation that counts, in the unit of the value. A history without any variation
            has no other.

    Returns:
        None where the history does not vary and no floor is given.
    """
    spread = max(NORMAL_MAD * float(median_abs_deviation(history)), floor)
    return (value - float(np.median(history))) / spread if spread else None


def cusum(values: Sequence[float], target: float, sigma: float, slack: float = 0.5) -> Iterator[tuple[float, float]]:
    """Yield the sums of what was too high and too low after each value, in standard deviations, never below 0.

    Args:
        slack: half of the shift that matters, in standard deviations.
    """
    high = low = 0.0
    for value in values:
        z = (value - target) / sigma
        high, low = max(0.0, high + z - slack), max(0.0, low - z - slack)
        yield high, low


def cusum_points_between_false_alarms(limit: float, slack: float = 0.5) -> float:
    """Return how many points pass between two false alarms of a two-sided CUSUM (Siegmund's approximation)."""
    reach = limit + CUSUM_OVERSHOOT
    one_sided = (math.exp(2 * slack * reach) - 2 * slack * reach - 1) / (2 * slack**2)
    return one_sided / 2


def cusum_points_to_find(shift: float, limit: float, slack: float = 0.5) -> float:
    """Return after how many points a shift, in standard deviations, is found (Siegmund's approximation)."""
    drift, reach = shift - slack, limit + CUSUM_OVERSHOOT
    return (math.exp(-2 * drift * reach) + 2 * drift * reach - 1) / (2 * drift**2)


def cusum_limit(points_between_false_alarms: float, slack: float = 0.5) -> float:
    """Return the limit at which a two-sided CUSUM raises one false alarm in so many points."""
    excess = lambda limit: cusum_points_between_false_alarms(limit, slack) - points_between_false_alarms  # noqa: E731
    return float(brentq(excess, 0.01, 50))


@dataclass(frozen=True)
class RateCusum:
    """A CUSUM of log-likelihoods that looks for the fall of a rate from `usual` to `fallen`."""

    usual: float
    fallen: float

    def step(self, hits: Any, size: float) -> Any:
        """Return what a period adds, or each of an array of hits: above 0 where they fit the fallen rate better."""
        gain = hits * math.log(self.fallen / self.usual)
        return gain + (size - hits) * math.log((1 - self.fallen) / (1 - self.usual))

    def sums(self, periods: Sequence[tuple[int, int]]) -> Iterator[float]:
        """Yield the sum after each period of (hits, size), never below 0."""
        total = 0.0
        for hits, size in periods:
            total = max(0.0, total + self.step(hits, size))
            yield total

    def mean_run_length(self, limit: float, size: int, rate: float) -> float:
        """Return how many periods of a size pass until the limit, at a rate, by a Markov chain over the sum."""
        hits = np.arange(size + 1)
        steps, chances = np.array([self.step(float(hit), size) for hit in hits]), binom.pmf(hits, size, rate)
        width = limit / RATE_STATES
        chain = np.zeros((RATE_STATES, RATE_STATES))
        for state in range(RATE_STATES):
            reached = np.maximum(0.0, (state + 0.5) * width * (state > 0) + steps)
            is_below = reached < limit
            targets = np.minimum((reached[is_below] / width).astype(int), RATE_STATES - 1)
            np.add.at(chain[state], targets, chances[is_below])
        return float(np.linalg.solve(np.eye(RATE_STATES) - chain, np.ones(RATE_STATES))[0])

    def limit_for(self, periods_between_false_alarms: float, size: int) -> float:
        """Return the lowest limit with one false alarm in so many periods or fewer."""
        low, high = 0.01, 1.0
        while self.mean_run_length(high, size, self.usual) < periods_between_false_alarms:
            low, high = high, 2 * high
        for _ in range(24):
            middle = (low + high) / 2
            is_enough = self.mean_run_length(middle, size, self.usual) >= periods_between_false_alarms
            low, high = (low, middle) if is_enough else (middle, high)
        return high

    def periods_to_find(self, periods_between_false_alarms: float, size: int) -> float:
        """Return after how many periods of a size the fall is found, on average: no method is faster at this error rate."""
        return self.mean_run_length(self.limit_for(periods_between_false_alarms, size), size, self.fallen)


@dataclass(frozen=True)
class RateLimits:
    """The limits of a rate over periods, widened where periods differ by more than chance (Laney's p′ chart)."""

    mean: float
    dispersion: float  # 1: as chance alone would have it

    def limits(self, size: int, width: float = 3.0) -> tuple[float, float]:
        reach = width * self.dispersion * math.sqrt(self.mean * (1 - self.mean) / size)
        return self.mean - reach, self.mean + reach


def rate_limits(periods: Sequence[tuple[int, int]]) -> RateLimits | None:
    """Return the limits by periods of (hits, size); None where the rate of all is 0 or 1, or only one period is given."""
    sizes = np.array([size for _, size in periods if size], dtype=float)
    rates = np.array([hits / size for hits, size in periods if size])
    mean = float((rates * sizes).sum() / sizes.sum()) if sizes.size else 0.0
    if sizes.size < 2 or mean in {0.0, 1.0}:
        return None
    z = (rates - mean) / np.sqrt(mean * (1 - mean) / sizes)
    return RateLimits(mean, float(np.abs(np.diff(z)).mean() / MEAN_MOVING_RANGE))


def shrink_rate(hits: int, size: int, overall: Fraction | float, prior_size: int = PRIOR_SIZE) -> float:
    """Return the rate of a small group, drawn towards the rate of all the more the fewer cases it has."""
    return float((hits + prior_size * overall) / (size + prior_size))


def false_discovery_limit(false_alarms_per_quarter: float, runs_per_quarter: float) -> float:
    """Return the q of Benjamini and Hochberg that allows so many false alarms a quarter over all detectors together.

    Where nothing is wrong, q is the chance of any alarm in one run.
    """
    return min(1.0, false_alarms_per_quarter / runs_per_quarter)


def adjust_p_values(p_values: Sequence[float], *, are_dependent: bool = False) -> list[float]:
    """Return the p-values adjusted for their number: an alarm is one at or below `false_discovery_limit`."""
    if not p_values:
        return []
    return [float(p) for p in false_discovery_control(p_values, method="by" if are_dependent else "bh")]
