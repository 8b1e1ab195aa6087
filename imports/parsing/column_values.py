"""Text to values, a column at a time: text in the words of PostgreSQL, days and times as such, and what is neither.

Each reader takes a column of trimmed text and returns (column, mask of what is wrong). An empty cell is
never wrong; it comes out missing.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from core.dates import EMPTY_DATE, FIRST_DAY, LAST_DAY, OPEN_END
from imports.parsing import dates
from imports.parsing.numbers import PLAIN_OPEN, POINT, plain

Read = tuple[pd.Series, np.ndarray]
NUMBER = r"-?\d{1,14}(?:\.\d+)?"
INTEGER = r"-?\d{1,9}"  # fits any field; longer ones are looked at one by one
MOST_DIGITS = 14  # before the point
TOO_LARGE = Decimal(10) ** MOST_DIGITS
ISO_DATE = r"\d{4}-\d{2}-\d{2}"
CLOCK = r"\d[:.h]\d{2}(?:\D|$)|T\d{2}"
MIDNIGHT = r"[T ]00:00(?::00(?:\.0+)?)?"
TRUE = {
    "1", "1.0", "true", "yes", "y", "t", "x", "on", "✓", "✔", "ja", "wahr", "oui", "vrai", "si", "sí", "sì", "verdadero", "vero",
    "sim", "verdadeiro", "tak", "prawda", "kyllä", "waar", "sant",
}  # fmt: skip
FALSE = {
    "0", "0.0", "false", "no", "n", "f", "off", "-", "nein", "falsch", "non", "faux", "falso", "não", "nie", "fałsz", "ei",
    "nee", "onwaar", "nej", "falskt", "",
}  # fmt: skip


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


def number(column: pd.Series, decimal: str = POINT) -> Read:
    """Amounts: plain, or with a currency sign, blanks and thousands; 1.234 by what parts the decimals, wrong without."""
    fine = only_first(column, NUMBER) | (column == "").to_numpy()
    if decimal != POINT:
        fine &= ~only_first(column, PLAIN_OPEN)
    if not fine.all():
        column, fine = _by_word(column, fine, partial(_amount, decimal=decimal))
    return missing(column), ~fine


def number_or_percent(column: pd.Series, decimal: str = POINT) -> Read:
    """Numbers, of which those with a percent sign are hundredths."""
    is_percent = column.str.endswith("%").to_numpy(dtype=bool, na_value=False)
    found, wrong = number(column.where(~is_percent, column.str.rstrip("% ")), decimal)
    hundredths = found[is_percent & ~wrong].map(lambda word: f"{Decimal(word) / 100:f}", na_action="ignore")
    found = found.astype(object)
    found[hundredths.index] = hundredths
    return found, wrong


def integer(column: pd.Series, lowest: int, highest: int, decimal: str = POINT) -> Read:
    fine = only_first(column, INTEGER) | (column == "").to_numpy()
    if not fine.all():
        column, fine = _by_word(column, fine, partial(_whole_number, lowest=lowest, highest=highest, decimal=decimal))
    return missing(column), ~fine


def scaled(column: pd.Series, scale: Callable[[Decimal], Decimal | None], decimal: str = POINT) -> Read:
    """Numbers in another unit than ours; `scale` returns None where one is out of bounds."""
    column, wrong = number(column, decimal)

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


def day(column: pd.Series, formats: Sequence[str], order: str = "", zone: str = "UTC", home: str = "UTC") -> Read:
    """Days: ISO, one of the formats, or as `order` says; wrong without.

    A time of day makes it the day that it then was in `home`: by the zone that the cell names, else as a time in `zone`.
    A midnight without a zone is a day that a program wrote as a time, and stays that day.
    """
    iso = only_first(column, ISO_DATE + r"(?:[T ].*)?")
    days = pd.to_datetime(column.str.slice(0, 10).where(iso, None), format="%Y-%m-%d", errors="coerce")
    clocked = iso & (column.str.len() > 10).to_numpy(dtype=bool, na_value=False)
    clocked[clocked] = ~only_first(column[clocked], ISO_DATE + MIDNIGHT)
    if clocked.any():
        moments, _ = time(column[clocked], (), zone)
        days = _days_of(moments, home).reindex(column.index).fillna(days)
    for pattern in formats:
        days = days.fillna(_days_of_clock(_fill(days, column, pattern).where(days.isna()), zone, home))
    rest = (days.isna() & (column != "")).to_numpy()
    if rest.any():
        found = dates.read(column[rest], order)
        days = days.fillna(_days_of_clock(found.naive, zone, home).fillna(_days_of(found.utc, home)))
    return days, days.isna().to_numpy() & (column != "").to_numpy()


def _days_of(moments: pd.Series, home: str) -> pd.Series:
    """Return the days that moments fall on, by the clock of a zone."""
    return moments.dt.tz_convert(ZoneInfo(home)).dt.tz_localize(None).dt.normalize()


def _days_of_clock(naive: pd.Series, zone: str, home: str) -> pd.Series:
    """Return the days in `home` of times on the wall of `zone`; of midnights, which name a day, that day."""
    days = naive.dt.normalize()
    if zone == home or (days == naive).where(naive.notna(), True).all():
        return days
    return days.where(days == naive, _days_of(_in_utc(naive, zone), home))


def time(column: pd.Series, formats: Sequence[str], zone: str, order: str = "", home: str = "") -> Read:
    """Times; one without a zone is a time in `zone`, a day alone the beginning of the day in `home`. Out they come in UTC."""
    iso = only_first(column, ISO_DATE + r"(?:[T ].*)?")
    zoned = iso & column.str.contains(r"(?:Z|[+-]\d{2}:?\d{2})$").to_numpy(dtype=bool, na_value=False)
    utc = pd.to_datetime(column.where(zoned, None), format="ISO8601", errors="coerce", utc=True)
    if not (zoned | (column == "").to_numpy()).all():
        naive = pd.to_datetime(column.where(iso & ~zoned, None), format="ISO8601", errors="coerce")
        for pattern in formats:
            naive = _fill(naive, column, pattern)
        rest = (naive.isna() & utc.isna() & (column != "")).to_numpy()
        if rest.any():
            found = dates.read(column[rest], order)
            naive, utc = naive.fillna(found.naive), utc.fillna(found.utc)
        if home and home != zone:
            is_day = ~column.str.contains(CLOCK).to_numpy(dtype=bool, na_value=False)
            utc = utc.fillna(_in_utc(naive.where(is_day), home))
        utc = utc.fillna(_in_utc(naive, zone))
    wrong = utc.isna().to_numpy() & (column != "").to_numpy()
    return utc, wrong


def out_of_bounds(found: pd.Series) -> np.ndarray:
    """Return where days, or times in UTC, cannot be meant."""
    zone = getattr(found.dtype, "tz", None)
    first, last = (pd.Timestamp(day, tz=zone) for day in (FIRST_DAY, LAST_DAY + timedelta(days=1)))
    return ((found < first) | (found >= last)).fillna(False).to_numpy(bool)


def with_last_day(column: pd.Series) -> pd.Series:
    """Return a column of ends with the last day there is in place of what stands for an open end."""
    return column.where(~only_first(column, OPEN_END), LAST_DAY.isoformat())


def without_empty_dates(column: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return a column of dates without what systems write where they have none, and those cells."""
    fillers = only_first(column, EMPTY_DATE)
    return (column.where(~fillers, ""), column[fillers]) if fillers.any() else (column, column[:0])


def beyond(column: pd.Series, digits: int) -> np.ndarray:
    """Return where plain numbers have more digits before the point than fit."""
    if digits >= MOST_DIGITS:
        return nothing_wrong(column)
    return (pd.to_numeric(column, errors="coerce").abs() >= 10**digits).fillna(False).to_numpy(bool)


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


def _amount(word: str, decimal: str) -> str | None:
    value = plain(word, decimal)
    return f"{value:f}" if value is not None and abs(value) < TOO_LARGE else None


def _whole_number(word: str, lowest: int, highest: int, decimal: str) -> str | None:
    value = plain(word, decimal)
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
