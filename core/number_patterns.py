"""Babel's patterns for numbers, percent, money and compact numbers, parsed once for each locale and currency.

Babel parses a pattern at every call, which a page of hundreds of numbers would feel; here each is parsed once.
Numbers arrive rounded: a pattern only writes. The digits are always 0 to 9, the minus is a true one.
"""

import re
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from babel.numbers import (
    NumberPattern,
    get_currency_precision,
    get_currency_symbol,
    get_decimal_symbol,
    get_group_symbol,
    parse_pattern,
)

from core.number_locale import parse_locale

MINUS = "\u2212"
NO_BREAK = "\u00a0"
CURRENCY_MARK = "¤"


@dataclass(frozen=True)
class WritingPattern:
    """A parsed pattern with its locale's signs: what is around the digits, and `least` to `most` decimals."""

    parsed: NumberPattern
    locale: str
    positive: tuple[str, str]
    negative: tuple[str, str]
    signs: dict[int, str]
    least: int
    most: int

    def apply(self, number: Decimal) -> str:
        """Write a number that has no more than `most` decimals."""
        prefix, suffix = self.negative if number < 0 else self.positive
        return f"{prefix}{self._write_digits(abs(number.scaleb(self.parsed.scale)))}{suffix}"

    def _write_digits(self, number: Decimal) -> str:
        """Group by threes here, which is four times as fast as Babel; Babel groups the other ways (1,00,000)."""
        if self.parsed.grouping != (3, 3):
            digits = copy(self.parsed)
            digits.prefix = digits.suffix = ("", "")
            digits.scale = 0
            return str(digits.apply(number, parse_locale(self.locale)))
        text = f"{number:,.{self.most}f}"
        if self.least < self.most:
            whole, _, decimals = text.partition(".")
            decimals = decimals.rstrip("0").ljust(self.least, "0")
            text = f"{whole}.{decimals}" if decimals else whole
        return text.translate(self.signs)


@cache
def decimal_pattern(locale: str, least: int, most: int) -> WritingPattern:
    """Return the pattern of a plain number with `least` to `most` decimals."""
    return _build_pattern(parse_locale(locale).decimal_formats[None], locale, least, most)


@cache
def percent_pattern(locale: str, least: int, most: int) -> WritingPattern:
    """Return the pattern of a fraction in percent: it multiplies by 100 itself."""
    return _build_pattern(parse_locale(locale).percent_formats[None], locale, least, most)


@cache
def money_pattern(locale: str, currency: str, least: int, most: int) -> WritingPattern:
    pattern = parse_locale(locale).currency_formats["standard"].pattern
    return _build_pattern(parse_pattern(_insert_symbol(pattern, currency, locale)), locale, least, most)


@dataclass(frozen=True)
class CompactScale:
    """What a number is divided by, and Babel's pattern for the quotient by plural form: “0 Mio'.' ¤”."""

    divisor: Decimal
    forms: Mapping[str, str]


@cache
def compact_scales(locale: str, *, is_money: bool) -> tuple[CompactScale, ...]:
    """Return the scales that the locale abbreviates, the smallest first: en_US thousands on, de_DE millions on."""
    parsed = parse_locale(locale)
    formats = (parsed.compact_currency_formats if is_money else parsed.compact_decimal_formats)["short"]
    scales: dict[int, CompactScale] = {}
    for magnitude in sorted(int(text) for text in formats["other"]):
        pattern = _pattern_text(formats["other"][str(magnitude)])
        divisor = magnitude // 10 ** (pattern.count("0") - 1)
        if pattern.strip("0¤'- \u00a0\u200e\u200f") and divisor not in scales:
            forms = {
                form: _pattern_text(patterns[str(magnitude)])
                for form, patterns in formats.items()
                if str(magnitude) in patterns
            }
            scales[divisor] = CompactScale(Decimal(divisor), forms)
    return tuple(scales[divisor] for divisor in sorted(scales))


@cache
def compact_pattern(locale: str, currency: str, scale_index: int, form: str, least: int, most: int) -> WritingPattern:
    """Return the pattern of a scaled number with its abbreviation; `form` is the plural form of the scaled number."""
    forms = compact_scales(locale, is_money=bool(currency))[scale_index].forms
    text = forms.get(form, forms["other"])
    pattern = parse_pattern(_insert_symbol(text, currency, locale))
    pattern.int_prec = (1, 1)  # “00K” is the pattern of 10,000 and up; the one of 1,000 serves all of its scale
    pattern.grouping = parse_locale(locale).decimal_formats[None].grouping
    return _build_pattern(pattern, locale, least, most)


def plural_form(locale: str, number: Decimal) -> str:
    return str(parse_locale(locale).plural_form(abs(number).normalize()))


@cache
def _currency_symbol(currency: str, locale: str) -> str:
    return str(get_currency_symbol(currency, parse_locale(locale)))


@cache
def currency_decimals(currency: str) -> int:
    return get_currency_precision(currency)


@cache
def separators(locale: str) -> str:
    """Return the decimal and the grouping sign, as Plotly takes them: “.,” in en_US, “,.” in de_DE."""
    return "".join(_separator_pair(locale))


def _build_pattern(shared: NumberPattern, locale: str, least: int, most: int) -> WritingPattern:
    parsed = copy(shared)  # Babel's own pattern is shared by all
    parsed.frac_prec = (least, most)
    around = [(_unquote(parsed.prefix[sign]), _unquote(parsed.suffix[sign])) for sign in (0, 1)]
    negative = (around[1][0].replace("-", MINUS), around[1][1].replace("-", MINUS))
    signs = dict(zip(map(ord, ".,"), _separator_pair(locale), strict=True))
    return WritingPattern(parsed, locale, around[0], negative, signs, least, most)


def _unquote(text: str) -> str:
    """Take the quotes of a pattern away: “ Mio'.'” → “ Mio.”, “''” → “'”."""
    return re.sub(r"'([^']*)'", lambda match: match[1] or "'", text)


def _separator_pair(locale: str) -> tuple[str, str]:
    parsed = parse_locale(locale)
    return get_decimal_symbol(parsed), get_group_symbol(parsed)


def _pattern_text(pattern: NumberPattern | str) -> str:
    return pattern if isinstance(pattern, str) else pattern.pattern


def _insert_symbol(pattern: str, currency: str, locale: str) -> str:
    """Put the currency's symbol into a pattern, with a space between letters and digits: “CHF 480K”, “$480K”."""
    symbol = _currency_symbol(currency, locale) if currency else ""
    quoted = "'" + symbol.replace("'", "''") + "'" if symbol else ""
    before, after = quoted, quoted
    if symbol and symbol[-1].isalpha():
        before = quoted + NO_BREAK
    if symbol and symbol[0].isalpha():
        after = NO_BREAK + quoted
    for digit in "#0":
        pattern = pattern.replace(f"{CURRENCY_MARK}{digit}", f"{before}{digit}")
        pattern = pattern.replace(f"{digit}{CURRENCY_MARK}", f"{digit}{after}")
    return pattern.replace(CURRENCY_MARK, quoted)
