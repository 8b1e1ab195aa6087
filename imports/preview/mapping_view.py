"""What the mapping page shows of each kind of record: its columns, its further rows, and the first rows as they would land."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd
from django.utils.safestring import SafeString

from imports.files import storage
from imports.files.blocks import blocks
from imports.inference.currency import assumed
from imports.load.plan_builder import mannered_plans
from imports.mapping.conditions import CONDITIONS, UNARY
from imports.mapping.plan import Plan
from imports.mapping.schema import MappingError
from imports.mapping.suggestions import is_unique
from imports.mapping.targets import targets
from imports.models import ImportFile
from imports.preview import mapping_rows as rows
from imports.preview.mapping_form import TERMS, Part, calculation_fault, constant_fault, filter_fault
from imports.preview.mapping_page import Options, columns_of, kind_from
from imports.preview.sample import Landed, Reading, landed, shown

WORDS_SHOWN = 30
BLOCKS_COUNTED = 2  # of 8 MiB
FIRST_ROWS = 5
Choice = tuple[str, str]


@dataclass(frozen=True)
class Word:
    """A word of a coded column, how often it stands there, and what it means."""

    place: int
    text: str
    count: int
    meaning: str
    is_unknown: bool  # the field cannot hold it as it is


@dataclass(frozen=True)
class Words:
    """The words of one column."""

    key: str  # what the column becomes
    words: list[Word]
    choices: tuple[Choice, ...]  # what a word can mean; any text where empty
    more: int  # words that are not shown


@dataclass(frozen=True)
class ColumnView:
    """A column of a file on the page."""

    place: int
    name: str
    samples: list[str]
    becomes: str
    options: SafeString
    also: list[str]
    reading: Reading | None
    is_unique: bool
    lookups: list[Choice]
    lookup: str
    words: Words | None
    can_open: bool
    is_reshaped: bool  # it became something else since the page was written, so that what belongs to it changes

    @property
    def has_unknown(self) -> bool:
        return bool(self.words and any(word.is_unknown for word in self.words.words))


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
    kept: int = 0


@dataclass(frozen=True)
class Page:
    """What all parts of a page share."""

    file: ImportFile
    frame: pd.DataFrame
    source: str
    is_new: bool
    shapes: Mapping[str, Any]  # the form: what each column and row was when the page was written

    def was(self, name: str, now: str) -> bool:
        return self.shapes.get(name, now) == now


def part_views(page: Page, parts: list[Part], tables: list[dict[str, Any]]) -> list[PartView]:
    """Return the parts as the page shows them, their cells read by the mapping as it is."""
    file = page.file
    plans = _plans(tables, file, page.source)
    also = {column: _also(parts, column) for column in columns_of(file)}
    return [_view(page, part, plan, also) for part, plan in zip(parts, _padded(plans, parts), strict=True)]


def _plans(tables: list[dict[str, Any]], file: ImportFile, source: str) -> list[Plan]:
    try:
        return mannered_plans(file, kind_from(source or "accord", tables), assumed([], file.run.currency_asked))
    except MappingError:
        return []


def _padded(plans: list[Plan], parts: list[Part]) -> list[Plan | None]:
    return [plans[place] if place < len(plans) else None for place in range(len(parts))]


def _also(parts: list[Part], column: str) -> dict[int, str]:
    """Return what a column becomes in each part, in words."""
    found = {}
    for part in parts:
        key = part.choices.get(column, "")
        if key.startswith(("field:", "link:")):
            found[part.place] = f"{part.title}: {label_of(part.kind, key)}"
    return found


def label_of(kind: str, key: str) -> str:
    return next((one.label for one in targets(kind) if one.key == key), key.partition(":")[2])


def _view(page: Page, part: Part, plan: Plan | None, also: dict[str, dict[int, str]]) -> PartView:
    read = landed(page.frame, plan, FIRST_ROWS) if plan else Landed()
    options = Options(part.kind, page.is_new or (part.place > 0 and part.base is None))
    groups: list[tuple[str, list[Choice]]] = [
        ("Fields", [(one.key, one.label) for one in targets(part.kind) if not one.is_link]),
        ("Links", [(one.key, one.label) for one in targets(part.kind) if one.is_link]),
    ]
    view = PartView(
        part,
        [
            _column(page, part, place, name, options.chosen(part.choices[name]), read.readings.get(name), also[name])
            for place, name in enumerate(columns_of(page.file))
        ],
        [_constant(page, part, number, row) for number, row in enumerate(part.constants)],
        [_calculation(number, row, part.kind) for number, row in enumerate(part.calculations)],
        [_filter(number, row) for number, row in enumerate(part.filters)],
        groups,
        groups[0][1],
    )
    if plan:
        view.heads = [label_of(part.kind, _key(plan, name)) for name in read.names]
        view.first, view.kept, view.left_out = read.rows, read.kept, read.left_out
    return view


def _key(plan: Plan, name: str) -> str:
    return next(
        (f"link:{one.rule.name}" for one in plan.references if one.staged == name), f"field:{_field(plan, name)}"
    )


def _field(plan: Plan, column: str) -> str:
    return next((one.rule.name for one in plan.fields if one.column == column), column)


def _column(
    page: Page, part: Part, place: int, name: str, options: SafeString, reading: Reading | None, also: dict[int, str]
) -> ColumnView:
    key, cells = part.choices[name], page.frame[name]
    is_target = key.startswith(("field:", "link:"))
    lookups = rows.lookups_for(part.kind, key) if key.startswith("link:") else []
    distinct = cells[cells != ""].nunique() if is_target else 0
    choices = rows.choices_of(part.kind, key) if is_target else ()
    known = rows.words_of(part.table, name) if is_target else None
    is_open = bool(choices or (known and (known.words or known.patterns))) or place in part.opened
    return ColumnView(
        place=place, name=name, samples=shown(cells), becomes=key, options=options,
        also=[words for other, words in also.items() if other != part.place],
        reading=reading, is_unique=is_unique(cells), lookups=lookups, lookup=rows.lookup_of(part.table, name),
        words=_words(key, name, part, choices, page.file) if is_target and is_open else None,
        can_open=is_target and not is_open and 1 < distinct <= WORDS_SHOWN and _holds_words(part.kind, key),
        is_reshaped=not page.was(f"{part.prefix}shape-{place}", key),
    )  # fmt: skip


def _holds_words(kind: str, key: str) -> bool:
    return next((one.holds in {"text", "a record"} for one in targets(kind) if one.key == key), False)


def _words(key: str, column: str, part: Part, choices: tuple[Choice, ...], file: ImportFile) -> Words:
    counted = word_counts(file, column)
    known = rows.words_of(part.table, column)
    possible = {value.casefold() for value, _ in choices} | {label.casefold() for _, label in choices}
    found = []
    for place, (word, count) in enumerate(counted[:WORDS_SHOWN]):
        meaning = known.get(word, "")
        meaning = str(meaning).lower() if isinstance(meaning, bool) else str(meaning)
        is_unknown = bool(choices) and choices != rows.YES_NO and not meaning and word.casefold() not in possible
        found.append(Word(place, word, count, meaning, is_unknown))
    return Words(key, found, choices, max(0, len(counted) - WORDS_SHOWN))


def word_counts(file: ImportFile, column: str) -> list[tuple[str, int]]:
    """Return the words of a column with how often each stands in the file, the commonest first."""
    path = storage.place(file.plain)
    return _counts(path, tuple(file.header), file.delimiter, file.start, file.first_line, column)


@lru_cache(maxsize=64)
def _counts(path: Path, header: tuple[str, ...], delimiter: str, start: int, line: int, column: str) -> list[tuple[str, int]]:  # fmt: skip
    found: Counter[str] = Counter()
    for block in islice(blocks(path, list(header), delimiter, start, line), BLOCKS_COUNTED):
        found.update(block.frame[column].str.strip().tolist())
    found.pop("", None)
    return found.most_common()


def _constant(page: Page, part: Part, number: int, row: rows.Constant) -> ConstantView:
    choices = rows.choices_of(part.kind, row.key) if row.key else ()
    is_same = page.was(f"{part.prefix}always-{number}-was", row.key)
    return ConstantView(number, row.key, row.value, choices, constant_fault(part.kind, row), not is_same)


def _calculation(number: int, row: rows.Calculated, kind: str) -> CalculationView:
    terms = [*row.columns, ""] if len(row.columns) >= 2 else [*row.columns, "", ""][:2]
    fault = calculation_fault(kind, row)
    return CalculationView(number, row.key, row.operation, terms[:TERMS], row.less, row.less_percent, fault)


def _filter(number: int, row: rows.Filter) -> FilterView:
    return FilterView(number, row.column, row.operator, row.value, row.operator in UNARY, filter_fault(row))


OPERATORS = list(CONDITIONS.items())
