"""Calendar grains that a date can be cut by: their keys in the address, their days, their order.

Years, quarters and months follow the company's fiscal calendar, which a period carries (`Period.calendar`).
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any

import ibis

from core.date_formatting import format_day, format_month
from core.fiscal import CALENDAR_YEAR, FiscalCalendar, FiscalUnit
from core.periods import Period, year_label
from core.request_values import BadValue, quote_text, read_date

FIRST_YEAR, LAST_YEAR = 1990, 2060  # of fiscal units that begin on no calendar month, where a period is open
DAY_PATTERN = "[0-9]{4}-[0-9]{2}-[0-9]{2}"


@dataclass(frozen=True)
class Grain:
    """A unit that dates are cut by.

    Attributes:
        name: in the address, like `quarter`.
        label: on screen.
        unit: what Ibis truncates a date to.
        unit_of: the unit that a day is in.
        format_key: the key of a unit, like 2025Q3.
        pattern: what its keys look like.
        parse: a day of the unit that a key of this pattern names; ValueError for what names none.
        format_title: the unit as an axis and a table name it, with or without its year.
        shift: months by which a date moves before it is truncated, for fiscal years that begin in another month.
        starts: the first days of the units of a year, where no truncation gives them (4-4-5), else None.
    """

    name: str
    label: str
    unit: str
    unit_of: Callable[[date], FiscalUnit]
    format_key: Callable[[FiscalUnit], str]
    pattern: str
    parse: Callable[[str], date]
    format_title: Callable[[FiscalUnit, bool], str]
    shift: int = 0
    starts: Callable[[int], list[date]] | None = None

    def key_of(self, day: date) -> str:
        """Return the key of the unit that the day is in."""
        return self.format_key(self.unit_of(day))

    def parse_key(self, key: str) -> Period:
        """Return the days that the key names.

        Raises:
            ValueError: the key is not written as this grain writes it.
        """
        try:
            if re.fullmatch(self.pattern, key):
                unit = self.unit_of(self.parse(key))
                return Period(unit.start, unit.end)
        except ValueError:
            pass  # a month 13, a 30th of February, a fifth quarter
        raise ValueError(f"{quote_text(key)} is not a valid {self.name}. Write it as {self.key_of(date(2025, 3, 31))}.")

    def title(self, key: str, *, with_year: bool = True) -> str:
        """Write the key as an axis does: 2025-03 → Mar 25, 2025Q1 → Q1 25."""
        start = self.parse_key(key).start
        assert start
        return self.format_title(self.unit_of(start), with_year)

    def all_in(self, period: Period) -> Iterator[tuple[str, Period]]:
        """Yield each unit that the closed period touches, with its days inside the period."""
        assert period.start
        assert period.end
        day = period.start
        while day <= period.end:
            unit = self.unit_of(day)
            yield self.format_key(unit), Period(day, min(unit.end, period.end), calendar=period.calendar)
            day = unit.end + timedelta(days=1)

    def first_day(self, day: Any, period: Period) -> Any:
        """Return the Ibis expression of the first day of the unit that a date is in."""
        if self.starts:
            return self._first_of_starts(day, period)
        if not self.shift:
            return day.truncate(self.unit).cast("timestamp").date()  # Spark truncates to a moment
        months = ibis.interval(months=self.shift)
        return ((day - months).cast("date").truncate(self.unit).cast("timestamp").date() + months).cast("date")

    def _first_of_starts(self, day: Any, period: Period) -> Any:
        assert self.starts
        first = self.unit_of(period.start).year if period.start else FIRST_YEAR
        last = self.unit_of(period.end).year if period.end else LAST_YEAR
        starts = [start for year in range(first, last + 2) for start in self.starts(year)]
        branches = [(day < after, ibis.literal(start)) for start, after in pairwise(starts)]
        return (day >= ibis.literal(starts[0])).ifelse(
            ibis.cases(*branches, else_=ibis.null("date")), ibis.null("date")
        )


def _read_day(text: str) -> date:
    day = read_date(text)
    if day is None:
        raise BadValue("")
    return day


def _day_unit(day: date) -> FiscalUnit:
    return FiscalUnit(day, day, day.year)


def _week_unit(day: date) -> FiscalUnit:
    monday = day - timedelta(days=day.weekday())
    return FiscalUnit(monday, monday + timedelta(days=6), monday.year)


def _first_day_key(unit: FiscalUnit) -> str:
    return unit.start.isoformat()


def _day_title(unit: FiscalUnit, with_year: bool) -> str:
    return format_day(unit.start, has_year=False)


@lru_cache(maxsize=32)
def grains_of(calendar: FiscalCalendar) -> dict[str, Grain]:
    """Return the grains by their names, for a company with this fiscal calendar."""

    def of_year(unit: FiscalUnit, with_year: bool = True) -> str:
        return f"{unit.year % 100:02}" if calendar.is_calendar_year else f"FY{unit.year % 100:02}"

    def parse_quarter(key: str) -> date:
        _read_day(f"{key[:4]}-01-01")
        return calendar.quarters(int(key[:4]))[int(key[5]) - 1].start

    def parse_period(key: str) -> date:
        _read_day(f"{key[:4]}-01-01")
        return calendar.months(int(key[:4]))[int(key[5:]) - 1].start

    def parse_year(key: str) -> date:
        return calendar.year(_read_day(f"{key}-01-01").year).start

    def month_title(unit: FiscalUnit, with_year: bool) -> str:
        if calendar.has_calendar_months:
            return format_month(unit.start, is_short=True, has_year=with_year)
        return f"P{unit.number} {of_year(unit)}" if with_year else f"P{unit.number}"

    is_weekly, shift = not calendar.has_calendar_months, calendar.first_month - 1
    month = Grain(
        "month", "Month", "M", calendar.month_of,
        (lambda unit: f"{unit.year}P{unit.number:02}") if is_weekly else (lambda unit: f"{unit.start:%Y-%m}"),
        "[0-9]{4}P(0[1-9]|1[0-2])" if is_weekly else "[0-9]{4}-[0-9]{2}",
        parse_period if is_weekly else (lambda key: _read_day(f"{key}-01")),
        month_title,
        starts=_starts_of(calendar.months) if is_weekly else None,
    )  # fmt: skip
    quarter = Grain(
        "quarter", "Quarter", "Q", calendar.quarter_of, lambda unit: f"{unit.year}Q{unit.number}", "[0-9]{4}Q[1-4]", parse_quarter,
        lambda unit, with_year: f"Q{unit.number} {of_year(unit)}", shift=shift,
        starts=_starts_of(calendar.quarters) if is_weekly else None,
    )  # fmt: skip
    year = Grain(
        "year", "Year", "Y", calendar.year_of, lambda unit: str(unit.year), "[0-9]{4}", parse_year,
        lambda unit, with_year: year_label(unit, calendar), shift=shift,
        starts=(lambda number: [calendar.year(number).start]) if is_weekly else None,
    )  # fmt: skip
    day = Grain("day", "Day", "D", _day_unit, _first_day_key, DAY_PATTERN, _read_day, _day_title)
    week = Grain("week", "Week", "W", _week_unit, _first_day_key, DAY_PATTERN, _read_day, _day_title)
    return {grain.name: grain for grain in (day, week, month, quarter, year)}


def _starts_of(units: Callable[[int], list[FiscalUnit]]) -> Callable[[int], list[date]]:
    return lambda number: [unit.start for unit in units(number)]


def grain_of(name: str, period: Period) -> Grain:
    """Return the grain as the period's fiscal calendar has it."""
    return grains_of(period.calendar)[name]


GRAINS = grains_of(CALENDAR_YEAR)  # names and labels; for anything that depends on the fiscal calendar use `grain_of`


def grain_for(period: Period) -> str:
    """Return the grain that gives a trend of the period some five to thirty points."""
    if period.days is None:
        return "quarter"
    for days, grain in [(21, "day"), (100, "week"), (800, "month"), (2600, "quarter")]:
        if period.days <= days:
            return grain
    return "year"


def stock_grain_for(period: Period) -> str:
    """Return a coarser grain for what must be counted again for each point."""
    for days, grain in [(100, "week"), (400, "month"), (1100, "quarter")]:
        if period.days and period.days <= days:
            return grain
    return "year" if period.days else "month"
