"""Credit by the Shapley value: what each channel adds, on average over all orders in which channels could have joined.

Two values of a set S of channels are in use.

- **Conversions**: v(S) = conversions of the journeys whose channels all lie in S. The Shapley value then has a closed form for
  any number of channels: each conversion is shared equally among the distinct channels of its journey (Zhao, Mahboobi,
  Bagheri, arXiv 1804.05327). It does not look at journeys that failed.
- **Rate**: v(S) = conversions ÷ journeys among those whose channels all lie in S. It sees failures, is exact for up to 12
  channels, and can fall when a channel joins; see `attribute_shapley_by_rate`.
"""

from dataclasses import dataclass
from math import factorial

import numpy as np

from attribution.methods.journeys import Floats, Integers, Journeys, sum_by_number

MOST_RATE_CHANNELS = 12


@dataclass(frozen=True)
class ShapleyCredit:
    """What each channel earns; both arrays add up to the totals of the journeys with touches."""

    conversions: Floats
    value: Floats


@dataclass(frozen=True)
class RateShapley:
    """The rate form, one entry per channel."""

    contributions: (
        Floats  # Shapley values; they add up to the conversion rate over all channels; below 0 when not monotone
    )
    shares: Floats  # contribution ÷ sum of contributions
    conversions: Floats
    value: Floats
    falls: int  # times that the raw rate falls when a channel joins a set

    @property
    def negatives(self) -> Integers:
        """Return the channels with a contribution below 0."""
        return np.flatnonzero(self.contributions < 0)


def attribute_shapley(journeys: Journeys) -> ShapleyCredit:
    """Return the closed form: each journey's conversions and value in equal parts to its distinct channels."""
    owner, channel = list_distinct_channels(journeys)
    parts = np.bincount(owner, minlength=len(journeys.value))[owner]
    size = journeys.channels
    return ShapleyCredit(
        conversions=sum_by_number(channel, journeys.conversions[owner] / parts, size),
        value=sum_by_number(channel, journeys.value[owner] / parts, size),
    )


def list_distinct_channels(journeys: Journeys) -> tuple[Integers, Integers]:
    """Return journey and channel of each channel that a journey has, once each."""
    pairs = np.sort(
        journeys.journey * journeys.channels + journeys.channel
    )  # np.unique hashes, which takes longer here
    pairs = pairs[np.append(True, pairs[1:] != pairs[:-1])[: len(pairs)]]
    return pairs // max(journeys.channels, 1), pairs % max(journeys.channels, 1)


def attribute_shapley_by_rate(journeys: Journeys, *, monotone: bool = True) -> RateShapley:
    """Return the rate form for up to 12 channels; more raise a ValueError.

    The rate can fall when a channel joins, and its contribution would be negative. With `monotone`, a set is worth the best
    rate of any set inside it, and no contribution is negative. Without it, negatives are in the answer.
    """
    sets = list_channel_sets(journeys)
    size = 1 << journeys.channels
    counts = np.stack(
        [
            np.bincount(sets, journeys.conversions, minlength=size),
            np.bincount(sets, journeys.conversions + journeys.nulls, minlength=size),
        ]
    )
    counts[:, 0] = 0  # journeys without a channel
    rates = compute_set_rates(counts[0], counts[1])
    contributions = compute_monotone_shapley(rates) if monotone else compute_shapley(rates)
    total = contributions.sum()
    shares = contributions / total if total else np.zeros_like(contributions)
    return RateShapley(
        contributions=contributions,
        shares=shares,
        conversions=shares * journeys.conversions[journeys.touched].sum(),
        value=shares * journeys.value[journeys.touched].sum(),
        falls=_count_falls(rates),
    )


def list_channel_sets(journeys: Journeys) -> Integers:
    """Return the set of channels of each journey as a number: bit c says that channel c is in it."""
    if journeys.channels > MOST_RATE_CHANNELS:
        raise ValueError(
            f"The rate form of Shapley takes at most {MOST_RATE_CHANNELS} channels, not {journeys.channels}. "
            "Merge the smallest ones, or use the form by conversions."
        )
    owner, channel = list_distinct_channels(journeys)
    return np.bincount(owner, 1 << channel, minlength=len(journeys.value)).astype(np.int64)


def compute_set_rates(conversions: Floats, journeys: Floats) -> Floats:
    """Return v(S) of each set along the last axis (2^n sets), from counts by exact set."""
    totals = sum_over_subsets(journeys)
    return np.divide(sum_over_subsets(conversions), totals, out=np.zeros_like(totals), where=totals > 0)


def sum_over_subsets(values: Floats) -> Floats:
    """Return, for each set along the last axis, the sum over all sets inside it."""
    sums = np.array(values, dtype=np.float64, order="C")
    for channel in range(_count_channels(sums)):
        without, joined = _split_by_channel(sums, channel)
        joined += without
    return sums


def raise_to_best_subset(values: Floats) -> Floats:
    """Return, for each set along the last axis, the largest value of any set inside it: the least monotone v above v."""
    best = np.array(values, dtype=np.float64, order="C")
    for channel in range(_count_channels(best)):
        without, joined = _split_by_channel(best, channel)
        np.maximum(joined, without, out=joined)
    return best


def compute_shapley(values: Floats) -> Floats:
    """Return the Shapley value of each channel from v(S) of all 2^n sets along the last axis."""
    values = np.ascontiguousarray(values)
    channels = _count_channels(values)
    # Σ w(|S|) · (v(S + c) − v(S)) over S without c, as one product of all v with a matrix of signed weights
    weights = np.empty((1 << channels, channels))
    sizes = np.array([number.bit_count() for number in range(1 << channels)])
    orders = np.array([factorial(k) * factorial(channels - k - 1) / factorial(channels) for k in range(channels)])
    for channel in range(channels):
        has = (np.arange(1 << channels) >> channel & 1).astype(bool)
        weights[has, channel] = orders[sizes[has] - 1]
        weights[~has, channel] = -orders[sizes[~has]]
    return np.asarray(values @ weights)


def compute_monotone_shapley(rates: Floats) -> Floats:
    """Return the Shapley values where a set is worth the best rate of any set inside it; none is negative."""
    return np.maximum(compute_shapley(raise_to_best_subset(rates)), 0.0)  # rounding alone could pass below 0


def _count_channels(values: Floats) -> int:
    return values.shape[-1].bit_length() - 1


def _split_by_channel(values: Floats, channel: int) -> tuple[Floats, Floats]:
    """Return views of all sets without a channel, and of the same sets after it has joined."""
    halves = values.reshape(*values.shape[:-1], -1, 2, 1 << channel)
    return halves[..., 0, :], halves[..., 1, :]


def _count_falls(rates: Floats) -> int:
    pairs = (_split_by_channel(rates, channel) for channel in range(_count_channels(rates)))
    return sum(int((joined < without - 1e-12).sum()) for without, joined in pairs)
