"""Periods: presets from any day, the period before, months without gap or overlap."""

from datetime import date, timedelta

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from core.fiscal import FiscalCalendar
from core.periods import PRESETS, BadPeriod, Period, add_months, period_from_query, preset_period

DAYS = st.dates(date(2000, 1, 1), date(2060, 12, 31))


@pytest.mark.parametrize(
    ("name", "today", "start", "end"),
    [
        ("last_year", date(2026, 11, 22), date(2025, 1, 1), date(2025, 12, 31)),
        ("this_year", date(2026, 11, 22), date(2026, 1, 1), date(2026, 12, 31)),
        ("last_quarter", date(2026, 1, 1), date(2025, 10, 1), date(2025, 12, 31)),
        ("last_quarter", date(2026, 5, 31), date(2026, 1, 1), date(2026, 3, 31)),
        ("this_quarter", date(2024, 2, 29), date(2024, 1, 1), date(2024, 3, 31)),
        ("last_month", date(2024, 3, 31), date(2024, 2, 1), date(2024, 2, 29)),
        ("this_month", date(2026, 12, 31), date(2026, 12, 1), date(2026, 12, 31)),
        ("last_12_months", date(2026, 3, 15), date(2025, 3, 1), date(2026, 2, 28)),
    ],
)
def test_a_preset_names_the_days(name: str, today: date, start: date, end: date) -> None:
    found = preset_period(name, today)
    assert (found.start, found.end) == (start, end)


@given(DAYS, st.sampled_from([name for name in PRESETS if name != "all"]))
def test_the_period_before_ends_the_day_before_this_one(today: date, name: str) -> None:
    period = preset_period(name, today)
    before = period.before
    assert before is not None
    assert before.end is not None
    assert before.end + timedelta(days=1) == period.start


@given(DAYS, DAYS)
def test_months_cover_every_day_once(one: date, other: date) -> None:
    period = Period(min(one, other), max(one, other))
    days = [part.start + timedelta(days=n) for part in period.months() for n in range(part.days or 0) if part.start]
    assert days == [min(one, other) + timedelta(days=n) for n in range(period.days or 0)]


def test_a_leap_year_is_compared_with_the_whole_year_before() -> None:
    before = preset_period("last_year", date(2025, 6, 1)).before
    assert before is not None
    assert (before.start, before.end) == (date(2023, 1, 1), date(2023, 12, 31))


@pytest.mark.parametrize(
    ("period", "label"),
    [
        (Period(date(2025, 1, 1), date(2025, 12, 31)), "2025"),
        (Period(date(2025, 7, 1), date(2025, 9, 30)), "Q3 2025"),
        (Period(date(2025, 2, 1), date(2025, 2, 28)), "February 2025"),
        (Period(date(2025, 2, 1), date(2025, 2, 27)), "Feb 1, 2025 – Feb 27, 2025"),
        (Period(), "all time"),
        (Period(date(2025, 2, 1)), "since Feb 1, 2025"),
    ],
)
def test_a_period_says_its_name(period: Period, label: str) -> None:
    assert period.label == label


@pytest.mark.parametrize(
    "query", ["from=31.12.2025", "period=someday", "from=2025-02-01&to=2025-01-01", "to=2025-02-30"]
)
def test_a_wrong_period_says_what_to_write(query: str) -> None:
    with pytest.raises(BadPeriod) as error:
        period_from_query(QueryDict(query), date(2026, 11, 22))
    assert any(word in str(error.value) for word in ["Use YYYY-MM-DD", "Use one of", "Swap"])


def test_dates_in_the_address_win_over_the_default() -> None:
    period = period_from_query(QueryDict("from=2025-03-01&to=2025-03-31"), date(2026, 11, 22))
    assert period.label == "March 2025"
    assert period_from_query(QueryDict(""), date(2026, 11, 22)).label == "2025"


@given(DAYS, st.integers(-600, 600))
def test_adding_months_keeps_the_day_or_the_months_last(day: date, months: int) -> None:
    moved = add_months(day, months)
    assert moved.day == day.day or (moved + timedelta(days=1)).day == 1
    assert (moved.year * 12 + moved.month) - (day.year * 12 + day.month) == months


@pytest.mark.parametrize(
    ("start", "end", "year_start", "year_end"),
    [
        (date(2025, 2, 1), date(2025, 2, 28), date(2024, 2, 1), date(2024, 2, 29)),
        (date(2024, 2, 29), date(2024, 3, 5), date(2023, 2, 28), date(2023, 3, 5)),
        (date(2025, 7, 1), date(2025, 9, 30), date(2024, 7, 1), date(2024, 9, 30)),
    ],
)
def test_the_same_days_a_year_before(start: date, end: date, year_start: date, year_end: date) -> None:
    assert Period(start, end).year_before == Period(year_start, year_end)
    assert Period(start, None).year_before is None


def test_where_years_are_made_of_weeks_the_same_weekdays_are_52_weeks_before() -> None:
    weekly = FiscalCalendar(week_start=date(2025, 2, 2))
    year = Period(date(2025, 3, 2), date(2025, 3, 8), calendar=weekly).year_before
    assert year == Period(date(2024, 3, 3), date(2024, 3, 9))
