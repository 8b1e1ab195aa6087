"""When a changed figure of a past month is a restatement. Pure."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from kpis.registry import Metric

SETTLED_DAYS = 5  # after its last day a month takes late entries for so long without being restated
SMALLEST_CHANGE = {
    "money": Decimal("0.01"),
    "percent": Decimal("0.0005"),
    "count": Decimal("0.5"),
    "days": Decimal("0.05"),
    "minutes": Decimal("0.5"),
    "ratio": Decimal("0.005"),
}  # by unit: less is lost in rounding


@dataclass(frozen=True)
class Figure:
    """The figure of a month; no value where nothing was counted."""

    value: Decimal | None
    n: int = 0
    currency: str = ""


def is_restated(before: Figure, after: Figure, unit: str) -> bool:
    """Tell whether the figure changed beyond rounding, appeared, or went away."""
    if before.value is None or after.value is None:
        return before.value is not after.value
    if before.currency != after.currency:
        return True
    return abs(after.value - before.value) >= SMALLEST_CHANGE[unit]


def is_settled(last_day: date, known_on: date) -> bool:
    """Tell whether a month that ended on `last_day` was closed for late entries on a day."""
    return known_on > last_day + timedelta(days=SETTLED_DAYS)


def is_mature(metric: Metric, last_day: date, known_on: date) -> bool:
    """Tell whether late outcomes of a month are no longer expected: until then its cohort grows, which is no restatement."""
    return known_on > last_day + timedelta(days=metric.matures_days)
