"""What is asked of the funnel, the patterns whose sums are its counts, and the conditions behind every count.

What a lead went through is one number whose bits are the stages of the main way it entered, in their order; leads with the
same number, the same bits inside the period and the same present stage are one pattern.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from core.periods import Period

COHORT, EVENT = "cohort", "event"
BASES = {COHORT: "Leads that came in the period", EVENT: "What happened in the period"}
TO_THE_WIN = "from the first entry to the win"


@dataclass(frozen=True)
class Question:
    """What the page is asked: a period, by whose entry or by which event, and which leads."""

    period: Period
    basis: str = COHORT
    where: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Pattern:
    """So many leads that went through the same stages: as bits, those inside the period, and where they are now."""

    reached: int
    inside: int
    current: str
    n: int
    value: Decimal | None  # None: none of them has a deal with an amount


@dataclass(frozen=True)
class Spread:
    """Calendar days: how many leads whose entries are both dated, and the quartiles."""

    n: int
    q1: float
    median: float
    q3: float


# The conditions behind every count: they hold for whole numbers here and for columns in the facts alike


def has_entered(index: int, reached: Any, inside: Any) -> Any:
    return (inside & (1 << index)) != 0


def has_gone_on(index: int, reached: Any, inside: Any) -> Any:
    return has_entered(index, reached, inside) & (reached >= (2 << index))


def has_stayed(index: int, reached: Any, inside: Any) -> Any:
    return has_entered(index, reached, inside) & (reached < (2 << index))


def has_skipped(index: int, reached: Any, inside: Any) -> Any:
    """Came from an earlier stage and got further without ever entering this one."""
    came, got = (reached & ((1 << index) - 1)) != 0, reached >= (2 << index)
    return came & got & ((reached & (1 << index)) == 0) & (inside != 0)


def has_flowed(index: int, to: int, reached: Any, inside: Any) -> Any:
    between = (1 << to) - (2 << index)
    return has_entered(index, reached, inside) & ((reached & (1 << to)) != 0) & ((reached & between) == 0)
