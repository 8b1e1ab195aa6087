"""Business time: the published examples, and a slow count of every minute over random calendars."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from team.calendars.business_time import DAY, BusinessTime, OutsideTable, Span, week_from_json, week_to_json

UTC = ZoneInfo("UTC")
TEN_TO_SIX = {weekday: [Span.between(time(10), time(18))] for weekday in range(5)}
HOUR = 3600
MINUTE = 60


def table(zone: str = "UTC", **options: object) -> BusinessTime:
    return BusinessTime.of(TEN_TO_SIX, ZoneInfo(zone), date(2026, 1, 1), date(2026, 12, 31), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("since", "hours", "due"),
    [
        (datetime(2026, 6, 3, 15), 10, datetime(2026, 6, 4, 17)),  # Wed 15:00 + 10 h = Thu 17:00
        (datetime(2026, 6, 3, 20), 10, datetime(2026, 6, 5, 12)),  # Wed 20:00 + 10 h = Fri 12:00
        (datetime(2026, 6, 5, 17), 2, datetime(2026, 6, 8, 11)),  # over a weekend
        (datetime(2026, 6, 3, 10), 8, datetime(2026, 6, 3, 18)),  # to the last second of the day, not the next morning
        (datetime(2026, 6, 6, 12), 0, datetime(2026, 6, 6, 12)),  # nothing allowed: due at once
    ],
)
def test_the_published_examples(since: datetime, hours: int, due: datetime) -> None:
    assert table().deadline(since.replace(tzinfo=UTC), hours * HOUR) == due.replace(tzinfo=UTC)


def test_a_holiday_is_skipped() -> None:
    calendar = table(holidays={date(2026, 6, 4)})
    assert calendar.deadline(datetime(2026, 6, 3, 15, tzinfo=UTC), 10 * HOUR) == datetime(2026, 6, 5, 17, tzinfo=UTC)


def test_an_instant_outside_the_table_is_refused() -> None:
    with pytest.raises(OutsideTable):
        table().elapsed(datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC))
    with pytest.raises(OutsideTable):
        table().deadline(datetime(2026, 12, 31, 17, tzinfo=UTC), 100 * HOUR)


def test_a_span_must_open_before_it_closes() -> None:
    with pytest.raises(ValueError):
        Span.between(time(18), time(10))


ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu"]
MINUTES = st.integers(0, DAY // MINUTE - 1)
SPANS = st.tuples(MINUTES, MINUTES).filter(lambda pair: pair[0] != pair[1])
WEEKS = st.dictionaries(st.integers(0, 6), st.lists(SPANS, min_size=1, max_size=3), max_size=7)
CHANGES = [
    date(2026, 3, 28),
    date(2026, 10, 24),
    date(2026, 3, 7),
    date(2026, 10, 31),
    date(2026, 4, 4),
    date(2026, 6, 1),
]


def is_open(instant: int, week: dict[int, list[Span]], zone: ZoneInfo, holidays: set[date]) -> bool:
    wall = datetime.fromtimestamp(instant, zone)
    seconds = wall.hour * 3600 + wall.minute * 60 + wall.second
    return wall.date() not in holidays and any(
        span.start <= seconds < span.end for span in week.get(wall.weekday(), [])
    )


@settings(max_examples=60, deadline=None)
@given(
    WEEKS,
    st.sampled_from(ZONES),
    st.sampled_from(CHANGES),
    st.booleans(),
    st.integers(0, 3 * 1440),
    st.integers(0, 3 * 1440),
)
def test_the_table_counts_like_a_slow_clock(
    pairs: dict[int, list[tuple[int, int]]], name: str, first: date, off: bool, one: int, other: int
) -> None:
    zone = ZoneInfo(name)
    week = {day: [Span(min(pair) * MINUTE, max(pair) * MINUTE) for pair in spans] for day, spans in pairs.items()}
    holidays = {first + timedelta(days=1)} if off else set()
    calendar = BusinessTime.of(week, zone, first, first + timedelta(days=4), holidays)
    start = int(calendar.instants[0])
    since, until = start + min(one, other) * MINUTE, start + max(one, other) * MINUTE
    counted = sum(MINUTE for minute in range(since, until, MINUTE) if is_open(minute, week, zone, holidays))
    assert calendar.elapsed(datetime.fromtimestamp(since, UTC), datetime.fromtimestamp(until, UTC)) == counted
    if counted:
        due = calendar.deadline(datetime.fromtimestamp(since, UTC), counted)
        assert calendar.elapsed(datetime.fromtimestamp(since, UTC), due) == counted
        assert due.timestamp() <= until
        assert is_open(int(due.timestamp()) - 1, week, zone, holidays)


def test_a_million_clocks_are_one_call() -> None:
    calendar = table("Europe/Berlin")
    rng = np.random.default_rng(1)
    since = rng.uniform(calendar.instants[0], calendar.instants[0] + 300 * DAY, 1_000_000)
    due = calendar.deadlines(since, np.full(since.shape, 4.0 * HOUR))
    assert np.allclose(calendar.opened_until(due) - calendar.opened_until(since), 4 * HOUR)


def test_a_stored_span_past_midnight_is_two_and_midnight_has_two_names() -> None:
    nights = week_from_json({"6": [["22:00", "06:00"]], "2": [["20:00", "24:00"]], "3": [["20:00", "00:00"]]})
    assert nights == {
        6: [Span(22 * 3600, 86_400)], 0: [Span(0, 6 * 3600)], 2: [Span(20 * 3600, 86_400)], 3: [Span(20 * 3600, 86_400)],
    }  # fmt: skip
    assert week_to_json(nights) == {
        "0": [["00:00", "06:00"]], "2": [["20:00", "00:00"]], "3": [["20:00", "00:00"]], "6": [["22:00", "00:00"]],
    }  # fmt: skip
