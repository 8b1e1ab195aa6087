"""Which touches belong to which lead or deal. Pure numpy, all at once.

A deal takes the touches of its journey up to its close; an open one those up to now. Where a deal of the same journey was won
before this one was opened, its touches begin after that win: what was earned once is not earned again. Deals that are
open at the same time share touches, each for its own amount. A deal that was lost ends nothing: the next one goes on.
"""

from dataclasses import dataclass

import numpy as np

from attribution.methods.positional import MISSING, Ints
from attribution.touch_points import NEVER, Outcomes


class TouchIndex:
    """Sorted touches, to find those of a journey within two moments."""

    def __init__(self, journeys: Ints, moments: Ints) -> None:
        self.moments = moments
        self._keys, self._key_of = np.unique(journeys, return_inverse=True)
        self._times, rank = np.unique(moments, return_inverse=True)
        # one number that sorts by journey, then by time; ranks keep it far below the limit of an integer
        self._places = self._key_of * (self._times.size + 1) + rank

    def count_until(self, journeys: Ints, moments: Ints) -> Ints:
        """Return, for each journey, the position after its last touch at or before the moment."""
        return self._position(journeys, np.searchsorted(self._times, moments, side="right"))

    def first_of(self, journeys: Ints) -> Ints:
        return self._position(journeys, np.zeros(journeys.size, dtype=np.int64))

    def _position(self, journeys: Ints, ranks: Ints) -> Ints:
        keys = np.searchsorted(self._keys, journeys)
        is_there = keys < self._keys.size
        is_there &= self._keys[np.minimum(keys, max(self._keys.size - 1, 0))] == journeys if self._keys.size else False
        positions = np.searchsorted(self._places, keys * (self._times.size + 1) + ranks)
        return np.where(is_there, positions, 0)  # nothing lies between 0 and 0


@dataclass(frozen=True)
class Spans:
    """The touches from `first` up to, not including, `end` of each outcome; the outcomes without touches are left out."""

    outcomes: Ints  # positions in the outcomes
    first: Ints
    end: Ints

    @property
    def lengths(self) -> Ints:
        return self.end - self.first

    def positions(self) -> Ints:
        """Return the positions of all touches, outcome after outcome."""
        offsets = np.repeat(self.first - (np.cumsum(self.lengths) - self.lengths), self.lengths)
        return offsets + np.arange(self.lengths.sum())


def find_spans(index: TouchIndex, outcomes: Outcomes, after: Ints) -> Spans:
    """Return the touches of each outcome: those later than `after`, which may be NEVER, and not later than its end."""
    first = np.where(after == NEVER, index.first_of(outcomes.journeys), index.count_until(outcomes.journeys, after))
    end = index.count_until(outcomes.journeys, outcomes.until)
    with_touches = np.flatnonzero(end > first)
    return Spans(with_touches, first[with_touches], end[with_touches])


def previous_wins(deals: Outcomes) -> Ints:
    """Return the close of the last deal of the same journey that was won before this deal was opened; else NEVER."""
    won = np.flatnonzero(deals.is_won & (deals.journeys != NEVER))
    order = won[np.lexsort((deals.until[won], deals.journeys[won]))]
    wins = TouchIndex(deals.journeys[order], deals.until[order])
    opened = np.where(deals.begun == NEVER, deals.until, deals.begun)
    before = np.minimum(opened, deals.until - 1)  # a deal is not its own predecessor
    end = wins.count_until(deals.journeys, before)
    return np.where(end > wins.first_of(deals.journeys), deals.until[order][end - 1] if order.size else NEVER, NEVER)


def milestone_touches(index: TouchIndex, journeys: Ints, moments: Ints, spans: Spans) -> Ints:
    """Return the last touch of each span at or before the moment; MISSING where there is none, or no moment."""
    end = index.count_until(journeys[spans.outcomes], moments[spans.outcomes])
    last = np.minimum(end, spans.end) - 1
    return np.where((last >= spans.first) & (moments[spans.outcomes] != NEVER), last, MISSING)


def first_known(journeys: Ints, known: tuple[Ints, Ints]) -> Ints:
    """Return, for each journey, when the first of its people was made known, from the journeys and moments of people."""
    people, moments = known
    is_dated = (moments != NEVER) & (people != NEVER)
    keys, positions = np.unique(people[is_dated], return_inverse=True)
    oldest = np.full(keys.size, np.iinfo(np.int64).max)
    np.minimum.at(oldest, positions, moments[is_dated])
    if not keys.size:
        return np.full(journeys.size, NEVER)
    nearest = np.minimum(np.searchsorted(keys, journeys), keys.size - 1)
    return np.where(keys[nearest] == journeys, oldest[nearest], NEVER)
