"""Fiscal calendars: years that begin in any month, or years of 52 or 53 weeks in quarters of 4, 4 and 5 weeks.

Pure; all days are `datetime.date`, and both ends of a span are included.
"""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

WEEK = timedelta(days=7)
MONTH_WEEKS = (4, 4, 5)  # of a quarter; in a year of 53 weeks the last month has one more
QUARTER_WEEKS = sum(MONTH_WEEKS)


@dataclass(frozen=True)
class FiscalUnit:
    """A fiscal year, quarter or month: its days, the number of its year, and its number in that year from 1."""

    start: date
    end: date
    year: int
    number: int = 1


@dataclass(frozen=True)
class FiscalCalendar:
    """How a company cuts time into fiscal years, quarters and months.

    Attributes:
        first_month: the month that a fiscal year begins in, 1 to 12; months are those of the calendar.
        week_start: the first day of any fiscal year of 52 or 53 weeks (4-4-5), or None; `first_month` has no meaning
            then. Every year ends on the same weekday, by the end of the same month.
        is_last_weekday: such a year ends on the last of these weekdays in the month, else on the one nearest to its end.
        is_named_by_start: a year has the number of the calendar year that it begins in, else of the one it ends in.
    """

    first_month: int = 1
    week_start: date | None = None
    is_last_weekday: bool = False
    is_named_by_start: bool = False

    @property
    def is_calendar_year(self) -> bool:
        return self.week_start is None and self.first_month == 1

    @property
    def has_calendar_months(self) -> bool:
        return self.week_start is None

    def year(self, number: int) -> FiscalUnit:
        """Return the fiscal year of a number."""
        start = self._year_start(number)
        return FiscalUnit(start, self._year_start(number + 1) - timedelta(days=1), number)

    def year_of(self, day: date) -> FiscalUnit:
        """Return the fiscal year that the day is in."""
        guess = day.year + 1
        while self._year_start(guess) > day:
            guess -= 1
        return self.year(guess)

    def quarters(self, number: int) -> list[FiscalUnit]:
        """Return the four quarters of a fiscal year."""
        return self._split_year(number, 4)

    def months(self, number: int) -> list[FiscalUnit]:
        """Return the twelve months of a fiscal year."""
        return self._split_year(number, 12)

    def quarter_of(self, day: date) -> FiscalUnit:
        return _unit_containing(day, self.quarters(self.year_of(day).year))

    def month_of(self, day: date) -> FiscalUnit:
        return _unit_containing(day, self.months(self.year_of(day).year))

    def _split_year(self, number: int, parts: int) -> list[FiscalUnit]:
        year = self.year(number)
        starts = list(self._unit_starts(year.start, parts))
        ends = [start - timedelta(days=1) for start in starts[1:]] + [year.end]
        return [
            FiscalUnit(start, end, number, number_in_year)
            for number_in_year, (start, end) in enumerate(zip(starts, ends, strict=True), 1)
        ]

    def _unit_starts(self, first: date, parts: int) -> Iterator[date]:
        if self.week_start is None:
            yield from (_add_months(first, index * 12 // parts) for index in range(parts))
            return
        for quarter in range(4):
            start = first + quarter * QUARTER_WEEKS * WEEK
            yield start
            if parts == 12:
                yield start + MONTH_WEEKS[0] * WEEK
                yield start + sum(MONTH_WEEKS[:2]) * WEEK

    def _year_start(self, number: int) -> date:
        if self.week_start is None:
            begins_earlier = self.first_month > 1 and not self.is_named_by_start
            return date(number - begins_earlier, self.first_month, 1)
        month_end = self._month_end_before
        first_number = month_end.year if self.is_named_by_start else (month_end + timedelta(days=1)).year
        # named by its start, a year that begins by 1 January belongs to the year that begins then
        first_number += self.is_named_by_start and month_end.month == 12
        first_number += not self.is_named_by_start and month_end.month != 12
        return self._weekday_by(_end_of_month(month_end.year + number - first_number, month_end.month)) + timedelta(
            days=1
        )

    @property
    def _month_end_before(self) -> date:
        """The end of the month by which the year before `week_start` ends: the nearest."""
        assert self.week_start
        last = self.week_start - timedelta(days=1)
        previous = last.replace(day=1) - timedelta(days=1)
        this = _end_of_month(last.year, last.month)
        return this if self.is_last_weekday or this - last <= last - previous else previous

    def _weekday_by(self, month_end: date) -> date:
        assert self.week_start
        days = (month_end.weekday() - self.week_start.weekday() + 1) % 7  # back to the weekday that years end on
        return month_end - timedelta(days=days if self.is_last_weekday or days <= 3 else days - 7)


CALENDAR_YEAR = FiscalCalendar()


def _unit_containing(day: date, units: list[FiscalUnit]) -> FiscalUnit:
    return next(unit for unit in units if unit.start <= day <= unit.end)


def _end_of_month(year: int, month: int) -> date:
    return date(year, month, calendar.monthrange(year, month)[1])


def _add_months(first: date, months: int) -> date:
    years, month = divmod(first.month - 1 + months, 12)
    return date(first.year + years, month + 1, 1)
