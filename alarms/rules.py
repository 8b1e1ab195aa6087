"""The rules by which a detector tells bad from good: limits that somebody set, and tests of what is usual. Pure.

A limit is a fact: past it there is an alarm. A test yields a p-value, and how many alarms all tests together may raise
by chance decides which of them become alarms (`alarms.budget`).
"""

from dataclasses import dataclass, replace
from typing import Literal

Direction = Literal["up", "down"]  # which way is bad
Strictness = Literal["normal", "strict", "strictest"]
STRICTNESS: dict[Strictness, tuple[float, float]] = {  # by how much p-values and floors are multiplied
    "normal": (1.0, 1.0),
    "strict": (3.0, 1.5),
    "strictest": (10.0, 2.0),
}
BASELINE_WEEKS = 26  # what is usual: half a year, so that no season stands for the whole
WATCHED_WEEKS = 8  # in which a change is looked for
MINIMUM_WEEKS = 8  # of a baseline


@dataclass(frozen=True)
class Floors:
    """How large a change has to be before it is one, however certain it is: both floors and the number of cases.

    Attributes:
        relative: as a share of what is usual.
        absolute: in the unit of the metric; of a rate as a fraction.
        minimum_n: cases that have to be judged. A move of 50 % of three is not news.
    """

    relative: float = 0.1
    absolute: float = 0.0
    minimum_n: int = 20

    def are_passed(self, value: float, expected: float, bad: Direction) -> bool:
        """Whether the value is worse than what is expected by both floors."""
        worse = value - expected if bad == "up" else expected - value
        return worse > 0 and worse >= self.absolute and worse >= self.relative * abs(expected)

    def is_inside_half(self, value: float, expected: float, bad: Direction) -> bool:
        """Whether the value is back within half of what makes a change."""
        worse = value - expected if bad == "up" else expected - value
        return worse <= max(self.absolute, self.relative * abs(expected)) / 2

    def multiply(self, factor: float) -> "Floors":
        return replace(self, relative=self.relative * factor, absolute=self.absolute * factor)


@dataclass(frozen=True)
class LimitRule:
    """A metric over the last days against a limit: one that was signed, a benchmark, or the default of a detector.

    Attributes:
        limit: None: the detector reads it from what was signed.
        days: the length of the window; of a stock its state on the day counts instead.
        is_last_year: the last finished fiscal year counts instead of the days: for what takes long to show.
        mature_days: how long before today the window ends, so that what came yesterday is not judged.
    """

    metric: str
    limit: float | None = None
    days: int = 90
    mature_days: int = 0
    bad: Direction = "up"
    minimum_n: int = 10
    is_last_year: bool = False


@dataclass(frozen=True)
class RateRule:
    """The weekly cohorts of a rate, in which a change is looked for by a CUSUM of log-likelihoods.

    Attributes:
        mature_days: how long after its week a cohort is complete; younger ones are not judged.
        shift: the change that the test looks for, as a share of the usual rate.
    """

    metric: str
    bad: Direction
    mature_days: int = 0
    floors: Floors = Floors(relative=0.15, absolute=0.02, minimum_n=20)
    shift: float = 0.3


@dataclass(frozen=True)
class DriftRule:
    """The weekly values of a metric, like a median of days, in which a slow change is looked for by a CUSUM."""

    metric: str
    bad: Direction
    floors: Floors = Floors(relative=0.15, minimum_n=5)


@dataclass(frozen=True)
class LevelRule:
    """A count of the last finished day against the same weekday of the last eight weeks."""

    metric: str
    bad: Direction
    floors: Floors = Floors(relative=0.3, absolute=5, minimum_n=0)


TestRule = RateRule | DriftRule | LevelRule
MetricRule = LimitRule | TestRule
