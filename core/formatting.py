"""How numbers are written: short, in the company's locale, with a true minus; the exact one beside it.

This is the one place where a number becomes text for people. Exports and the API write numbers for machines themselves.
The words around a number (days, h, min) are English like the pages.
"""

import math
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from core import number_patterns
from core.number_locale import current_locale
from core.number_patterns import MINUS, NO_BREAK

THIN = "\u202f"  # narrow, and no line break
NOTHING = "–"
SHORT_FROM = Decimal("9999.5")  # below it a number is written whole


def as_decimal(value: Any) -> Decimal | None:
    """Return the number as a decimal; None for what is not a number, NaN and infinity included."""
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _round(number: Decimal, places: int) -> Decimal:
    """Round half up; zero has no sign, so that “−0” is never written."""
    return number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP) + 0


def format_rounded(number: Decimal, places: int) -> str:
    """Write with grouped thousands, half rounded up, with a true minus; never “−0”."""
    locale = current_locale()
    return number_patterns.decimal_pattern(locale, places, places).apply(_round(number, places))


def format_count(value: Any) -> str:
    """Write a whole number in full: 24738112 → 24,738,112."""
    number = as_decimal(value)
    return NOTHING if number is None else format_rounded(number, 0)


def format_decimal(value: Any, places: int, *, is_trimmed: bool = False) -> str:
    """Write a number with fixed decimals: 0.875 at two places → 0.88; trimmed, 12.50 → 12.5."""
    number = as_decimal(value)
    if number is None:
        return NOTHING
    return _trim_zeros(number, places) if is_trimmed else format_rounded(number, places)


def format_significant(value: Any, digits: int) -> str:
    """Write a number rounded to so many digits, without zeros behind them: 1234.56 at four → 1,235, 0.5 → 0.5."""
    number = as_decimal(value)
    if number is None:
        return NOTHING
    return _trim_zeros(number, max(0, digits - 1 - number.adjusted()) if number else 0)


def short_number(value: Any) -> str:
    """24738112 → 24.7M, 480000 → 480K, 2312 → 2,312, 150 → 150, 12.25 → 12.3; whole up to ten thousand."""
    number = as_decimal(value)
    if number is None:
        return NOTHING
    if abs(number) >= SHORT_FROM:
        return _format_compact(number, "")
    return format_rounded(number, 0 if number == number.to_integral_value() else _decimal_places(number))


def short_money(value: Any, currency: str = "") -> str:
    """24738112, EUR → €24.7M; in full and with cents where a cent counts: €12.25."""
    number = as_decimal(value)
    if number is None or not currency:
        return short_number(value)
    if abs(number) >= SHORT_FROM:
        return _format_compact(number, currency)
    is_whole = number == number.to_integral_value() or abs(number) >= Decimal("99.95")
    places = 0 if is_whole else number_patterns.currency_decimals(currency)
    return _format_money(_round(number, places), currency, places)


def format_money(value: Any, currency: str, places: int = 0) -> str:
    """Write money in full: 1234567.5, EUR → €1,234,568."""
    number = as_decimal(value)
    if number is None:
        return NOTHING
    return _format_money(_round(number, places), currency, places) if currency else format_rounded(number, places)


def _format_money(number: Decimal, currency: str, least: int, most: int | None = None) -> str:
    locale = current_locale()
    pattern = number_patterns.money_pattern(locale, currency, least, least if most is None else most)
    return pattern.apply(number)


def _format_compact(number: Decimal, currency: str, decimals: tuple[int, int] | None = None) -> str:
    """Write with the locale's abbreviation; in full where it has none, like German thousands.

    Without `decimals` three digits are written: 24.7M, 480K.
    """
    locale = current_locale()
    scales = number_patterns.compact_scales(locale, is_money=bool(currency))
    index, scaled, places = _scale_number(number, scales, None if decimals is None else decimals[1])
    least, most = decimals or (places, places)
    if index < 0:
        return _format_money(scaled, currency, least, most) if currency else _format_plain(scaled, least, most)
    form = number_patterns.plural_form(locale, scaled)
    pattern = number_patterns.compact_pattern(locale, currency, index, form, least, most)
    return pattern.apply(scaled)


def _scale_number(
    number: Decimal, scales: tuple[number_patterns.CompactScale, ...], places: int | None
) -> tuple[int, Decimal, int]:
    """Divide by the scale that the rounded number reaches: 999,960 is 1.0M and not 1,000K. Index −1: no scale."""
    divisors = [Decimal(1), *(scale.divisor for scale in scales)]
    index = max(index for index, divisor in enumerate(divisors) if index == 0 or abs(number) >= divisor)
    while True:
        scaled = number / divisors[index]
        digits = _decimal_places(scaled) if places is None else places
        rounded = _round(scaled, digits)
        if index + 1 == len(divisors) or abs(rounded) * divisors[index] < divisors[index + 1]:
            return index - 1, rounded, digits
        index += 1


def _decimal_places(number: Decimal) -> int:
    return 0 if abs(number) >= Decimal("99.95") else 1


def format_percent(value: Any, places: int | None = None) -> str:
    """A fraction as percent: 1.1667 → 117%; under ten percent with one decimal, unless `places` says otherwise."""
    number = as_decimal(value)
    if number is None:
        return NOTHING
    if places is None:
        places = 1 if 0 < abs(number) < Decimal("0.0995") else 0
    return _format_fraction(number, places, places)


def format_whole_percent(value: Any) -> str:
    """A number that is percent already: 42 → 42%."""
    number = as_decimal(value)
    return NOTHING if number is None else format_percent(number / 100, 0)


def _format_fraction(number: Decimal, least: int, most: int) -> str:
    locale = current_locale()
    return number_patterns.percent_pattern(locale, least, most).apply(_round(number, most + 2))


def format_points(value: Any) -> str:
    """A difference of two fractions in percentage points: −0.353 → −35."""
    number = as_decimal(value)
    return NOTHING if number is None else format_rounded(number * 100, 0)


def format_days(value: Any) -> str:
    """14.2 → 14 days; under ten days with one decimal."""
    number = as_decimal(value)
    if number is None:
        return NOTHING
    is_whole = number == number.to_integral_value() or abs(number) >= 10
    return _with_days(format_rounded(number, 0 if is_whole else 1), number)


def _with_days(text: str, number: Decimal) -> str:
    return f"{text}{NO_BREAK}{'day' if abs(number) == 1 else 'days'}"


def format_duration(value: timedelta | None) -> str:
    """0.4 s → under 1 s; 14 s; 2 min 5 s; 1 h 3 min: the two largest units."""
    if value is None:
        return NOTHING
    seconds = int(value.total_seconds())
    if seconds < 1:
        return f"under 1{THIN}s"
    units = [("h", seconds // 3600), ("min", seconds // 60 % 60), ("s", seconds % 60)]
    first = next(index for index, (_, number) in enumerate(units) if number)
    return " ".join(f"{number}{THIN}{unit}" for unit, number in units[first : first + 2] if number)


def format_minutes(value: Any) -> str:
    """95 → 1 h 35 min; 0.5 → 30 s; 2 h; none → 0 min."""
    number = as_decimal(value)
    if number is None:
        return NOTHING
    sign = MINUS if number < 0 else ""
    return sign + format_duration(timedelta(minutes=float(abs(number)))) if number else f"0{THIN}min"


def format_ratio(value: Any) -> str:
    """2.25 → 2.3 ×."""
    number = as_decimal(value)
    return NOTHING if number is None else f"{format_rounded(number, 1)}{THIN}×"


def format_by_unit(value: Any, unit: str, currency: str = "") -> str:
    """Write a metric's value shortly by its unit: percent, money, days, minutes, ratio, anything else a count."""
    match unit:
        case "money":
            return short_money(value, currency)
        case "percent":
            return format_percent(value)
        case "days":
            return format_days(value)
        case "minutes":
            return format_minutes(value)
        case "ratio":
            return format_ratio(value)
        case _:
            return short_number(value)


def axis_label(value: Any, unit: str, currency: str = "") -> str:
    """Write a place on an axis without rounding it: 12.5%, €1.25M, 0.2 days."""
    number = as_decimal(value)
    if number is None:
        return NOTHING
    match unit:
        case "minutes":
            return format_minutes(number)
        case "percent":
            return _format_fraction(number, 0, 4)
        case "money" if currency:
            return _format_axis_number(number, currency)
        case "days":
            return _with_days(_format_axis_number(number), number)
        case "ratio":
            return f"{_format_axis_number(number)}{THIN}×"
        case _:
            return _format_axis_number(number)


def _format_axis_number(number: Decimal, currency: str = "") -> str:
    if abs(number) >= 10_000:
        return _format_compact(number, currency, (0, 4))
    return _format_money(_round(number, 4), currency, 0, 4) if currency else _trim_zeros(number, 4)


def format_exact(value: Any, unit: str = "", currency: str = "") -> str:
    """Write the number in full, for titles and tables: 24,738,112.00 EUR, 116.6667%, 14.25 days."""
    number = as_decimal(value)
    if number is None:
        return "no figure"
    match unit:
        case "money":
            return f"{format_rounded(number, 2)} {currency}".strip()
        case "percent":
            return _format_fraction(number, 0, 4)
        case "days":
            return f"{_trim_zeros(number, 2)} days"
        case "minutes":
            return f"{_trim_zeros(number, 2)} minutes"
        case _:
            return _trim_zeros(number, 4)


def _trim_zeros(number: Decimal, places: int) -> str:
    return _format_plain(_round(number, places), 0, places)


def _format_plain(number: Decimal, least: int, most: int) -> str:
    locale = current_locale()
    return number_patterns.decimal_pattern(locale, least, most).apply(number)


def with_sign(text: str) -> str:
    """Put a plus before a written number that has no minus and is not nothing."""
    is_nothing = not any(character.isdigit() and character != "0" for character in text)
    return text if is_nothing or MINUS in text else f"+{text}"
