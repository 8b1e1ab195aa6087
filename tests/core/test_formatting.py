"""Numbers are short, their units thin, their minus true."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from core import formatting


def plain(text: str) -> str:
    return text.replace(formatting.THIN, "_")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (24_738_112, "24.7_M"),
        (Decimal("11400000"), "11.4_M"),
        (4_028_000, "4.0_M"),
        (480_000, "480_k"),
        (100_000, "100_k"),
        (12_345, "12.3_k"),
        (9_999, "9,999"),
        (9_999.6, "10.0_k"),
        (2312.45, "2,312"),
        (999_960, "1.0_M"),
        (999_499, "999_k"),
        (247_000_000, "247_M"),
        (1_250_000_000, "1.3_bn"),
        (150, "150"),
        (12.25, "12.3"),
        (0, "0"),
        (-35_300, "−35.3_k"),
        (-0.04, "0.0"),
    ],
)
def test_a_number_is_written_shortly(value: Any, written: str) -> None:
    assert plain(formatting.short_number(value)) == written


@pytest.mark.parametrize("nothing", [None, "", "abc", float("nan"), float("inf"), True])
def test_no_number_is_a_dash_and_never_a_zero(nothing: Any) -> None:
    assert formatting.short_number(nothing) == "–"
    assert formatting.short_money(nothing, "EUR") == "–"
    assert (
        formatting.format_percent(nothing)
        == formatting.format_days(nothing)
        == formatting.format_points(nothing)
        == "–"
    )
    assert formatting.format_exact(nothing) == "no figure"


def test_money_carries_its_currency_behind() -> None:
    assert plain(formatting.short_money(24_738_112, "EUR")) == "24.7_M_€"
    assert plain(formatting.short_money(480_000, "CHF")) == "480_k_CHF"
    assert plain(formatting.short_money(480_000)) == "480_k"


def test_percent_takes_a_fraction() -> None:
    assert plain(formatting.format_percent(Decimal("13300000") / Decimal("11400000"))) == "117_%"
    assert plain(formatting.format_percent(0.0523)) == "5.2_%"
    assert plain(formatting.format_percent(0)) == "0_%"
    assert plain(formatting.format_percent(-0.353)) == "−35_%"
    assert plain(formatting.format_percent(0.4615, 1)) == "46.2_%"


def test_points_are_the_difference_of_two_rates() -> None:
    assert formatting.format_points(Decimal("1.1667") - Decimal("1.52")) == "−35"


def test_days_have_a_decimal_only_below_ten() -> None:
    assert [plain(formatting.format_days(value)) for value in (14.2, 14, 1.5, 2, 0)] == [
        "14_d",
        "14_d",
        "1.5_d",
        "2_d",
        "0_d",
    ]


def test_the_exact_number_keeps_every_cent() -> None:
    assert formatting.format_exact(Decimal("24700000.005"), "money", "EUR") == "24,700,000.01 EUR"
    assert plain(formatting.format_exact(Decimal("1.16666667"), "percent")) == "116.6667_%"
    assert formatting.format_exact(14.25, "days") == "14.25 days"
    assert formatting.format_exact(2312) == "2,312"


def test_a_change_says_its_direction() -> None:
    assert formatting.with_sign(formatting.format_percent(0.12)).startswith("+12")
    assert formatting.with_sign(formatting.format_percent(-0.12)).startswith("−12")
    assert plain(formatting.with_sign(formatting.format_percent(0))) == "0_%"
    assert formatting.with_sign("–") == "–"


@pytest.mark.parametrize(
    ("unit", "written"),
    [("money", "2.3_€"), ("percent", "225_%"), ("days", "2.3_d"), ("ratio", "2.3_×"), ("count", "2.3")],
)
def test_the_unit_of_a_metric_decides_how_it_is_written(unit: str, written: str) -> None:
    assert plain(formatting.format_by_unit(2.25, unit, "EUR")) == written


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(0.2, "under 1_s"), (14.9, "14_s"), (125, "2_min 5_s"), (120, "2_min"), (3790, "1_h 3_min"), (3605, "1_h")],
)
def test_a_duration_says_its_two_largest_units(seconds: float, written: str) -> None:
    assert plain(formatting.format_duration(timedelta(seconds=seconds))) == written


def test_no_duration_is_a_dash() -> None:
    assert formatting.format_duration(None) == "–"
