"""The mapping page as a form: one part for each kind of record that the rows make, each with columns and further rows."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from core.request_values import read_place
from imports.mapping.conditions import COMPARISONS, CONDITIONS, UNARY
from imports.mapping.constants import constant_error
from imports.mapping.editing import Table, as_names, new_mapping, reassign_columns, set_id, target_of_column
from imports.mapping.loading import parse_mapping
from imports.mapping.schema import MappingError, model_of
from imports.mapping.suggestions import propose_mapping_as
from imports.mapping.targets import OUT, list_kinds, list_targets, title_of
from imports.models import ImportFile
from imports.parsing.headers import fold
from imports.preview import mapping_rows as rows
from imports.preview.mapping_page import Draft, columns_of, is_known_choice, tables_from
from imports.preview.mapping_rows import Calculated, Constant, Filter

MOST_ROWS = 40
TERMS = 6  # columns of a calculation


@dataclass
class Part:
    """One kind of record that each row makes, as the user is editing it."""

    position: int  # 0 is the main one
    kind: str
    choices: dict[str, str]
    id_column: str
    base: Table | None = None  # the table that the choices change; None for a new part
    constants: list[Constant] = field(default_factory=list)
    calculations: list[Calculated] = field(default_factory=list)
    filters: list[Filter] = field(default_factory=list)
    meanings: dict[str, dict[str, str]] = field(default_factory=dict)  # column: {word: meaning}
    lookups: dict[str, str] = field(default_factory=dict)  # column: key of the link
    opened: set[int] = field(default_factory=set)  # places of columns whose words are shown
    table: Table = field(default_factory=dict)

    @property
    def prefix(self) -> str:
        return f"k{self.position}-" if self.position else ""

    @property
    def title(self) -> str:
        return title_of(self.kind)

    @property
    def fed(self) -> set[str]:
        """Return the targets that something of the part fills."""
        given = {*self.choices.values(), *(row.key for row in self.constants), *(row.key for row in self.calculations)}
        return given | ({"field:name"} if names_in_parts(self.table) else set())


def names_in_parts(table: Table) -> bool:
    rule = table.get("fields", {}).get("name")
    return isinstance(rule, dict) and bool(rule.get("join"))


def is_edited_by_column(table: Table) -> bool:
    """Tell whether a mapping is edited column by column; one that makes a record of each column like a pattern is not."""
    return "each" not in table


def initial_parts(draft: Draft) -> list[Part]:
    """Return the parts of a file as it is mapped, or proposed, before any change."""
    constants = [Constant(key, value) for key, value in draft.constants.items()]
    first = Part(0, draft.kind, dict(draft.choices), draft.id_column, constants=constants)
    if draft.tables:
        first = _with_rows_of_table(replace(first, base=draft.tables[0]["table"]))
    parts = [first]
    for table in (entry["table"] for entry in draft.tables[1:] if is_edited_by_column(entry["table"])):
        choices = {column: target_of_column(table, column) for column in draft.choices}
        folded = {fold(name) for name in as_names(table.get("id", ()))}
        id_column = next((column for column in draft.choices if fold(column) in folded), "")
        parts.append(_with_rows_of_table(Part(len(parts), table["object"], choices, id_column, table)))
    return parts


def _with_rows_of_table(part: Part) -> Part:
    assert part.base is not None
    return replace(
        part,
        constants=rows.constants_of(part.base),
        calculations=rows.calculations_of(part.base, part.choices),
        filters=rows.filters_of(part.base, part.choices),
    )


def new_part(position: int, kind: str, file: ImportFile, frame: pd.DataFrame) -> Part:
    """Return a part for one more kind of record, with the columns that it is likely to share."""
    header = columns_of(file)
    suggestion = propose_mapping_as(kind, header, frame)
    choices = {
        column: key if key.startswith(("field:", "link:")) else OUT for column, key in suggestion.choices.items()
    }
    constants = [Constant(key, value) for key, value in suggestion.constants.items()]
    return Part(position, kind, choices, "", constants=constants)


def posted_parts(
    form: Mapping[str, Any],
    pressed: Mapping[str, str],
    file: ImportFile,
    draft: Draft,
    before: Draft,
    frame: pd.DataFrame,
) -> list[Part]:
    """Return the parts as the form says; one that says nothing of further rows leaves them as they are.

    Args:
        pressed: the button that adds or removes a row or a kind, if one was pressed.
    """
    data, kind_names = _PostedForm(form, pressed), {kind.name for kind in list_kinds()}
    known_parts = initial_parts(before)
    first = Part(0, draft.kind, dict(draft.choices), draft.id_column, known_parts[0].base)
    parts = [_posted_rows(first, data, file, known_parts[0])]
    for position in range(1, MOST_ROWS):
        kind = str(data.get(f"k{position}-kind", ""))
        if kind not in kind_names or data.pressed.get("drop") == f"k{position}":
            continue
        base_index = read_place(data.get(f"k{position}-base", ""), count=len(known_parts)) or 0
        base = known_parts[base_index] if base_index and known_parts[base_index].kind == kind else None
        part = _posted_part(Part(len(parts), kind, {}, "", base.base if base else None), f"k{position}-", data, file)
        parts.append(_posted_rows(part, data, file, base, f"k{position}-"))
    kind = str(data.get("new-kind", "")) if data.pressed.get("add") == "kind" else ""
    if kind in kind_names:
        parts.append(new_part(len(parts), kind, file, frame))
    if "rows" not in data:
        parts += known_parts[1:]  # a form without further kinds leaves them
    return parts


class _PostedForm:
    """What was posted, and which button was pressed."""

    def __init__(self, fields: Mapping[str, Any], pressed: Mapping[str, str]) -> None:
        self.fields, self.pressed = fields, pressed

    def __iter__(self) -> Iterator[str]:
        return iter(self.fields)

    def __contains__(self, name: str) -> bool:
        return name in self.fields

    def get(self, name: str, default: str = "") -> str:
        return str(self.fields.get(name, default))

    def getlist(self, name: str) -> list[str]:
        getlist = getattr(self.fields, "getlist", None)
        return [str(value) for value in (getlist(name) if getlist else [self.get(name)])]


def _posted_part(part: Part, prefix: str, data: _PostedForm, file: ImportFile) -> Part:
    header = columns_of(file)
    before = (
        {column: target_of_column(part.base, column) for column in header} if part.base else dict.fromkeys(header, OUT)
    )
    posted_keys = {
        name: str(data.get(f"{prefix}becomes-{column_index}", "")) for column_index, name in enumerate(header)
    }
    part.choices = {
        name: posted_keys[name] if is_known_choice(part.kind, posted_keys[name]) else before[name] for name in header
    }
    column_index = read_place(data.get(f"{prefix}id", ""), count=len(header))
    part.id_column = "" if column_index is None else header[column_index]
    return part


def _posted_rows(part: Part, data: _PostedForm, file: ImportFile, before: Part | None, prefix: str = "") -> Part:
    """Read the further rows of a part."""
    header = columns_of(file)
    if f"{prefix}rows" not in data:
        if before:
            part.constants, part.calculations, part.filters = before.constants, before.calculations, before.filters
        return part
    given = _PostedRows(data, prefix, header)
    part.constants = [
        Constant(given.target(part.kind, f"always-{n}-field"), given.text(f"always-{n}-value"))
        for n in given.row_numbers("always")
    ]
    part.calculations = [given.calculation(part.kind, n) for n in given.row_numbers("calc")]
    part.filters = [
        Filter(given.column(f"only-{n}-column"), given.operator(f"only-{n}-is"), given.text(f"only-{n}-value"))
        for n in given.row_numbers("only")
    ]
    column_indexes = (read_place(text, count=len(header)) for text in given.all_values("open"))
    part.opened = {column_index for column_index in column_indexes if column_index is not None}
    for column_index, column in enumerate(header):
        if part.choices.get(column) == given.text(f"words-{column_index}"):
            part.meanings[column] = given.meanings(column_index)
        if by := given.text(f"by-{column_index}"):
            part.lookups[column] = by
    _apply_add_button(part, str(data.get("add", "")).removeprefix(prefix), len(header))
    return part


def _apply_add_button(part: Part, added: str, columns: int) -> None:
    """Add the empty row, or show the words of the column, that the pressed button asks for."""
    match added:
        case "always":
            part.constants.append(Constant("", ""))
        case "calc":
            part.calculations.append(Calculated("", "product", ()))
        case "only":
            part.filters.append(Filter("", "is"))
        case name if name.startswith("words-"):
            opened = read_place(name.removeprefix("words-"), count=columns)
            part.opened |= set() if opened is None else {opened}


@dataclass(frozen=True)
class _PostedRows:
    data: _PostedForm
    prefix: str
    header: list[str]

    def text(self, name: str) -> str:
        return str(self.data.get(f"{self.prefix}{name}", "")).replace("\0", "").strip()[:500]

    def all_values(self, name: str) -> list[str]:
        return self.data.getlist(f"{self.prefix}{name}")

    def row_numbers(self, row_kind: str) -> list[int]:
        """Return the numbers of the rows of a kind, in order, but for the one that is removed."""
        pattern = re.compile(rf"{re.escape(self.prefix)}{row_kind}-(\d{{1,3}})-\w+")
        numbers = sorted({int(match[1]) for key in self.data if (match := pattern.fullmatch(str(key)))})[:MOST_ROWS]
        dropped = self.data.pressed.get("drop", "")
        return [number for number in numbers if dropped != f"{self.prefix}{row_kind}-{number}"]

    def column(self, name: str) -> str:
        column_index = read_place(self.text(name), count=len(self.header))
        return "" if column_index is None else self.header[column_index]

    def target(self, kind: str, name: str) -> str:
        key = self.text(name)
        return key if any(target.key == key for target in list_targets(kind)) else ""

    def operator(self, name: str) -> str:
        operator = self.text(name)
        return operator if operator in CONDITIONS else "is"

    def calculation(self, kind: str, number: int) -> Calculated:
        operation = self.text(f"calc-{number}-with")
        terms = [self.column(f"calc-{number}-term{n}") for n in range(TERMS)]
        return Calculated(
            self.target(kind, f"calc-{number}-field"),
            operation if operation in {known_operation for known_operation, _ in rows.OPERATIONS} else "product",
            tuple(dict.fromkeys(filter(None, terms))),
            self.column(f"calc-{number}-less"),
            self.column(f"calc-{number}-percent"),
        )

    def meanings(self, column_index: int) -> dict[str, str]:
        pattern = re.compile(rf"{re.escape(self.prefix)}word-{column_index}-(\d{{1,4}})")
        numbers = [match[1] for key in self.data if (match := pattern.fullmatch(str(key)))]
        return {
            self.text(f"word-{column_index}-{number}"): self.text(f"means-{column_index}-{number}")
            for number in numbers
        }


def tables_of_parts(parts: list[Part], draft: Draft, before: Draft, file: ImportFile) -> list[dict[str, Any]]:
    """Return the mappings that the parts say, and set the table of each part; mappings that the page does not edit stay."""
    header = columns_of(file)
    main = tables_from(draft, file, before if before.tables else None)[0]
    tables = []
    for part in parts:
        if part.position == 0:
            base, is_own = main["table"], bool(main.get("own"))
            entry = dict(main)
        else:
            is_own = part.base is None or "id_from" in part.base or not part.base.get("needs")
            base = reassign_columns(part.base, header, part.choices) if part.base else new_mapping(part.kind, header, part.choices, part.id_column)  # fmt: skip
            base = {**base, "file": main["table"].get("file", draft.kind)} if part.base is None else base
            entry = {"name": f"{part.kind}.{part.position}.toml", "own": True}
        part.table = _with_rows(part, base, is_own)
        tables.append({**entry, "table": part.table})
    return (
        [*tables, *(entry for entry in before.tables[1:] if not is_edited_by_column(entry["table"]))]
        if before.tables
        else tables
    )


def _with_rows(part: Part, table: Table, is_own: bool) -> Table:
    """Return the table with the further rows of a part, as far as each of them can be."""
    table = rows.with_constants(table, part.kind, [row for row in part.constants if not constant_fault(part.kind, row)])
    table = rows.with_calculations(
        table, [row for row in part.calculations if not calculation_fault(part.kind, row)], part.choices
    )
    table = rows.with_filters(table, [row for row in part.filters if not filter_fault(row)], part.choices)
    for column, by in part.lookups.items():
        table = rows.with_lookup(table, column, by)
    for column, meanings in part.meanings.items():
        table = rows.with_words(table, part.kind, column, meanings)
    return set_id(table, part.id_column) if is_own else table


# what is wrong with a row


def constant_fault(kind: str, row: Constant) -> str:
    if not row.key:
        return "Choose the field, or remove this line."
    if not row.value:
        return "Enter the value, or remove this line."
    part, name = rows.parts_of(row.key)
    if part == "references":
        return ""
    choices = dict(rows.choices_of(kind, row.key))
    if choices:
        return "" if row.value in choices else f"Choose one of: {', '.join(choices.values())}."
    return constant_error(model_of(kind)._meta.get_field(name), row.value)  # type: ignore[arg-type]


def calculation_fault(kind: str, row: Calculated) -> str:
    if not row.key:
        return "Choose the field, or remove this line."
    if not row.columns:
        return "Choose the columns, or remove this line."
    _, name = rows.parts_of(row.key)
    table = {"id": "x", "fields": {name: {row.operation: list(row.columns)}}}
    try:
        parse_mapping(_page_path(kind), table)
    except MappingError:
        return "This field is not a number. Choose another field or join the columns."
    return ""


def filter_fault(row: Filter) -> str:
    if not row.column:
        return "Choose the column, or remove this line."
    if row.operator in UNARY:
        return ""
    if not row.value:
        return "Enter a value to compare with, or remove this line."
    if row.operator in COMPARISONS:
        try:
            parse_mapping(_page_path("lead"), {"id": "x", "only": [{"column": "x", row.operator: row.value}]})
        except MappingError:
            return f"“{row.value}” is not a number. Write it as 1234.50."
    return ""


def _page_path(kind: str) -> Path:
    return Path("page", f"{kind}.toml")


def part_faults(parts: list[Part], is_new: bool) -> list[str]:
    """Say what keeps the parts from being used, each with what to do."""
    sentences = []
    for part in parts:
        if not any(key.startswith(("field:", "link:")) for key in part.fed):
            sentences.append(f"{part.title}: map at least one column.")
        if is_new or part.position:
            wanting = [
                target.label for target in list_targets(part.kind) if target.required and target.key not in part.fed
            ]
            sentences += [
                f"{part.title} need “{label}”. Choose the column that holds it, or add a fixed value for it."
                for label in wanting
            ]
        wrong = [constant_fault(part.kind, row) for row in part.constants]
        wrong += [calculation_fault(part.kind, row) for row in part.calculations]
        wrong += [filter_fault(row) for row in part.filters]
        if count := sum(map(bool, wrong)):
            sentences.append(f"{part.title}: {count} {'line' if count == 1 else 'lines'} below {'is' if count == 1 else 'are'} not complete.")  # fmt: skip
    return sentences
