"""Divide what each channel earned over deals and touches, so that every deal and every channel gets its whole. Pure numpy.

A model of channels, such as Markov's, says what share of all revenue each channel earned, not what it earned of one deal.
Both sums must hold: the credits of a deal are its amount, those of a channel are its share of all. So the linear
credits of each deal are shifted by one factor per channel (iterative proportional fitting) until the channels have their
share. Where no such factors exist, because a channel alone brought more than its share, as much as fits stays with the
touches; the small rest of every deal goes to the channels that lack it, without a touch.
"""

from dataclasses import dataclass

import numpy as np

from attribution.methods.positional import Floats, Ints

ROUNDS = 500
NEAR = 1e-12
NO_REST = 1e-9


@dataclass(frozen=True)
class ChannelFactors:
    """What linear weights are multiplied with by channel; `attached` is the share of a deal that its touches get.

    `rest` is what each channel gets of the remaining share of every deal; it adds up to 1 − attached.
    """

    factors: Floats
    attached: float
    rest: Floats


def fit_factors(deals: Ints, channels: Ints, shares: Floats, amounts: Floats, targets: Floats) -> ChannelFactors:
    """Find the factors from the linear share of each channel in each deal.

    Args:
        deals, channels, shares: one entry for each deal and channel that touched it; the shares of a deal add up to 1.
        amounts: what each deal is worth, not negative.
        targets: what share of all amounts each channel earned; they add up to 1.
    """
    total = amounts.sum()
    factors = np.ones(targets.size)
    earned = _earned(deals, channels, shares, amounts, factors) / total
    for _ in range(ROUNDS):
        if np.abs(earned - targets).max() < NEAR:
            break
        factors = factors * np.divide(targets, earned, out=np.ones_like(targets), where=earned > 0)
        factors /= factors.max()  # only their ratios count
        factors = np.maximum(factors, 1e-12)  # a channel alone in a deal must be able to earn all of it
        earned = _earned(deals, channels, shares, amounts, factors) / total
    ratios = np.divide(targets, earned, out=np.ones_like(targets), where=earned > 0)
    attached = float(min(1.0, ratios.min()))
    if 1 - attached < NO_REST:
        return ChannelFactors(factors, 1.0, np.zeros(targets.size))
    return ChannelFactors(factors, attached, np.maximum(targets - attached * earned, 0.0))


def _earned(deals: Ints, channels: Ints, shares: Floats, amounts: Floats, factors: Floats) -> Floats:
    weighted = shares * factors[channels]
    totals = np.bincount(deals, weights=weighted, minlength=amounts.size)
    credits_of = weighted * np.divide(amounts, totals, out=np.zeros_like(amounts), where=totals > 0)[deals]
    return np.bincount(channels, weights=credits_of, minlength=factors.size).astype(np.float64)
