"""What a threshold would mean, from arrays: filters over numbers, so that a million leads answer at once. Pure.

History counts the first time that a lead's score came over the threshold, in weeks of seven days up to the moment of
the facts. The forecast is the mean of the last eight of them, with the range in which four of five weeks lie if they go on so.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from core.formatting import format_rounded
from core.intervals import wilson_interval
from scoring.explorer.curves import Flags, Whole
from scoring.explorer.score_arrays import WEEKS, Explored
from scoring.proof.measures import AtThreshold, Band, make_bands, precision_recall

BASIS = 8  # weeks that the forecast goes by
IN_FOUR_OF_FIVE = 1.2816  # of the normal distribution
BANDS = 8


def format_estimate(value: float) -> str:
    """Write an expected number as finely as it is known: 34, 4.5, 0.3."""
    return format_rounded(Decimal(str(float(value))), 0 if value >= 10 or value == int(value) else 1)


@dataclass(frozen=True)
class Forecast:
    """How many a week if it goes on as in the last weeks; from `low` to `high` in four of five weeks."""

    a_week: float
    low: float
    high: float

    @property
    def words(self) -> str:
        return format_estimate(self.a_week)

    @property
    def range_words(self) -> str:
        return f"{format_estimate(self.low)} to {format_estimate(self.high)}"


@dataclass(frozen=True)
class Share:
    """A share of counted leads, with its 95 % interval (Wilson)."""

    part: int
    whole: int

    @property
    def value(self) -> float | None:
        return self.part / self.whole if self.whole else None

    @property
    def interval(self) -> tuple[float, float] | None:
        return wilson_interval(self.part, self.whole)


@dataclass(frozen=True)
class Meaning:
    """What one threshold means under some terms."""

    threshold: float
    weeks: tuple[int, ...]  # first crossings, the oldest week first
    over: int  # leads over the threshold now
    scored: int
    past: AtThreshold
    inside: Share | None  # inside the ideal customer profile, of those over it now; None while none is agreed

    @property
    def forecast(self) -> Forecast:
        return forecast_week(self.weeks)


def evaluate_threshold(explored: Explored, threshold: float) -> Meaning:
    """Answer for one threshold."""
    is_over = is_over_threshold(explored, threshold)
    judged = explored.is_judged
    people = explored.people
    past = precision_recall(
        explored.scored["then"][judged], people["won"][judged], threshold, people["revenue"][judged]
    )
    inside = explored.inside
    return Meaning(
        threshold, weekly_crossings(explored, threshold), int(is_over.sum()), int((~np.isnan(explored.now)).sum()), past,
        None if inside is None else Share(int((is_over & inside).sum()), int(is_over.sum())),
    )  # fmt: skip


def is_over_threshold(explored: Explored, threshold: float) -> Flags:
    """Return which leads are at the threshold or over it now."""
    return np.asarray(explored.now >= threshold)


def weekly_crossings(explored: Explored, threshold: float) -> tuple[int, ...]:
    """Count the leads that came over the threshold for the first time, week by week."""
    arrays = explored.scored
    crossed = (arrays["had"] < threshold) & (arrays["reached"] >= threshold)
    return tuple(int(n) for n in np.bincount(arrays["week"][crossed], minlength=WEEKS))


def forecast_week(weeks: Sequence[int]) -> Forecast:
    """Return the mean of the last weeks, and the range for one week: as wide as they scattered, at least as chance is."""
    lately = np.array(weeks[-BASIS:], dtype=float)
    mean = float(lately.mean())
    spread = math.sqrt(max(float(lately.var(ddof=1)), mean) * (1 + 1 / BASIS))
    return Forecast(mean, max(0.0, mean - IN_FOUR_OF_FIVE * spread), mean + IN_FOUR_OF_FIVE * spread)


def threshold_movers(was: Explored, threshold_was: float, becomes: Explored, threshold: float) -> tuple[Whole, Whole]:
    """Return the ids of the leads that would come over the threshold now, and of those that would fall under it.

    The nearest to the new threshold come first: they are the ones that a little more or less would decide about.
    """
    before, after = is_over_threshold(was, threshold_was), is_over_threshold(becomes, threshold)
    return _nearest_ids(becomes, after & ~before, threshold), _nearest_ids(becomes, before & ~after, threshold)


def _nearest_ids(explored: Explored, chosen: Flags, threshold: float) -> Whole:
    positions = np.flatnonzero(chosen)
    distance = np.abs(np.nan_to_num(explored.now[positions], nan=-np.inf) - threshold)
    return np.asarray(explored.ids[positions[np.argsort(distance, kind="stable")]])


def conversion_bands(explored: Explored, threshold: float) -> list[Band]:
    """Return conversion by band of the score at the hand-off, the lowest first; the threshold parts two bands."""
    judged = explored.is_judged
    scores_at_handoff = explored.scored["then"][judged]
    if not scores_at_handoff.size:
        return []
    edges = _band_edges(scores_at_handoff.min(), scores_at_handoff.max(), threshold)
    return make_bands(scores_at_handoff, explored.people["won"][judged], explored.people["revenue"][judged], edges)


def _band_edges(low: float, high: float, threshold: float) -> list[float]:
    """Round steps up and down from the threshold."""
    rough = max(high - low, 1.0) / BANDS
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough * 0.999)
    first = threshold - math.ceil(max(threshold - low, 0) / step) * step
    count = max(1, math.floor((high - first) / step) + 1)
    return [round(first + number * step, 6) for number in range(count + 1)]
