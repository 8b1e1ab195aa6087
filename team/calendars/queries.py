"""Whose clock runs by which calendar, and the table of business time of each."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from team.calendars.business_time import BusinessTime, usual_day_seconds, week_from_json
from team.calendars.public_holidays import public_holidays
from team.models import Calendar, Company, Territory, User, office_hours

YEARS_AHEAD = 2  # no clock runs longer


@dataclass(frozen=True)
class Hours:
    """The working hours of a person: hashable, so that people who share them share one table.

    `week` and `closed_days` are JSON texts; `name` is for people.
    """

    name: str
    week: str
    zone: str
    country: str = ""
    region: str = ""
    closed_days: str = "[]"

    @classmethod
    def of(cls, calendar: Calendar | None, zone: str) -> "Hours":
        if calendar is None:
            return cls("Monday to Friday, 9:00 to 17:00", json.dumps(office_hours()), zone)
        return cls(
            calendar.name, json.dumps(calendar.week, sort_keys=True), calendar.time_zone or zone, calendar.country,
            calendar.region, json.dumps(calendar.closed_days),
        )  # fmt: skip

    @property
    def day(self) -> float:
        """The open seconds of a usual business day."""
        return usual_day_seconds(week_from_json(json.loads(self.week)))

    def table(self, first: datetime, last: datetime) -> BusinessTime:
        """Return the table that covers two instants, and enough time after the later one for any deadline."""
        return _business_time_table(self, first.year - 1, last.year + YEARS_AHEAD)


@lru_cache(maxsize=64)
def _business_time_table(hours: Hours, first: int, last: int) -> BusinessTime:
    days = {date.fromisoformat(day) for day in json.loads(hours.closed_days)}
    days |= public_holidays(hours.country, hours.region, range(first, last + 1))
    zone = ZoneInfo(hours.zone)
    return BusinessTime.of(week_from_json(json.loads(hours.week)), zone, date(first, 1, 1), date(last, 12, 31), days)


@dataclass(frozen=True)
class Person:
    """Where working hours are looked for: the person, those they report to, the territory."""

    user: User | None = None
    territory_id: int | None = None


class HoursBook:
    """Finds the hours of many people with a constant number of questions.

    One's own calendar counts before that of the nearest manager, of the territory or one around it, of the company.
    """

    def __init__(self) -> None:
        self.company = Company.get()
        self.users = {user.pk: user for user in User.objects.filter(is_active=True)}
        self.territories = {territory.pk: territory for territory in Territory.objects.all()}
        self.calendars: Mapping[int, Calendar] = {calendar.pk: calendar for calendar in Calendar.objects.all()}

    def of(self, person: Person) -> Hours:
        zone = (person.user.time_zone if person.user else "") or self.company.time_zone
        return Hours.of(self._find_calendar(person), zone)

    def _find_calendar(self, person: Person) -> Calendar | None:
        calendar_id = self._nearest_calendar_id(person.user, self.users, "manager_id")
        territory_id = (person.user.territory_id if person.user else None) or person.territory_id
        calendar_id = calendar_id or self._nearest_calendar_id(
            self.territories.get(territory_id or 0), self.territories, "parent_id"
        )
        return self.calendars.get(calendar_id or self.company.calendar_id or 0)

    @staticmethod
    def _nearest_calendar_id(start: Any, rows: Mapping[int, Any], parent_field: str) -> int | None:
        """Return the first calendar on the way up; a circle ends the search."""
        seen: set[int] = set()
        while start is not None and start.pk not in seen:
            if start.calendar_id:
                return int(start.calendar_id)
            seen.add(start.pk)
            start = rows.get(getattr(start, parent_field) or 0)
        return None
