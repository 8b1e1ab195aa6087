"""How open deals end: competing risks of won, lost and no decision by the days since a stage was entered. Pure.

The estimator is Aalen and Johansen's with late entry: F_k(t) = Σ S(u−)·d_k(u)/n(u), S(u) = Π(1 − d(u)/n(u)), where n(u)
counts the deals that entered before u and had not left before u.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

STILL_OPEN, WON, LOST, NO_DECISION = 0, 1, 2, 3
CAUSES = (WON, LOST, NO_DECISION)
PRIOR_DEALS = 20  # how many deals of the whole company weigh as much as those of the stage


@dataclass(frozen=True)
class Episodes:
    """Stays of deals: the age in days at which each came under observation, the age at which it left, and how.

    `event` is STILL_OPEN for a deal that was open when it was last seen.
    """

    entry: Floats
    exit: Floats
    event: Ints

    def __post_init__(self) -> None:
        if not len(self.entry) == len(self.exit) == len(self.event):
            raise ValueError("Entry, exit and event must have the same length.")
        if np.any(self.exit <= self.entry):
            raise ValueError("A stay must end after it begins.")

    def __len__(self) -> int:
        return len(self.entry)

    def choose(self, mask: npt.NDArray[Any]) -> "Episodes":
        return Episodes(self.entry[mask], self.exit[mask], self.event[mask])

    def at_risk(self, times: Floats) -> Floats:
        """Return how many deals are under observation just before each time."""
        entered = np.searchsorted(np.sort(self.entry), times, side="left")
        left = np.searchsorted(np.sort(self.exit), times, side="left")
        return (entered - left).astype(float)

    def events_at(self, times: Floats) -> Floats:
        """Return how many deals end at each time, one row per cause; every end must be among the times."""
        ends = np.zeros((len(CAUSES), len(times)))
        for row, cause in enumerate(CAUSES):
            at = np.searchsorted(times, self.exit[self.event == cause])
            np.add.at(ends[row], at, 1.0)
        return ends

    @property
    def end_times(self) -> Floats:
        return np.unique(self.exit[self.event != STILL_OPEN])


@dataclass(frozen=True)
class Curve:
    """What became of deals by age: `survival` and `incidence` (one row per cause) hold from each time on."""

    times: Floats
    survival: Floats
    incidence: Floats

    def survival_at(self, ages: Any) -> Floats:
        """Return the share still open after each age."""
        return np.concatenate([[1.0], self.survival])[self._positions(ages)]

    def incidence_at(self, ages: Any, cause: int = WON) -> Floats:
        """Return the share that ended by a cause up to each age."""
        return np.concatenate([[0.0], self.incidence[CAUSES.index(cause)]])[self._positions(ages)]

    def chance(self, ages: Any, days: Any, cause: int = WON) -> Floats:
        """Return P(ends by the cause within so many days | open at the age) = (F(a+h) − F(a)) / S(a).

        An age that no deal has passed while open has no precedent: its chance is 0.
        """
        ages = np.asarray(ages, dtype=float)
        gained = self.incidence_at(ages + np.asarray(days, dtype=float), cause) - self.incidence_at(ages, cause)
        still_open = self.survival_at(ages)
        # Products of many factors end near 1e-17 where they should end at 0; dividing by that would make a chance of noise.
        has_precedent = still_open > 1e-12
        return np.clip(np.where(has_precedent, gained / np.where(has_precedent, still_open, 1.0), 0.0), 0.0, 1.0)

    def _positions(self, ages: Any) -> npt.NDArray[np.intp]:
        return np.searchsorted(self.times, np.asarray(ages, dtype=float), side="right")


def estimate_curve(episodes: Episodes) -> Curve:
    """Return the Aalen–Johansen curve of all episodes."""
    times = episodes.end_times
    return _build_curve(times, episodes.events_at(times) / episodes.at_risk(times))


def estimate_stage_curve(stage: Episodes, company: Episodes, prior: float = PRIOR_DEALS) -> Curve:
    """Return the curve of a stage, shrunk to that of the whole company, of which the stage's episodes are a part.

    At each age the hazard is (d + m·μ) / (n + m), with μ the company's hazard and m the weight of the prior: a stage
    with few deals at an age follows the company, one with many follows its own.
    """
    times = company.end_times
    hazards = company.events_at(times) / company.at_risk(times)
    return _build_curve(times, (stage.events_at(times) + prior * hazards) / (stage.at_risk(times) + prior))


def _build_curve(times: Floats, hazards: Floats) -> Curve:
    survival = np.cumprod(1.0 - hazards.sum(axis=0))
    before = np.concatenate([[1.0], survival[:-1]])
    return Curve(times, survival, np.cumsum(before * hazards, axis=1))
