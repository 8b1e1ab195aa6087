"""Read numbers, ids, dates, texts and JSON out of a request. Pure; every value that comes from outside is read here.

Each function returns a value within its bounds, or None where the text is empty, and raises `BadValue` with a sentence
for the reader otherwise. A page that does not catch it answers 400 (`core.url_guard`), the API answers 400 with a problem.
"""

import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

MAX_ID = 2**63 - 1
MAX_INT = 2**63 - 1
MAX_TEXT = 10_000
MAX_DIGITS = 40
MAX_NUMBER = Decimal(10) ** 18
MAX_JSON_DEPTH = 32
MAX_JSON_CHARACTERS = 5_000_000
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
UNSTORABLE = re.compile("[\0\ud800-\udfff]")  # what neither PostgreSQL nor UTF-8 can hold
WHOLE = re.compile(r"[+-]?[0-9]{1,19}")
NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class BadValue(ValueError):
    """The text cannot be used; the message states the problem and the remedy."""


def read_int(text: str | None, *, least: int = 0, most: int = MAX_INT) -> int | None:
    """Return a whole number from `least` to `most`."""
    digits = text.strip() if text else ""
    if not digits:
        return None
    value = int(digits) if WHOLE.fullmatch(digits) else None  # int alone refuses some of what strip takes away
    if value is None or not least <= value <= most:
        raise BadValue(f"{quote_text(digits)} is not a whole number from {least:,} to {most:,}.")
    return value


def read_id(text: str | None) -> int | None:
    """Return the id of a row; None where the text names no row, so that the page answers 404."""
    try:
        return read_int(text, least=1, most=MAX_ID) if text and text.isdigit() else None
    except BadValue:
        return None


def read_count(text: Any, *, most: int) -> int:
    """Return how many rows a form says it has: 0 where that is not a number, `most` where it is more."""
    try:
        return min(read_int(str(text)) or 0, most)
    except BadValue:
        return 0


def read_place(text: Any, *, count: int) -> int | None:
    """Return the place in a list of `count` items; None where the text names none."""
    try:
        return read_int(str(text), most=count - 1)
    except BadValue:
        return None


def read_decimal(text: str | None, *, least: Decimal | None = None, most: Decimal | None = None) -> Decimal | None:
    """Return a finite number of at most 40 digits, smaller than 10^18 either way unless bounds are given."""
    if text is None or not text.strip():
        return None
    lower, upper = -MAX_NUMBER if least is None else least, MAX_NUMBER if most is None else most
    value = _parse_decimal(text.strip())
    if value is None or not lower <= value <= upper:
        bounds = f" from {lower:,} to {upper:,}" if least is not None or most is not None else ""
        raise BadValue(f"{quote_text(text)} is not a number{bounds}. Write it like 1250.50.")
    return value


def _parse_decimal(text: str) -> Decimal | None:
    if len(text) > MAX_DIGITS or not NUMBER.fullmatch(text):
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def read_date(text: str | None, *, least: date = FIRST_DAY, most: date = LAST_DAY) -> date | None:
    """Return a day written YYYY-MM-DD, from 1900 to 2199 unless bounds are given."""
    if not text:
        return None
    try:
        value = date.fromisoformat(text) if DAY.fullmatch(text) else None
    except ValueError:
        value = None
    if value is None:
        raise BadValue(f"{quote_text(text)} is not a date. Use YYYY-MM-DD, like 2025-03-31.")
    if not least <= value <= most:
        raise BadValue(f"{quote_text(text)} is out of range. Use a date from {least} to {most}.")
    return value


def read_moment(text: str | None) -> datetime | None:
    """Return an aware time, from 1900 to 2199."""
    if not text:
        return None
    try:
        value = datetime.fromisoformat(text)
        is_known = value.tzinfo is not None and FIRST_DAY <= value.date() <= LAST_DAY
    except ValueError:
        is_known = False
    if not is_known:
        raise BadValue(f"{quote_text(text)} is not a time. Write it like 2025-03-31T14:00:00+00:00.")
    return value


def read_text(text: str | None, *, most: int = MAX_TEXT) -> str:
    """Return the text without what cannot be stored, cut at `most` characters."""
    return UNSTORABLE.sub("", text or "")[:most].strip()


def read_json(text: str | bytes | None) -> Any:
    """Return a JSON value that the database can hold: no NUL or lone surrogate, no huge number, at most 32 levels deep."""
    if not text:
        return None
    if len(text) > MAX_JSON_CHARACTERS:
        raise BadValue(f"The JSON is longer than {MAX_JSON_CHARACTERS:,} characters. Send it in parts.")
    try:
        value = json.loads(text, parse_int=_json_int, parse_float=_json_float, parse_constant=_refuse_constant)
    except BadValue:
        raise
    except (ValueError, RecursionError):
        raise BadValue("This is not valid JSON.") from None
    check_json(value)
    return value


def check_json(value: Any, depth: int = 0) -> None:
    """Refuse what the database or the facts cannot hold, anywhere within a JSON value."""
    if depth > MAX_JSON_DEPTH:
        raise BadValue(f"The JSON is nested deeper than {MAX_JSON_DEPTH} levels.")
    if isinstance(value, str) and UNSTORABLE.search(value):
        raise BadValue("A text contains a NUL character or half of a surrogate pair, which cannot be stored.")
    if isinstance(value, Mapping):
        for key, inner in value.items():
            check_json(key, depth + 1)
            check_json(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            check_json(inner, depth + 1)


def _json_int(text: str) -> int:
    if len(text) > 20 or abs(int(text)) > MAX_INT:
        raise BadValue("A number has more than 64 bits. Send it as a text.")
    return int(text)


def _json_float(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise BadValue("A number is too large. Send it as a text.")
    return value


def _refuse_constant(name: str) -> float:
    raise BadValue(f"{name} is not valid JSON. Leave the value out, or send null.")


def quote_text(text: str) -> str:
    """Return the text as a message shows it: cleaned, and short."""
    plain = read_text(text, most=41)
    return f"“{plain[:40]}…”" if len(plain) > 40 else f"“{plain}”"
