"""A metric now and in the period before: the difference, how it is written, and whether it is one for the better. Pure."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core.formatting import format_by_unit, format_percent, format_points, format_rounded, with_sign
from kpis.registry import Metric
from kpis.result import Result


@dataclass(frozen=True)
class Reading:
    """A metric in the period, and in the one before where there is one."""

    metric: Metric
    now: Result
    before: Result | None = None

    def format_value(self, value: Any) -> str:
        return format_by_unit(value, self.metric.unit, self.now.currency)

    @property
    def difference(self) -> Decimal | None:
        """Return now − before: None when either has no value or no record, or they are in two currencies."""
        if self.before is None or self.now.value is None or self.before.value is None:
            return None
        if not (self.now.n and self.before.n):
            return None
        if self.now.currency != self.before.currency:
            return None
        return Decimal(str(self.now.value)) - Decimal(str(self.before.value))

    @property
    def has_figures(self) -> bool:
        """Whether there is anything to tell: a figure that is not nothing, now or before."""
        return bool(self.now.value or (self.before and self.before.value))

    @property
    def growth(self) -> Decimal | None:
        """Return the difference as a share of what was before; None from nothing."""
        if self.difference is None or self.before is None or not self.before.value:
            return None
        return self.difference / abs(Decimal(str(self.before.value)))

    @property
    def change(self) -> str:
        """Write the change: rates in points, days in days, the rest in percent of what was."""
        if self.difference is None:
            return ""
        match self.metric.unit:
            case "percent":
                return _count_units(with_sign(format_points(self.difference)), "point")
            case "days":
                return _count_units(with_sign(format_rounded(self.difference, 0)), "day")
            case _:
                return (
                    with_sign(format_percent(self.growth, 0))
                    if self.growth is not None
                    else with_sign(self.format_value(self.difference))
                )

    @property
    def has_moved(self) -> bool:
        """Whether the change as it is written is more than nothing."""
        return any(digit in self.change for digit in "123456789")

    @property
    def is_better(self) -> bool | None:
        """Whether the change is one for the better; None when none can be seen, or neither way is."""
        if not self.difference or not self.metric.better or not self.has_moved:
            return None
        return (self.difference > 0) == (self.metric.better == "up")

    @property
    def weight(self) -> Decimal:
        """How much the change says: its share of what was before, and a point of a rate as much as a hundredth."""
        if self.metric.unit == "percent":
            return abs(self.difference or Decimal(0))
        return abs(self.growth or Decimal(0))


def _count_units(number: str, unit: str) -> str:
    return f"{number} {unit}{'' if number[1:] == '1' else 's'}"
