"""Parse days and times that are not ISO 8601, a column at a time, and decide which number is the day where both could be.

31/01/2026 can only be the 31st; 01/02/2026 is read by the order that the file proves or a person chose, and not
read without one. Dates with dots put the day first everywhere; a year in front or a month in words leaves nothing open.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

DAY_FIRST, MONTH_FIRST = "day-first", "month-first"
CLOCK = r"(?:(?:,|T|\s)\s*(?:at |um |à |a las )?(?P<hour>\d{1,2})[:.h](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,]\d+)?)?)?"
NOON = r"\s*(?P<half>[AaPp]\.?\s?[Mm]\.?)?"
ZONE = r"(?:\s*(?:Uhr|o'clock))?\s*(?P<zone>Z|(?:UTC|GMT)?[+-]\d{2}:?\d{2}|UTC|GMT)?(?:\s*\([^)]*\))?$"
REST = CLOCK + NOON + ZONE
WEEKDAY = r"^(?:\pL{2,10}\.?,?\s+)?"
SLASHED = r"^(?P<a>\d{1,2})(?P<mark>[/.\- ])(?P<b>\d{1,2})[/.\- ](?P<year>[12]\d{3}|\d{2})(?:\D|$)"
SHAPES = {
    "slashed": SLASHED.removesuffix(r"(?:\D|$)") + REST,
    "year": r"^(?P<year>[12]\d{3})[/.\-]?(?P<a>\d{1,2})[/.\-]?(?P<b>\d{1,2})" + REST,
    "named": WEEKDAY + r"(?P<a>\d{1,2})(?:st|nd|rd|th|\.|º)?[\s\-/.]*(?:de |of )?(?P<b>\pL{3,10})\.?,?[\s\-/.]*(?:de )?(?P<year>\d{4}|\d{2})" + REST,
    "american": WEEKDAY + r"(?P<b>\pL{3,10})\.?\s+(?P<a>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})" + REST,
}  # fmt: skip
MONTHS = """
jan january januar janvier janv enero ene janeiro gennaio gen januari janv stycznia styczen sty ledna tammikuu
feb february februar février fevrier févr fevr febrero fevereiro fev febbraio februari lutego luty lut unora helmikuu
mar march märz maerz mär mrz mars marzo março marco maart mrt marca marzec marz brezna maaliskuu
apr april avril avr abril abr aprile kwietnia kwiecien kwi dubna huhtikuu
may mai mayo maio maggio mag mei maj maja kvetna toukokuu
jun june juni juin junio junho giugno giu czerwca czerwiec cze cervna kesäkuu
jul july juli juillet juil julio julho luglio lug lipca lipiec lip cervence heinäkuu
aug august août aout agosto ago augustus augusti sierpnia sierpien sie srpna elokuu
sep sept september septembre septiembre setembro set settembre września wrzesnia wrzesien wrz zari syyskuu
oct october oktober okt octobre octubre outubro out ottobre ott października pazdziernika paz rijna lokakuu
nov november novembre noviembre novembro listopada listopad lis marraskuu
dec december dezember dez décembre decembre déc diciembre dic dezembro dicembre grudnia grudzien gru prosince joulukuu
"""
NUMBER_OF = {word: number for number, line in enumerate(MONTHS.strip().splitlines(), 1) for word in line.split()}
MILLISECONDS = r"\d{13}"
PIVOT = 70  # years of two digits from here on are of the last century


@dataclass(frozen=True)
class ParsedDates:
    """Local times without a zone, times with a zone in UTC, and where either order of day and month is possible."""

    naive: pd.Series
    utc: pd.Series
    ambiguous: np.ndarray


@dataclass(frozen=True)
class OrderEvidence:
    """What a column proves: how many cells can only be read in each order, how many in both, and one of each."""

    day_first: int = 0
    month_first: int = 0
    open: int = 0
    samples: tuple[str, str, str] = ("", "", "")


def parse_dates(column: pd.Series, order: str) -> ParsedDates:
    """Parse the cells that are not ISO dates; a cell that fits no pattern is missing in both results."""
    cells = pd.Series(column.unique(), dtype="str")
    naive = pd.Series(pd.NaT, index=cells.index, dtype="datetime64[us]")
    zones = pd.Series(None, index=cells.index, dtype="object")
    ambiguous = np.zeros(len(cells), bool)
    for shape, pattern in SHAPES.items():
        rest = cells[naive.isna() & ~ambiguous & (cells != "")]
        parts = _extract_parts(rest, pattern)
        if parts.empty:
            continue
        times = _assemble_times(parts, shape, order)
        naive[times.index] = times
        zones[parts.index] = parts["zone"]
        # Without an order the cell stays empty here, and must not be tried by the next pattern either.
        if shape == "slashed" and not order:
            ambiguous[parts.index[_is_ambiguous(parts)]] = True
    has_zone = (zones.fillna("") != "").to_numpy()
    utc = _shift_to_utc(naive.where(has_zone), zones).fillna(_parse_epoch_milliseconds(cells))
    return _expand_to_rows(column, cells, ParsedDates(naive.where(~has_zone), utc, ambiguous))


def _expand_to_rows(column: pd.Series, cells: pd.Series, parsed: ParsedDates) -> ParsedDates:
    """Give each row what was parsed of its distinct cell."""
    positions = pd.Index(cells).get_indexer(pd.Index(column))
    naive, utc = (times.iloc[positions].set_axis(column.index) for times in (parsed.naive, parsed.utc))
    return ParsedDates(naive, utc, parsed.ambiguous[positions])


def count_order_evidence(column: pd.Series) -> OrderEvidence:
    """Count what the different cells of a column prove of the order of day and month."""
    cells = pd.Series(column.unique(), dtype="str")
    parts = _extract_parts(cells, SLASHED)
    if parts.empty:
        return OrderEvidence()
    # Dates with dots put the day first everywhere, so they prove nothing about the others.
    parts = parts[parts["mark"] != "."]
    a, b = parts["a"], parts["b"]
    masks = [
        (a > 12) & (a <= 31) & (b <= 12),
        (b > 12) & (b <= 31) & (a <= 12),
        pd.Series(_is_ambiguous(parts), parts.index),
    ]
    day, month, both = (list(cells[parts.index[mask.to_numpy()]]) for mask in masks)
    samples = (next(iter(day), ""), next(iter(month), ""), next(iter(both), ""))
    return OrderEvidence(len(day), len(month), len(both), samples)


def _extract_parts(cells: pd.Series, pattern: str) -> pd.DataFrame:
    """Split the cells that fit a pattern into numbers; a month in words becomes its number."""
    matches = pc.extract_regex(pa.array(cells, from_pandas=True).cast(pa.large_string()), pattern)
    fits = pc.is_valid(matches)
    if not pc.any(fits).as_py():
        return pd.DataFrame()
    matches, index = matches.filter(fits), cells.index[fits.to_numpy(zero_copy_only=False)]
    table = pd.DataFrame(
        {name: list(pc.struct_field(matches, name).to_pylist()) for name in matches.type.names}, index=index
    )
    for name in {"a", "year", "hour", "minute", "second"} & set(table):
        table[name] = pd.to_numeric(table[name], errors="coerce")
    table["b"] = pd.to_numeric(table["b"].map(lambda word: NUMBER_OF.get(word.casefold(), word)), errors="coerce")
    return table.dropna(subset=["a", "b", "year"])


def _is_ambiguous(parts: pd.DataFrame) -> np.ndarray:
    """Return where day and month could change places: 01/02, but not 02/02, nor 01.02."""
    a, b = parts["a"], parts["b"]
    return (a.between(1, 12) & b.between(1, 12) & (a != b) & (parts["mark"] != ".")).to_numpy(bool)


def _assemble_times(parts: pd.DataFrame, shape: str, order: str) -> pd.Series:
    day, month = parts["a"], parts["b"]
    if shape == "year":
        day, month = month, day
    if shape == "slashed":
        turned = (parts["mark"] != ".") & ((parts["b"] > 12) if not order else (order == MONTH_FIRST))
        day, month = day.where(~turned, parts["b"]), month.where(~turned, parts["a"])
        if not order:
            day = day.where(~_is_ambiguous(parts))
    year = parts["year"]
    year = year.where(year >= 100, year + np.where(year < PIVOT, 2000, 1900))
    return _build_timestamps(year, month, day, parts)


def _build_timestamps(year: pd.Series, month: pd.Series, day: pd.Series, part: pd.DataFrame) -> pd.Series:
    half = part["half"].str.slice(0, 1).str.lower()
    hour = part["hour"].where((half != "a") | (part["hour"] != 12), 0)
    hour = hour.where((half != "p") | (hour >= 12), hour + 12)
    clock = pd.DataFrame({"hour": hour, "minute": part["minute"], "second": part["second"]}).fillna(0)
    day = day.where((clock["hour"] < 24) & (clock["minute"] < 60) & (clock["second"] < 60))
    complete = pd.concat([year.rename("year"), month.rename("month"), day.rename("day"), clock], axis=1).dropna()
    timestamps = pd.to_datetime(complete.astype("int64"), errors="coerce")
    return timestamps.reindex(part.index).astype("datetime64[us]")


def _shift_to_utc(times: pd.Series, zone: pd.Series) -> pd.Series:
    """Convert times with an offset to UTC."""
    bare = zone.fillna("").astype("str").str.replace(r"^(?:UTC|GMT|Z)|:", "", regex=True)
    minutes = pd.to_numeric(bare.str.slice(1, 3), errors="coerce") * 60 + pd.to_numeric(
        bare.str.slice(3, 5), errors="coerce"
    )
    minutes = minutes.fillna(0) * np.where(bare.str.startswith("-"), -1, 1)
    return (times - pd.to_timedelta(minutes, unit="m")).dt.tz_localize("UTC")


def _parse_epoch_milliseconds(cells: pd.Series) -> pd.Series:
    """Read milliseconds since 1970, as APIs write times."""
    is_epoch = cells.str.fullmatch(MILLISECONDS).to_numpy(dtype=bool, na_value=False)
    numbers = pd.to_numeric(cells.where(is_epoch, None), errors="coerce")
    return pd.to_datetime(numbers, unit="ms", utc=True).astype("datetime64[us, UTC]")
