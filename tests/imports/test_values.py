"""Text to values: every reader with what it takes, what it corrects and what it refuses."""

from collections.abc import Callable
from datetime import UTC, datetime

import pandas as pd
import pytest

from imports.parsing import column_values, numbers

DATES = ["%m/%d/%y", "%m/%d/%Y", "%d.%m.%Y"]
TIMES = ["%m/%d/%y %I:%M %p", "%m/%d/%Y %H:%M"]


def one(read: Callable[..., column_values.ReadColumn], word: str, *options: object) -> object:
    """Read one cell: the value, None for a missing one, "wrong" for a refused one."""
    column, wrong = read(pd.Series([word], dtype="str"), *options)
    if wrong[0]:
        return "wrong"
    found = column.iat[0]
    return None if pd.isna(found) else found


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("", None),
        ("0", "0"),
        ("1234.5", "1234.5"),
        ("-3", "-3"),
        ("1,234,567.89", "1234567.89"),
        ("1.234.567,89", "1234567.89"),
        ("12,5", "12.5"),
        ("$ 1,234.50", "1234.50"),
        ("1 234,50 €", "1234.50"),
        ("EUR 5", "5"),
        ("(500)", "-500"),
        ("1e6", "1000000"),
        ("99999999999999.99", "99999999999999.99"),
        ("100000000000000", "wrong"),
        ("1e400", "wrong"),
        ("abc", "wrong"),
        ("NaN", "wrong"),
        ("Infinity", "wrong"),
        ("1,2,3", "wrong"),
        ("12-5", "wrong"),
        ("$115.00K", "115000.00"),
        ("1.2M", "1200000.0"),
        ("R$ 1.234,56", "1234.56"),
        ("USD 1,200", "1200"),
        ("1.200,50 Euro", "1200.50"),
        ("1 200 kr", "1200"),
        ("1,200 US Dollars", "1200"),
        ("500 pounds", "500"),
        ("12 Lakh", "1200000"),
        ("1.200,- €", "1200.00"),
        ("1200.-", "1200.00"),
        ("500-", "-500"),
    ],
)
def test_amounts(word: str, found: object) -> None:
    assert one(column_values.read_numbers, word) == found


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("", None),
        ("42", "42"),
        ("42.0", "42"),
        ("1,200", "1200"),
        ("4.5", "wrong"),
        ("3000000000", "wrong"),
        ("x", "wrong"),
    ],
)
def test_whole_numbers_fit_their_field(word: str, found: object) -> None:
    assert one(column_values.read_integers, word, -(2**31), 2**31 - 1) == found


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("", None),
        ("0", "0"),
        ("10", "0.1"),
        ("87.5", "0.875"),
        ("100", "1"),
        ("101", "wrong"),
        ("-1", "wrong"),
        ("x", "wrong"),
    ],
)
def test_percent_becomes_a_fraction(word: str, found: object) -> None:
    assert one(column_values.read_scaled_numbers, word, column_values.percent_to_fraction) == found


def test_millions_and_minutes() -> None:
    assert one(column_values.read_scaled_numbers, "1100.04", column_values.millions_to_units) == "1100040000.00"
    assert one(column_values.read_scaled_numbers, "999999999", column_values.millions_to_units) == "wrong"
    assert one(column_values.read_scaled_numbers, "0.33", column_values.minutes_to_seconds) == "20"


@pytest.mark.parametrize("word", ["1", "TRUE", "true", "Yes", "ja", "t"])
def test_true(word: str) -> None:
    assert one(column_values.read_booleans, word, False) == "t"


@pytest.mark.parametrize("word", ["0", "FALSE", "no", "", "f"])
def test_false(word: str) -> None:
    assert one(column_values.read_booleans, word, False) == "f"


def test_a_flag_that_may_be_missing_is_missing_when_empty() -> None:
    assert one(column_values.read_booleans, "", True) is None
    assert one(column_values.read_booleans, "0", True) == "f"
    assert one(column_values.read_booleans, "maybe", True) == "wrong"


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("2024-02-29", "2024-02-29"),
        ("2024-02-29 00:00:00", "2024-02-29"),
        ("2024-02-29T23:59:59.000+0000", "2024-02-29"),
        ("02/23/26", "2026-02-23"),
        ("2/3/2026", "2026-02-03"),
        ("23.02.2026", "2026-02-23"),
        ("02/23/26 08:55 PM", "2026-02-23"),
        ("0999-01-01", "0999-01-01"),
    ],
)
def test_days(word: str, found: str) -> None:
    assert str(one(column_values.read_days, word, [*DATES, *TIMES]))[:10] == found


@pytest.mark.parametrize("word", ["2023-02-29", "2024-13-01", "0000-00-00", "yesterday", "45321", "13/13/2024"])
def test_no_days(word: str) -> None:
    assert one(column_values.read_days, word, DATES) == "wrong"


@pytest.mark.parametrize(
    ("word", "zone", "found"),
    [
        ("2024-01-22T20:36:47.000+0000", "UTC", datetime(2024, 1, 22, 20, 36, 47, tzinfo=UTC)),
        ("2024-01-22T20:36:47+02:00", "UTC", datetime(2024, 1, 22, 18, 36, 47, tzinfo=UTC)),
        ("2024-01-22T20:36:47.123Z", "UTC", datetime(2024, 1, 22, 20, 36, 47, 123000, tzinfo=UTC)),
        ("2024-01-22 20:36:47", "Europe/Berlin", datetime(2024, 1, 22, 19, 36, 47, tzinfo=UTC)),
        ("2024-01-22", "Europe/Berlin", datetime(2024, 1, 21, 23, tzinfo=UTC)),
        ("02/23/26 08:55 PM", "UTC", datetime(2026, 2, 23, 20, 55, tzinfo=UTC)),
        ("2026-03-29 02:30:00", "Europe/Berlin", datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),  # the clock skips this hour
        (
            "2026-10-25 02:30:00",
            "Europe/Berlin",
            datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        ),  # and runs twice through this
    ],
)
def test_times(word: str, zone: str, found: datetime) -> None:
    assert one(column_values.read_times, word, [*TIMES, *DATES], zone) == found


@pytest.mark.parametrize("word", ["2024-01-22 25:00:00", "noon", "2024-01-22T20:36:47+99:00"])
def test_no_times(word: str) -> None:
    assert one(column_values.read_times, word, TIMES, "UTC") == "wrong"


def test_a_column_of_mixed_times_is_read_cell_by_cell() -> None:
    column, wrong = column_values.read_times(
        pd.Series(["2024-01-01T00:00:00Z", "", "01/02/24 01:00 AM", "2024-01-03 00:00", "never"], dtype="str"),
        TIMES,
        "UTC",
    )
    assert list(wrong) == [False, False, False, False, True]
    assert [None if pd.isna(found) else found.day for found in column] == [1, None, 2, 3, None]


def test_domains_and_addresses() -> None:
    found = column_values.normalise_domains(
        pd.Series(["https://www.Example.com/about?x", "example.org:8080", "WWW.a.b", ""], dtype="str")
    )
    assert list(found) == ["example.com", "example.org", "a.b", ""]
    assert list(column_values.normalise_emails(pd.Series(["A@B.C"], dtype="str"))) == ["a@b.c"]


def test_currencies() -> None:
    assert [one(column_values.read_currencies, word) for word in ("eur", "", "€", "EURO")] == [
        "EUR",
        "",
        "wrong",
        "wrong",
    ]


def test_text_is_measured_in_characters() -> None:
    assert one(column_values.read_text, "ü" * 255, 255) == "ü" * 255
    assert one(column_values.read_text, "u" * 256, 255) == "wrong"
    assert one(column_values.read_text, "u" * 100_000, None) == "u" * 100_000


@pytest.mark.parametrize(
    ("cell", "currencies"),
    [
        ("R$ 1.234,56", ("BRL",)),
        ("1.200 Euro", ("EUR",)),
        ("1,200 US Dollars", ("USD",)),
        ("500 Pounds", ("GBP",)),
        ("CHF 5", ("CHF",)),
        ("1 200 kr", ("SEK", "NOK", "DKK", "ISK")),
        ("500 dollars", numbers.currency_codes_of("$")),
        ("$115.00K", ("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN", *numbers.currency_codes_of("$")[7:])),
        ("1.2M", ()),
    ],
)
def test_the_currency_that_a_cell_names(cell: str, currencies: tuple[str, ...]) -> None:
    assert numbers.currency_codes_of(numbers.parse_amount(cell).mark) == currencies


def test_percent_signs_in_a_column_of_numbers_make_hundredths() -> None:
    assert one(column_values.read_numbers_or_percents, "7%") == "0.07"
    assert one(column_values.read_numbers_or_percents, "7") == "7"
    assert one(column_values.read_numbers_or_percents, "x%") == "wrong"
