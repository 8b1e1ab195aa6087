"""What an alarm costs in a year, with its interval: cases lost × chance to win × average value of a won deal. Pure.

The interval is the middle 95 % of 2,000 draws: shares from their Beta posteriors, the average value from a bootstrap of the
won deals. A bare figure is never shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from core.intervals import newcombe_interval

DRAWS = 2_000
SEED = 19530101
MINIMUM_WON = 5  # deals, below which no average is worth printing
WEEKS_A_YEAR = 52.18
WON = "won"  # the starting point of a deal that would have been won
Share = tuple[int, int]  # hits of a number of cases


@dataclass(frozen=True)
class MoneyRange:
    """Money a year: the middle estimate and the 95 % interval around it."""

    low: Decimal
    middle: Decimal
    high: Decimal
    currency: str


@dataclass(frozen=True)
class MoneyBasis:
    """What became of the company's leads, hand-offs and deals, and what won deals brought.

    Attributes:
        won: for each starting point (`lead`, `handoff`, `accepted`, `deal`, answered `in_time` or `late`) how many were won
            of how many; only cohorts old enough to have an end.
        amounts: of the deals won in the last year, in the company's currency.
    """

    currency: str
    won: dict[str, Share]
    amounts: Sequence[float]

    def is_enough(self, start: str) -> bool:
        if start == WON:
            return len(self.amounts) >= MINIMUM_WON
        hits, _ = self.won.get(start, (0, 0))
        return hits >= MINIMUM_WON and len(self.amounts) >= MINIMUM_WON


def estimate_cases(basis: MoneyBasis, start: str, cases_per_year: float) -> MoneyRange | None:
    """Return what so many cases a year are worth that are never worked: cases × chance to win × average value."""
    if not basis.is_enough(start) or cases_per_year <= 0:
        return None
    random = np.random.default_rng(SEED)
    return _to_range(cases_per_year * _draw_worth(basis, start, random), basis.currency)


def estimate_lost_rate(
    basis: MoneyBasis, start: str, cases_per_year: float, usual: Share, now: Share
) -> MoneyRange | None:
    """Return what a fallen rate costs: cases × (usual rate − rate now) × chance to win from there × average value."""
    if not basis.is_enough(start) or cases_per_year <= 0 or not usual[1] or not now[1]:
        return None
    random = np.random.default_rng(SEED)
    lost = np.abs(_draw_share(usual, random) - _draw_share(now, random))
    return _to_range(cases_per_year * lost * _draw_worth(basis, start, random), basis.currency)


def estimate_difference(basis: MoneyBasis, cases_per_year: float, better: Share, worse: Share) -> MoneyRange | None:
    """Return what cases lose that go the worse of two ways: cases × difference of the chances to win × average value.

    None where the records do not show that the two chances differ.
    """
    interval = newcombe_interval(better, worse) if better[1] and worse[1] else None
    if interval is None or interval[0] <= 0 or cases_per_year <= 0 or not basis.is_enough(WON):
        return None
    random = np.random.default_rng(SEED)
    lost = np.maximum(_draw_share(better, random) - _draw_share(worse, random), 0)
    return _to_range(cases_per_year * lost * _draw_worth(basis, WON, random), basis.currency)


def fixed_amount(amount: Decimal, currency: str) -> MoneyRange:
    """Return an amount that is counted, not estimated: its interval is the amount."""
    return MoneyRange(amount, amount, amount, currency)


def add_ranges(ranges: Sequence[MoneyRange]) -> MoneyRange | None:
    """Return the sum of costs in one currency. The ends are added as they are, which is wider than independence would be."""
    if not ranges:
        return None
    zero = Decimal(0)
    return MoneyRange(
        sum((cost.low for cost in ranges), zero),
        sum((cost.middle for cost in ranges), zero),
        sum((cost.high for cost in ranges), zero),
        ranges[0].currency,
    )


def _draw_share(share: Share, random: np.random.Generator) -> np.ndarray:
    return random.beta(share[0] + 0.5, share[1] - share[0] + 0.5, DRAWS)


def _draw_worth(basis: MoneyBasis, start: str, random: np.random.Generator) -> np.ndarray:
    """Return draws of what one case brings: the chance that it is won, times an average of won deals."""
    amounts = np.asarray(basis.amounts, dtype=float)
    # The mean of a resample has this spread; drawing it directly spares 2,000 resamples of what may be 100,000 deals.
    averages = random.normal(amounts.mean(), amounts.std() / np.sqrt(amounts.size), DRAWS)
    if amounts.size <= 1_000:
        averages = random.choice(amounts, (DRAWS, amounts.size)).mean(axis=1)
    return averages if start == WON else _draw_share(basis.won[start], random) * averages


def _to_range(draws: np.ndarray, currency: str) -> MoneyRange:
    ends = np.percentile(np.maximum(draws, 0), [2.5, 50, 97.5])
    low, middle, high = (Decimal(str(round(float(end), 2))) for end in ends)
    return MoneyRange(low, middle, high, currency)
