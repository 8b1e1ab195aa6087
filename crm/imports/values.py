"""Text to values, a column at a time: text in the words of PostgreSQL, days and times as such, and what is neither.

Each reader takes a column of trimmed text and returns (column, mask of what is wrong). An empty cell is
never wrong; it comes out missing.
"""

import re
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

Read = tuple[pd.Series, np.ndarray]
NUMBER = r"-?\d{1,14}(?:\.\d+)?"
INTEGER = r"-?\d{1,9}"  # fits any field; longer ones are looked at one by one
TOO_LARGE = Decimal(10) ** 14
ISO_DATE = r"\d{4}-\d{2}-\d{2}"
TRUE = {"1", "true", "yes", "y", "t", "x", "ja", "oui", "si", "sí", "sim"}
FALSE = {"0", "false", "no", "n", "f", "nein", "non", "não", ""}


def missing(column: pd.Series) -> pd.Series:
    """Return the column with its empty cells missing."""
    return column.where(column != "", None)


def nothing_wrong(column: pd.Series) -> np.ndarray:
    return np.zeros(len(column), bool)


def only_first(column: pd.Series, pattern: str) -> np.ndarray:
    """Return where the whole cell looks like the pattern."""
    return column.str.fullmatch(pattern).to_numpy(dtype=bool, na_value=False)


def text(column: pd.Series, longest: int | None) -> Read:
    """Any text no longer than its field."""
    if longest is None:
        return column, nothing_wrong(column)
    return column, (column.str.len() > longest).to_numpy(dtype=bool, na_value=False)


def number(column: pd.Series) -> Read:
    """Amounts: plain, or with a currency sign, blanks, thousands and a decimal comma, as far as they are plain."""
    fine = only_first(column, NUMBER) | (column == "").to_numpy()
    if not fine.all():
        column, fine = _by_word(column, fine, _amount)
    return missing(column), ~fine


def integer(column: pd.Series, lowest: int, highest: int) -> Read:
    fine = only_first(column, INTEGER) | (column == "").to_numpy()
    if not fine.all():
        column, fine = _by_word(column, fine, partial(_whole_number, lowest=lowest, highest=highest))
    return missing(column), ~fine


def scaled(column: pd.Series, scale: Callable[[Decimal], Decimal | None]) -> Read:
    """Numbers in another unit than ours; `scale` returns None where one is out of bounds."""
    column, wrong = number(column)

    def read(word: str) -> str | None:
        value = scale(Decimal(word))
        return None if value is None or abs(value) >= TOO_LARGE else f"{value:f}"

    plain = column.where(~wrong, None).fillna("")
    found, fine = _by_word(plain, (plain == "").to_numpy(), read)
    return missing(found), wrong | ~fine


def fraction(value: Decimal) -> Decimal | None:
    """Percent, 0 to 100, to a fraction."""
    return value / 100 if 0 <= value <= 100 else None


def from_millions(value: Decimal) -> Decimal:
    return value * 1_000_000


def from_minutes(value: Decimal) -> Decimal:
    """Minutes to whole seconds."""
    return (value * 60).to_integral_value()


def boolean(column: pd.Series, nullable: bool) -> Read:
    def read(word: str) -> str | None:
        folded = word.casefold()
        if folded in TRUE:
            return "t"
        return "f" if folded in FALSE else None

    empty = (column == "").to_numpy()
    found, fine = _by_word(column, nothing_wrong(column) if not nullable else empty, read)
    return missing(found), ~fine


def day(column: pd.Series, formats: Sequence[str]) -> Read:
    """Days as written, whatever time stands behind them: ISO, or one of the formats."""
    iso = only_first(column, ISO_DATE + r"(?:[T ].*)?")
    days = pd.to_datetime(column.str.slice(0, 10).where(iso, None), format="%Y-%m-%d", errors="coerce")
    for pattern in formats:
        days = _fill(days, column, pattern)
    wrong = days.isna().to_numpy() & (column != "").to_numpy()
    return days, wrong


def time(column: pd.Series, formats: Sequence[str], zone: str) -> Read:
    """Times; one without a zone is a time in `zone`. Out they come in UTC."""
    iso = only_first(column, ISO_DATE + r"(?:[T ].*)?")
    zoned = iso & column.str.contains(r"(?:Z|[+-]\d{2}:?\d{2})$").to_numpy(dtype=bool, na_value=False)
    utc = pd.to_datetime(column.where(zoned, None), format="ISO8601", errors="coerce", utc=True)
    if not (zoned | (column == "").to_numpy()).all():
        naive = pd.to_datetime(column.where(iso & ~zoned, None), format="ISO8601", errors="coerce")
        for pattern in formats:
            naive = _fill(naive, column, pattern)
        utc = utc.fillna(_in_utc(naive, zone))
    wrong = utc.isna().to_numpy() & (column != "").to_numpy()
    return utc, wrong


def _fill(found: pd.Series, column: pd.Series, pattern: str) -> pd.Series:
    open_ones = found.isna() & (column != "")
    if not open_ones.any():
        return found
    return found.fillna(pd.to_datetime(column.where(open_ones, None), format=pattern, errors="coerce"))


def _in_utc(naive: pd.Series, zone: str) -> pd.Series:
    """Read times on the wall of a zone; an hour that the clock skipped moves on, one that it repeats is the first."""
    first = np.ones(len(naive), bool)
    return naive.dt.tz_localize(ZoneInfo(zone), nonexistent="shift_forward", ambiguous=first).dt.tz_convert("UTC")


def _by_word(column: pd.Series, fine: np.ndarray, read: Callable[[str], str | None]) -> tuple[pd.Series, np.ndarray]:
    """Read each different word of the cells that are not fine yet, once."""
    words = column[~fine].unique()
    found: dict[str, str | None] = {word: read(word) for word in words}
    mended = column[~fine].map(found)
    column = column.copy()
    column[~fine] = mended.where(mended.notna(), column[~fine])
    fine = fine.copy()
    fine[~fine] = mended.notna().to_numpy()
    return column, fine


def _plain_number(word: str) -> Decimal | None:
    """Read 1,234.50 · 1.234,50 · 1 234,50 · $ 5 · (5) · 1e6 · 5 EUR; None when it is none or could be two."""
    bare = re.sub(r"[\s'’$€£¥]|^[A-Z]{3}|[A-Z]{3}$", "", word)
    if bare.startswith("(") and bare.endswith(")"):
        bare = f"-{bare[1:-1]}"
    if re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?", bare):
        bare = bare.replace(",", "")
    elif re.fullmatch(r"-?\d{1,3}(\.\d{3})+,\d+", bare) or re.fullmatch(r"-?\d+,\d{1,2}", bare):
        bare = bare.replace(".", "").replace(",", ".")
    try:
        value = Decimal(bare)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def _amount(word: str) -> str | None:
    value = _plain_number(word)
    return f"{value:f}" if value is not None and abs(value) < TOO_LARGE else None


def _whole_number(word: str, lowest: int, highest: int) -> str | None:
    value = _plain_number(word)
    return f"{value:.0f}" if value is not None and lowest <= value <= highest and value % 1 == 0 else None


def currency(column: pd.Series) -> Read:
    """Three letters."""
    column = column.str.upper()
    return column, ~(only_first(column, "[A-Z]{3}") | (column == "").to_numpy())


def email(column: pd.Series) -> pd.Series:
    return column.str.lower()


def domain(column: pd.Series) -> pd.Series:
    """www.Example.com/about and https://example.com become example.com."""
    return (
        column.str.lower().str.replace(r"^[a-z]+://", "", regex=True).str.replace(r"^www\.|[/?#:].*$", "", regex=True)
    )


def converted(column: pd.Series, get: Callable[[str], Any]) -> pd.Series:
    """Replace each different word by what `get` returns for it."""
    return column.map({word: get(word) for word in column.unique()}).astype("str")
