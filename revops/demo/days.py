"""The demo's calendar: which years it tells, and working hours in the company's zone."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

OPENS, CLOSES = 8, 18  # whole working hours in New York: such a moment is the same day in UTC
DAY = timedelta(days=1)
MONTHS = (0.9, 1.05, 1.2, 1.05, 1.0, 0.95, 0.75, 0.65, 1.2, 1.25, 1.1, 0.6)  # how busy each month is
WEEKEND = 0.15


@dataclass(frozen=True)
class Calendar:
    """Two full years before this one, and this year up to yesterday."""

    today: date
    zone: ZoneInfo

    @property
    def last(self) -> date:
        """The last day with events; today is not over yet."""
        return self.today - DAY

    @property
    def first(self) -> date:
        return date(self.today.year - 2, 1, 1)

    @property
    def years(self) -> range:
        return range(self.today.year - 2, self.today.year + 1)

    def seen(self, when: date | datetime | None) -> bool:
        """Tell whether this has happened by the end of yesterday."""
        if when is None:
            return False
        return (when.date() if isinstance(when, datetime) else when) <= self.last

    def age(self, when: date | datetime) -> int:
        """Return how many days ago this was, seen from today."""
        return (self.today - (when.date() if isinstance(when, datetime) else when)).days

    def moment(self, day: date, hour: float) -> datetime:
        """Return the local hour of the day (9.5 is half past nine) as a moment in UTC."""
        minutes = round(hour * 60)
        local = datetime(day.year, day.month, day.day, minutes // 60, minutes % 60, tzinfo=self.zone)
        return local.astimezone(UTC)

    def sometime(self, rng: Random, day: date) -> datetime:
        return self.moment(day, rng.uniform(OPENS, CLOSES))

    def later(self, start: datetime, hours: float) -> datetime:
        """Return the moment that many working hours after the start."""
        local = start.astimezone(self.zone)
        day, hour = local.date(), local.hour + local.minute / 60
        if next_workday(day) != day:
            day, hour = next_workday(day), float(OPENS)
        while hour + hours > CLOSES:
            hours -= CLOSES - hour
            day, hour = next_workday(day + DAY), float(OPENS)
        return self.moment(day, hour + hours)

    def between(self, rng: Random, start: datetime, end: datetime) -> datetime:
        """Return a working moment from start to end; the start, when there is none between."""
        drawn = start + (end - start) * rng.random()
        moment = self.sometime(rng, next_workday(drawn.astimezone(self.zone).date()))
        return max(start, min(moment, self.within_hours(end)))

    def within_hours(self, moment: datetime) -> datetime:
        """Return the last working hour up to the moment."""
        local = moment.astimezone(self.zone)
        hour = local.hour + local.minute / 60
        if hour < OPENS:
            return self.moment(local.date() - DAY, CLOSES)
        return self.moment(local.date(), min(hour, CLOSES))


def next_workday(day: date) -> date:
    """Return the day, or the Monday after it on a weekend."""
    return day + DAY * max(0, 7 - day.weekday()) if day.weekday() > 4 else day


def last_workday(year: int) -> date:
    day = date(year, 12, 31)
    return day - DAY * max(0, day.weekday() - 4)


def seasonal_factor(day: date) -> float:
    """Return how busy a day is, 1 for an ordinary one."""
    return MONTHS[day.month - 1] * (WEEKEND if day.weekday() > 4 else 1)


def seasonal_days(rng: Random, start: date, end: date, count: int) -> list[date]:
    """Draw days from start to end as the season has it, in order."""
    days = [start + DAY * number for number in range((end - start).days + 1)]
    return sorted(rng.choices(days, [seasonal_factor(day) for day in days], k=count))


def quarter_end(day: date) -> date:
    month = 3 * ((day.month - 1) // 3) + 3
    return date(day.year + month // 12, month % 12 + 1, 1) - DAY
