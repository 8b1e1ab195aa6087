"""Fiscal calendars: years of whole months, and years of 52 or 53 weeks in quarters of 4, 4 and 5 weeks."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.fiscal import CALENDAR_YEAR, FiscalCalendar
from core.periods import Period, preset_period, quarter_period, year_period

DAYS = st.dates(date(1999, 12, 1), date(2061, 2, 1))
CALENDARS = st.one_of(
    st.builds(FiscalCalendar, first_month=st.integers(1, 12), is_named_by_start=st.booleans()),
    st.builds(
        FiscalCalendar,
        week_start=st.dates(date(2015, 1, 1), date(2030, 12, 31)),
        is_last_weekday=st.booleans(),
        is_named_by_start=st.booleans(),
    ),
)
JULY = FiscalCalendar(first_month=7)
RETAIL = FiscalCalendar(
    week_start=date(2025, 2, 2), is_named_by_start=True
)  # ends on the Saturday nearest to 31 January
LAST_SATURDAY = FiscalCalendar(week_start=date(2024, 9, 29), is_last_weekday=True)  # of September


def test_a_fiscal_year_from_july_bears_the_year_it_ends_in() -> None:
    span = year_period(2026, JULY)
    assert (span.start, span.end, span.label) == (date(2025, 7, 1), date(2026, 6, 30), "FY 2026")
    assert year_period(2026, FiscalCalendar(7, is_named_by_start=True)).start == date(2026, 7, 1)


def test_a_quarter_and_what_lies_before_it_are_fiscal() -> None:
    span = quarter_period(date(2026, 2, 14), JULY)
    assert (span.start, span.end, span.label) == (date(2026, 1, 1), date(2026, 3, 31), "Q3 FY 2026")
    assert span.before is not None
    assert span.before.label == "Q2 FY 2026"


@pytest.mark.parametrize(
    ("name", "start", "end", "label"),
    [
        ("last_year", date(2025, 7, 1), date(2026, 6, 30), "FY 2026"),
        ("this_year", date(2026, 7, 1), date(2027, 6, 30), "FY 2027"),
        ("last_quarter", date(2026, 7, 1), date(2026, 9, 30), "Q1 FY 2027"),
        ("this_month", date(2026, 11, 1), date(2026, 11, 30), "November 2026"),
        ("last_12_months", date(2025, 11, 1), date(2026, 10, 31), "Nov 1, 2025 – Oct 31, 2026"),
    ],
)
def test_a_preset_follows_the_fiscal_calendar(name: str, start: date, end: date, label: str) -> None:
    span = preset_period(name, date(2026, 11, 30), JULY)
    assert (span.start, span.end, span.label) == (start, end, label)


def test_the_retail_calendar_has_53_weeks_where_the_calendar_of_the_trade_has() -> None:
    """Fiscal 2023 of the US retail trade (NRF) ran from 2023-01-29 to 2024-02-03, 53 weeks; 2024 and 2025 have 52."""
    spans = {number: RETAIL.year(number) for number in (2023, 2024, 2025)}
    assert (spans[2023].start, spans[2023].end) == (date(2023, 1, 29), date(2024, 2, 3))
    assert (spans[2024].start, spans[2024].end) == (date(2024, 2, 4), date(2025, 2, 1))
    assert (spans[2025].start, spans[2025].end) == (date(2025, 2, 2), date(2026, 1, 31))


def test_a_year_can_end_on_the_last_saturday_of_a_month() -> None:
    spans = [LAST_SATURDAY.year(number) for number in (2023, 2024, 2025)]
    assert [(span.start, span.end) for span in spans] == [
        (date(2022, 9, 25), date(2023, 9, 30)),
        (date(2023, 10, 1), date(2024, 9, 28)),
        (date(2024, 9, 29), date(2025, 9, 27)),
    ]


def test_a_year_of_weeks_from_the_turn_of_the_year_is_the_iso_year() -> None:
    calendar = FiscalCalendar(week_start=date(2025, 12, 29))
    for number in range(2015, 2035):
        assert calendar.year(number).start == date.fromisocalendar(number, 4, 4) - timedelta(days=24)


def test_months_of_a_quarter_have_4_4_and_5_weeks_and_the_last_of_a_long_year_has_6() -> None:
    weeks = [((unit.end - unit.start).days + 1) // 7 for unit in RETAIL.months(2023)]
    assert weeks == [4, 4, 5] * 3 + [4, 4, 6]
    assert Period(RETAIL.months(2023)[2].start, RETAIL.months(2023)[2].end, calendar=RETAIL).label == "P3 FY 2023"


@given(CALENDARS, DAYS)
def test_units_cut_time_without_gap_or_overlap(calendar: FiscalCalendar, day: date) -> None:
    span = calendar.year_of(day)
    assert span.start <= day <= span.end
    assert calendar.year(span.year + 1).start == span.end + timedelta(days=1)
    for units in (calendar.quarters(span.year), calendar.months(span.year)):
        assert (units[0].start, units[-1].end) == (span.start, span.end)
        assert all(one.end + timedelta(days=1) == other.start for one, other in pairwise(units))
    assert calendar.quarter_of(day).start <= calendar.month_of(day).start <= day <= calendar.month_of(day).end


@given(CALENDARS, DAYS, st.sampled_from(["last_year", "this_year", "last_quarter", "this_quarter", "last_month"]))
def test_the_period_before_a_fiscal_one_is_the_fiscal_one_before(
    calendar: FiscalCalendar, today: date, name: str
) -> None:
    before = preset_period(name, today, calendar).before
    assert before is not None
    assert before.start is not None
    unit = {"year": calendar.year_of, "quarter": calendar.quarter_of, "month": calendar.month_of}[name.split("_")[1]]
    assert (unit(before.start).start, unit(before.start).end) == (before.start, before.end)


@given(DAYS, st.integers(0, 800))
def test_the_calendar_year_is_what_it_always_was(start: date, days: int) -> None:
    period = Period(start, start + timedelta(days=days))
    assert CALENDAR_YEAR.year_of(start).start == date(start.year, 1, 1)
    assert CALENDAR_YEAR.quarter_of(start).number == (start.month + 2) // 3
    assert "FY" not in period.label
