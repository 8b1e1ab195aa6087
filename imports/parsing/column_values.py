"""Parse text to values, a column at a time: numbers and flags as PostgreSQL writes them, days and times as timestamps.

Each reader takes a column of trimmed text and returns (column, mask of the cells with an error). An empty cell is
never an error; it comes out missing.
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
from imports.parsing.numbers import PLAIN_OPEN, POINT, parse_number

ReadColumn = tuple[pd.Series, np.ndarray]
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


def blank_to_missing(column: pd.Series) -> pd.Series:
    """Return the column with its empty cells missing."""
    return column.where(column != "", None)


def no_errors(column: pd.Series) -> np.ndarray:
    return np.zeros(len(column), bool)


def matches_whole_cell(column: pd.Series, pattern: str) -> np.ndarray:
    """Return where the whole cell looks like the pattern."""
    return column.str.fullmatch(pattern).to_numpy(dtype=bool, na_value=False)


def read_text(column: pd.Series, longest: int | None) -> ReadColumn:
    """Any text no longer than its field."""
    if longest is None:
        return column, no_errors(column)
    return column, (column.str.len() > longest).to_numpy(dtype=bool, na_value=False)


def read_numbers(column: pd.Series, decimal: str = POINT) -> ReadColumn:
    """Read amounts: plain, or with a currency sign, blanks and thousands. 1.234 needs `decimal`; without it the cell is an error."""
    fine = matches_whole_cell(column, NUMBER) | (column == "").to_numpy()
    # 1.234 looks plain, but is a thousand where the decimal mark is a comma.
    if decimal != POINT:
        fine &= ~matches_whole_cell(column, PLAIN_OPEN)
    if not fine.all():
        column, fine = _read_unique_cells(column, fine, partial(_normalise_amount, decimal=decimal))
    return blank_to_missing(column), ~fine


def read_numbers_or_percents(column: pd.Series, decimal: str = POINT) -> ReadColumn:
    """Read numbers; those with a percent sign are divided by 100."""
    is_percent = column.str.endswith("%").to_numpy(dtype=bool, na_value=False)
    numbers, wrong = read_numbers(column.where(~is_percent, column.str.rstrip("% ")), decimal)
    hundredths = numbers[is_percent & ~wrong].map(lambda word: f"{Decimal(word) / 100:f}", na_action="ignore")
    numbers = numbers.astype(object)
    numbers[hundredths.index] = hundredths
    return numbers, wrong


def read_integers(column: pd.Series, lowest: int, highest: int, decimal: str = POINT) -> ReadColumn:
    fine = matches_whole_cell(column, INTEGER) | (column == "").to_numpy()
    if not fine.all():
        column, fine = _read_unique_cells(
            column, fine, partial(_normalise_integer, lowest=lowest, highest=highest, decimal=decimal)
        )
    return blank_to_missing(column), ~fine


def read_scaled_numbers(
    column: pd.Series, scale: Callable[[Decimal], Decimal | None], decimal: str = POINT
) -> ReadColumn:
    """Read numbers in another unit; `scale` converts one, and returns None where it is out of bounds."""
    column, wrong = read_numbers(column, decimal)

    def read(cell: str) -> str | None:
        value = scale(Decimal(cell))
        return None if value is None or abs(value) >= TOO_LARGE else f"{value:f}"

    plain = column.where(~wrong, None).fillna("")
    scaled, fine = _read_unique_cells(plain, (plain == "").to_numpy(), read)
    return blank_to_missing(scaled), wrong | ~fine


def percent_to_fraction(value: Decimal) -> Decimal | None:
    """Percent, 0 to 100, to a fraction."""
    return value / 100 if 0 <= value <= 100 else None


def millions_to_units(value: Decimal) -> Decimal:
    return value * 1_000_000


def minutes_to_seconds(value: Decimal) -> Decimal:
    """Minutes to whole seconds."""
    return (value * 60).to_integral_value()


def read_booleans(column: pd.Series, nullable: bool) -> ReadColumn:
    def read(cell: str) -> str | None:
        folded = cell.casefold()
        if folded in TRUE:
            return "t"
        return "f" if folded in FALSE else None

    empty = (column == "").to_numpy()
    flags, fine = _read_unique_cells(column, no_errors(column) if not nullable else empty, read)
    return blank_to_missing(flags), ~fine


def read_days(
    column: pd.Series, formats: Sequence[str], order: str = "", zone: str = "UTC", home: str = "UTC"
) -> ReadColumn:
    """Read days: ISO, one of the formats, or by `order`; ambiguous days without an order are errors.

    A cell with a time of day becomes the day that it then was in `home`: by the zone that the cell names, else as a time in `zone`.
    A midnight without a zone is a day that a program wrote as a time, and stays that day.
    """
    is_iso = matches_whole_cell(column, ISO_DATE + r"(?:[T ].*)?")
    days = pd.to_datetime(column.str.slice(0, 10).where(is_iso, None), format="%Y-%m-%d", errors="coerce")
    has_time = is_iso & (column.str.len() > 10).to_numpy(dtype=bool, na_value=False)
    has_time[has_time] = ~matches_whole_cell(column[has_time], ISO_DATE + MIDNIGHT)
    if has_time.any():
        moments, _ = read_times(column[has_time], (), zone)
        days = _days_in_zone(moments, home).reindex(column.index).fillna(days)
    # The formats of the source go before the general patterns: only they know which number is the day.
    for pattern in formats:
        days = days.fillna(_local_days_in_zone(_fill_by_pattern(days, column, pattern).where(days.isna()), zone, home))
    rest = (days.isna() & (column != "")).to_numpy()
    if rest.any():
        parsed = dates.parse_dates(column[rest], order)
        days = days.fillna(_local_days_in_zone(parsed.naive, zone, home).fillna(_days_in_zone(parsed.utc, home)))
    return days, days.isna().to_numpy() & (column != "").to_numpy()


def _days_in_zone(moments: pd.Series, home: str) -> pd.Series:
    """Return the days that moments fall on in a time zone."""
    return moments.dt.tz_convert(ZoneInfo(home)).dt.tz_localize(None).dt.normalize()


def _local_days_in_zone(naive: pd.Series, zone: str, home: str) -> pd.Series:
    """Return the days in `home` of local times in `zone`. A midnight names a day and stays that day."""
    days = naive.dt.normalize()
    if zone == home or (days == naive).where(naive.notna(), True).all():
        return days
    return days.where(days == naive, _days_in_zone(_local_to_utc(naive, zone), home))


def read_times(column: pd.Series, formats: Sequence[str], zone: str, order: str = "", home: str = "") -> ReadColumn:
    """Read times and return them in UTC; one without a zone is in `zone`, a day alone is its beginning in `home`."""
    is_iso = matches_whole_cell(column, ISO_DATE + r"(?:[T ].*)?")
    has_zone = is_iso & column.str.contains(r"(?:Z|[+-]\d{2}:?\d{2})$").to_numpy(dtype=bool, na_value=False)
    utc = pd.to_datetime(column.where(has_zone, None), format="ISO8601", errors="coerce", utc=True)
    if not (has_zone | (column == "").to_numpy()).all():
        naive = pd.to_datetime(column.where(is_iso & ~has_zone, None), format="ISO8601", errors="coerce")
        for pattern in formats:
            naive = _fill_by_pattern(naive, column, pattern)
        rest = (naive.isna() & utc.isna() & (column != "")).to_numpy()
        if rest.any():
            parsed = dates.parse_dates(column[rest], order)
            naive, utc = naive.fillna(parsed.naive), utc.fillna(parsed.utc)
        if home and home != zone:
            is_day = ~column.str.contains(CLOCK).to_numpy(dtype=bool, na_value=False)
            utc = utc.fillna(_local_to_utc(naive.where(is_day), home))
        utc = utc.fillna(_local_to_utc(naive, zone))
    wrong = utc.isna().to_numpy() & (column != "").to_numpy()
    return utc, wrong


def is_out_of_bounds(times: pd.Series) -> np.ndarray:
    """Return where days, or times in UTC, are outside the years that a CRM can mean."""
    zone = getattr(times.dtype, "tz", None)
    first, last = (pd.Timestamp(day, tz=zone) for day in (FIRST_DAY, LAST_DAY + timedelta(days=1)))
    return ((times < first) | (times >= last)).fillna(False).to_numpy(bool)


def replace_open_ends(column: pd.Series) -> pd.Series:
    """Return a column of end dates where what systems write for an open end is the last possible day."""
    return column.where(~matches_whole_cell(column, OPEN_END), LAST_DAY.isoformat())


def split_empty_dates(column: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return a column of dates without what systems write where they have none, and those cells."""
    fillers = matches_whole_cell(column, EMPTY_DATE)
    return (column.where(~fillers, ""), column[fillers]) if fillers.any() else (column, column[:0])


def has_too_many_digits(column: pd.Series, digits: int) -> np.ndarray:
    """Return where plain numbers have more digits before the point than fit."""
    if digits >= MOST_DIGITS:
        return no_errors(column)
    return (pd.to_numeric(column, errors="coerce").abs() >= 10**digits).fillna(False).to_numpy(bool)


def _fill_by_pattern(times: pd.Series, column: pd.Series, pattern: str) -> pd.Series:
    is_unread = times.isna() & (column != "")
    if not is_unread.any():
        return times
    return times.fillna(pd.to_datetime(column.where(is_unread, None), format=pattern, errors="coerce"))


def _local_to_utc(naive: pd.Series, zone: str) -> pd.Series:
    """Convert local times of a zone to UTC; an hour skipped by daylight saving moves forward, a repeated one is the first."""
    first = np.ones(len(naive), bool)
    return naive.dt.tz_localize(ZoneInfo(zone), nonexistent="shift_forward", ambiguous=first).dt.tz_convert("UTC")


def _read_unique_cells(
    column: pd.Series, fine: np.ndarray, read: Callable[[str], str | None]
) -> tuple[pd.Series, np.ndarray]:
    """Read the cells that are not fine yet, each distinct text once: real columns repeat few values many times."""
    cells = column[~fine].unique()
    values: dict[str, str | None] = {cell: read(cell) for cell in cells}
    replacements = column[~fine].map(values)
    column = column.copy()
    column[~fine] = replacements.where(replacements.notna(), column[~fine])
    fine = fine.copy()
    fine[~fine] = replacements.notna().to_numpy()
    return column, fine


def _normalise_amount(cell: str, decimal: str) -> str | None:
    value = parse_number(cell, decimal)
    return f"{value:f}" if value is not None and abs(value) < TOO_LARGE else None


def _normalise_integer(cell: str, lowest: int, highest: int, decimal: str) -> str | None:
    value = parse_number(cell, decimal)
    return f"{value:.0f}" if value is not None and lowest <= value <= highest and value % 1 == 0 else None


def read_currencies(column: pd.Series) -> ReadColumn:
    """Read currency codes: three letters."""
    column = column.str.upper()
    return column, ~(matches_whole_cell(column, "[A-Z]{3}") | (column == "").to_numpy())


def normalise_emails(column: pd.Series) -> pd.Series:
    return column.str.lower()


def normalise_domains(column: pd.Series) -> pd.Series:
    """www.Example.com/about and https://example.com become example.com."""
    return (
        column.str.lower().str.replace(r"^[a-z]+://", "", regex=True).str.replace(r"^www\.|[/?#:].*$", "", regex=True)
    )


def map_unique_cells(column: pd.Series, get: Callable[[str], Any]) -> pd.Series:
    """Replace each distinct cell by what `get` returns for it."""
    return column.map({cell: get(cell) for cell in column.unique()}).astype("str")
