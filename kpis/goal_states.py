"""The state of a goal: on track, at risk or behind by where its pace leads, met or missed once its days are over. Pure."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

NOT_BEGUN, UNKNOWN, ON_TRACK, AT_RISK, BEHIND, MET, MISSED = (
    "ahead", "unknown", "on_track", "at_risk", "behind", "met", "missed",
)  # fmt: skip
AT_RISK_FROM = Decimal("0.8")  # of the pace that the target needs; below it the goal is behind


@dataclass(frozen=True)
class StateLabel:
    """How a state is written, and the kind of its badge."""

    label: str
    kind: str = ""


STATE_LABELS = {
    MET: StateLabel("Met", "is-met"),
    ON_TRACK: StateLabel("On track", "is-met"),
    AT_RISK: StateLabel("At risk", "is-warning"),
    BEHIND: StateLabel("Behind", "is-alarm"),
    MISSED: StateLabel("Missed", "is-alarm"),
    NOT_BEGUN: StateLabel("Not begun"),
    UNKNOWN: StateLabel("No figure"),
}
STATE_CHOICES = [(state, label.label) for state, label in STATE_LABELS.items()]


def compute_share(reached: Decimal, target: Decimal, better: str) -> Decimal:
    """Return how much of the target is reached: 1 is all of it. Where less is better, the target over what is reached."""
    if target <= 0:  # a ratio to it says nothing: it is reached, or not
        is_reached = reached <= target if better == "down" else reached >= target
        return Decimal(1) if is_reached else Decimal(0)
    if better != "down":
        return reached / target
    return target / reached if reached > 0 else Decimal("Infinity")


def judge_goal(
    *, projected: Decimal | None, target: Decimal, better: str, starts_on: date, ends_on: date, today: date
) -> str:
    """Return the state of a goal on a day.

    `projected` is where the pace so far leads by the last day; of a rate, what it is now. None where no figure is known.
    Projected ÷ target equals reached ÷ what an even pace would have reached by now.
    """
    if starts_on > today:
        return NOT_BEGUN
    if projected is None:
        return UNKNOWN
    share = compute_share(projected, target, better)
    if ends_on < today:
        return MET if share >= 1 else MISSED
    if share >= 1:
        return ON_TRACK
    return AT_RISK if share >= AT_RISK_FROM else BEHIND
