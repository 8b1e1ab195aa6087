"""Currencies: the codes of ISO 4217 and the signs that people write for them, as CLDR has them (`core.currency_table`)."""

import json
from pathlib import Path

TABLE = Path(__file__).with_name("currency_table.json")
# By turnover, as in the triennial survey of the Bank for International Settlements: of what a sign can represent, these first.
TRADED = (
    "USD", "EUR", "JPY", "GBP", "CNY", "AUD", "CAD", "CHF", "HKD", "SGD", "SEK", "KRW", "NOK", "NZD", "INR", "MXN", "TWD", "ZAR",
    "BRL", "DKK", "PLN", "THB", "ILS", "IDR", "CZK", "AED", "TRY", "HUF", "CLP", "SAR", "PHP", "MYR", "COP", "RUB", "RON", "PEN",
    "BHD", "BGN", "ARS",
)  # fmt: skip
CUSTOMARY: dict[str, tuple[str, ...]] = {  # signs that people write and CLDR does not have
    "$": ("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN"),
    "Rs": ("INR", "PKR", "LKR", "NPR", "MUR", "SCR"), "Rs.": ("INR", "PKR", "LKR", "NPR", "MUR", "SCR"), "R": ("ZAR",),
    "kr": ("SEK", "NOK", "DKK", "ISK"), "kr.": ("DKK", "NOK", "SEK", "ISK"), "¥": ("JPY", "CNY"), "￥": ("JPY", "CNY"),
    "円": ("JPY",), "元": ("CNY",), "Fr.": ("CHF",), "SFr.": ("CHF",), "C$": ("CAD", "NIO"), "S$": ("SGD",), "N$": ("NAD",),
    "J$": ("JMD",), "TT$": ("TTD",), "KSh": ("KES",), "Tk": ("BDT",), "руб": ("RUB",), "руб.": ("RUB",), "грн": ("UAH",),
    "лв": ("BGN",), "лв.": ("BGN",), "Php": ("PHP",), "LE": ("EGP",), "L.E.": ("EGP",),
}  # fmt: skip
USUAL = {"£": "GBP", "C$": "CAD"}  # the others of these signs are meant only where the company or the file says so
HIDDEN = dict.fromkeys(map(ord, "\u200b\u200e\u200f\u061c"))  # marks of direction, which no one sees
HIDDEN |= dict.fromkeys(map(ord, "\u00a0\u202f"), " ")


def _load_table() -> tuple[frozenset[str], dict[str, tuple[str, ...]]]:
    table = json.loads(TABLE.read_text("utf-8"))
    signs: dict[str, set[str]] = {sign: set(codes) for sign, codes in table["signs"].items()}
    for sign, codes in CUSTOMARY.items():
        signs.setdefault(sign, set()).update(codes)
    return frozenset(table["codes"]), {sign: _likeliest_first(sign, codes) for sign, codes in signs.items()}


def _likeliest_first(sign: str, codes: set[str]) -> tuple[str, ...]:
    order: dict[str, int] = {code: rank for rank, code in enumerate((*CUSTOMARY.get(sign, ()), *TRADED)[::-1])}
    return tuple(sorted(codes, key=lambda code: (-order.get(code, -1), code)))


CODES, SIGNS = _load_table()


def currencies_of(mark: str) -> tuple[str, ...]:
    """Return the currencies that a sign or a code can represent, the likeliest first.

    A code in small letters is one only if it is traded much: “10 all” and “2 cup” are not amounts.
    """
    if mark in SIGNS:
        return SIGNS[mark]
    code = mark.upper()
    return (code,) if mark in CODES or code in TRADED else ()
