"""How numbers are written: short, with a thin space before the unit and a true minus; the exact one beside it."""

import math
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

THIN = "\u202f"  # narrow, and no line break
MINUS = "\u2212"
NOTHING = "–"
SCALES = ((Decimal(10) ** 9, "bn"), (Decimal(10) ** 6, "M"), (Decimal(10) ** 3, "k"))
SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "INR": "₹", "KRW": "₩", "BRL": "R$", "PLN": "zł", "ILS": "₪"}


def as_decimal(value: Any) -> Decimal | None:
    """Return the number as a decimal; None for what is no number, NaN and infinity included."""
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def format_rounded(number: Decimal, places: int) -> str:
    """Write with grouped thousands, half rounded up, with a true minus; never “−0”."""
    value = number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return (MINUS if value < 0 else "") + f"{abs(value):,}"


def short_number(value: Any) -> str:
    """24738112 → 24.7 M, 480000 → 480 k, 2312 → 2,312, 150 → 150, 12.25 → 12.3; whole up to ten thousand."""
    number = as_decimal(value)
    if number is None:
        return NOTHING
    if abs(number) >= Decimal("9999.5"):
        scaled, letter = _scale_number(number)
        return f"{format_rounded(scaled, _decimal_places(scaled))}{THIN}{letter}"
    return format_rounded(number, 0 if number == number.to_integral_value() else _decimal_places(number))


def _scale_number(number: Decimal) -> tuple[Decimal, str]:
    """Divide by the scale that the rounded number reaches: 999,960 is 1.0 M and not 1,000 k."""
    for scale, letter in SCALES[:-1]:
        if abs(number) >= scale * Decimal("0.9995"):
            return number / scale, letter
    return number / SCALES[-1][0], SCALES[-1][1]


def _decimal_places(number: Decimal) -> int:
    return 0 if abs(number) >= Decimal("99.95") else 1


def currency_symbol(currency: str) -> str:
    return SYMBOLS.get(currency, currency)


def short_money(value: Any, currency: str = "") -> str:
    """24738112, EUR → 24.7 M €."""
    text = short_number(value)
    return text if text == NOTHING or not currency else f"{text}{THIN}{currency_symbol(currency)}"


def format_percent(value: Any, places: int | None = None) -> str:
    """A fraction as percent: 1.1667 → 117 %; under ten percent with one decimal, unless `places` says otherwise."""
    number = as_decimal(value)
    if number is None:
        return NOTHING
    number *= 100
    if places is None:
        places = 1 if 0 < abs(number) < Decimal("9.95") else 0
    return f"{format_rounded(number, places)}{THIN}%"


def format_points(value: Any) -> str:
    """A difference of two fractions in percentage points: −0.353 → −35."""
    number = as_decimal(value)
    return NOTHING if number is None else format_rounded(number * 100, 0)


def format_days(value: Any) -> str:
    """14.2 → 14 d; under ten days with one decimal."""
    number = as_decimal(value)
    if number is None:
        return NOTHING
    whole = number == number.to_integral_value() or abs(number) >= 10
    return f"{format_rounded(number, 0 if whole else 1)}{THIN}d"


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
    """Write a place on an axis without rounding it: 12.5 %, 1.25 M €, 0.2 d."""
    number = as_decimal(value)
    if number is None:
        return NOTHING
    if unit == "minutes":
        return format_minutes(number)
    if unit == "percent":
        return f"{_trim_zeros(number * 100, 4)}{THIN}%"
    scaled, letter = _scale_number(number) if abs(number) >= 10_000 else (number, "")
    mark = {"money": currency_symbol(currency), "days": "d", "ratio": "×"}.get(unit, "")
    return THIN.join(part for part in (_trim_zeros(scaled, 4), letter, mark) if part)


def format_exact(value: Any, unit: str = "", currency: str = "") -> str:
    """Write the number in full, for titles and tables: 24,738,112.00 EUR, 116.6667 %, 14.25 days."""
    number = as_decimal(value)
    if number is None:
        return "no figure"
    match unit:
        case "money":
            return f"{format_rounded(number, 2)} {currency}".strip()
        case "percent":
            return f"{_trim_zeros(number * 100, 4)}{THIN}%"
        case "days":
            return f"{_trim_zeros(number, 2)} days"
        case "minutes":
            return f"{_trim_zeros(number, 2)} minutes"
        case _:
            return _trim_zeros(number, 4)


def _trim_zeros(number: Decimal, places: int) -> str:
    text = format_rounded(number, places)
    return text.rstrip("0").rstrip(".") if "." in text else text


def with_sign(text: str) -> str:
    """Put a plus before a written number that has no minus and is not nothing."""
    is_plain = text.startswith(MINUS) or text == NOTHING or not text.strip("0.,%€$ " + THIN)
    return text if is_plain else f"+{text}"
