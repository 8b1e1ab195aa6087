"""Mappings edited by hand: the same table that a mapping file holds, with columns assigned by a person.

It is kept with the file, so that nothing that is changed later changes an import under way.
"""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

from crm.registry import find_kind
from imports.mapping.catalogue import (
    FileKind,
    custom_mappings_folder,
    find_file_kind,
    list_sources,
)
from imports.mapping.departures import is_departure_column
from imports.mapping.folders import built_in_path
from imports.mapping.loading import load_mapping, parse_mapping
from imports.mapping.schema import ALL, MappingError, ObjectMapping, Source
from imports.mapping.targets import AS_IS, CUSTOM, ID_ONLY, OUT, list_targets, rule_of, template_table
from imports.models import ImportFile
from imports.parsing.headers import fold

Table = dict[str, Any]
Choices = Mapping[str, str]  # column of the file: what it becomes
TEMPLATE_ONLY_KEYS = ("about", "example")


def file_kind_of(file: ImportFile) -> FileKind:
    """Return how a file is read: by the mapping that a person edited, else by the catalogue.

    Raises:
        MappingError: the mapping that knew the file is gone, or says something that cannot be.
    """
    if not file.mappings:
        try:
            return find_file_kind(file.source, file.kind, file.header)
        except (KeyError, StopIteration):
            raise MappingError(
                f"the mapping “{file.source} {file.kind}” no longer exists; map the columns again"
            ) from None
    read = [
        parse_mapping(Path(file.source, mapping_entry["name"]), mapping_entry["table"])
        for mapping_entry in file.mappings
    ]
    read.sort(key=lambda mapping: find_kind(mapping.object).rank)  # what others point to comes in first
    return FileKind(find_source(file.source), file.kind, tuple(read))


def find_source(name: str) -> Source:
    """Return a source; one without a mapping file gets the formats of Accord's templates."""
    sources = list_sources()
    return sources.get(name) or replace(
        sources["accord"], name=name, title=name.replace("-", " ").capitalize(), mappings=()
    )


def catalogue_tables(kind: FileKind) -> list[Table]:
    """Return the tables that the catalogue reads a kind of file by, the main one first."""
    # The main mapping makes one record of each row, and fills the most fields.
    ordered = sorted(
        kind.mappings,
        key=lambda mapping: (mapping.each is None, len(mapping.fields) + len(mapping.references)),
        reverse=True,
    )
    return [{"name": Path(mapping.path).name, "table": _load_table(mapping)} for mapping in ordered]


def _load_table(mapping: ObjectMapping) -> Table:
    own = custom_mappings_folder() / mapping.path
    table = load_mapping(own if own.exists() else built_in_path(mapping.path))
    return {"object": mapping.object, **table}


def new_mapping(kind: str, header: Iterable[str], choices: Choices, id_column: str) -> Table:
    """Return a new mapping based on Accord's template, its columns replaced by those of the file."""
    template = deepcopy({"fields": {}, "references": {}, **template_table(kind)})
    fed = {target: [column for column in header if choices.get(column) == target] for target in set(choices.values())}
    columns_by_header = _sheet_columns(kind, template, fed)
    table: Table = {
        "object": kind,
        "file": kind,
        "maps": template.get("maps", {}),
        "custom": False,
        "custom_fields": {},
    }
    for part in ("fields", "references"):
        table[part] = {
            name: new_rule
            for name, rule in template[part].items()
            if (new_rule := _rule_with_columns(rule, columns_by_header))
        }
    for column in header:
        assign_column(table, kind, column, choices.get(column, OUT))
    return set_id(table, id_column)


def _sheet_columns(kind: str, template: Table, fed: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Return {column of our sheet: columns of the file that take its place}."""
    columns_by_header: dict[str, list[str]] = {}
    for part, word in (("fields", "field"), ("references", "link")):
        for name in template[part]:
            first = as_names(rule_of(kind, name).get("column", ()))[:1]
            for column in first:
                columns_by_header[column] = [*fed.get(f"{word}:{name}", ()), *columns_by_header.get(column, ())]
    return columns_by_header


def _rule_with_columns(rule: Any, columns_by_header: Mapping[str, list[str]]) -> Table | None:
    new_rule = dict(rule) if isinstance(rule, dict) else {"column": rule}
    new_rule["column"] = [
        column for name in as_names(new_rule.get("column", ())) for column in columns_by_header.get(name, ())
    ]
    new_rule = {key: value for key, value in new_rule.items() if key not in TEMPLATE_ONLY_KEYS}
    return new_rule if new_rule["column"] or "value" in new_rule else None


def set_id(table: Table, id_column: str) -> Table:
    """Say what the rows are known by: a column, or all that is read of them together, kept columns included."""
    rest = {key: value for key, value in table.items() if key not in {"id", "id_from"}}
    if id_column:
        return {**rest, "id": [id_column]}
    return {**rest, "id": [], "id_from": [ALL]}


def reassign_columns(table: Table, header: Iterable[str], choices: Choices, id_column: str | None = None) -> Table:
    """Return the table with those columns moved whose place a person changed."""
    table = deepcopy(table)
    for column in header:
        wanted = choices.get(column, AS_IS)
        if wanted not in {AS_IS, target_of_column(table, column)}:
            unassign_column(table, column)
            assign_column(table, table["object"], column, wanted)
    return table if id_column is None else set_id(table, id_column)


def target_of_column(table: Table, column: str) -> str:
    """Say what a column becomes now: of several things the first that a page offers, fields without words of their own first."""
    folded = fold(column)
    fed = [name for name, rule in table.get("fields", {}).items() if folded in _folded_columns(rule)]
    plain = [name for name in fed if not (isinstance(table["fields"][name], dict) and "map" in table["fields"][name])]
    links = [
        name
        for name, rules in table.get("references", {}).items()
        if any(folded in _folded_columns(r) for r in _as_list(rules))
    ]
    keys = [*(f"field:{name}" for name in (*plain, *fed)), *(f"link:{name}" for name in links)]
    # The page can only show a target that it offers; others are left as they are.
    if keys:
        offered = {target.key for target in list_targets(table["object"])} if "object" in table else set(keys)
        return next((key for key in keys if key in offered), AS_IS)
    typed = {fold(name): kind for name, kind in table.get("custom_fields", {}).items()}
    if folded in typed:
        return f"{CUSTOM}{typed[folded]}"
    if folded in {fold(name) for name in table.get("ignore", ())}:
        return OUT
    if folded in {fold(name) for name in as_names(table.get("id", ()))}:
        return ID_ONLY
    if _is_used(table, folded) or is_departure_column(column, table.get("object", ""), ""):
        return AS_IS
    return f"{CUSTOM}text" if table.get("custom", True) else OUT


def _is_used(table: Table, folded: str) -> bool:
    """Return whether a column is read for something else: as part of a name, as the mark of deleted rows."""
    names = [
        *table.get("drop_when", {}),
        *table.get("deleted_when", {}),
        *as_names(table.get("merged_into", ())),
        *as_names(table.get("merged_ids", ())),
        *table.get("keep_when", {}),
        *(condition["column"] for condition in table.get("only", ())),
    ]
    for rule in table.get("fields", {}).values():
        if isinstance(rule, dict):
            names += [*as_names(rule.get("join", ())), *as_names(rule.get("refine", {}).get("column", ()))]
            for part in ("product", "sum", "less", "less_percent"):
                names += [name for term in as_names(rule.get(part, ())) for name in as_names(term)]
            names += [column for columns in rule.get("flags", {}).values() for column in as_names(columns)]
    return folded in {fold(name) for name in names}


def unassign_column(table: Table, column: str) -> None:
    """Take a column out of every place where it is read, its part in an id excepted."""
    folded = fold(column)
    for name, rule in list(table.get("fields", {}).items()):
        table["fields"][name] = _without_column(rule, folded)
        if not _has_input(table["fields"][name]):
            del table["fields"][name]
    for name, rules in list(table.get("references", {}).items()):
        remaining_rules = [
            remaining for rule in _as_list(rules) if _has_input(remaining := _without_column(rule, folded))
        ]
        table["references"][name] = remaining_rules
        if not remaining_rules:
            del table["references"][name]
    table["ignore"] = [name for name in table.get("ignore", ()) if fold(name) != folded]
    table["custom_fields"] = {
        name: kind for name, kind in table.get("custom_fields", {}).items() if fold(name) != folded
    }


def _without_column(rule: Any, folded: str) -> Table:
    reduced = dict(rule) if isinstance(rule, dict) else {"column": rule}
    for key in ("column", "join"):
        if key in reduced:
            reduced[key] = [name for name in as_names(reduced[key]) if fold(name) != folded]
    return reduced


def _has_input(rule: Table) -> bool:
    return any(rule.get(part) for part in ("column", "join", "product", "sum")) or "value" in rule


def assign_column(table: Table, kind: str, column: str, target: str) -> None:
    """Have a column become what is wanted; where another feeds the same, this one counts first."""
    target_type, _, name = target.partition(":")
    if target_type == "field":
        rule = table.setdefault("fields", {}).get(name) or _template_rule(kind, name)
        if fold(column) not in _folded_columns(rule):
            table["fields"][name] = _with_column(rule, column)
            _copy_value_map(table, kind, table["fields"][name])
    elif target_type == "link":
        rules = _as_list(table.setdefault("references", {}).get(name, []))
        if not any(fold(column) in _folded_columns(rule) for rule in rules):
            table["references"][name] = [_with_column(_template_rule(kind, name), column), *rules]
    elif target_type == "custom":
        table.setdefault("custom_fields", {})[column] = name
    elif target == OUT:
        table["ignore"] = [*table.get("ignore", ()), column]


def _template_rule(kind: str, name: str) -> Table:
    """Return how our own sheet reads a field, without its columns."""
    return {
        key: value for key, value in rule_of(kind, name).items() if key not in {*TEMPLATE_ONLY_KEYS, "column", "when"}
    }


def _copy_value_map(table: Table, kind: str, rule: Table) -> None:
    """Bring along the words that a rule of our own sheet goes by."""
    value_map = template_table(kind).get("maps", {}).get(rule.get("map", ""))
    if value_map:
        table["maps"] = {rule["map"]: value_map, **table.get("maps", {})}


def _with_column(rule: Any, column: str) -> Table:
    extended = dict(rule) if isinstance(rule, dict) else {"column": rule}
    others = [name for name in as_names(extended.get("column", ())) if fold(name) != fold(column)]
    return {**{key: value for key, value in extended.items() if key != "value"}, "column": [column, *others]}


def _folded_columns(rule: Any) -> set[str]:
    return {fold(name) for name in as_names(rule.get("column", ()) if isinstance(rule, dict) else rule)}


def _as_list(rules: Any) -> list[Any]:
    return (
        list(rules)
        if isinstance(rules, list) and rules and not isinstance(rules[0], str)
        else ([rules] if rules else [])
    )


def as_names(given: Any) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)
