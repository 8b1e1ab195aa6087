"""From a revenue goal back to leads, at the company's own rates, with intervals. Pure.

Roberge's chain: 100 leads become 50 MQLs, 30 SALs, 15 opportunities and 5 customers, so 5 customers need 100 leads.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import stats

from core.periods import Period

DRAWS = 2000
SEED = 20140101  # the same question has the same answer
COVERAGE = 0.8
EDGES = ((1 - COVERAGE) / 2, (1 + COVERAGE) / 2)
MOST_RESAMPLED = 2000  # with more customers, their mean is normal
FEWEST_WON = 5  # of fewer wins no rate is given
POINT = 0.01


@dataclass(frozen=True)
class Range:
    """An 80 % interval."""

    low: float
    high: float


@dataclass(frozen=True)
class Rate:
    """Of the `n` leads that came at least as far as one stage, `reached` came to the next or further."""

    n: int
    reached: int

    @property
    def value(self) -> float:
        return self.reached / self.n if self.n else 0.0

    @property
    def shape(self) -> tuple[float, float]:
        """The parameters of the Beta distribution that is left after these leads (Jeffreys prior)."""
        return self.reached + 0.5, self.n - self.reached + 0.5

    @property
    def interval(self) -> Range:
        low, high = stats.beta.ppf(EDGES, *self.shape)
        return Range(0.0 if not self.reached else float(low), 1.0 if self.reached == self.n else float(high))


@dataclass(frozen=True)
class Chain:
    """What became of one cohort: how many leads came at least as far as each stage, the win last, and what each win brought.

    `amounts` are of the customers whose won deals have an amount.
    """

    counts: tuple[int, ...]
    amounts: tuple[float, ...]

    @property
    def won(self) -> int:
        return self.counts[-1]

    @property
    def is_enough(self) -> bool:
        return self.won >= FEWEST_WON and self.value > 0

    @property
    def rates(self) -> tuple[Rate, ...]:
        return tuple(Rate(n, reached) for n, reached in zip(self.counts, self.counts[1:], strict=False))

    @property
    def value(self) -> float:
        """Revenue per customer: all won deals of a lead together."""
        return float(np.mean(self.amounts)) if self.amounts else 0.0

    @cached_property
    def rate_draws(self) -> "np.ndarray[tuple[int, ...], np.dtype[np.float64]]":
        """One row for each rate."""
        dice = np.random.default_rng(SEED)
        return np.array([dice.beta(*rate.shape, size=DRAWS) for rate in self.rates])

    @cached_property
    def value_draws(self) -> "np.ndarray[tuple[int, ...], np.dtype[np.float64]]":
        """Means of resampled customers."""
        dice, amounts = np.random.default_rng(SEED + 1), np.asarray(self.amounts, dtype=float)
        if len(amounts) > MOST_RESAMPLED:
            return dice.normal(amounts.mean(), amounts.std() / np.sqrt(len(amounts)), DRAWS)
        return dice.choice(amounts, size=(DRAWS, len(amounts))).mean(axis=1)

    @property
    def value_interval(self) -> Range:
        return _range_of(self.value_draws)


@dataclass(frozen=True)
class Need:
    """How many leads must come to a stage."""

    number: float
    interval: Range


def compute_needs(chain: Chain, revenue: float) -> tuple[Need, ...]:
    """Return what each stage needs for the revenue, the win last; the chain must have wins with amounts."""
    customers, customer_draws = revenue / chain.value, revenue / np.maximum(chain.value_draws, 1e-9)
    needs = [Need(customers, _range_of(customer_draws))]
    number, draws = customers, customer_draws
    for rate, rate_draws in zip(reversed(chain.rates), reversed(chain.rate_draws), strict=True):
        number, draws = number / rate.value, draws / rate_draws
        needs.insert(0, Need(number, _range_of(draws)))
    return tuple(needs)


@dataclass(frozen=True)
class Sensitivity:
    """What one factor does to the number of leads: better by a point (a rate) or a hundredth (the revenue per customer).

    `range` is the number of leads needed if this factor alone is at the ends of its interval.
    """

    index: int  # of the rate in the chain; one past the last is the revenue per customer
    saved: float
    range: Range

    @property
    def width(self) -> float:
        return self.range.high - self.range.low


def compute_sensitivities(chain: Chain, revenue: float) -> tuple[Sensitivity, ...]:
    leads = compute_needs(chain, revenue)[0].number
    factors = [
        (rate.value, min(1.0, rate.value + POINT), rate.interval) for rate in chain.rates
    ] + [(chain.value, chain.value * (1 + POINT), chain.value_interval)]  # fmt: skip
    return tuple(
        Sensitivity(
            index, leads - leads * now / better,
            Range(leads * now / interval.high, leads * now / interval.low if interval.low else float("inf")),
        )
        for index, (now, better, interval) in enumerate(factors)
    )  # fmt: skip


@dataclass(frozen=True)
class Cohort:
    """The leads whose rates count: those that came in `period`, all of them old enough to be won by now."""

    period: Period
    matures_days: int


def _range_of(draws: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]") -> Range:
    low, high = np.quantile(draws, EDGES)
    return Range(float(low), float(high))


def leads_per_customer(counts: Sequence[int]) -> Range | None:
    """Return the interval of how many leads one customer needs; None where no lead was won."""
    interval = Rate(counts[0], counts[-1]).interval
    return Range(1 / interval.high, 1 / interval.low) if interval.low else None
