"""How days, moments and months are written for people: in the company's locale, by Babel.

The words around them stay English. Forms, exports, addresses and the API write ISO 8601 and do not come here.
"""

from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo

from babel.dates import DateTimePattern, get_datetime_format, get_time_format, match_skeleton, parse_pattern
from django.utils import timezone

from core.formatting import NOTHING
from core.number_locale import current_locale, parse_locale


def format_day(day: date | None, *, has_year: bool = True, has_weekday: bool = False) -> str:
    """Write a day: Nov 3, 2026 in en_US, 3. Nov. 2026 in de_DE; without the year Nov 3, with the weekday Tue, Nov 3, 2026."""
    skeleton = f"{'y' if has_year else ''}MMM{'E' if has_weekday else ''}d"
    return NOTHING if day is None else _apply(_skeleton_pattern(current_locale(), skeleton), day)


def format_moment(moment: datetime | None, zone: ZoneInfo | None = None, *, has_year: bool = True) -> str:
    """Write a moment with its zone: Nov 22, 2026, 3:02 AM CET in en_US, 22. Nov. 2026, 03:02 CET in de_DE.

    Args:
        zone: the zone to write it in; without one that of the reader. A moment without a zone is written as it is.
    """
    if moment is None:
        return NOTHING
    local = timezone.localtime(moment, zone) if timezone.is_aware(moment) else moment
    name = current_locale()
    text = _moment_glue(name).format(_apply(_time_pattern(name), local), format_day(local, has_year=has_year))
    return f"{text} {local:%Z}".rstrip()


def format_month(day: date, *, is_short: bool = False, has_year: bool = True) -> str:
    """Write the month of a day: November 2026; short, as axes have it, Nov 26 or Nov."""
    name = current_locale()
    if is_short:
        return _apply(_short_month_pattern(name) if has_year else _skeleton_pattern(name, "MMM"), day)
    return _apply(_skeleton_pattern(name, "yMMMM" if has_year else "MMMM"), day)


def _apply(pattern: DateTimePattern, value: date) -> str:
    return str(pattern.apply(value, parse_locale(current_locale())))


@cache
def _skeleton_pattern(locale: str, skeleton: str) -> DateTimePattern:
    """Return the locale's pattern for the fields of a skeleton, parsed once."""
    skeletons = parse_locale(locale).datetime_skeletons
    key = skeleton if skeleton in skeletons else match_skeleton(skeleton, skeletons)
    if key is None:
        raise ValueError(f"The locale {locale} has no date pattern for {skeleton}.")
    return skeletons[key]


@cache
def _short_month_pattern(locale: str) -> DateTimePattern:
    """Return the pattern of month and year with two digits for the year: axes have little room."""
    return parse_pattern(_skeleton_pattern(locale, "yMMM").pattern.replace("y", "yy"))


@cache
def _time_pattern(locale: str) -> DateTimePattern:
    return get_time_format("short", parse_locale(locale))


@cache
def _moment_glue(locale: str) -> str:
    """Return how the locale joins a time {0} and a day {1}: “{1}, {0}”."""
    return str(get_datetime_format("medium", parse_locale(locale))).replace("'", "")
