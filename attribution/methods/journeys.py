"""Journeys as arrays: what the data-driven models and the resampling read. No Django, no dates."""

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Journeys:
    """Who touched which channel in which order, and what came of it; make one with `build_journeys`.

    `journey` and `channel` have one entry per touch, sorted by journey and then by time; a touch that repeats the channel
    before it is left out. The other arrays have one entry per journey. A journey without touches has no channel to credit:
    no model counts its conversions or its value.
    """

    journey: Integers  # of each touch
    channel: Integers  # of each touch, from 0
    channels: int  # how many channels there are
    conversions: Floats  # times that the journey ended in a conversion
    nulls: Floats  # times that it ended without
    value: Floats  # of its conversions, in one currency
    company: Integers  # whose journey it is, from 0

    @property
    def lengths(self) -> Integers:
        """Return the number of touches of each journey, repeats left out."""
        return np.bincount(self.journey, minlength=len(self.value)).astype(np.int64)

    @property
    def touched(self) -> NDArray[np.bool_]:
        """Return whether each journey has a touch."""
        return self.lengths > 0

    def select(self, mask: NDArray[np.bool_]) -> "Journeys":
        """Return some of the journeys, numbered from 0; companies and channels keep their numbers."""
        numbers = np.cumsum(mask) - 1
        touches = mask[self.journey]
        return Journeys(
            journey=numbers[self.journey[touches]],
            channel=self.channel[touches],
            channels=self.channels,
            conversions=self.conversions[mask],
            nulls=self.nulls[mask],
            value=self.value[mask],
            company=self.company[mask],
        )


def build_journeys(
    journey: Any,
    channel: Any,
    *,
    conversions: Any,
    value: Any,
    channels: int,
    nulls: Any = None,
    company: Any = None,
) -> Journeys:
    """Check the arrays and put the touches in order of their journeys, keeping their order within each.

    Without `nulls`, a journey without conversions ended once without one. Without `company`, each journey is a company of
    its own.
    """
    journeys = len(conversions)
    ends = np.asarray(conversions, dtype=np.float64)
    of_touch, states = np.asarray(journey, dtype=np.int64), np.asarray(channel, dtype=np.int64)
    if len(of_touch) != len(states) or len(value) != journeys:
        raise ValueError("Give one channel per touch and one value per journey.")
    if len(of_touch) and not (of_touch.min() >= 0 and of_touch.max() < journeys):
        raise ValueError(f"Journeys are numbered from 0 to {journeys - 1}.")
    if len(states) and not (states.min() >= 0 and states.max() < channels):
        raise ValueError(f"Channels are numbered from 0 to {channels - 1}.")
    if len(ends) and ends.min() < 0:
        raise ValueError("A number of conversions cannot be negative.")
    order = np.argsort(of_touch, kind="stable")
    of_touch, states = of_touch[order], states[order]
    new = np.ones(len(of_touch), dtype=bool)
    new[1:] = (of_touch[1:] != of_touch[:-1]) | (states[1:] != states[:-1])
    return Journeys(
        journey=of_touch[new],
        channel=states[new],
        channels=channels,
        conversions=ends,
        nulls=(ends == 0).astype(np.float64) if nulls is None else np.asarray(nulls, dtype=np.float64),
        value=np.asarray(value, dtype=np.float64),
        company=np.arange(journeys) if company is None else np.asarray(company, dtype=np.int64),
    )


def sum_by_number(numbers: Integers, amounts: Floats, size: int) -> Floats:
    """Return the sum of the amounts of each number from 0 to size − 1."""
    return np.bincount(numbers, amounts, minlength=size).astype(np.float64)


def group_channels(journeys: Journeys, groups: Integers) -> Journeys:
    """Return the journeys with the group of each channel, numbered from 0, in its stead."""
    return build_journeys(
        journeys.journey, groups[journeys.channel], conversions=journeys.conversions, nulls=journeys.nulls,
        value=journeys.value, channels=int(groups.max()) + 1, company=journeys.company,
    )  # fmt: skip


def number_paths(journeys: Journeys) -> Integers:
    """Return a number per journey, the same for journeys with the same channels in the same order; 0 has no touch.

    The paths are the nodes of a prefix tree, built step by step for all journeys at once. The numbers depend on the set of
    paths alone, not on the order of the journeys.
    """
    lengths = journeys.lengths
    first = np.cumsum(lengths) - lengths
    nodes = np.zeros(len(lengths), dtype=np.int64)
    going, step, nodes_so_far = np.flatnonzero(lengths), 0, 1
    while going.size:
        keys = nodes[going] * journeys.channels + journeys.channel[first[going] + step]
        distinct, numbers = np.unique(keys, return_inverse=True)
        nodes[going] = nodes_so_far + numbers
        nodes_so_far += len(distinct)
        step += 1
        going = going[lengths[going] > step]
    return nodes


def derive_seed(journeys: Journeys, paths: Integers) -> int:
    """Return a seed that the data alone decide, so that the same data give the same intervals."""
    order = np.lexsort((journeys.nulls, journeys.value, journeys.conversions, paths, journeys.company))
    digest = hashlib.blake2b(digest_size=8)
    for column in (journeys.company, paths, journeys.conversions, journeys.nulls, journeys.value):
        digest.update(np.ascontiguousarray(column[order]).tobytes())
    return int.from_bytes(digest.digest(), "big")
