"""What a file leaves open, as questions that show how each answer reads a sample; and what was inferred, with the reason.

Until a question is answered, a cell that could be two things is refused.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from core.date_formatting import format_day
from imports.files import column_profile
from imports.files.encodings import ASSUMED_ENCODING, ENCODINGS, encoding_label
from imports.inference.empty_cells import EMPTY, TREATMENTS, empty_cell_treatment
from imports.inference.evidence import (
    CURRENCY,
    DATES,
    DECIMAL,
    ZONE,
    Columns,
    FormatInference,
    has_both,
    has_dates,
    has_numbers,
    parse_options_of,
)
from imports.inference.occurrences import EACH, EQUAL_ROWS, ONE, treatment_of_equal_rows
from imports.mapping.same_names import COLUMN_ANSWER, columns_read, same_names
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
    "list_findings",
    "open_questions",
    "parse_options_of",
]
ENCODING, DELIMITER = "encoding", "delimiter"
EQUAL_ROW_LABELS = {EACH: "Each row is a record", ONE: "Equal rows are one record"}
MOST_CURRENCIES = 10  # of a sign that are asked about; the others can be chosen where all that was found is shown
DATE_ORDER_LABELS = {DAY_FIRST: "Day first", MONTH_FIRST: "Month first"}
DECIMAL_LABELS = {
    POINT: "Decimal point",
    COMMA: "Decimal comma",
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
    text: str
    sample: str
    choices: tuple[Choice, ...]
    likely: str = ""  # empty when nothing speaks for either


@dataclass(frozen=True)
class Finding:
    """Something that was found out about a file, and by what."""

    what: str
    value: str
    reason: str
    key: str = ""  # under which a person can say otherwise
    choices: tuple[tuple[str, str], ...] = ()  # (value, in words)


def open_questions(file: ImportFile) -> list[Question]:
    """Return the questions to answer before the file can be imported; empty where no column that is read is ambiguous."""
    if not file.kind or file.state not in {FileState.READING, FileState.WAITING}:
        can_be_mapped = file.state == FileState.SKIPPED and bool(file.header) and file.run.waits
        return list(_encoding_questions(file)) if can_be_mapped else []
    reader = FormatInference(file)
    return [
        *_encoding_questions(file),
        *_date_questions(reader),
        *_number_questions(reader),
        *_currency_questions(reader),
    ]


def list_findings(file: ImportFile) -> list[Finding]:
    """Return what was inferred about the formats of a file: from itself, from other files, and from answers."""
    general = [
        Finding(name.capitalize(), evidence["value"], evidence["words"], *_other_choices(file, name))
        for name in ("encoding", "delimiter", "title", "footer")
        if (evidence := file.detected.get(name))
    ]
    if not file.kind:
        return general
    reader = FormatInference(file)
    return [
        *general,
        *_date_findings(reader),
        *_number_findings(reader),
        *_currency_findings(reader),
        *_zone_findings(reader),
        *_equal_row_findings(reader),
        *_empty_cell_findings(reader),
        *_same_name_findings(reader),
    ]


def merge_answers(file: ImportFile, posted: Mapping[str, str]) -> dict[str, str]:
    """Return the answers of a file with those posted now; values that answer no question are ignored.

    What the file proves by itself is not kept as an answer.
    """
    values_by_question = {item.key: [choice.value for choice in item.choices] for item in open_questions(file)}
    changeable = {item.key: item for item in list_findings(file) if item.choices}
    answers = {
        **file.answers,
        **{key: posted[key] for key, values in values_by_question.items() if posted.get(key) in values},
    }
    for key, item in changeable.items():
        if posted.get(key) in dict(item.choices) and posted[key] != item.value:
            answers[key] = posted[key]
    return {key: value for key, value in answers.items() if not _is_proved(file, answers, key)}


def _is_proved(file: ImportFile, answers: dict[str, str], key: str) -> bool:
    """Return whether a file would be read the same way without one of the answers."""
    if key == ENCODING and not file.detected.get(key, {}).get("is_sure", True):
        return False
    if key in {ENCODING, DELIMITER}:
        return bool(answers[key] == file.detected.get(key, {}).get("found"))
    what, _, column = key.partition(":")
    infer = {DATES: FormatInference.order_of, DECIMAL: FormatInference.decimal_of}.get(what)
    if not column or infer is None or not file.kind:
        return False
    reader = FormatInference(file)
    reader.answers = {other: value for other, value in answers.items() if other != key}
    return infer(reader, column)[0] == answers[key]


def _other_choices(file: ImportFile, what: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return how else the text of a file can be read; of cells from a workbook there is nothing to say."""
    if file.detected.get("typed") or file.mends_id or what not in {ENCODING, DELIMITER}:
        return "", ()
    if what == DELIMITER:
        return what, tuple((mark, label.capitalize()) for mark, label in column_profile.DELIMITER_NAMES.items())
    detected = file.detected[what].get("found", file.encoding)
    never = {"utf-8", "utf-16-le", "utf-16-be"} - {
        detected,
        *dict(file.detected[what].get("readings", ())),
    }  # by its bytes
    return what, tuple((name, label) for name, label in ENCODINGS.items() if name not in never)


# Questions


@dataclass(frozen=True)
class Doubt:
    """Cells that can be read in two ways, and how to ask a person which, for all columns of a file where it is open."""

    key: str
    samples: str  # of a column: a cell that proves the one way, one that proves the other, one that could be both
    proofs: tuple[str, str]  # what the first two are called where the column keeps none
    ways: dict[str, str]
    reads: Callable[[str, str], str]
    likely: Callable[[FormatInference, tuple[str, ...], str], str]
    undecided: str  # words for columns where nothing proves either way
    torn: str  # words for a column that proves both

    def ask(self, reader: FormatInference, columns: Mapping[str, bool]) -> Iterator[Question]:
        """Ask once of the columns that nothing decides, and of each that proves both ways (True) by itself."""
        undecided = tuple(name for name, is_torn in columns.items() if not is_torn)
        if undecided:
            yield self._make_question(reader, self.key, undecided, self.undecided)
        for name in (name for name, is_torn in columns.items() if is_torn):
            yield self._make_question(reader, f"{self.key}:{name}", (name,), self.torn)

    def _make_question(self, reader: FormatInference, key: str, about: tuple[str, ...], template: str) -> Question:
        *proofs, sample = reader.columns[about[0]][self.samples]
        first, second = (proof or fallback for proof, fallback in zip(proofs, self.proofs, strict=True))
        choices = tuple(Choice(way, label, self.reads(sample, way)) for way, label in self.ways.items())
        text = template.format(one=first, other=second, sample=sample, names=_quote_names(about), name=about[0])
        return Question(key, about, text, sample, choices, self.likely(reader, about, sample))


def _encoding_questions(file: ImportFile) -> Iterator[Question]:
    """Ask in which encoding a file is, where neither a mark nor its bytes nor the spelling of its words tell."""
    evidence = file.detected.get(ENCODING, {})
    if evidence.get("is_sure", True) or file.answers.keys() & {ENCODING, ASSUMED_ENCODING}:
        return
    choices = tuple(Choice(name, encoding_label(name), f"“{reads}”") for name, reads in evidence["readings"])
    text = "The file does not name its encoding, and its text can be read in several ways. Choose the correct one."
    yield Question(ENCODING, (), text, "", choices, evidence["found"])


def _date_questions(reader: FormatInference) -> Iterator[Question]:
    columns = _columns_in_doubt(reader, reader.needs.dates | reader.needs.times, "open_dates")
    unsure = {name: has_both(seen, "day", "month") for name, seen in columns.items() if not reader.order_of(name)[0]}
    return DATES_IN_DOUBT.ask(reader, unsure)


def _number_questions(reader: FormatInference) -> Iterator[Question]:
    columns = _columns_in_doubt(reader, reader.needs.amounts | reader.needs.whole, "open_numbers")
    unsure = {
        name: any(reader.decimal_proofs(name, seen)) for name, seen in columns.items() if not reader.decimal_of(name)[0]
    }
    return NUMBERS_IN_DOUBT.ask(reader, unsure)


def _columns_in_doubt(reader: FormatInference, read: frozenset[str], what: str) -> Columns:
    """Return what was seen of the columns that are read and have cells which could be two things."""
    names = [name for name in reader.file.header if name in read]
    return {name: reader.columns[name] for name in names if reader.columns.get(name, {}).get(what)}


def format_date_reading(sample: str, order: str) -> str:
    """Write a date as it would be read."""
    parsed = dates.parse_dates(pd.Series([sample], dtype="str"), order)
    moments = [*parsed.naive.dropna(), *parsed.utc.dropna()]
    return format_day(moments[0]) if moments else ""


def format_number_reading(sample: str, mark: str) -> str:
    value = numbers.parse_number(sample, mark)
    return "" if value is None else f"{value:f}"


def _likely_order(reader: FormatInference, about: tuple[str, ...], _sample: str) -> str:
    """Guess for the person who answers, never for the file: half days are American, semicolons and decimal commas are not."""
    # Only preselects an answer: a wrong guess here is seen and corrected by the person who answers.
    if any(reader.columns[name].get("half_days") for name in about):
        return MONTH_FIRST
    if reader.file.delimiter == ";" or reader.decimal_elsewhere()[0] == COMMA:
        return DAY_FIRST
    return ""


def _likely_decimal(reader: FormatInference, about: tuple[str, ...], sample: str) -> str:
    if any(reader.columns[name].get("plain_thousands") for name in about):
        return ""
    return POINT if "," in sample else COMMA


DATES_IN_DOUBT = Doubt(
    DATES,
    "date_samples",
    ("days before months", "months before days"),
    DATE_ORDER_LABELS,
    format_date_reading,
    _likely_order,
    undecided="{sample} in {names} can be read with the day or the month first, and the file does not show which.",
    torn="{name} has both {one}, where the day comes first, and {other}, where the month does. "
    "How is {sample} to be read? Rows that do not fit are refused.",
)
NUMBERS_IN_DOUBT = Doubt(
    DECIMAL,
    "number_samples",
    ("points", "commas"),
    DECIMAL_LABELS,
    format_number_reading,
    _likely_decimal,
    undecided="{sample} in {names} can have decimals or thousands, and the file does not show which.",
    torn="{name} has both {one} and {other} before the decimals. How is {sample} to be read?",
)


def _currency_questions(reader: FormatInference) -> Iterator[Question]:
    if reader.needs.names_currency:
        return
    columns_by_mark: dict[str, list[str]] = {}
    for name, signs in reader.currency_by_mark().items():
        for sign in (sign for sign, code in signs.items() if not code):
            columns_by_mark.setdefault(sign, []).append(name)
    for name, unit in reader.file.detected.get("units", {}).items():
        if name in reader.needs.amounts and numbers.currency_codes_of(unit) and not reader.currency_of(unit):
            columns_by_mark.setdefault(unit, []).append(name)
    for sign, about in columns_by_mark.items():
        codes = numbers.currency_codes_of(sign)
        choices = tuple(Choice(code, code, f"{sign} is {code}") for code in codes[:MOST_CURRENCIES])
        yield Question(
            f"{CURRENCY}:{sign}",
            tuple(about),
            f"{sign} in {_quote_names(about)} is the sign of several currencies.",
            sign,
            choices,
            codes[0],
        )


def _quote_names(names: Iterable[str]) -> str:
    *most, last = [f"“{name}”" for name in names]
    return f"{', '.join(most)} and {last}" if most else last


# Findings


def _date_findings(reader: FormatInference) -> Iterator[Finding]:
    read = reader.needs.dates | reader.needs.times
    for name in reader.file.header:
        if name in read and has_dates(reader.columns.get(name, {})):
            order, why = reader.order_of(name)
            yield Finding(
                f"Dates in {name}",
                order,
                f"{why}." if why else "The file does not show which comes first.",
                f"{DATES}:{name}",
                tuple(DATE_ORDER_LABELS.items()),
            )


def _number_findings(reader: FormatInference) -> Iterator[Finding]:
    read = reader.needs.amounts | reader.needs.whole | reader.needs.shares
    for name in reader.file.header:
        if name in read and has_numbers(reader.columns.get(name, {})):
            mark, why = reader.decimal_of(name)
            reason = f"{why}." if mark else "Each cell shows its decimal separator."
            yield Finding(f"Numbers in {name}", mark, reason, f"{DECIMAL}:{name}", tuple(DECIMAL_LABELS.items()))


def _currency_findings(reader: FormatInference) -> Iterator[Finding]:
    for name, code in reader.currency_by_header().items():
        if name in reader.needs.amounts:
            yield Finding("Currency", code, f"From the column “{name}”.")
    columns_by_mark: dict[str, list[str]] = {}
    for name, signs in reader.currency_by_mark().items():
        for sign in signs:
            columns_by_mark.setdefault(sign, []).append(name)
    for sign, names in columns_by_mark.items():
        codes = numbers.currency_codes_of(sign)
        choices = tuple((code, code) for code in codes) if len(codes) > 1 else ()
        code = reader.currency_of(sign)
        yield Finding(
            "Currency", code, f"{sign} in {_quote_names(names)}.", f"{CURRENCY}:{sign}" if choices else "", choices
        )


def _zone_findings(reader: FormatInference) -> Iterator[Finding]:
    """Return the time zone of times that name none; where it is uncertain, the page also offers it as a choice."""
    assert reader.kind
    zones, default = reader.zone_by_column(), reader.kind.source.time_zone or Company.get().time_zone
    by_zone: dict[str, list[str]] = {}
    for name in reader.times_without_zone():
        by_zone.setdefault(zones.get(name) or zones.get("") or default, []).append(name)
    for zone, names in by_zone.items():
        yield Finding("Time zone", zone, f"For times in {_quote_names(names)} without a time zone.")


def _equal_row_findings(reader: FormatInference) -> Iterator[Finding]:
    """Say what rows are that are equal in every column, where rows have no id of their own."""
    assert reader.kind
    here = {fold(name) for name in reader.file.header}
    for mapping in reader.kind.mappings:
        if mapping.numbers_rows and not here & {fold(name) for name in mapping.id_columns}:
            value = treatment_of_equal_rows(mapping.object, reader.answers)
            yield Finding(
                "Rows that are equal", value, "For rows without an id.", EQUAL_ROWS, tuple(EQUAL_ROW_LABELS.items())
            )
            return


def _empty_cell_findings(reader: FormatInference) -> Iterator[Finding]:
    """Say what empty cells do to records that are here."""
    assert reader.kind
    value, why = empty_cell_treatment(reader.file, reader.kind.source.is_templates)
    yield Finding("Empty cells", value, f"{why}.", EMPTY, tuple(TREATMENTS.items()))


def _same_name_findings(reader: FormatInference) -> Iterator[Finding]:
    """Say which column is read of those that have one name."""
    file = reader.file
    read = columns_read(file.header, file.detected.get("same_names", {}), file.answers)
    for folded, names in same_names(file.header).items():
        reason = "Several columns have this name; the others are kept as custom fields."
        yield Finding(
            f"Column for {names[0]}",
            read[folded],
            reason,
            f"{COLUMN_ANSWER}:{folded}",
            tuple((name, name) for name in names),
        )
