"""Calendar grains that a date can be cut by: their keys in the address, their days, their order."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from core import periods
from core.periods import Period
from core.request_values import quoted, read_date


@dataclass(frozen=True)
class Grain:
    """A calendar unit; `unit` is what Ibis truncates a date to."""

    name: str
    label: str
    unit: str
    span: Callable[[date], Period]
    written: Callable[[date], str]
    pattern: str

    def key(self, first: date) -> str:
        return self.written(first)

    def read(self, key: str) -> Period:
        """Return the days that the key names.

        Raises:
            ValueError: the key is not written as this grain writes it.
        """
        try:
            if re.fullmatch(self.pattern, key):
                return self.span(_first_day(key))
        except ValueError:
            pass  # a month 13, a 30th of February
        raise ValueError(f"{quoted(key)} names no {self.name}. Write it as {self.key(date(2025, 3, 31))}.")

    def all_in(self, period: Period) -> Iterator[tuple[str, Period]]:
        """Yield each unit that the closed period touches, with its days inside the period."""
        assert period.start
        assert period.end
        day = period.start
        while day <= period.end:
            whole = self.span(day)
            assert whole.end
            yield self.key(whole.start or day), Period(day, min(whole.end, period.end))
            day = whole.end + timedelta(days=1)


def _first_day(key: str) -> date:
    """Return the first day that the key names, within the years that may be asked for."""
    year, _, quarter = key.partition("Q")
    whole = f"{year}-{3 * int(quarter) - 2:02}-01" if quarter else (key + "-01-01")[:10]
    day = read_date(whole)
    assert day
    return day


def _week(day: date) -> Period:
    monday = day - timedelta(days=day.weekday())
    return Period(monday, monday + timedelta(days=6))


GRAINS = {
    grain.name: grain
    for grain in [
        Grain("day", "Day", "D", lambda day: Period(day, day), date.isoformat, r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
        Grain("week", "Week", "W", _week, lambda day: _monday(day).isoformat(), r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
        Grain("month", "Month", "M", periods.month, lambda day: f"{day:%Y-%m}", r"[0-9]{4}-[0-9]{2}"),
        Grain(
            "quarter",
            "Quarter",
            "Q",
            periods.quarter,
            lambda day: f"{day.year}Q{(day.month + 2) // 3}",
            r"[0-9]{4}Q[1-4]",
        ),
        Grain("year", "Year", "Y", lambda day: periods.year(day.year), lambda day: str(day.year), r"[0-9]{4}"),
    ]
}


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def grain_for(period: Period) -> str:
    """Return the grain that gives a trend of the period some five to thirty points."""
    if period.days is None:
        return "quarter"
    for days, grain in [(21, "day"), (100, "week"), (800, "month"), (2600, "quarter")]:
        if period.days <= days:
            return grain
    return "year"


def stock_grain_for(period: Period) -> str:
    """Return a coarser grain for what must be counted anew for each point."""
    for days, grain in [(100, "week"), (400, "month"), (1100, "quarter")]:
        if period.days and period.days <= days:
            return grain
    return "year" if period.days else "month"
