"""Amounts as people type them: 24700000, 24,700,000, 24.7M, 24,7 M, 480k."""

import re
from decimal import Decimal

FACTORS = {
    "": 1,
    "k": 10**3,
    "m": 10**6,
    "mio": 10**6,
    "mn": 10**6,
    "million": 10**6,
    "b": 10**9,
    "bn": 10**9,
    "billion": 10**9,
}
GROUPED = {
    "comma": re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?", re.ASCII),
    "point": re.compile(r"\d{1,3}(\.\d{3})+(,\d+)?", re.ASCII),
}
PLAIN = re.compile(r"\d+([.,]\d+)?", re.ASCII)
AMOUNT = re.compile(r"([\d.,]+)([a-z]*)", re.ASCII)
LONGEST = 40


def parse_amount(text: str) -> Decimal:
    """Read an amount; spaces and apostrophes are separators of thousands.

    Raises:
        ValueError: it is not an amount, or it can be read in two ways; the message says what to type instead.
    """
    squeezed = re.sub(r"[\s'’_]", "", text).rstrip(".").casefold()
    match = AMOUNT.fullmatch(squeezed) if len(text) <= LONGEST else None
    if match is None or match[2] not in FACTORS:
        raise ValueError(f"“{text[:LONGEST]}” is not an amount. Enter digits, such as 24700000 or 24.7M.")
    return _parse_number(match[1], text, has_unit=bool(match[2])) * FACTORS[match[2]]


def _parse_number(number: str, text: str, *, has_unit: bool) -> Decimal:
    if re.fullmatch(r"\d{1,3}\.\d{3}", number) and not has_unit:
        whole = number.replace(".", "")
        raise ValueError(
            f"“{text}” can be read in two ways. Enter {whole}, or {number.rstrip('0').rstrip('.')} for the small amount."
        )
    if PLAIN.fullmatch(number) and not re.fullmatch(r"\d{1,3},\d{3}", number):
        return Decimal(number.replace(",", "."))
    if GROUPED["comma"].fullmatch(number):
        return Decimal(number.replace(",", ""))
    if GROUPED["point"].fullmatch(number):
        return Decimal(number.replace(".", "").replace(",", "."))
    raise ValueError(f"“{text}” is not an amount. Enter digits, such as 24700000 or 24.7M.")


def parse_percent(text: str) -> Decimal:
    """Read a percentage as a fraction: 152, 152 % and 152,5.

    Raises:
        ValueError: it is not a percentage; the message says what to type instead.
    """
    squeezed = re.sub(r"\s", "", text).removesuffix("%")
    if len(text) > LONGEST or not PLAIN.fullmatch(squeezed):
        raise ValueError(f"“{text[:LONGEST]}” is not a percentage. Enter a number, such as 25 or 12.5.")
    return Decimal(squeezed.replace(",", ".")) / 100
