"""Values of a request are read within bounds, whatever is written."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import request_values as values

READERS: list[Callable[[str], Any]] = [
    values.read_int, values.read_decimal, values.read_date, values.read_moment, values.read_json,
]  # fmt: skip


@pytest.mark.parametrize("text", ["²", "9" * 5000, "1e400", "NaN", "1_000", "٣", "-1", "1.5", "0x10", "9" * 19, "\0"])
def test_a_text_that_is_no_whole_number_within_bounds_is_refused(text: str) -> None:
    with pytest.raises(values.BadValue, match="is not a whole number from 0 to"):
        values.read_int(text)
    assert values.read_id(text) is None
    assert values.read_count(text, most=5) == 0


def test_whole_numbers_within_bounds_are_read() -> None:
    assert values.read_int(" 7 ") == 7
    assert values.read_int("-3", least=-5) == -3
    assert values.read_int("") is None
    assert values.read_int(str(2**63 - 1)) == 2**63 - 1
    assert values.read_count("900", most=100) == 100


@pytest.mark.parametrize(
    ("text", "found"),
    [("7", 7), ("0", None), (str(2**63 - 1), 2**63 - 1), (str(2**63), None), ("", None), ("1.0", None), (" 7", None)],
)
def test_an_id_is_a_positive_number_that_a_row_can_have(text: str, found: int | None) -> None:
    assert values.read_id(text) == found


def test_a_place_is_one_of_a_list() -> None:
    assert values.read_place("2", count=3) == 2
    for text in ("3", "-1", "", "²", "9" * 5000):
        assert values.read_place(text, count=3) is None
    assert values.read_place("0", count=0) is None


@pytest.mark.parametrize("text", ["NaN", "inf", "-Infinity", "1e400", "1" * 41, "1e18000", "²", "1,5", "2e18"])
def test_a_number_that_is_not_finite_or_too_large_is_refused(text: str) -> None:
    with pytest.raises(values.BadValue, match="is not a number"):
        values.read_decimal(text)


def test_numbers_within_bounds_are_read() -> None:
    assert values.read_decimal("-12.50") == Decimal("-12.50")
    assert values.read_decimal("1e3") == Decimal(1000)
    with pytest.raises(values.BadValue, match="from 0 to 5"):
        values.read_decimal("6", least=Decimal(0), most=Decimal(5))


@pytest.mark.parametrize(
    "text",
    ["0000-01-01", "10000-01-01", "-001-01-01", "2025-13-45", "1899-12-31", "2200-01-01", "20250101", "2025-W01-1"],
)
def test_a_day_that_is_none_or_out_of_range_is_refused(text: str) -> None:
    with pytest.raises(values.BadValue, match=r"YYYY-MM-DD|out of range"):
        values.read_date(text)


def test_a_day_is_read() -> None:
    assert values.read_date("2025-03-31") == date(2025, 3, 31)


def test_a_time_needs_a_zone_and_a_plausible_year() -> None:
    moment = values.read_moment("2025-03-31T14:00:00+02:00")
    assert moment is not None
    assert moment.year == 2025
    for text in ("2025-03-31T14:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "x"):
        with pytest.raises(values.BadValue):
            values.read_moment(text)


def test_a_text_loses_what_cannot_be_stored() -> None:
    assert values.read_text(" a\0b\ud800c ") == "abc"
    assert values.read_text("x" * 50, most=10) == "x" * 10


@pytest.mark.parametrize(
    "text",
    ['"\\u0000"', '{"a": "\\ud800"}', '{"\\udfff": 1}', "[" * 100 + "]" * 100, "[" * 100_000, "9" * 5000, "1e400", "NaN",
     "-Infinity", "99999999999999999999", "{", b"\xff"],
)  # fmt: skip
def test_json_that_cannot_be_stored_is_refused(text: str | bytes) -> None:
    with pytest.raises(values.BadValue):
        values.read_json(text)


def test_json_is_read() -> None:
    assert values.read_json('{"a": [1, 2.5, "\\ud83d\\ude00", null]}') == {"a": [1, 2.5, "😀", None]}


@given(st.text())
def test_no_text_breaks_a_reader(text: str) -> None:
    for reader in READERS:
        with suppress(values.BadValue):
            reader(text)
