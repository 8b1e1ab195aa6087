"""The signed terms of an SLA, and the deadlines that follow from them. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.formatting import format_exact, format_percent
from team.calendars.business_time import BusinessTime

UNITS = {"minutes": "business minutes", "hours": "business hours", "days": "business days"}
SECONDS = {"minutes": 60, "hours": 3600}
CALENDAR_DAY = 86_400
ESCALATE_TO = {
    "manager": "the rep's manager",
    "chiefs": "the CMO and the CRO",
    "all": "the manager, the CMO and the CRO",
}


@dataclass(frozen=True)
class Allowance:
    """So much open time; a business day is a usual day of the calendar that the clock runs by."""

    amount: float
    unit: str = "hours"

    def seconds(self, usual_day: float) -> float:
        return self.amount * (usual_day if self.unit == "days" else SECONDS[self.unit])

    def __str__(self) -> str:
        unit = UNITS[self.unit].removesuffix("s") if self.amount == 1 else UNITS[self.unit]
        return f"{format_exact(self.amount)} {unit}"


@dataclass(frozen=True)
class Terms:
    """What Sales owes for each lead handed over out of `stage`.

    `warn_share` is the share of the time allowed after which a warning is given. `reroute` counts from the breach.
    `track_days` are calendar days from the start during which a late answer is still waited for.
    """

    stage: str
    response: Allowance
    attempts: int = 0
    attempts_within: float = 0
    acceptance: Allowance | None = None
    warn_share: float = 0.75
    escalate_to: str = "manager"
    reroute: Allowance | None = None
    track_days: int = 30

    @classmethod
    def of(cls, terms: Mapping[str, Any]) -> "Terms":
        return cls(
            stage=terms["stage"],
            response=Allowance(float(terms["response"]), terms["response_unit"]),
            attempts=int(terms.get("attempts") or 0),
            attempts_within=float(terms.get("attempts_within") or 0),
            acceptance=_read_allowance(terms, "acceptance"),
            warn_share=float(terms.get("warn_share", 75)) / 100,
            escalate_to=terms.get("escalate_to") or "manager",
            reroute=_read_allowance(terms, "reroute"),
            track_days=int(terms.get("track_days") or 30),
        )

    def words(self) -> Iterator[str]:
        """Say what is owed, a sentence for each duty."""
        yield f"First response within {self.response} of the hand-off"
        if self.attempts:
            yield f"At least {self.attempts} attempts within {Allowance(self.attempts_within, 'days')}, unless the lead is accepted or rejected before"
        if self.acceptance:
            yield f"Accepted or rejected within {self.acceptance}"
        yield f"A warning when {format_percent(self.warn_share, 0)} of the time has passed"
        yield f"On a breach Accord notifies {ESCALATE_TO[self.escalate_to]}"
        if self.reroute:
            yield f"Unanswered {self.reroute} after the breach, the lead goes to another person"
        yield f"Late answers are counted as late for {self.track_days} days"
        yield "Applies to leads handed over from the day it is active"


def _read_allowance(terms: Mapping[str, Any], name: str) -> Allowance | None:
    amount = terms.get(name)
    return Allowance(float(amount), terms.get(f"{name}_unit") or "hours") if amount else None


@dataclass(frozen=True)
class Deadlines:
    """The moments of many clocks, as epoch seconds; what the terms do not ask for is not among them."""

    moments: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)


def compute_deadlines(terms: Terms, table: BusinessTime, usual_day: float, starts: NDArray[np.float64]) -> Deadlines:
    """Return every deadline for clocks that start at these epoch seconds and run by one table."""

    def after(seconds: float) -> NDArray[np.float64]:
        return table.deadlines(starts, np.full(starts.shape, seconds))

    allowed = terms.response.seconds(usual_day)
    moments = {"due_at": after(allowed), "warn_at": after(allowed * terms.warn_share)}
    if terms.acceptance:
        moments["accept_due_at"] = after(terms.acceptance.seconds(usual_day))
    if terms.attempts:
        moments["attempts_due_at"] = after(terms.attempts_within * usual_day)
    if terms.reroute:
        moments["reroute_at"] = after(allowed + terms.reroute.seconds(usual_day))
    moments["track_until"] = np.maximum(
        starts + terms.track_days * CALENDAR_DAY, moments.get("reroute_at", moments["due_at"])
    )
    return Deadlines(moments)
