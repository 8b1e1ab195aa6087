"""Text to values, a column at a time: the values in the words of PostgreSQL, and which of them are none.

Each reader takes a column of trimmed text and returns (column, mask of what is wrong). An empty cell is
never wrong; it comes out missing.
"""

import re
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

Read = tuple[pd.Series, np.ndarray]
NUMBER = r"-?\d{1,14}(?:\.\d+)?"
INTEGER = r"-?\d{1,18}"
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


def number(column: pd.Series, digits: int = 14) -> Read:
    """Amounts: plain, or with a currency sign, blanks, thousands and a decimal comma, as far as they are plain."""
    fine = only_first(column, NUMBER) | (column == "").to_numpy()
    if not fine.all():
        column, fine = _by_word(column, fine, _plain_number)
    too_large = fine & (column.str.len() > digits).to_numpy() & only_first(column, rf"-?\d{{{digits + 1},}}.*")
    return missing(column), ~fine | too_large


def integer(column: pd.Series) -> Read:
    fine = only_first(column, INTEGER) | (column == "").to_numpy()
    if not fine.all():
        column, fine = _by_word(column, fine, _whole_number)
    return missing(column), ~fine


def scaled(column: pd.Series, factor: Decimal, lowest: Decimal | None = None, highest: Decimal | None = None) -> Read:
    """Numbers times a factor, between two limits: percent to fractions, millions to units, minutes to seconds."""
    column, wrong = number(column)

    def scale(word: str) -> str | None:
        value = Decimal(word) * factor
        inside = (lowest is None or value >= lowest) and (highest is None or value <= highest)
        return f"{value.normalize():f}" if inside else None

    plain = column.where(~wrong, None).fillna("")
    found, fine = _by_word(plain, (plain == "").to_numpy(), scale)
    return missing(found), wrong | ~fine


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
    return days.dt.strftime("%Y-%m-%d").astype("str"), wrong


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
    return utc.dt.strftime("%Y-%m-%d %H:%M:%S.%f+00").astype("str"), wrong


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


def _plain_number(word: str) -> str | None:
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
    return f"{value:f}" if value.is_finite() and abs(value) < Decimal(10) ** 18 else None


def _whole_number(word: str) -> str | None:
    plain = _plain_number(word)
    return str(int(Decimal(plain))) if plain is not None and Decimal(plain) % 1 == 0 else None


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
