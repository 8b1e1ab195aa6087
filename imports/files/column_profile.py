"""What the cells of a file prove of how it is to be read, column by column, whatever becomes of the columns.

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
from imports.files.blocks import blocks
from imports.files.encodings import label
from imports.models import ImportFile
from imports.parsing import dates, numbers
from imports.parsing.headers import unit_of

FOLLOWED = 64  # blocks of 8 MiB
MOSTLY = 0.6  # of a column's cells must be dates, or numbers, for it to speak for other columns
MAX_SHOWN = 60
_BESIDE = rf"(?:(?:[^\d.,]\.?){{0,6}}|\s*{numbers.NAMED}\s*)"
NUMBERISH = rf"^{_BESIDE}\d[\d.,\s'’]*{_BESIDE}$"
NOT_AMOUNTS = re.compile(
    r"phone|fax|mobil|tel\b|telefon|zip|post|plz|version|\bip\b|\bid\b|number$|nummer$", re.IGNORECASE
)
MACHINE_CLOCK = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:\.\d+)?$"  # as programs write times that say no zone
CLOCK = r"^.*\d.*[\s,T]\d{1,2}[:.h]\d{2}(?:[:.]\d{2}(?:[.,]\d+)?)?\s*(?:[AaPp]\.?\s?[Mm]\.?)?(?:\s*Uhr)?$"  # as people read them
LOOKED_FOR_CLOCKS = 5_000  # cells
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
MARKS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
Found = dict[str, Any]


@dataclass
class Column:
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
        """Tell whether reading on could not tell more that matters."""
        return not (self.open_dates and not (self.day or self.month)) and not (
            self.open_numbers and not (self.point or self.comma)
        )

    @property
    def tells(self) -> bool:
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

    def as_json(self) -> Found:
        return {name: value for name, value in vars(self).items() if value and value not in ([""] * 2, [""] * 3)}


def examine(file: ImportFile, is_typed: bool = False) -> Found:
    """Return what the plain file of an import proves: of the file as a whole, and of its columns.

    Args:
        is_typed: a workbook said of each cell what it is; its numbers prove nothing of those written as text.
    """
    found: dict[str, Column] = {}
    frames = _frames(file)
    for first in islice(frames, 1):
        found = {str(name): column for name in first if (column := _look(first[name])).tells}
    for frame in frames:
        rest = [name for name, column in found.items() if not column.is_settled]
        if not rest:
            break
        for name in rest:
            _add(found[name], frame[name])
    columns = {name: column.as_json() for name, column in found.items()}
    return {**_of_file(file), "typed": is_typed, "columns": columns}


def _frames(file: ImportFile) -> Iterator[pd.DataFrame]:
    path = storage.place(file.plain)
    for block in islice(blocks(path, file.header, file.delimiter, file.start, file.first_line), FOLLOWED):
        yield block.frame


def _of_file(file: ImportFile) -> Found:
    encoding = label(file.encoding)
    units = {name: unit for name in file.header if (unit := unit_of(name))}
    return {
        "encoding": {"value": file.encoding, "words": f"The text is written in {encoding}."},
        "delimiter": {
            "value": file.delimiter,
            "words": f"Cells are parted by {MARKS.get(file.delimiter, file.delimiter)}.",
        },
        "units": units,
    }


def _look(cells: pd.Series) -> Column:
    """Look at a column of the first rows closely."""
    words = pd.Series(cells.str.strip().unique(), dtype="str")
    words = words[words != ""]
    column = Column()
    if words.empty:
        return column
    column.nulls = sorted(word for word in words if len(word) < 12 and word.casefold() in NULL_WORDS)
    known = max(1, len(words) - len(column.nulls))
    words = numbers.matching(words, r"\d")  # no date, time or number is without
    if words.empty:
        return column
    _count(column, words)
    column.half_days = bool(len(numbers.matching(words, HALF_DAYS)))
    column.machine_clock, column.clock = _clocks(words.head(LOOKED_FOR_CLOCKS))
    column.dated = round((column.day + column.month + column.open_dates) / known, 2)
    column.numeric = round(len(numbers.matching(words, NUMBERISH)) / known, 2)
    if column.numeric >= MOSTLY:
        column.signs = _signs(words)
        column.plain_thousands = bool(len(numbers.matching(words, r"^\d{4,6}$")))
    return column


def _clocks(words: pd.Series) -> tuple[str, str]:
    """Return a time without a zone as programs write it, and one as it is shown to people."""
    found = numbers.matching(words, CLOCK)
    by_program = numbers.matching(found, MACHINE_CLOCK)
    first, second = _cut(next(iter(some), "") for some in (by_program, found.drop(by_program.index)))
    return first, second


def _add(column: Column, cells: pd.Series) -> None:
    words = pd.Series(cells.str.strip().unique(), dtype="str")
    _count(column, words[words != ""])


def _count(column: Column, words: pd.Series) -> None:
    seen = dates.evidence(words)
    column.day, column.month = column.day + seen.day_first, column.month + seen.month_first
    column.open_dates += seen.open
    column.date_samples = [old or new for old, new in zip(column.date_samples, _cut(seen.samples), strict=True)]
    proofs = [numbers.matching(words, pattern) for pattern in (numbers.POINT_PROOF, numbers.COMMA_PROOF, numbers.OPEN)]
    column.point, column.comma = column.point + len(proofs[0]), column.comma + len(proofs[1])
    column.open_numbers += len(proofs[2])
    samples = _cut(next(iter(some), "") for some in proofs)
    column.number_samples = [old or new for old, new in zip(column.number_samples, samples, strict=True)]
    grouped = [numbers.matching(proofs[2], pattern) for pattern in (r"\.\d*[1-9]\d*\D*$", r",\d*[1-9]\d*\D*$")]
    column.whole = [
        old or new for old, new in zip(column.whole, _cut(next(iter(some), "") for some in grouped), strict=True)
    ]


def _cut(words: Any) -> list[str]:
    return [word[:MAX_SHOWN].replace("\0", "") for word in words]


def _signs(words: pd.Series) -> dict[str, int]:
    """Count the signs and codes of currencies beside the numbers of a column."""
    signed = numbers.matching(words, r"[^\d\s.,()'’+\-−%]")
    found: dict[str, int] = {}
    for word in signed.head(5_000):
        mark = numbers.amount(word).mark
        if mark and numbers.is_currency(mark):
            found[mark] = found.get(mark, 0) + 1
    return found


def speaks_for_others(name: str, column: Found, share: str) -> bool:
    """Tell whether a column's cells are of a kind, so that what they prove holds for the file."""
    if share == "numeric" and NOT_AMOUNTS.search(name):
        return False
    return float(column.get(share, 0)) >= (MOSTLY if share == "dated" else 0.95)
