"""All scores that leads ever had, at every event and at every look. Numpy alone.

Rows lie turn by turn: first the first rows of all leads, then the second rows of all that have one, …; leads with more
rows come first. So a running sum over a million histories is as many vector steps as the longest of them has rows, and
each is in one piece of memory. What fades is carried from turn to turn: no power grows beyond what a float holds.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from scoring.decay import DAY, DIGITS, total_points
from scoring.terms import EngagementRule, Model

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Whole = npt.NDArray[np.int64]
LOOK = -1  # the event of a row that is only looked at
REACH = 1 << 34  # seconds that a lead's rows are within, half of them before 2020


@dataclass(frozen=True)
class Stream:
    """What happened to the leads, and when they are looked at, turn by turn.

    `lead` is a place in the list of leads, `second` counts from 2020, `event` is a place in the list of events, or LOOK.
    Within a second a lead's events come before its looks.
    """

    starts: Whole
    lead: npt.NDArray[np.int32]
    second: Whole
    event: Whole
    major: Whole  # where each row lies here, in the order of leads and time

    @classmethod
    def from_rows(cls, lead: Whole, second: Whole, event: Whole) -> "Stream":
        """Lay rows out turn by turn."""
        order = np.lexsort((event == LOOK, second, lead))
        lead, second, event = lead[order], second[order], event[order]
        begins = np.flatnonzero(np.r_[True, lead[1:] != lead[:-1]]) if lead.size else np.zeros(0, np.int64)
        counts = np.diff(np.r_[begins, lead.size])
        turn = np.arange(lead.size) - np.repeat(begins, counts)
        rank = np.empty(begins.size, np.int64)
        rank[np.argsort(-counts, kind="stable")] = np.arange(begins.size)
        starts = np.r_[0, np.cumsum(np.bincount(turn, minlength=0))].astype(np.int64)
        major = starts[turn] + np.repeat(rank, counts)
        laid = np.empty(lead.size, np.int64)
        laid[major] = np.arange(lead.size)
        return cls(starts, lead[laid].astype(np.int32), second[laid], event[laid], major)

    @property
    def turns(self) -> Iterator[tuple[slice, slice]]:
        """Yield each turn but the first, with the rows just before it of the same leads."""
        for turn_number in range(1, self.starts.size - 1):
            first, last = self.starts[turn_number], self.starts[turn_number + 1]
            before = self.starts[turn_number - 1]
            yield slice(first, last), slice(before, before + last - first)

    @cached_property
    def is_settled(self) -> Flags:
        """Whether a row is its lead's last one of the second: before that, not all that happened then is counted."""
        is_last = np.ones(self.lead.size, bool)
        for now, before in self.turns:
            is_last[before] = self.second[before] != self.second[now]
        return is_last

    @cached_property
    def keys(self) -> Whole:
        """Lead and time as one ascending number, in the order of leads and time."""
        return self.lead[self.major].astype(np.int64) * REACH + self.second[self.major] + REACH // 2


def decayed_sums(stream: Stream, weights: Floats, half_life: float | None) -> Floats:
    """Return at each row what the weights up to it are worth then."""
    amount = weights.copy()
    for now, before in stream.turns:
        if half_life:
            half_lives_passed = (stream.second[before] - stream.second[now]) / (half_life * DAY)
            amount[now] += amount[before] * np.exp2(half_lives_passed)
        else:
            amount[now] += amount[before]
    return amount


def windowed_sums(stream: Stream, weights: Floats, half_life: float | None, days: int) -> Floats:
    """The same of the last days alone: what is worth then, less what those before them are still worth."""
    amount = decayed_sums(stream, weights, half_life)[stream.major]
    keys = stream.keys
    before = np.searchsorted(keys, keys - days * DAY, side="right") - 1
    is_own = (before >= 0) & (keys[before] // REACH == keys // REACH)
    age = np.where(is_own, keys - keys[before], 0) / DAY
    weight_before = amount[before] * (np.exp2(-age / half_life) if half_life else 1.0)
    remaining = np.empty_like(amount)
    remaining[stream.major] = np.maximum(amount - np.where(is_own, weight_before, 0.0), 0.0)
    return remaining


def running_scores(stream: Stream, model: Model, fit: Floats, marks: list[Flags]) -> Floats:
    """Return the score at each row. `fit` has the points of each row, `marks` a yes or no of each event for each rule."""
    amounts = []
    for pool in model.pools:
        rules = [(rule, marks[n]) for n, rule in enumerate(model.engagement) if rule.pool == pool]
        lasting = [(rule, mark) for rule, mark in rules if not rule.days]
        held = (
            decayed_sums(stream, _row_weights(stream, lasting), pool.half_life)
            if lasting
            else np.zeros(stream.lead.size)
        )
        for rule, mark in rules:
            if rule.days:
                held += windowed_sums(stream, _row_weights(stream, [(rule, mark)]), pool.half_life, rule.days)
        amounts.append(held)
    return np.round(total_points(model, fit, amounts, np.minimum), DIGITS)


def _row_weights(stream: Stream, rules: list[tuple[EngagementRule, Flags]]) -> Floats:
    happens = stream.event != LOOK
    events = stream.event[happens]
    weights = np.zeros(stream.lead.size)
    for rule, mark in rules:
        weights[happens] += mark[events] * abs(rule.points)
    return weights


@dataclass(frozen=True)
class Peaks:
    """Every row at which a lead's score rose above all it had before: `second`, what it had, and what it reached."""

    lead: npt.NDArray[np.int32]
    second: Whole
    had: Floats
    reached: Floats


def find_peaks(stream: Stream, score_of_row: Floats, is_seen: Flags) -> Peaks:
    """Return the running maxima of the rows that are seen."""
    seen = np.where(is_seen & stream.is_settled, score_of_row, -np.inf)
    had = np.full(score_of_row.size, -np.inf)
    top = seen.copy()
    for now, before in stream.turns:
        had[now] = top[before]
        np.maximum(top[now], top[before], out=top[now])
    rises = seen > had
    return Peaks(stream.lead[rises], stream.second[rises], had[rises], seen[rises])
