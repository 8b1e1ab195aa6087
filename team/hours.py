"""Opening hours as people write and read them: “09:00–12:30, 13:30–17:00”, Monday to Friday. Pure."""

import itertools
import re
from collections.abc import Iterable, Mapping

Spans = list[list[str]]
Week = Mapping[str, Spans]
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SPAN = re.compile(r"^(\d{1,2}):(\d\d)\s*[-–]\s*(\d{1,2}):(\d\d)$")


def read_spans(text: str) -> Spans:
    """Read the spans of a day, parted by commas; nothing means closed.

    Raises:
        ValueError: with what is wrong, for whoever wrote it.
    """
    found = [_span(part.strip()) for part in text.split(",") if part.strip()]
    for before, after in itertools.pairwise(found):
        if before[1] == "00:00" or after[0] < before[1]:
            raise ValueError("Write the spans of a day in their order, none within another.")
    return found


def _span(text: str) -> list[str]:
    match = SPAN.match(text)
    if not match:
        raise ValueError(f"“{text}” is no span. Write it like 09:00–12:30.")
    numbers = [int(part) for part in match.groups()]
    start, end = numbers[0] * 60 + numbers[1], numbers[2] * 60 + numbers[3]
    if not 0 <= start < end <= 24 * 60 or numbers[1] > 59 or numbers[3] > 59:
        raise ValueError(f"“{text}” does not close after it opens, on the same day.")
    return [_clock(start), _clock(end)]


def _clock(minutes: int) -> str:
    return f"{minutes // 60 % 24:02}:{minutes % 60:02}"


def write_spans(spans: Iterable[Iterable[str]]) -> str:
    return ", ".join("–".join(_end(part) for part in span) for span in spans)


def _end(text: str) -> str:
    return text[:5]


def week_in_words(week: Week) -> list[tuple[str, str]]:
    """Say a week as (days, hours), days with the same hours together: (“Monday to Friday”, “09:00–17:00”)."""
    found: list[tuple[str, str]] = []
    first = 0
    hours = [write_spans(week.get(str(day), [])) or "Closed" for day in range(7)]
    for day in range(7):
        if day == 6 or hours[day + 1] != hours[first]:
            found.append((_days(first, day), hours[first]))
            first = day + 1
    return found


def _days(first: int, last: int) -> str:
    joint = " and " if last == first + 1 else " to "
    return DAYS[first] if first == last else f"{DAYS[first]}{joint}{DAYS[last]}"
