"""Attribution by position and by age, for many journeys at once. Pure numpy.

Touches of all journeys lie in one array, journey after journey, each in the order of time; `starts` holds where each
journey begins. Every journey has at least one touch, and its weights add up to 1.

The shares are those of the vendors' definitions. Touches that are several milestones at once get the sum of their
shares; the share of a milestone that no touch is, and of a rest without touches, goes to the others in proportion.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
MISSING = -1
UNITS = 10**10  # stored weights are whole numbers of this fraction


@dataclass(frozen=True)
class JourneyTouches:
    """Touches of many journeys: `ages` in days before the outcome; milestones as the touch's position in the array.

    `lead_created` and `deal_created` hold one position for each journey, MISSING where no touch is the milestone.
    """

    starts: Ints
    ages: Floats
    lead_created: Ints
    deal_created: Ints

    @property
    def lengths(self) -> Ints:
        return np.diff(self.starts, append=self.ages.size)

    @property
    def first(self) -> Ints:
        return self.starts

    @property
    def last(self) -> Ints:
        return self.starts + self.lengths - 1


@dataclass(frozen=True)
class Shares:
    """What each milestone of a journey gets, and what the other touches share equally."""

    first: float = 0.0
    lead_created: float = 0.0
    deal_created: float = 0.0
    last: float = 0.0
    rest: float = 0.0


SHARES: Mapping[str, Shares] = {
    "first": Shares(first=1),
    "last": Shares(last=1),
    "u_shaped": Shares(first=0.4, last=0.4, rest=0.2),
    "w_shaped": Shares(first=0.3, lead_created=0.3, deal_created=0.3, rest=0.1),
    "full_path": Shares(first=0.225, lead_created=0.225, deal_created=0.225, last=0.225, rest=0.1),
    "j_shaped": Shares(first=0.2, last=0.6, rest=0.2),
}


def weigh_equally(journeys: JourneyTouches) -> Floats:
    return np.repeat(1 / journeys.lengths, journeys.lengths)


def weigh_by_milestones(journeys: JourneyTouches, shares: Shares) -> Floats:
    """Return the weights of a model that names milestones."""
    weights = np.zeros(journeys.ages.size)
    is_milestone = np.zeros(journeys.ages.size, dtype=bool)
    for name in ("first", "lead_created", "deal_created", "last"):
        share, positions = getattr(shares, name), getattr(journeys, name)
        if share:
            present = positions[positions != MISSING]
            weights[present] += share  # at most one touch of each journey, so no position comes twice
            is_milestone[present] = True
    others = np.add.reduceat((~is_milestone).astype(np.float64), journeys.starts)
    each = np.divide(shares.rest, others, out=np.zeros_like(others), where=others > 0)
    weights += np.where(is_milestone, 0.0, np.repeat(each, journeys.lengths))
    return scale_to_one(weights, journeys.starts)


def weigh_by_age(journeys: JourneyTouches, half_life: float) -> Floats:
    """Return 2^(−age ÷ half-life), scaled to 1; ages count from the youngest touch, so that none becomes 0."""
    if half_life <= 0:
        raise ValueError("The half-life is more than 0 days.")
    youngest = np.repeat(np.minimum.reduceat(journeys.ages, journeys.starts), journeys.lengths)
    return scale_to_one(np.exp2(-(journeys.ages - youngest) / half_life), journeys.starts)


def scale_to_one(weights: Floats, starts: Ints) -> Floats:
    """Scale the weights of each journey so that they add up to 1; a journey of zeros is shared equally."""
    lengths = np.diff(starts, append=weights.size)
    totals = np.add.reduceat(weights, starts)
    is_empty = np.repeat(totals <= 0, lengths)
    return np.where(
        is_empty, np.repeat(1 / lengths, lengths), weights / np.repeat(np.where(totals > 0, totals, 1), lengths)
    )


def positional_models(half_life: float) -> dict[str, Callable[[JourneyTouches], Floats]]:
    """Return every model of this module by its key."""
    models: dict[str, Callable[[JourneyTouches], Floats]] = {
        key: lambda journeys, shares=shares: weigh_by_milestones(journeys, shares)  # type: ignore[misc]
        for key, shares in SHARES.items()
    }
    return models | {"linear": weigh_equally, "time_decay": lambda journeys: weigh_by_age(journeys, half_life)}


def to_units(weights: Floats, starts: Ints, total: int = UNITS) -> Ints:
    """Return the weights as whole numbers of 1 ÷ UNITS that add up to exactly `total` in each journey.

    A weight of 0 stays 0. What is lost by cutting off goes, one unit each, to the first touches that have a weight.
    """
    lengths = np.diff(starts, append=weights.size)
    units: Any = np.floor(weights * total).astype(np.int64)
    is_positive = weights > 0
    missing = np.repeat(total - np.add.reduceat(units, starts), lengths)
    turn = np.cumsum(is_positive)
    turn = turn - np.repeat(turn[starts] - is_positive[starts], lengths)  # 1 for the first positive of each journey
    units += is_positive & (turn <= missing)
    left = total - np.add.reduceat(units, starts)
    if left.any():  # doubles of very long journeys are off by more than a unit for each touch
        largest = np.maximum.reduceat(units, starts)
        is_largest = units == np.repeat(largest, lengths)
        position = np.cumsum(is_largest)
        is_first = is_largest & (position - np.repeat(position[starts] - is_largest[starts], lengths) == 1)
        units += np.where(is_first, np.repeat(left, lengths), 0)
    return units
