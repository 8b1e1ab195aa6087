"""Numbers are short, written as the locale writes them, their minus true."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from core import formatting
from core.number_locale import LOCALES, use_locale


def plain(text: str) -> str:
    return text.replace(formatting.THIN, "_").replace("\u00a0", "_")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (24_738_112, "24.7M"),
        (Decimal("11400000"), "11.4M"),
        (4_028_000, "4.0M"),
        (480_000, "480K"),
        (100_000, "100K"),
        (12_345, "12.3K"),
        (9_999, "9,999"),
        (9_999.6, "10.0K"),
        (2312.45, "2,312"),
        (999_960, "1.0M"),
        (999_499, "999K"),
        (247_000_000, "247M"),
        (1_250_000_000, "1.3B"),
        (150, "150"),
        (12.25, "12.3"),
        (0, "0"),
        (-35_300, "−35.3K"),
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


def test_money_carries_its_currency() -> None:
    assert plain(formatting.short_money(24_738_112, "EUR")) == "€24.7M"
    assert plain(formatting.short_money(480_000, "CHF")) == "CHF_480K"
    assert plain(formatting.short_money(480_000)) == "480K"


def test_percent_takes_a_fraction() -> None:
    assert plain(formatting.format_percent(Decimal("13300000") / Decimal("11400000"))) == "117%"
    assert plain(formatting.format_percent(0.0523)) == "5.2%"
    assert plain(formatting.format_percent(0)) == "0%"
    assert plain(formatting.format_percent(-0.353)) == "−35%"
    assert plain(formatting.format_percent(0.4615, 1)) == "46.2%"


def test_points_are_the_difference_of_two_rates() -> None:
    assert formatting.format_points(Decimal("1.1667") - Decimal("1.52")) == "−35"


def test_days_have_a_decimal_only_below_ten() -> None:
    assert [plain(formatting.format_days(value)) for value in (14.2, 14, 1.5, 2, 0)] == [
        "14_days",
        "14_days",
        "1.5_days",
        "2_days",
        "0_days",
    ]


def test_the_exact_number_keeps_every_cent() -> None:
    assert formatting.format_exact(Decimal("24700000.005"), "money", "EUR") == "24,700,000.01 EUR"
    assert plain(formatting.format_exact(Decimal("1.16666667"), "percent")) == "116.6667%"
    assert formatting.format_exact(14.25, "days") == "14.25 days"
    assert formatting.format_exact(2312) == "2,312"


def test_a_change_says_its_direction() -> None:
    assert formatting.with_sign(formatting.format_percent(0.12)).startswith("+12")
    assert formatting.with_sign(formatting.format_percent(-0.12)).startswith("−12")
    assert plain(formatting.with_sign(formatting.format_percent(0))) == "0%"
    assert formatting.with_sign("–") == "–"


@pytest.mark.parametrize(
    ("unit", "written"),
    [("money", "€2.25"), ("percent", "225%"), ("days", "2.3_days"), ("ratio", "2.3_×"), ("count", "2.3")],
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


@pytest.mark.parametrize(
    ("locale", "money", "share", "number", "small"),
    [
        ("en_US", "$24.7M", "117%", "1,234.5", "−$480K"),
        ("en_GB", "US$24.7m", "117%", "1,234.5", "−US$480k"),
        ("en_IN", "$2.5Cr", "117%", "1,234.5", "−$4.8L"),
        ("de_DE", "24,7_Mio._$", "117_%", "1.234,5", "−480.000_$"),
        ("de_CH", "$_24.7_Mio.", "117%", "1’234.5", "$−480’000"),
        ("fr_FR", "24,7_M_$US", "117_%", "1_234,5", "−480_k_$US"),
        ("sv_SE", "24,7_mn_US$", "117_%", "1_234,5", "−480_tn_US$"),
    ],
)
def test_each_locale_writes_in_its_way(locale: str, money: str, share: str, number: str, small: str) -> None:
    with use_locale(locale):
        written = (
            formatting.short_money(24_738_112, "USD"),
            formatting.format_percent(1.1667),
            formatting.format_rounded(Decimal("1234.5"), 1),
            formatting.short_money(-480_000, "USD"),
        )
    assert tuple(plain(text).replace("'", "’") for text in written) == (money, share, number, small)


def test_the_exact_number_and_the_axis_follow_the_locale() -> None:
    with use_locale("de_DE"):
        assert formatting.format_exact(Decimal("24738112"), "money", "EUR") == "24.738.112,00 EUR"
        assert plain(formatting.axis_label(1_250_000, "money", "EUR")) == "1,25_Mio._€"
        assert plain(formatting.axis_label(0.125, "percent")) == "12,5_%"
        assert plain(formatting.format_days(1)) == "1_day"
        assert formatting.format_count(24_738_112) == "24.738.112"
        assert formatting.format_significant(1234.56, 4) == "1.235"
        assert formatting.format_decimal(12.5, 2, is_trimmed=True) == "12,5"
        assert plain(formatting.format_whole_percent(42)) == "42_%"


def test_lakhs_are_grouped_by_twos() -> None:
    with use_locale("en_IN"):
        assert formatting.format_count(-12_345_678) == "−1,23,45,678"
        assert formatting.format_exact(12_345_678.5) == "1,23,45,678.5"


def test_a_sign_finds_the_minus_wherever_it_stands() -> None:
    with use_locale("nl_NL"):
        loss = formatting.with_sign(formatting.short_money(-12.25, "EUR"))
    assert plain(loss) == "€_−12,25"


@pytest.mark.parametrize("locale", LOCALES)
def test_no_locale_loses_a_digit_or_a_currency(locale: str) -> None:
    with use_locale(locale):
        texts = [formatting.short_money(value, "CHF") for value in (-0.5, 12, 9_999.6, 123_456_789, 10**16)]
        assert all("CHF" in text and "¤" not in text and "-" not in text for text in texts)
        digits = "".join(character for character in formatting.format_exact(1_234_567.89) if character.isdigit())
    assert digits == "123456789"


def test_patterns_are_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def write_page() -> None:
        with use_locale("pl_PL"):
            for value in range(0, 5_000_000, 10_000):
                formatting.format_by_unit(value, "money", "PLN")
                formatting.format_exact(value, "money", "PLN")

    write_page()
    calls = []
    monkeypatch.setattr("core.number_patterns.parse_pattern", calls.append)
    write_page()
    assert not calls
