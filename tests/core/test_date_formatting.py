"""Days, moments and months in the company's locale."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from core.date_formatting import format_day, format_moment, format_month
from core.number_locale import LOCALES, use_locale

DAY = date(2026, 11, 3)
MOMENT = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("locale", "day", "without_year", "with_weekday"),
    [
        ("en_US", "Nov 3, 2026", "Nov 3", "Tue, Nov 3, 2026"),
        ("en_GB", "3 Nov 2026", "3 Nov", "Tue, 3 Nov 2026"),
        ("de_DE", "3. Nov. 2026", "3. Nov.", "Di., 3. Nov. 2026"),
        ("fr_FR", "3 nov. 2026", "3 nov.", "mar. 3 nov. 2026"),
        ("ja_JP", "2026年11月3日", "11月3日", "2026年11月3日(火)"),
    ],
)
def test_a_day_is_written_in_the_locale(locale: str, day: str, without_year: str, with_weekday: str) -> None:
    with use_locale(locale):
        assert (format_day(DAY), format_day(DAY, has_year=False)) == (day, without_year)
        assert format_day(DAY, has_weekday=True) == with_weekday


@pytest.mark.parametrize(
    ("locale", "moment"),
    [
        ("en_US", "Nov 22, 2026, 3:02\u202fPM CET"),
        ("en_GB", "22 Nov 2026, 15:02 CET"),
        ("de_DE", "22. Nov. 2026, 15:02 CET"),
    ],
)
def test_a_moment_has_its_time_and_its_zone(locale: str, moment: str) -> None:
    with use_locale(locale):
        assert format_moment(MOMENT, BERLIN) == moment


def test_a_moment_without_a_zone_is_written_as_it_is() -> None:
    with use_locale("de_DE"):
        assert format_moment(datetime(2026, 11, 22, 15, 2)) == "22. Nov. 2026, 15:02"


@pytest.mark.parametrize(
    ("locale", "month", "on_an_axis", "alone"),
    [
        ("en_US", "November 2026", "Nov 26", "Nov"),
        ("de_DE", "November 2026", "Nov. 26", "Nov"),
        ("es_ES", "noviembre de 2026", "nov 26", "nov"),
    ],
)
def test_a_month_is_written_in_full_and_short_on_an_axis(locale: str, month: str, on_an_axis: str, alone: str) -> None:
    with use_locale(locale):
        assert format_month(DAY) == month
        assert format_month(DAY, is_short=True) == on_an_axis
        assert format_month(DAY, is_short=True, has_year=False) == alone


def test_no_day_and_no_moment_are_a_dash() -> None:
    assert format_day(None) == format_moment(None) == "–"


@pytest.mark.parametrize("locale", LOCALES)
def test_every_locale_writes_day_and_year_and_two_digits_of_it_on_an_axis(locale: str) -> None:
    with use_locale(locale):
        day, axis = format_day(DAY), format_month(DAY, is_short=True)
    assert "2026" in day
    assert "3" in day.replace("2026", "")
    assert "26" in axis
    assert "2026" not in axis
