"""What the mapping page shows of each kind of record: its columns, its further rows, and the first rows as they would land."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

import pandas as pd
from django.utils.safestring import SafeString

from imports.files import storage
from imports.files.blocks import read_blocks
from imports.inference.currency import assumed_currency
from imports.load.plan_builder import plans_with_options
from imports.mapping.conditions import CONDITIONS, UNARY
from imports.mapping.plan import Plan
from imports.mapping.schema import MappingError
from imports.mapping.suggestions import is_unique
from imports.mapping.targets import list_targets
from imports.models import ImportFile
from imports.preview import mapping_rows as rows
from imports.preview.mapping_form import TERMS, Part, calculation_fault, constant_fault, filter_fault
from imports.preview.mapping_page import Options, columns_of, kind_from
from imports.preview.sample import Reading, SampleRows, read_sample, sample_cells

WORDS_SHOWN = 30
BLOCKS_COUNTED = 2  # of 8 MiB
FIRST_ROWS = 5
Choice = tuple[str, str]


@dataclass(frozen=True)
class CodedWord:
    """A word of a coded column, how often it occurs, and what it means."""

    position: int
    text: str
    count: int
    meaning: str
    is_unknown: bool  # the field cannot hold it as it is


@dataclass(frozen=True)
class CodedWords:
    """The words of one column."""

    key: str  # what the column becomes
    entries: list[CodedWord]
    choices: tuple[Choice, ...]  # what a word can mean; any text where empty
    more: int  # words that are not shown


@dataclass(frozen=True)
class ColumnView:
    """A column of a file on the page."""

    position: int
    name: str
    samples: list[str]
    becomes: str
    options: SafeString
    also: list[str]
    reading: Reading | None
    is_unique: bool
    lookups: list[Choice]
    lookup: str
    coded_words: CodedWords | None
    can_open: bool
    is_reshaped: bool  # it became something else since the page was written, so that what belongs to it changes

    @property
    def has_unknown(self) -> bool:
        return bool(self.coded_words and any(word.is_unknown for word in self.coded_words.entries))


@dataclass(frozen=True)
class ConstantView:
    number: int
    key: str
    value: str
    choices: tuple[Choice, ...]
    fault: str
    is_reshaped: bool


@dataclass(frozen=True)
class CalculationView:
    number: int
    key: str
    operation: str
    terms: list[str]  # chosen columns, then one more that is open
    less: str
    percent: str
    fault: str


@dataclass(frozen=True)
class FilterView:
    number: int
    column: str
    operator: str
    value: str
    is_unary: bool
    fault: str


@dataclass
class PartView:
    """One kind of record on the page."""

    part: Part
    columns: list[ColumnView]
    constants: list[ConstantView]
    calculations: list[CalculationView]
    filters: list[FilterView]
    targets: list[tuple[str, list[Choice]]]
    numbers: list[Choice]
    heads: list[str] = field(default_factory=list)
    first: list[list[str]] = field(default_factory=list)  # cells of the first rows; none where the row is left out
    left_out: int = 0
    read_rows: int = 0


@dataclass(frozen=True)
class Page:
    """What all parts of a page share."""

    file: ImportFile
    frame: pd.DataFrame
    source: str
    is_new: bool
    shapes: Mapping[str, Any]  # the form: what each column and row was when the page was written

    def has_same_shape(self, name: str, now: str) -> bool:
        return self.shapes.get(name, now) == now


def part_views(page: Page, parts: list[Part], tables: list[dict[str, Any]]) -> list[PartView]:
    """Return the parts as the page shows them, their cells read by the mapping as it is."""
    file = page.file
    plans = _plans_if_valid(tables, file, page.source)
    also = {column: _other_meanings(parts, column) for column in columns_of(file)}
    return [_part_view(page, part, plan, also) for part, plan in zip_longest(parts, plans[: len(parts)])]


def _plans_if_valid(tables: list[dict[str, Any]], file: ImportFile, source: str) -> list[Plan]:
    try:
        return plans_with_options(
            file, kind_from(source or "accord", tables), assumed_currency([], file.run.currency_asked)
        )
    except MappingError:
        return []


def _other_meanings(parts: list[Part], column: str) -> dict[int, str]:
    """Return what a column becomes in each part, in words."""
    meanings = {}
    for part in parts:
        key = part.choices.get(column, "")
        if key.startswith(("field:", "link:")):
            meanings[part.position] = f"{part.title}: {label_of(part.kind, key)}"
    return meanings


def label_of(kind: str, key: str) -> str:
    return next((target.label for target in list_targets(kind) if target.key == key), key.partition(":")[2])


def _part_view(page: Page, part: Part, plan: Plan | None, also: dict[str, dict[int, str]]) -> PartView:
    read = read_sample(page.frame, plan, FIRST_ROWS) if plan else SampleRows()
    options = Options(part.kind, page.is_new or (part.position > 0 and part.base is None))
    groups: list[tuple[str, list[Choice]]] = [
        ("Fields", [(target.key, target.label) for target in list_targets(part.kind) if not target.is_link]),
        ("Links", [(target.key, target.label) for target in list_targets(part.kind) if target.is_link]),
    ]
    columns = []
    for position, name in enumerate(columns_of(page.file)):
        selected = options.render_selected(part.choices[name])
        columns.append(_column_view(page, part, position, name, selected, read.readings.get(name), also[name]))
    view = PartView(
        part,
        columns,
        [_constant_view(page, part, number, row) for number, row in enumerate(part.constants)],
        [_calculation_view(number, row, part.kind) for number, row in enumerate(part.calculations)],
        [
            FilterView(number, row.column, row.operator, row.value, row.operator in UNARY, filter_fault(row))
            for number, row in enumerate(part.filters)
        ],
        groups,
        groups[0][1],
    )
    if plan:
        view.heads = [label_of(part.kind, _target_key(plan, name)) for name in read.names]
        view.first, view.read_rows, view.left_out = read.rows, read.read_rows, read.left_out
    return view


def _target_key(plan: Plan, name: str) -> str:
    """Return the target that a staged column feeds."""
    links = {reference.staged: f"link:{reference.rule.name}" for reference in plan.references}
    fields = {planned.column: f"field:{planned.rule.name}" for planned in plan.fields}
    return links.get(name) or fields.get(name, f"field:{name}")


def _column_view(
    page: Page, part: Part, position: int, name: str, options: SafeString, reading: Reading | None, also: dict[int, str]
) -> ColumnView:
    key, cells = part.choices[name], page.frame[name]
    is_target = key.startswith(("field:", "link:"))
    lookups = rows.lookups_for(part.kind, key) if key.startswith("link:") else []
    distinct = cells[cells != ""].nunique() if is_target else 0
    choices = rows.choices_of(part.kind, key) if is_target else ()
    known_words = rows.words_of(part.table, name) if is_target else None
    holds_words = any(target.key == key and target.holds in {"text", "a record"} for target in list_targets(part.kind))
    is_open = bool(choices or (known_words and (known_words.exact or known_words.patterns))) or position in part.opened
    return ColumnView(
        position=position, name=name, samples=sample_cells(cells), becomes=key, options=options,
        also=[meaning for other, meaning in also.items() if other != part.position],
        reading=reading, is_unique=is_unique(cells), lookups=lookups, lookup=rows.lookup_of(part.table, name),
        coded_words=_column_words(key, name, part, choices, page.file) if is_target and is_open else None,
        can_open=is_target and not is_open and 1 < distinct <= WORDS_SHOWN and holds_words,
        is_reshaped=not page.has_same_shape(f"{part.prefix}shape-{position}", key),
    )  # fmt: skip


def _column_words(key: str, column: str, part: Part, choices: tuple[Choice, ...], file: ImportFile) -> CodedWords:
    counts = word_counts(file, column)
    known_meanings = rows.words_of(part.table, column)
    possible = {value.casefold() for value, _ in choices} | {label.casefold() for _, label in choices}
    coded_words = []
    for position, (word, count) in enumerate(counts[:WORDS_SHOWN]):
        meaning = known_meanings.get(word, "")
        meaning = str(meaning).lower() if isinstance(meaning, bool) else str(meaning)
        is_unknown = bool(choices) and choices != rows.YES_NO and not meaning and word.casefold() not in possible
        coded_words.append(CodedWord(position, word, count, meaning, is_unknown))
    return CodedWords(key, coded_words, choices, max(0, len(counts) - WORDS_SHOWN))


def word_counts(file: ImportFile, column: str) -> list[tuple[str, int]]:
    """Return the words of a column with the count of each in the file, the most frequent first."""
    path = storage.path_of(file.plain)
    return _count_words(path, tuple(file.header), file.delimiter, file.start, file.first_line, column)


@lru_cache(maxsize=64)
def _count_words(path: Path, header: tuple[str, ...], delimiter: str, start: int, line: int, column: str) -> list[tuple[str, int]]:  # fmt: skip
    counts: Counter[str] = Counter()
    for block in islice(read_blocks(path, list(header), delimiter, start, line), BLOCKS_COUNTED):
        counts.update(block.frame[column].str.strip().tolist())
    counts.pop("", None)
    return counts.most_common()


def _constant_view(page: Page, part: Part, number: int, row: rows.Constant) -> ConstantView:
    choices = rows.choices_of(part.kind, row.key) if row.key else ()
    is_same = page.has_same_shape(f"{part.prefix}always-{number}-was", row.key)
    return ConstantView(number, row.key, row.value, choices, constant_fault(part.kind, row), not is_same)


def _calculation_view(number: int, row: rows.Calculated, kind: str) -> CalculationView:
    terms = [*row.columns, ""] if len(row.columns) >= 2 else [*row.columns, "", ""][:2]
    fault = calculation_fault(kind, row)
    return CalculationView(number, row.key, row.operation, terms[:TERMS], row.less, row.less_percent, fault)


OPERATORS = list(CONDITIONS.items())
