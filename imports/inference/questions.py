"""What a file leaves open, as questions with each answer's reading of a sample; and what was found out, in words.

Until a question is answered, a cell that could be two things is refused.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from imports.files import column_profile
from imports.files.encodings import ASSUMED_ENCODING, ENCODINGS, label
from imports.inference.empty_cells import EMPTY, TREATMENTS, treatment
from imports.inference.evidence import (
    CURRENCY,
    DATES,
    DECIMAL,
    ZONE,
    Columns,
    Reader,
    contradicts,
    has_dates,
    has_numbers,
    manners_of,
)
from imports.inference.occurrences import EACH, EQUAL_ROWS, ONE, equal_rows
from imports.mapping.same_names import COLUMN, read_columns, same_names
from imports.models import FileState, ImportFile
from imports.parsing import dates, numbers
from imports.parsing.dates import DAY_FIRST, MONTH_FIRST
from imports.parsing.headers import fold
from imports.parsing.numbers import COMMA, POINT
from team.models import Company

__all__ = [
    "CURRENCY",
    "DATES",
    "DECIMAL",
    "DELIMITER",
    "ENCODING",
    "ZONE",
    "Choice",
    "Finding",
    "Question",
    "findings",
    "manners_of",
    "questions",
]
ENCODING, DELIMITER = "encoding", "delimiter"
ROWS = {EACH: "Each row is a record", ONE: "Equal rows are one record"}
MOST_CURRENCIES = 10  # of a sign that are asked about; the others can be chosen where all that was found is shown
ORDERS = {DAY_FIRST: "The day comes first", MONTH_FIRST: "The month comes first"}
POINTS = {
    POINT: "A point before the decimals",
    COMMA: "A comma before the decimals",
}


@dataclass(frozen=True)
class Choice:
    """One answer, and how the sample would be read by it."""

    value: str
    label: str
    reads: str


@dataclass(frozen=True)
class Question:
    """Something that only a person can say of a file."""

    key: str
    about: tuple[str, ...]
    words: str
    sample: str
    choices: tuple[Choice, ...]
    likely: str = ""  # empty when nothing speaks for either


@dataclass(frozen=True)
class Finding:
    """Something that was found out about a file, and by what."""

    what: str
    value: str
    words: str
    key: str = ""  # under which somebody can say otherwise
    choices: tuple[tuple[str, str], ...] = ()  # (value, in words)


def questions(file: ImportFile) -> list[Question]:
    """Return what somebody must say before the file can go in; nothing where nothing that is read is in doubt."""
    if not file.kind or file.state not in {FileState.READING, FileState.WAITING}:
        can_be_mapped = file.state == FileState.SKIPPED and bool(file.header) and file.run.waits
        return list(_of_encoding(file)) if can_be_mapped else []
    reader = Reader(file)
    return [*_of_encoding(file), *_of_dates(reader), *_of_numbers(reader), *_of_signs(reader)]


def findings(file: ImportFile) -> list[Finding]:
    """Say what was found out of how a file is read: by itself, by its neighbours, by what somebody said."""
    told = [
        Finding(name.capitalize(), one["value"], one["words"], *_other_ways(file, name))
        for name in ("encoding", "delimiter", "title", "footer")
        if (one := file.detected.get(name))
    ]
    if not file.kind:
        return told
    reader = Reader(file)
    return [
        *told,
        *_found_orders(reader),
        *_found_decimals(reader),
        *_found_money(reader),
        *_found_zone(reader),
        *_found_rows(reader),
        *_found_empty(reader),
        *_found_same_names(reader),
    ]


def said_otherwise(file: ImportFile, said: Mapping[str, str]) -> dict[str, str]:
    """Return the answers of a file with what somebody says of it now; what is no answer to anything is passed over.

    What the file proves without being told is not kept as an answer.
    """
    asked = {one.key: [choice.value for choice in one.choices] for one in questions(file)}
    found = {one.key: one for one in findings(file) if one.choices}
    answers = {**file.answers, **{key: said[key] for key, values in asked.items() if said.get(key) in values}}
    for key, one in found.items():
        if said.get(key) in dict(one.choices) and said[key] != one.value:
            answers[key] = said[key]
    return {key: value for key, value in answers.items() if not _is_proved(file, answers, key)}


def _is_proved(file: ImportFile, answers: dict[str, str], key: str) -> bool:
    """Tell whether a file would be read the same way without one of the answers."""
    if key == ENCODING and not file.detected.get(key, {}).get("is_sure", True):
        return False
    if key in {ENCODING, DELIMITER}:
        return bool(answers[key] == file.detected.get(key, {}).get("found"))
    what, _, column = key.partition(":")
    read = {DATES: Reader.order_of, DECIMAL: Reader.decimal_of}.get(what)
    if not column or read is None or not file.kind:
        return False
    reader = Reader(file)
    reader.answers = {other: value for other, value in answers.items() if other != key}
    return read(reader, column)[0] == answers[key]


def _other_ways(file: ImportFile, what: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return how else the text of a file can be read; of cells from a workbook there is nothing to say."""
    if file.detected.get("typed") or file.mends_id or what not in {ENCODING, DELIMITER}:
        return "", ()
    if what == DELIMITER:
        return what, tuple((mark, words.capitalize()) for mark, words in column_profile.MARKS.items())
    found = file.detected[what].get("found", file.encoding)
    never = {"utf-8", "utf-16-le", "utf-16-be"} - {
        found,
        *dict(file.detected[what].get("readings", ())),
    }  # by its bytes
    return what, tuple((name, words) for name, words in ENCODINGS.items() if name not in never)


# What is asked


@dataclass(frozen=True)
class Doubt:
    """Cells that can be read in two ways: how somebody is asked which, in all columns of a file where it is open."""

    key: str
    samples: str  # of a column: a cell that proves the one way, one that proves the other, one that could be both
    proofs: tuple[str, str]  # what the first two are called where the column keeps none
    ways: dict[str, str]
    reads: Callable[[str, str], str]
    likely: Callable[[Reader, tuple[str, ...], str], str]
    undecided: str  # words for columns where nothing proves either way
    torn: str  # words for a column that proves both

    def questions(self, reader: Reader, columns: Mapping[str, bool]) -> Iterator[Question]:
        """Ask once of the columns that nothing decides, and of each that proves both ways (True) by itself."""
        undecided = tuple(name for name, is_torn in columns.items() if not is_torn)
        if undecided:
            yield self._question(reader, self.key, undecided, self.undecided)
        for name in (name for name, is_torn in columns.items() if is_torn):
            yield self._question(reader, f"{self.key}:{name}", (name,), self.torn)

    def _question(self, reader: Reader, key: str, about: tuple[str, ...], words: str) -> Question:
        *proofs, sample = reader.columns[about[0]][self.samples]
        one, other = (found or called for found, called in zip(proofs, self.proofs, strict=True))
        choices = tuple(Choice(way, label, self.reads(sample, way)) for way, label in self.ways.items())
        asked = words.format(one=one, other=other, sample=sample, names=_listed(about), name=about[0])
        return Question(key, about, asked, sample, choices, self.likely(reader, about, sample))


def _of_encoding(file: ImportFile) -> Iterator[Question]:
    """Ask in which encoding a file is, where neither a mark nor its bytes nor the spelling of its words tell."""
    known = file.detected.get(ENCODING, {})
    if known.get("is_sure", True) or file.answers.keys() & {ENCODING, ASSUMED_ENCODING}:
        return
    choices = tuple(Choice(name, label(name), f"“{reads}”") for name, reads in known["readings"])
    words = "The file does not name its encoding, and its text can be read in several ways. Which one is right?"
    yield Question(ENCODING, (), words, "", choices, known["found"])


def _of_dates(reader: Reader) -> Iterator[Question]:
    columns = _open(reader, reader.needs.dates | reader.needs.times, "open_dates")
    unsure = {name: contradicts(seen, "day", "month") for name, seen in columns.items() if not reader.order_of(name)[0]}
    return DATES_IN_DOUBT.questions(reader, unsure)


def _of_numbers(reader: Reader) -> Iterator[Question]:
    columns = _open(reader, reader.needs.amounts | reader.needs.whole, "open_numbers")
    unsure = {name: any(reader.marks(name, seen)) for name, seen in columns.items() if not reader.decimal_of(name)[0]}
    return NUMBERS_IN_DOUBT.questions(reader, unsure)


def _open(reader: Reader, read: frozenset[str], what: str) -> Columns:
    """Return what was seen of the columns that are read and have cells which could be two things."""
    names = [name for name in reader.file.header if name in read]
    return {name: reader.columns[name] for name in names if reader.columns.get(name, {}).get(what)}


def reads_date(sample: str, order: str) -> str:
    """Write a date as it would be read."""
    found = dates.read(pd.Series([sample], dtype="str"), order)
    moments = [*found.naive.dropna(), *found.utc.dropna()]
    return f"{moments[0].day} {moments[0]:%B %Y}" if moments else ""


def reads_number(sample: str, mark: str) -> str:
    value = numbers.plain(sample, mark)
    return "" if value is None else f"{value:f}"


def _likely_order(reader: Reader, about: tuple[str, ...], _sample: str) -> str:
    """Guess for the person who answers, never for the file: half days are American, semicolons and decimal commas are not."""
    if any(reader.columns[name].get("half_days") for name in about):
        return MONTH_FIRST
    if reader.file.delimiter == ";" or reader.decimal_elsewhere()[0] == COMMA:
        return DAY_FIRST
    return ""


def _likely_mark(reader: Reader, about: tuple[str, ...], sample: str) -> str:
    if any(reader.columns[name].get("plain_thousands") for name in about):
        return ""
    return POINT if "," in sample else COMMA


DATES_IN_DOUBT = Doubt(
    DATES,
    "date_samples",
    ("days before months", "months before days"),
    ORDERS,
    reads_date,
    _likely_order,
    undecided="{sample} in {names} can be read with the day or with the month first, and nothing in the file says which.",
    torn="{name} has both {one}, where the day comes first, and {other}, where the month does. "
    "How is {sample} to be read? Rows that do not fit come back.",
)
NUMBERS_IN_DOUBT = Doubt(
    DECIMAL,
    "number_samples",
    ("points", "commas"),
    POINTS,
    reads_number,
    _likely_mark,
    undecided="{sample} in {names} can have decimals or thousands, and nothing in the file says which.",
    torn="{name} has both {one} and {other} before the decimals. How is {sample} to be read?",
)


def _of_signs(reader: Reader) -> Iterator[Question]:
    if reader.needs.names_currency:
        return
    open_ones: dict[str, list[str]] = {}
    for name, signs in reader.signs().items():
        for sign in (sign for sign, code in signs.items() if not code):
            open_ones.setdefault(sign, []).append(name)
    for name, unit in reader.file.detected.get("units", {}).items():
        if name in reader.needs.amounts and numbers.code_of(unit) and not reader.currency_of(unit):
            open_ones.setdefault(unit, []).append(name)
    for sign, about in open_ones.items():
        codes = numbers.code_of(sign)
        choices = tuple(Choice(code, code, f"{sign} is {code}") for code in codes[:MOST_CURRENCIES])
        yield Question(
            f"{CURRENCY}:{sign}",
            tuple(about),
            f"{sign} in {_listed(about)} is the sign of several currencies.",
            sign,
            choices,
            codes[0],
        )


def _listed(names: Iterable[str]) -> str:
    *most, last = [f"“{name}”" for name in names]
    return f"{', '.join(most)} and {last}" if most else last


# What is told


def _found_orders(reader: Reader) -> Iterator[Finding]:
    read = reader.needs.dates | reader.needs.times
    for name in reader.file.header:
        if name in read and has_dates(reader.columns.get(name, {})):
            order, why = reader.order_of(name)
            yield Finding(
                f"Dates in {name}",
                order,
                f"{why}." if why else "Nothing says which comes first.",
                f"{DATES}:{name}",
                tuple(ORDERS.items()),
            )


def _found_decimals(reader: Reader) -> Iterator[Finding]:
    read = reader.needs.amounts | reader.needs.whole | reader.needs.shares
    for name in reader.file.header:
        if name in read and has_numbers(reader.columns.get(name, {})):
            mark, why = reader.decimal_of(name)
            words = f"{why}." if mark else "Each cell says itself what parts its decimals."
            yield Finding(f"Numbers in {name}", mark, words, f"{DECIMAL}:{name}", tuple(POINTS.items()))


def _found_money(reader: Reader) -> Iterator[Finding]:
    for name, code in reader.units().items():
        if name in reader.needs.amounts:
            yield Finding("Currency", code, f"The column “{name}” says so.")
    found: dict[str, list[str]] = {}
    for name, signs in reader.signs().items():
        for sign in signs:
            found.setdefault(sign, []).append(name)
    for sign, names in found.items():
        codes = numbers.code_of(sign)
        choices = tuple((code, code) for code in codes) if len(codes) > 1 else ()
        code = reader.currency_of(sign)
        yield Finding(
            "Currency", code, f"{sign} in {_listed(names)}.", f"{CURRENCY}:{sign}" if choices else "", choices
        )


def _found_zone(reader: Reader) -> Iterator[Finding]:
    """Say by which clock times are read that name none; where nobody can be sure, it is a choice of its own on the page."""
    assert reader.kind
    zones, default = reader.zones(), reader.kind.source.time_zone or Company.get().time_zone
    by_zone: dict[str, list[str]] = {}
    for name in reader.clocks():
        by_zone.setdefault(zones.get(name) or zones.get("") or default, []).append(name)
    for zone, names in by_zone.items():
        yield Finding("Time zone", zone, f"Of times in {_listed(names)}, which say none themselves.")


def _found_rows(reader: Reader) -> Iterator[Finding]:
    """Say what rows are that are equal in every column, where rows have no id of their own."""
    assert reader.kind
    here = {fold(name) for name in reader.file.header}
    for mapping in reader.kind.mappings:
        if mapping.numbers_rows and not here & {fold(name) for name in mapping.id_columns}:
            value = equal_rows(mapping.object, reader.answers)
            yield Finding("Rows that are equal", value, "Of rows without an id.", EQUAL_ROWS, tuple(ROWS.items()))
            return


def _found_empty(reader: Reader) -> Iterator[Finding]:
    """Say what empty cells do to records that are here."""
    assert reader.kind
    value, why = treatment(reader.file, reader.kind.source.is_templates)
    yield Finding("Empty cells", value, f"{why}.", EMPTY, tuple(TREATMENTS.items()))


def _found_same_names(reader: Reader) -> Iterator[Finding]:
    """Say which column is read of those that have one name."""
    file = reader.file
    read = read_columns(file.header, file.detected.get("same_names", {}), file.answers)
    for folded, names in same_names(file.header).items():
        words = "Several columns have this name; the others are kept as custom fields."
        yield Finding(
            f"Column for {names[0]}", read[folded], words, f"{COLUMN}:{folded}", tuple((name, name) for name in names)
        )
