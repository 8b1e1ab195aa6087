"""What the cells of a file prove about its formats, column by column, before anything is mapped.

The first rows say which columns hold anything that could be read in two ways. Only those are followed through the file,
and only until something in them proves one reading.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import pandas as pd

from imports.files import storage
from imports.files.blocks import read_blocks
from imports.files.encodings import encoding_label
from imports.models import ImportFile
from imports.parsing import dates, numbers
from imports.parsing.headers import unit_of

MAX_BLOCKS = 64  # blocks of 8 MiB
MIN_SHARE = 0.6  # of a column's cells must be dates, or numbers, for it to speak for other columns
MAX_SHOWN = 60
_AROUND_NUMBER = rf"(?:(?:[^\d.,]\.?){{0,6}}|\s*{numbers.NAMED}\s*)"
NUMBERISH = rf"^{_AROUND_NUMBER}\d[\d.,\s'’]*{_AROUND_NUMBER}$"
NOT_AMOUNTS = re.compile(
    r"phone|fax|mobil|tel\b|telefon|zip|post|plz|version|\bip\b|\bid\b|number$|nummer$", re.IGNORECASE
)
MACHINE_TIME = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:\.\d+)?$"  # as programs write times that say no zone
SHOWN_TIME = r"^.*\d.*[\s,T]\d{1,2}[:.h]\d{2}(?:[:.]\d{2}(?:[.,]\d+)?)?\s*(?:[AaPp]\.?\s?[Mm]\.?)?(?:\s*Uhr)?$"  # as people read them
CELLS_SEARCHED_FOR_TIMES = 5_000  # cells
HALF_DAYS = r"\d\s*[AaPp]\.?\s?[Mm]\.?$"
NULL_WORDS = frozenset(
    [
        "null",
        "(null)",
        "none",
        "nil",
        "nan",
        "n/a",
        "#n/a",
        "na",
        "n.a.",
        "\\n",
        "-",
        "--",
        "–",
        "—",
        "(none)",
        "(blank)",
        "undefined",
    ]
)
DELIMITER_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
Evidence = dict[str, Any]


@dataclass
class ColumnProfile:
    """What was found in one column so far."""

    day: int = 0
    month: int = 0
    open_dates: int = 0
    date_samples: list[str] = field(default_factory=lambda: ["", "", ""])
    point: int = 0
    comma: int = 0
    open_numbers: int = 0
    number_samples: list[str] = field(default_factory=lambda: ["", "", ""])
    whole: list[str] = field(default_factory=lambda: ["", ""])  # 1.234 and 1,234: no whole number but with thousands
    plain_thousands: bool = False
    half_days: bool = False
    machine_clock: str = ""  # a time of day without a zone, as programs write it, and as it is shown to people
    clock: str = ""
    signs: dict[str, int] = field(default_factory=dict)
    nulls: list[str] = field(default_factory=list)
    dated: float = 0.0  # share of the cells that are dates
    numeric: float = 0.0

    @property
    def is_settled(self) -> bool:
        """Return whether reading more blocks cannot prove anything new that matters."""
        return not (self.open_dates and not (self.day or self.month)) and not (
            self.open_numbers and not (self.point or self.comma)
        )

    @property
    def has_evidence(self) -> bool:
        return bool(
            self.day
            or self.month
            or self.open_dates
            or self.point
            or self.comma
            or self.open_numbers
            or self.signs
            or self.nulls
            or self.machine_clock
            or self.clock
        )

    def as_json(self) -> Evidence:
        return {name: value for name, value in vars(self).items() if value and value not in ([""] * 2, [""] * 3)}


def profile_columns(file: ImportFile, is_typed: bool = False) -> Evidence:
    """Return what the plain file of an import proves: of the file as a whole, and of its columns.

    Args:
        is_typed: the file is a sheet whose cells had types; its numbers prove nothing about cells written as text.
    """
    profiles: dict[str, ColumnProfile] = {}
    frames = _leading_frames(file)
    for first_frame in islice(frames, 1):
        profiles = {
            str(name): column for name in first_frame if (column := _profile_column(first_frame[name])).has_evidence
        }
    for frame in frames:
        unsettled = [name for name, column in profiles.items() if not column.is_settled]
        if not unsettled:
            break
        for name in unsettled:
            texts = pd.Series(frame[name].str.strip().unique(), dtype="str")
            _count_evidence(profiles[name], texts[texts != ""])
    columns = {name: column.as_json() for name, column in profiles.items()}
    return {**_file_evidence(file), "typed": is_typed, "columns": columns}


def _leading_frames(file: ImportFile) -> Iterator[pd.DataFrame]:
    path = storage.path_of(file.plain)
    for block in islice(read_blocks(path, file.header, file.delimiter, file.start, file.first_line), MAX_BLOCKS):
        yield block.frame


def _file_evidence(file: ImportFile) -> Evidence:
    encoding = encoding_label(file.encoding)
    units = {name: unit for name in file.header if (unit := unit_of(name))}
    return {
        "encoding": {"value": file.encoding, "words": f"The text is written in {encoding}."},
        "delimiter": {
            "value": file.delimiter,
            "words": f"Cells are separated by {DELIMITER_NAMES.get(file.delimiter, file.delimiter)}.",
        },
        "units": units,
    }


def _profile_column(cells: pd.Series) -> ColumnProfile:
    """Profile a column of the first rows."""
    texts = pd.Series(cells.str.strip().unique(), dtype="str")
    texts = texts[texts != ""]
    column = ColumnProfile()
    if texts.empty:
        return column
    column.nulls = sorted(text for text in texts if len(text) < 12 and text.casefold() in NULL_WORDS)
    filled = max(1, len(texts) - len(column.nulls))
    texts = numbers.filter_matching(texts, r"\d")  # no date, time or number is without
    if texts.empty:
        return column
    _count_evidence(column, texts)
    column.half_days = bool(len(numbers.filter_matching(texts, HALF_DAYS)))
    column.machine_clock, column.clock = _sample_times(texts.head(CELLS_SEARCHED_FOR_TIMES))
    column.dated = round((column.day + column.month + column.open_dates) / filled, 2)
    column.numeric = round(len(numbers.filter_matching(texts, NUMBERISH)) / filled, 2)
    if column.numeric >= MIN_SHARE:
        column.signs = _count_currency_marks(texts)
        column.plain_thousands = bool(len(numbers.filter_matching(texts, r"^\d{4,6}$")))
    return column


def _sample_times(texts: pd.Series) -> tuple[str, str]:
    """Return a time without a zone as programs write it, and one as it is shown to people."""
    times = numbers.filter_matching(texts, SHOWN_TIME)
    by_program = numbers.filter_matching(times, MACHINE_TIME)
    first, second = _shorten(next(iter(samples), "") for samples in (by_program, times.drop(by_program.index)))
    return first, second


def _count_evidence(column: ColumnProfile, texts: pd.Series) -> None:
    order = dates.count_order_evidence(texts)
    column.day, column.month = column.day + order.day_first, column.month + order.month_first
    column.open_dates += order.open
    column.date_samples = [old or new for old, new in zip(column.date_samples, _shorten(order.samples), strict=True)]
    proofs = [
        numbers.filter_matching(texts, pattern)
        for pattern in (numbers.POINT_PROOF, numbers.COMMA_PROOF, numbers.AMBIGUOUS_CELL)
    ]
    column.point, column.comma = column.point + len(proofs[0]), column.comma + len(proofs[1])
    column.open_numbers += len(proofs[2])
    samples = _shorten(next(iter(matching), "") for matching in proofs)
    column.number_samples = [old or new for old, new in zip(column.number_samples, samples, strict=True)]
    grouped = [numbers.filter_matching(proofs[2], pattern) for pattern in (r"\.\d*[1-9]\d*\D*$", r",\d*[1-9]\d*\D*$")]
    column.whole = [
        old or new
        for old, new in zip(column.whole, _shorten(next(iter(matching), "") for matching in grouped), strict=True)
    ]


def _shorten(texts: Any) -> list[str]:
    return [text[:MAX_SHOWN].replace("\0", "") for text in texts]


def _count_currency_marks(texts: pd.Series) -> dict[str, int]:
    """Count the signs and codes of currencies beside the numbers of a column."""
    signed = numbers.filter_matching(texts, r"[^\d\s.,()'’+\-−%]")
    counts: dict[str, int] = {}
    for text in signed.head(5_000):
        mark = numbers.parse_amount(text).mark
        if mark and numbers.is_currency(mark):
            counts[mark] = counts.get(mark, 0) + 1
    return counts


def speaks_for_others(name: str, column: Evidence, share: str) -> bool:
    """Return whether a column's cells are of a kind, so that what they prove holds for the file."""
    if share == "numeric" and NOT_AMOUNTS.search(name):
        return False
    return float(column.get(share, 0)) >= (MIN_SHARE if share == "dated" else 0.95)
