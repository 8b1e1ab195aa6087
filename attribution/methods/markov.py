"""Credit by a first-order Markov chain: what a channel is worth is what would be lost without it.

A buyer walks from the start through channels to a conversion or to nothing. With Q the probabilities between the start and
the channels, r those to a conversion, N = (I − Q)⁻¹ and h = N r, the removal effect of channel c is

    RE(c) = N[start, c] ÷ N[c, c] · h(c) ÷ h(start)

which equals sending every way into c to nothing, for all channels by one inverse: N[start, c] ÷ N[c, c] is the probability
that a buyer ever comes to c. Credit = RE ÷ ΣRE × total. Nothing is simulated, so there is no seed and no number of runs.
A channel that follows itself changes nothing, so repeats are left out of the chain.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from attribution.methods.journeys import Floats, Integers, Journeys, sum_by_number


@dataclass(frozen=True)
class MarkovCredit:
    """What the chain says, one entry per channel; credits add up to the conversions and the value of journeys with touches."""

    probability: float  # that a journey converts
    removal_effects: Floats  # share of conversions lost without the channel, 0 to 1
    shares: Floats  # of the total; they add up to 1, or are all 0 without a conversion
    conversions: Floats
    value: Floats
    transitions: Floats  # probabilities, from (start, channels) to (channels, conversion, nothing)


def attribute_markov(journeys: Journeys) -> MarkovCredit:
    """Return the credit of each channel, over journeys that converted and journeys that did not."""
    steps, width = list_transitions(journeys), journeys.channels + 2
    cells = steps.origin * width + steps.target
    counts = sum_by_number(cells, steps.weight, (journeys.channels + 1) * width)
    counts = counts.reshape(journeys.channels + 1, width)
    probability, effects = compute_removal_effects(counts)
    shares = share_effects(effects)
    return MarkovCredit(
        probability=float(probability),
        removal_effects=effects,
        shares=shares,
        conversions=shares * journeys.conversions[journeys.touched].sum(),
        value=shares * journeys.value[journeys.touched].sum(),
        transitions=_normalise_rows(counts),
    )


class Transitions(NamedTuple):
    """Every step of every journey, its end included: one entry per step."""

    journey: Integers
    origin: Integers  # 0 is the start, 1 + c the channel c
    target: Integers  # c is the channel c, then the conversion, then nothing
    weight: Floats  # how often the journey was walked


def list_transitions(journeys: Journeys) -> Transitions:
    """Return the steps between channels, the first steps, the conversions and the ends without one, in this order."""
    is_first = np.ones(len(journeys.journey), dtype=bool)
    is_first[1:] = journeys.journey[1:] != journeys.journey[:-1]
    inner, first = np.flatnonzero(~is_first), np.flatnonzero(is_first)
    last = np.append(first[1:], len(is_first))[: len(first)] - 1
    owner, walks = journeys.journey, journeys.conversions + journeys.nulls
    ends, count = journeys.channel[last] + 1, journeys.channels
    starts = np.zeros(len(first), dtype=np.int64)
    blocks = [
        (owner[inner], journeys.channel[inner - 1] + 1, journeys.channel[inner], walks[owner[inner]]),
        (owner[first], starts, journeys.channel[first], walks[owner[first]]),
        (owner[last], ends, np.full(len(last), count), journeys.conversions[owner[last]]),
        (owner[last], ends, np.full(len(last), count + 1), journeys.nulls[owner[last]]),
    ]
    return Transitions(*(np.concatenate(columns) for columns in zip(*blocks, strict=True)))


def _normalise_rows(counts: Floats) -> Floats:
    totals = counts.sum(axis=-1, keepdims=True)
    return np.divide(counts, totals, out=np.zeros_like(counts), where=totals > 0)


def compute_removal_effects(counts: Floats) -> tuple[Floats, Floats]:
    """Return the probability of a conversion and the removal effect of each channel.

    `counts` has the shape (…, channels + 1, channels + 2); leading dimensions are chains solved side by side. A channel that
    no journey has, and every channel where nothing converts, has the effect 0. Every journey ends, so no chain is singular.
    """
    transitions = _normalise_rows(np.asarray(counts, dtype=np.float64))
    states = transitions.shape[-2]
    between = np.zeros((*transitions.shape[:-2], states, states))
    between[..., 1:] = transitions[..., : states - 1]
    visits = np.linalg.inv(np.eye(states) - between)
    hits = np.einsum("...ij,...j->...i", visits, transitions[..., states - 1])
    start = hits[..., 0]
    reached = visits[..., 0, 1:] / np.diagonal(visits, axis1=-2, axis2=-1)[..., 1:]
    gains = reached * hits[..., 1:]
    effects = np.divide(gains, start[..., None], out=np.zeros_like(gains), where=start[..., None] > 0)
    return start, np.clip(effects, 0.0, 1.0)  # the last bit of a sum can pass either end


def share_effects(effects: Floats) -> Floats:
    """Return each effect as a share of their sum along the last axis."""
    return _normalise_rows(effects)
