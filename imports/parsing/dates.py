"""Days and times that are not written as ISO 8601, a column at a time: which number is the day, where both could be it.

31/01/2026 can only be the 31st; 01/02/2026 is read by the order that the file proves or a person said, and by none
without one. Dates with dots put the day first everywhere; a year in front or a month in words leaves nothing open.
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
class Read:
    """Wall-clock times without a zone, those that say their zone in UTC, and where either order would do."""

    naive: pd.Series
    utc: pd.Series
    ambiguous: np.ndarray


@dataclass(frozen=True)
class Evidence:
    """What a column proves: how many cells can only be read in each order, how many in both, and one of each."""

    day_first: int = 0
    month_first: int = 0
    open: int = 0
    samples: tuple[str, str, str] = ("", "", "")


def read(column: pd.Series, order: str) -> Read:
    """Read what is left of a column when ISO dates are out; a cell that fits nothing is missing in both."""
    words = pd.Series(column.unique(), dtype="str")
    naive = pd.Series(pd.NaT, index=words.index, dtype="datetime64[us]")
    zones = pd.Series(None, index=words.index, dtype="object")
    ambiguous = np.zeros(len(words), bool)
    for shape, pattern in SHAPES.items():
        rest = words[naive.isna() & ~ambiguous & (words != "")]
        part = _parts(rest, pattern)
        if part.empty:
            continue
        found = _moments(part, shape, order)
        naive[found.index] = found
        zones[part.index] = part["zone"]
        if shape == "slashed" and not order:
            ambiguous[part.index[_is_open(part)]] = True
    zoned = (zones.fillna("") != "").to_numpy()
    utc = _shifted(naive.where(zoned), zones).fillna(_since_1970(words))
    return _spread(column, words, Read(naive.where(~zoned), utc, ambiguous))


def _spread(column: pd.Series, words: pd.Series, found: Read) -> Read:
    """Give each row what was read of its word."""
    places = pd.Index(words).get_indexer(pd.Index(column))
    naive, utc = (one.iloc[places].set_axis(column.index) for one in (found.naive, found.utc))
    return Read(naive, utc, found.ambiguous[places])


def evidence(column: pd.Series) -> Evidence:
    """Count what the different cells of a column prove of the order of day and month."""
    words = pd.Series(column.unique(), dtype="str")
    part = _parts(words, SLASHED)
    if part.empty:
        return Evidence()
    part = part[part["mark"] != "."]
    a, b = part["a"], part["b"]
    masks = [(a > 12) & (a <= 31) & (b <= 12), (b > 12) & (b <= 31) & (a <= 12), pd.Series(_is_open(part), part.index)]
    day, month, both = (list(words[part.index[mask.to_numpy()]]) for mask in masks)
    samples = (next(iter(day), ""), next(iter(month), ""), next(iter(both), ""))
    return Evidence(len(day), len(month), len(both), samples)


def _parts(words: pd.Series, pattern: str) -> pd.DataFrame:
    """Take apart the cells that fit a pattern: numbers as such, a month as its number."""
    found = pc.extract_regex(pa.array(words, from_pandas=True).cast(pa.large_string()), pattern)
    fits = pc.is_valid(found)
    if not pc.any(fits).as_py():
        return pd.DataFrame()
    found, index = found.filter(fits), words.index[fits.to_numpy(zero_copy_only=False)]
    table = pd.DataFrame(
        {name: list(pc.struct_field(found, name).to_pylist()) for name in found.type.names}, index=index
    )
    for name in {"a", "year", "hour", "minute", "second"} & set(table):
        table[name] = pd.to_numeric(table[name], errors="coerce")
    table["b"] = pd.to_numeric(table["b"].map(lambda word: NUMBER_OF.get(word.casefold(), word)), errors="coerce")
    return table.dropna(subset=["a", "b", "year"])


def _is_open(part: pd.DataFrame) -> np.ndarray:
    """Return where day and month could change places: 01/02, but not 02/02, nor 01.02."""
    a, b = part["a"], part["b"]
    return (a.between(1, 12) & b.between(1, 12) & (a != b) & (part["mark"] != ".")).to_numpy(bool)


def _moments(part: pd.DataFrame, shape: str, order: str) -> pd.Series:
    day, month = part["a"], part["b"]
    if shape == "year":
        day, month = month, day
    if shape == "slashed":
        turned = (part["mark"] != ".") & ((part["b"] > 12) if not order else (order == MONTH_FIRST))
        day, month = day.where(~turned, part["b"]), month.where(~turned, part["a"])
        if not order:
            day = day.where(~_is_open(part))
    year = part["year"]
    year = year.where(year >= 100, year + np.where(year < PIVOT, 2000, 1900))
    return _put_together(year, month, day, part)


def _put_together(year: pd.Series, month: pd.Series, day: pd.Series, part: pd.DataFrame) -> pd.Series:
    noon = part["half"].str.slice(0, 1).str.lower()
    hour = part["hour"].where((noon != "a") | (part["hour"] != 12), 0)
    hour = hour.where((noon != "p") | (hour >= 12), hour + 12)
    clock = pd.DataFrame({"hour": hour, "minute": part["minute"], "second": part["second"]}).fillna(0)
    day = day.where((clock["hour"] < 24) & (clock["minute"] < 60) & (clock["second"] < 60))
    whole = pd.concat([year.rename("year"), month.rename("month"), day.rename("day"), clock], axis=1).dropna()
    found = pd.to_datetime(whole.astype("int64"), errors="coerce")
    return found.reindex(part.index).astype("datetime64[us]")


def _shifted(found: pd.Series, zone: pd.Series) -> pd.Series:
    """Return times that say their distance from UTC in UTC."""
    bare = zone.fillna("").astype("str").str.replace(r"^(?:UTC|GMT|Z)|:", "", regex=True)
    minutes = pd.to_numeric(bare.str.slice(1, 3), errors="coerce") * 60 + pd.to_numeric(
        bare.str.slice(3, 5), errors="coerce"
    )
    minutes = minutes.fillna(0) * np.where(bare.str.startswith("-"), -1, 1)
    return (found - pd.to_timedelta(minutes, unit="m")).dt.tz_localize("UTC")


def _since_1970(words: pd.Series) -> pd.Series:
    """Read milliseconds since 1970, as APIs write times."""
    are = words.str.fullmatch(MILLISECONDS).to_numpy(dtype=bool, na_value=False)
    numbers = pd.to_numeric(words.where(are, None), errors="coerce")
    return pd.to_datetime(numbers, unit="ms", utc=True).astype("datetime64[us, UTC]")
