"""Periods of days, half-open inside, inclusive on screen. All period edges in Accord are made here."""

import calendar as days_of_calendar
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Self

from django.http import QueryDict

from core.date_formatting import format_day, format_month
from core.fiscal import CALENDAR_YEAR, FiscalCalendar, FiscalUnit
from core.request_values import BadValue, quote_text, read_date


class BadPeriod(ValueError):
    """The words name no period; the message says what to write instead."""


@dataclass(frozen=True)
class Period:
    """The days from `start` to `end`, both included; None leaves that side open.

    `calendar` decides what a year, a quarter and a month are, so also what is before and how the period is named.
    """

    start: date | None = None
    end: date | None = None
    name: str = ""
    calendar: FiscalCalendar = field(default=CALENDAR_YEAR, compare=False)

    def __post_init__(self) -> None:
        if self.start and self.end and self.start > self.end:
            raise BadPeriod(f"The period ends ({self.end}) before it starts ({self.start}). Swap the two dates.")

    @property
    def days(self) -> int | None:
        return (self.end - self.start).days + 1 if self.start and self.end else None

    @property
    def before(self) -> Self | None:
        """The period of the same kind before this one: the year before a year, as many days before any other."""
        if not (self.start and self.end):
            return None
        start = self._start_of_units_before() or self.start - (self.end - self.start) - timedelta(days=1)
        return type(self)(start, self.start - timedelta(days=1), calendar=self.calendar)

    @property
    def year_before(self) -> Self | None:
        """The same days a year before; where years are made of weeks, 52 weeks before, on the same weekdays."""
        if not (self.start and self.end) or self.start.year <= 1:
            return None
        if not self.calendar.has_calendar_months:
            year = timedelta(weeks=52)
            return type(self)(self.start - year, self.end - year, calendar=self.calendar)
        end = add_months(self.end, -12)
        if self.end == month_end(self.end):
            end = month_end(end)
        return type(self)(add_months(self.start, -12), end, calendar=self.calendar)

    def _start_of_units_before(self) -> date | None:
        """Return where as many whole years, quarters or months begin that end the day before; None for other periods."""
        assert self.start
        assert self.end
        calendar = self.calendar
        if calendar.has_calendar_months:
            months = _whole_months(self.start, self.end)
            return add_months(self.start, -months) if months else None
        for unit_of in (calendar.year_of, calendar.quarter_of, calendar.month_of):
            if count := _whole_units(self.start, self.end, unit_of):
                return _units_back(self.start, count, unit_of)
        return None

    @property
    def label(self) -> str:
        """Say the period in words: 2025, FY 2026, Q3 2025, March 2025, or the two dates; an open one: since or until a date."""
        if not (self.start and self.end):
            if self.start:
                return f"since {format_day(self.start)}"
            return f"until {format_day(self.end)}" if self.end else "all time"
        return self._unit_label() or f"{format_day(self.start)} – {format_day(self.end)}"

    def _unit_label(self) -> str:
        assert self.start
        calendar = self.calendar
        if self._matches_unit(unit := calendar.year_of(self.start)):
            return year_label(unit, calendar)
        if self._matches_unit(unit := calendar.quarter_of(self.start)):
            return f"Q{unit.number} {year_label(unit, calendar)}"
        if self._matches_unit(unit := calendar.month_of(self.start)):
            return (
                format_month(self.start)
                if calendar.has_calendar_months
                else f"P{unit.number} {year_label(unit, calendar)}"
            )
        return ""

    def _matches_unit(self, unit: FiscalUnit) -> bool:
        return (self.start, self.end) == (unit.start, unit.end)

    def months(self) -> list["Period"]:
        """Cut the period into calendar months; the first and last may be shorter."""
        assert self.start
        assert self.end
        edges, parts = self.start, []
        while edges <= self.end:
            last = min(month_end(edges), self.end)
            parts.append(Period(edges, last))
            edges = last + timedelta(days=1)
        return parts


def _whole_months(start: date, end: date) -> int:
    """Count the calendar months from start to end, 0 when they are not whole."""
    if start.day != 1 or end != month_end(end):
        return 0
    return (end.year - start.year) * 12 + end.month - start.month + 1


def month_end(day: date) -> date:
    return day.replace(day=days_of_calendar.monthrange(day.year, day.month)[1])


def add_months(day: date, months: int) -> date:
    """Move a day by calendar months; the 31st becomes the month's last day where it has no 31st."""
    years, month = divmod(day.month - 1 + months, 12)
    first = date(day.year + years, month + 1, 1)
    return first.replace(day=min(day.day, month_end(first).day))


def year_label(unit: FiscalUnit, calendar: FiscalCalendar) -> str:
    """Write the year of a fiscal unit: 2025, or FY 2026 where it is not a calendar year."""
    return str(unit.year) if calendar.is_calendar_year else f"FY {unit.year}"


def year_period(number: int, calendar: FiscalCalendar = CALENDAR_YEAR) -> Period:
    return _period_of_unit(calendar.year(number), calendar)


def year_of(day: date, calendar: FiscalCalendar = CALENDAR_YEAR) -> Period:
    return _period_of_unit(calendar.year_of(day), calendar)


def quarter_period(day: date, calendar: FiscalCalendar = CALENDAR_YEAR) -> Period:
    return _period_of_unit(calendar.quarter_of(day), calendar)


def month_period(day: date, calendar: FiscalCalendar = CALENDAR_YEAR) -> Period:
    return _period_of_unit(calendar.month_of(day), calendar)


def _period_of_unit(unit: FiscalUnit, calendar: FiscalCalendar) -> Period:
    return Period(unit.start, unit.end, calendar=calendar)


def _whole_units(start: date, end: date, unit_of: Callable[[date], FiscalUnit]) -> int:
    """Count the fiscal units from start to end, 0 when they are not whole."""
    count, unit = 0, unit_of(start)
    if unit.start != start:
        return 0
    while unit.end <= end:
        count += 1
        if unit.end == end:
            return count
        unit = unit_of(unit.end + timedelta(days=1))
    return 0


def _units_back(start: date, count: int, unit_of: Callable[[date], FiscalUnit]) -> date:
    for _ in range(count):
        start = unit_of(start - timedelta(days=1)).start
    return start


PRESETS = {
    "last_year": "Last year",
    "this_year": "This year",
    "last_quarter": "Last quarter",
    "this_quarter": "This quarter",
    "last_month": "Last month",
    "this_month": "This month",
    "last_12_months": "Last 12 months",
    "all": "All time",
}
DEFAULT = "last_year"  # the last full year


def preset_period(name: str, today: date, calendar: FiscalCalendar = CALENDAR_YEAR) -> Period:
    """Return the named period as seen from `today` (the company's local day), by the company's fiscal calendar.

    Raises:
        BadPeriod: there is no period of that name.
    """
    if name not in PRESETS:
        raise BadPeriod(
            f"The period {quote_text(name)} does not exist. Use one of: {', '.join(PRESETS)}, or from and to."
        )
    span = _resolve_preset(name, today, calendar)
    return Period(span.start, span.end, name, calendar)


def _resolve_preset(name: str, today: date, calendar: FiscalCalendar) -> Period:
    if name == "all":
        return Period()
    if name == "last_12_months":
        last = _day_before(month_period(today, calendar))
        months = [month_period(last, calendar)]
        while len(months) < 12:
            months.append(month_period(_day_before(months[-1]), calendar))
        return Period(months[-1].start, months[0].end)
    which, _, unit = name.partition("_")
    span = {"year": year_of, "quarter": quarter_period, "month": month_period}[unit]
    current = span(today, calendar)
    return current if which == "this" else span(_day_before(current), calendar)


def _day_before(period: Period) -> date:
    assert period.start
    return period.start - timedelta(days=1)


def parse_day(text: str | None, what: str) -> date | None:
    """Return the day that a parameter names; None where it is empty.

    Raises:
        BadPeriod: it is not a day, or one too far off to be meant.
    """
    try:
        return read_date(text)
    except BadValue as error:
        raise BadPeriod(f"{what}: {error}") from None


def period_from_query(query: QueryDict, today: date, calendar: FiscalCalendar = CALENDAR_YEAR) -> Period:
    """Read ?period=last_year or ?from=2025-01-01&to=2025-12-31; the default is the last full year.

    Raises:
        BadPeriod: the words or dates name no period.
    """
    start, end = parse_day(query.get("from"), "from"), parse_day(query.get("to"), "to")
    if start or end:
        return Period(start, end, calendar=calendar)
    return preset_period(query.get("period") or DEFAULT, today, calendar)
