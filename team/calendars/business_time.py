"""Business time as a piecewise-linear table, for one clock or a million alike.

F(t) is the number of open seconds from the table's first day up to the instant t: it rises by one a second while
the calendar is open and pauses while it is closed. So elapsed = F(t2) − F(t1), and the deadline of an
allowance is the first instant at which F reaches F(t1) + allowance. An instant is open when the wall clock of
the calendar's zone then shows a time inside a span of that weekday, and the day is not a holiday; where the clocks
go back, an open hour that the wall shows twice counts twice, and an hour that is skipped counts nothing.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

DAY = 86_400


class OutsideTable(ValueError):
    """The instant, or the deadline, is outside the days that the table covers."""


@dataclass(frozen=True, order=True)
class Span:
    """Open from `start` until `end` (seconds after midnight by the wall clock, 0 to 86,400; end excluded)."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end <= DAY:
            raise ValueError("A span opens before it closes, within one day.")

    @classmethod
    def between(cls, start: time, end: time) -> "Span":
        """Make a span of two times; midnight as the end means the end of the day."""
        return cls(_seconds_of_day(start), _seconds_of_day(end) or DAY)


Week = Mapping[int, Collection[Span]]  # weekday (Monday is 0) to its open spans


def week_from_json(written: Mapping[str, Iterable[Iterable[str]]]) -> dict[int, list[Span]]:
    """Read a week as it is stored: {"0": [["09:00", "12:30"], ["13:30", "17:00"]], …}, Monday being 0.

    Midnight as an end is 00:00 or 24:00; a span that ends before it begins ends on the next day.

    Raises:
        ValueError: no weekday, no time, or a span that closes as it opens.
    """
    week: dict[int, list[Span]] = {int(day): [] for day in written}
    if not set(week) <= set(range(7)):
        raise ValueError("Weekdays go from 0, Monday, to 6, Sunday.")
    for day, spans in written.items():
        for start, end in spans:
            opens, closes = time.fromisoformat(start), time() if end[:5] == "24:00" else time.fromisoformat(end)
            if time() < closes < opens:  # past midnight: until the end of the day, and the rest on the next
                week[int(day)].append(Span.between(opens, time()))
                week.setdefault((int(day) + 1) % 7, []).append(Span.between(time(), closes))
            else:
                week[int(day)].append(Span.between(opens, closes))
    return week


def week_to_json(week: Week) -> dict[str, list[list[str]]]:
    """Write a week as it is stored: spans in order, none past midnight, midnight as an end as 00:00."""
    return {
        str(day): [[_format_seconds(span.start), _format_seconds(span.end)] for span in _merge_spans(week[day])]
        for day in sorted(week)
        if week[day]
    }


def _format_seconds(seconds: int) -> str:
    moment = time(seconds // 3600 % 24, seconds // 60 % 60, seconds % 60)
    return moment.isoformat("seconds" if moment.second else "minutes")


def usual_day_seconds(week: Week) -> float:
    """Return the open seconds of a business day: the mean of the weekdays that open at all."""
    lengths = [sum(span.end - span.start for span in _merge_spans(spans)) for spans in week.values() if spans]
    return sum(lengths) / len(lengths) if lengths else 0.0


@dataclass(frozen=True)
class BusinessTime:
    """The table: instants (UTC epoch seconds, rising) and the open seconds reached at each."""

    instants: NDArray[np.int64]
    opened: NDArray[np.int64]

    @classmethod
    def of(cls, week: Week, zone: ZoneInfo, first: date, last: date, holidays: Collection[date] = ()) -> "BusinessTime":
        """Lay out the table for the local days from `first` to `last`, both included."""
        merged = {weekday: _merge_spans(spans) for weekday, spans in week.items()}
        pieces = [
            piece
            for day in _days_between(first, last)
            if day not in holidays
            for piece in _open_pieces(day, merged, zone)
        ]
        instants, opened = [_midnight_epoch(first, zone)], [0]
        for start, end in pieces:
            instants += [start, end]
            opened += [opened[-1], opened[-1] + end - start]
        instants.append(_midnight_epoch(last + timedelta(days=1), zone))
        opened.append(opened[-1])
        return cls(np.array(instants, dtype=np.int64), np.array(opened, dtype=np.int64))

    def elapsed(self, since: datetime, until: datetime) -> float:
        """Return the open seconds between two aware instants (negative when `until` comes first)."""
        start, end = self.opened_until(np.array([since.timestamp(), until.timestamp()]))
        return float(end - start)

    def deadline(self, since: datetime, allowance: float) -> datetime:
        """Return the first instant, in UTC, by which `allowance` open seconds have passed since `since`."""
        reached = self.deadlines(np.array([since.timestamp()]), np.array([float(allowance)]))
        return datetime.fromtimestamp(float(reached[0]), ZoneInfo("UTC"))

    def opened_until(self, instants: NDArray[np.float64]) -> NDArray[np.float64]:
        """F: epoch seconds to open seconds, elementwise.

        Raises:
            OutsideTable: an instant is before the first day or after the last.
        """
        if instants.size and (instants.min() < self.instants[0] or instants.max() > self.instants[-1]):
            raise OutsideTable("The calendar's table does not reach that far.")
        return np.interp(instants, self.instants, self.opened)

    def deadlines(self, since: NDArray[np.float64], allowances: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the epoch seconds at which each allowance has passed, elementwise; no time at all is due at once."""
        due = self.opened_until(since) + allowances
        if due.size and due.max() > self.opened[-1]:
            raise OutsideTable("The calendar's table ends before the deadline.")
        right = np.searchsorted(self.opened, due, side="left")
        reached = self.instants[right] - (self.opened[right] - due)
        return np.where(allowances == 0, since, reached)


def _seconds_of_day(moment: time) -> int:
    return moment.hour * 3600 + moment.minute * 60 + moment.second


def _days_between(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def _merge_spans(spans: Iterable[Span]) -> list[Span]:
    """Join spans that touch or overlap, so that no second counts twice."""
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged


def _midnight_epoch(day: date, zone: ZoneInfo) -> int:
    return int(datetime.combine(day, time(), zone).timestamp())


def _open_pieces(day: date, week: Mapping[int, list[Span]], zone: ZoneInfo) -> Iterator[tuple[int, int]]:
    """Yield the open pieces of a local day as instants, in order, each within one offset from UTC."""
    for start, end, offset in _split_by_offset(day, zone):
        midnight = int(datetime.combine(day, time(), ZoneInfo("UTC")).timestamp()) - offset
        for span in week.get(day.weekday(), ()):
            opens, closes = max(start, midnight + span.start), min(end, midnight + span.end)
            if opens < closes:
                yield opens, closes


def _split_by_offset(day: date, zone: ZoneInfo) -> Iterator[tuple[int, int, int]]:
    """Cut a local day where its offset from UTC changes: (first instant, end, offset in seconds)."""
    start, end = _midnight_epoch(day, zone), _midnight_epoch(day + timedelta(days=1), zone)
    while start < end:
        offset = _utc_offset(start, zone)
        change = end if _utc_offset(end - 1, zone) == offset else _first_change(start, end - 1, offset, zone)
        yield start, change, offset
        start = change


def _first_change(start: int, end: int, offset: int, zone: ZoneInfo) -> int:
    """Bisect for the first instant after `start` with another offset; at `end` it is another already."""
    while end - start > 1:
        middle = (start + end) // 2
        start, end = (middle, end) if _utc_offset(middle, zone) == offset else (start, middle)
    return end


def _utc_offset(instant: int, zone: ZoneInfo) -> int:
    offset = datetime.fromtimestamp(instant, zone).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())
