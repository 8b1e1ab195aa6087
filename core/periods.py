"""Periods of days, half-open inside, inclusive on screen. All period edges in Accord are made here."""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

from django.http import QueryDict

from core.request_values import BadValue, quoted, read_date


class BadPeriod(ValueError):
    """The words name no period; the message says what to write instead."""


@dataclass(frozen=True)
class Period:
    """The days from `start` to `end`, both included; None leaves that side open."""

    start: date | None = None
    end: date | None = None
    name: str = ""

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
        months = _whole_months(self.start, self.end)
        if months:
            start = add_months(self.start, -months)
            return type(self)(start, self.start - timedelta(days=1))
        days = (self.end - self.start).days + 1
        return type(self)(self.start - timedelta(days=days), self.start - timedelta(days=1))

    @property
    def label(self) -> str:
        """Say the period in words: 2025, Q3 2025, March 2025, or the two dates."""
        if not (self.start and self.end):
            return _open_label(self.start, self.end)
        if (self.start.day, self.start.month, self.end.day, self.end.month) == (
            1,
            1,
            31,
            12,
        ) and self.start.year == self.end.year:
            return str(self.start.year)
        months = _whole_months(self.start, self.end)
        if months == 3 and self.start.month % 3 == 1:
            return f"Q{self.start.month // 3 + 1} {self.start.year}"
        if months == 1:
            return f"{self.start:%B %Y}"
        return f"{_day(self.start)} – {_day(self.end)}"

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


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def _open_label(start: date | None, end: date | None) -> str:
    if start:
        return f"since {_day(start)}"
    return f"until {_day(end)}" if end else "all time"


def _whole_months(start: date, end: date) -> int:
    """Count the calendar months from start to end, 0 when they are not whole."""
    if start.day != 1 or end != month_end(end):
        return 0
    return (end.year - start.year) * 12 + end.month - start.month + 1


def month_end(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def add_months(day: date, months: int) -> date:
    """Move a day by calendar months; the 31st becomes the month's last day where it has no 31st."""
    years, month = divmod(day.month - 1 + months, 12)
    first = date(day.year + years, month + 1, 1)
    return first.replace(day=min(day.day, month_end(first).day))


def year(number: int) -> Period:
    return Period(date(number, 1, 1), date(number, 12, 31))


def quarter(day: date) -> Period:
    first = date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)
    return Period(first, month_end(add_months(first, 2)))


def month(day: date) -> Period:
    return Period(day.replace(day=1), month_end(day))


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
DEFAULT = "last_year"  # the last full calendar year


def preset(name: str, today: date) -> Period:
    """Return the named period as seen from `today` (the company's local day)."""
    match name:
        case "last_year":
            found = year(today.year - 1)
        case "this_year":
            found = year(today.year)
        case "last_quarter":
            found = quarter(add_months(today.replace(day=1), -3))
        case "this_quarter":
            found = quarter(today)
        case "last_month":
            found = month(today.replace(day=1) - timedelta(days=1))
        case "this_month":
            found = month(today)
        case "last_12_months":
            last = today.replace(day=1) - timedelta(days=1)
            found = Period(add_months(last.replace(day=1), -11), last)
        case "all":
            found = Period()
        case _:
            raise BadPeriod(f"No period is called {quoted(name)}. Use one of: {', '.join(PRESETS)}, or from and to.")
    return Period(found.start, found.end, name)


def parse_day(text: str | None, what: str) -> date | None:
    """Return the day that a parameter names; None where it is empty.

    Raises:
        BadPeriod: it is no day, or one too far off to be meant.
    """
    try:
        return read_date(text)
    except BadValue as error:
        raise BadPeriod(f"{what}: {error}") from None


def from_query(query: QueryDict, today: date) -> Period:
    """Read ?period=last_year or ?from=2025-01-01&to=2025-12-31; the default is the last full calendar year.

    Raises:
        BadPeriod: the words or dates name no period.
    """
    start, end = parse_day(query.get("from"), "from"), parse_day(query.get("to"), "to")
    if start or end:
        return Period(start, end)
    return preset(query.get("period") or DEFAULT, today)
