"""Opening hours as people write and read them: “09:00–12:30, 13:30–17:00”, Monday to Friday. Pure."""

import itertools
import re
from collections.abc import Iterable, Mapping

Spans = list[list[str]]
Week = Mapping[str, Spans]
Minutes = tuple[int, int]  # after midnight
DAY = 24 * 60
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SPAN = re.compile(r"^(\d{1,2}):(\d\d)\s*[-–]\s*(\d{1,2}):(\d\d)$")


def read_week(texts: Mapping[int, str]) -> tuple[dict[str, Spans], dict[int, str]]:
    """Read the hours of each weekday, Monday being 0; return the week as it is stored, and what is wrong by weekday.

    A span past midnight is two: 22:00–06:00 on Friday is Friday from 22:00 and Saturday until 06:00.
    """
    minutes_by_day: dict[int, list[Minutes]] = {day: [] for day in range(7)}
    errors: dict[int, str] = {}
    for day, text in texts.items():
        try:
            for start, end in read_spans(text):
                minutes_by_day[day].append((start, min(end, DAY)))
                if end > DAY:
                    minutes_by_day[(day + 1) % 7].append((0, end - DAY))
        except ValueError as error:
            errors[day] = str(error)
    return {
        str(day): [[_format_minutes(a), _format_minutes(b)] for a, b in _merge_spans(spans)]
        for day, spans in minutes_by_day.items()
        if spans
    }, errors


def read_spans(text: str) -> list[Minutes]:
    """Read the spans of a day, separated by commas, in minutes after its midnight; one that ends on the next day ends after 1,440.

    Raises:
        ValueError: the text is not a valid span; the message gives the reason.
    """
    spans = [_parse_span(part.strip()) for part in text.split(",") if part.strip()]
    for before, after in itertools.pairwise(spans):
        if after[0] < before[1]:
            raise ValueError("Write the time spans of a day in order and without overlaps.")
    return spans


def _merge_spans(spans: Iterable[Minutes]) -> list[Minutes]:
    """Put spans in order, those that overlap or touch as one."""
    merged: list[Minutes] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


def _parse_span(text: str) -> Minutes:
    match = SPAN.match(text)
    if not match:
        raise ValueError(f"“{text}” is not a valid time span. Write it like 09:00–12:30, or 22:00–06:00 past midnight.")
    numbers = [int(part) for part in match.groups()]
    start, end = numbers[0] * 60 + numbers[1], numbers[2] * 60 + numbers[3]
    if not (start < DAY and end <= DAY and numbers[1] <= 59 and numbers[3] <= 59):
        raise ValueError(f"“{text}” has a time that does not exist. Write hours from 00:00 to 24:00.")
    if start == end:
        raise ValueError(f"“{text}” opens and closes at the same time. Write a whole day as 00:00–24:00.")
    return start, end if end > start else end + DAY


def _format_minutes(minutes: int) -> str:
    return f"{minutes // 60 % 24:02}:{minutes % 60:02}"


def write_spans(spans: Iterable[Iterable[str]]) -> str:
    """Write the spans of a day so that they can be read again: midnight as an end is 24:00."""
    return ", ".join(f"{start[:5]}–{'24:00' if end[:5] == '00:00' else end[:5]}" for start, end in spans)


def week_in_words(week: Week) -> list[tuple[str, str]]:
    """Say a week as (days, hours), days with the same hours together: (“Monday to Friday”, “09:00–17:00”)."""
    lines: list[tuple[str, str]] = []
    first = 0
    hours = [write_spans(week.get(str(day), [])) or "Closed" for day in range(7)]
    for day in range(7):
        if day == 6 or hours[day + 1] != hours[first]:
            lines.append((_format_days(first, day), hours[first]))
            first = day + 1
    return lines


def _format_days(first: int, last: int) -> str:
    joint = " and " if last == first + 1 else " to "
    return DAYS[first] if first == last else f"{DAYS[first]}{joint}{DAYS[last]}"
