"""Parse numbers as people write them; 1.234 and 1,234 can be two numbers and need a decimal mark to be chosen."""

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.currencies import HIDDEN, SIGNS, USUAL, currencies_of

POINT, COMMA = "point", "comma"
_DOLLARS = SIGNS["$"]
NAMES: dict[str, tuple[str, ...]] = {  # currencies as words beside an amount, in lower case
    "us dollar": ("USD",), "us dollars": ("USD",), "dollar": _DOLLARS, "dollars": _DOLLARS, "euro": ("EUR",), "euros": ("EUR",),
    "pound": ("GBP",), "pounds": ("GBP",), "pounds sterling": ("GBP",), "franken": ("CHF",), "francs": ("CHF", "XOF", "XAF"),
    "yen": ("JPY",), "yuan": ("CNY",), "rupee": ("INR", "PKR", "LKR"), "rupees": ("INR", "PKR", "LKR"), "real": ("BRL",),
    "reais": ("BRL",), "peso": ("MXN", "ARS", "CLP", "COP", "PHP"), "pesos": ("MXN", "ARS", "CLP", "COP", "PHP"),
    "kronor": ("SEK",), "kroner": ("NOK", "DKK"), "zloty": ("PLN",), "złoty": ("PLN",), "złotych": ("PLN",), "rand": ("ZAR",),
    "dirham": ("AED", "MAD"), "dirhams": ("AED", "MAD"), "rubel": ("RUB",), "rubles": ("RUB",), "lira": ("TRY",),
    "korun": ("CZK",), "forint": ("HUF",),
}  # fmt: skip
_SIGN = "|".join(re.escape(sign) for sign in sorted(SIGNS, key=len, reverse=True))
NAMED = rf"(?i:{'|'.join(sorted(NAMES, key=len, reverse=True))})"
_OTHER = r"[^\d\s.,()'’+\-−%]"  # neither of a number nor of its place
BEFORE = re.compile(rf"[-−(]?\s*({_OTHER}[^\d()]{{0,20}})")
BEHIND = re.compile(rf"[\d.,]\s*({_OTHER}[^\d()]{{0,20}}?)\s*\)?$")
SCALES = {  # words behind a number: what it is to be multiplied by
    **dict.fromkeys(("k", "tsd", "thousand"), 1_000), **dict.fromkeys(("m", "mm", "mn", "mio", "million"), 1_000_000),
    **dict.fromkeys(("b", "bn", "mrd", "billion"), 1_000_000_000), **dict.fromkeys(("lakh", "lakhs"), 100_000),
    **dict.fromkeys(("crore", "crores"), 10_000_000),
}  # fmt: skip
SCALED = re.compile(
    rf"(?<=[\d.,])\s*({'|'.join(sorted(SCALES, key=len, reverse=True))})\.?(?!r\b)(?=\s*(?:{_SIGN}|{NAMED}|[A-Z]{{3}})?\s*\)?$)",
    re.IGNORECASE,
)
NO_CENTS = re.compile(r"(?<=\d)([.,])[-–—]{1,2}(?=\D*$)")  # 1.200,- and 1200.-
BLANKS = re.compile(r"(?<=\d)[\s'’](?=\d{3}(?!\d))")
GROUPED = {
    mark: re.compile(
        rf"\d{{1,3}}(?:{re.escape(mark)}\d{{3}})+|\d{{1,2}}(?:{re.escape(mark)}\d{{2}})+{re.escape(mark)}\d{{3}}"
    )
    for mark in ".,"
}  # 1,234,567 and 12,34,567
AMBIGUOUS = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")
SCIENTIFIC = re.compile(r"\d+(?:[.,]\d+)?[eE][+-]?\d{1,3}")

# The same, for whole columns: signs and blanks before and behind are let pass.
_BEFORE, _BEHIND = r"^(?:[^\d.,]\.?)*", r"(?:[^\d.,]\.?)*$"
POINT_PROOF = rf"{_BEFORE}(?:\d{{1,3}}(?:,\d{{2,3}})*,\d{{3}}\.\d+|0\.\d+|\d+\.(?:\d{{1,2}}|\d{{4,}})|\d{{4,}}\.\d{{3}}|\d{{1,3}}(?:,\d{{3}}){{2,}}){_BEHIND}"
COMMA_PROOF = rf"{_BEFORE}(?:\d{{1,3}}(?:\.\d{{3}})+,\d+|0,\d+|\d+,(?:\d{{1,2}}|\d{{4,}})|\d{{4,}},\d{{3}}|\d{{1,3}}(?:\.\d{{3}}){{2,}}){_BEHIND}"
AMBIGUOUS_CELL = rf"{_BEFORE}[1-9]\d{{0,2}}[.,]\d{{3}}{_BEHIND}"
PLAIN_OPEN = r"-?[1-9]\d{0,2}\.\d{3}"  # 1.234, which the fast way would take for one and a quarter


@dataclass(frozen=True)
class Amount:
    """A number as it was written, and the sign or code of a currency beside it."""

    bare: str
    is_negative: bool
    mark: str
    scale: int = 1


def parse_amount(cell: str) -> Amount:
    """Split a cell into number, sign and currency: -€ 1.234,50 · (500) · 5 EUR · 500- · 1 234,50 kr · $1.2M."""
    cell = NO_CENTS.sub(r"\g<1>00", cell.translate(HIDDEN).replace("−", "-").strip())
    scaled = SCALED.search(cell)
    if scaled:
        cell = cell[: scaled.start()] + cell[scaled.end() :]
    cell, mark = _split_currency_mark(cell)
    cell = cell.strip()
    negative = cell.startswith(("-", "(")) or cell.endswith("-")
    scale = SCALES[scaled[1].lower()] if scaled else 1
    return Amount(BLANKS.sub("", cell.strip("-() ")), negative, mark, scale)


def _split_currency_mark(cell: str) -> tuple[str, str]:
    """Return (cell without it, sign or code of a currency)."""
    if cell[:1].isdigit() and cell[-1:].isdigit():
        return cell, ""
    for written in (BEFORE.match(cell), BEHIND.search(cell)):
        if written and (mark := _leading_currency(written[1])):
            begin = written.start(1)
            return cell[:begin] + cell[begin + len(mark) :], mark
    return cell, ""


def _leading_currency(text: str) -> str:
    """Return the currency that a text is, or begins with before a sign, a point or a blank that belong to the number."""
    text = text.rstrip(" -−+'’")
    return next((mark for mark in (text, text.rstrip(".,").rstrip()) if currency_codes_of(mark)), "")


def parse_number(cell: str, decimal: str) -> Decimal | None:
    """Return the number in a cell; None when it is not a number, or ambiguous and `decimal` is empty."""
    amount = parse_amount(cell)
    if amount.mark and not is_currency(amount.mark):
        return None
    bare = _normalise_decimal(amount.bare, decimal)
    try:
        value = Decimal(bare) if bare else None
    except InvalidOperation:
        return None
    if value is None or not value.is_finite():
        return None
    value *= amount.scale
    return -value if amount.is_negative else value


def _normalise_decimal(bare: str, decimal: str) -> str:
    """Write it as 1234.50; empty when that cannot be."""
    if re.fullmatch(r"\d+", bare):
        return bare
    if SCIENTIFIC.fullmatch(bare):
        return bare.replace(",", ".")
    if AMBIGUOUS.fullmatch(bare):
        return _apply_decimal_mark(bare, decimal)
    if re.fullmatch(r"\d*[.,]\d+|\d+[.,]", bare):
        return bare.replace(",", ".")
    return _ungroup_digits(bare)


def _apply_decimal_mark(bare: str, decimal: str) -> str:
    if not decimal:
        return ""
    mark = "." if decimal == POINT else ","
    return bare.replace(",", ".") if mark in bare else re.sub("[.,]", "", bare)


def _ungroup_digits(bare: str) -> str:
    """Read 1,234,567 · 1.234.567,89: the mark that comes last, and once, is the decimal mark."""
    for thousands, point in ((",", "."), (".", ",")):
        whole, _, rest = bare.partition(point)
        if GROUPED[thousands].fullmatch(whole) and re.fullmatch(r"\d*", rest):
            return whole.replace(thousands, "") + (f".{rest}" if rest else "")
    return ""


def is_currency(mark: str) -> bool:
    return bool(currency_codes_of(mark))


def currency_codes_of(mark: str) -> tuple[str, ...]:
    """Return the currencies that a sign, a code or a word can represent, the likeliest first."""
    return currencies_of(mark) or NAMES.get(mark.lower()) or ()


def sole_currency_code(mark: str) -> str:
    """Return the currency that a mark represents where nothing else is known; "" where it could be several."""
    codes = currency_codes_of(mark)
    return codes[0] if len(codes) == 1 else USUAL.get(mark, "")


def is_number(cell: str) -> bool:
    """Return whether a cell is a number, whichever way it is read."""
    return parse_number(cell, POINT) is not None


def filter_matching(column: pd.Series, pattern: str) -> pd.Series:
    """Return the cells that look like the pattern."""
    is_match = pc.match_substring_regex(pa.array(column, from_pandas=True), pattern)
    return column[is_match.fill_null(False).to_numpy(zero_copy_only=False)]
