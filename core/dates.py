"""Which dates can be meant, and which ones systems write where they have none. Pure.

Business records have days from 1900 to 2199: any other is a mistake, and dates near the ends of the calendar overflow as
soon as a time zone or a period is computed with. Columns of a company's own are kept as text and are free: a birthday
or a founding year stays what it is.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
FIRST_MOMENT = datetime.combine(FIRST_DAY, time.min, UTC)
LAST_MOMENT = datetime.combine(LAST_DAY, time.max, UTC)
BOUNDS = f"{FIRST_DAY.year} to {LAST_DAY.year}"
OUT_OF_BOUNDS = f"is outside {BOUNDS}; correct the year or leave the date empty"

# .NET and Go begin on 0001-01-01, SQL Server on 1753-01-01, Windows on 1601-01-01, spreadsheets on 1899-12-30 to
# 1900-01-01, Unix on 1970-01-01; 9999-12-31 and 2999-12-31 represent an open end, 0000-00-00 is MySQL's empty date.
_OPEN_ENDS = ("2999-12-31", "9999-12-31")
_FILLERS = ("0000-00-00", "0001-01-01", "1601-01-01", "1753-01-01", "1899-12-30", "1899-12-31", "1900-01-00", "1900-01-01",
            *_OPEN_ENDS)  # fmt: skip
_AT_MIDNIGHT = ("1970-01-01",)  # at another hour it may be meant
_MIDNIGHT = r"(?:[T ]0?0:00(?::00(?:[.,]0+)?)?|,? 12:00(?::00)? ?[Aa][Mm])?(?:Z| ?[+-]00:?00| UTC)?"
_SECONDS = (r"-62135596800(?:000)?", r"253402214400(?:000)?", r"253402300799(?:000|999)?")  # of years 1 and 9999


def _day_patterns(day: str) -> list[str]:
    """Write a day as ISO, without separators, and with the day or the month first, as a pattern."""
    year, month, number = day.split("-")
    month, number = (f"0?{int(part)}" for part in (month, number))
    mark = r"[./\- ]"
    return [
        rf"{year}[./\-]{month}[./\-]{number}",
        day.replace("-", ""),
        rf"{number}{mark}{month}{mark}{year}",
        rf"{month}{mark}{number}{mark}{year}",
    ]


_ANY_TIME = r"(?:[T ,].*)?"
EMPTY_DATE = "^(?:{}|{}|{})$".format(
    "(?:" + "|".join(shape for day in _FILLERS for shape in _day_patterns(day)) + ")" + _ANY_TIME,
    "(?:" + "|".join(shape for day in _AT_MIDNIGHT for shape in _day_patterns(day)) + ")" + _MIDNIGHT,
    "|".join(_SECONDS),
)
OPEN_END = f"^(?:{'|'.join(shape for day in _OPEN_ENDS for shape in _day_patterns(day))}){_ANY_TIME}$"
_EMPTY_DATE = re.compile(EMPTY_DATE)


def is_empty_date(text: str) -> bool:
    """Tell whether a system writes this where it has no date."""
    return _EMPTY_DATE.fullmatch(text.strip()) is not None


def is_plausible(value: date | datetime) -> bool:
    """Tell whether a day, or an aware or naive moment, can be meant."""
    day = value.date() if isinstance(value, datetime) else value
    return FIRST_DAY <= day <= LAST_DAY


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """Return the moment at which a day begins in a time zone.

    Filters on days compare with it: the lookup `__date` uses the time zone of the reader in a request and UTC elsewhere.
    """
    return datetime.combine(day, time(), zone)


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """Return the moment at which the next day begins; a moment of the day is before it."""
    return start_of_day(day + timedelta(days=1), zone)
