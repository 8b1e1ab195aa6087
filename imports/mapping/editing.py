"""A mapping made or mended by hand: the same table that a mapping file holds, with columns put where a person says.

It is kept with the file, so that nothing that is changed later changes an import under way.
"""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

from imports.mapping.catalogue import OURS, RANKS, FileKind, kind_of, own_folder, sources
from imports.mapping.departures import says_departure
from imports.mapping.loading import load_mapping, mapping_of
from imports.mapping.schema import ALL, MappingError, ObjectMapping, Source
from imports.mapping.targets import AS_IS, CUSTOM, ID_ONLY, OUT, rule_of, sheet, targets
from imports.models import ImportFile
from imports.parsing.headers import fold

Table = dict[str, Any]
Choices = Mapping[str, str]  # column of the file: what it becomes
TOLD = ("about", "example")


def kind_for(file: ImportFile) -> FileKind:
    """Return how a file is read: as a person said, else as the catalogue has it.

    Raises:
        MappingError: the mapping that knew the file is gone, or says something that cannot be.
    """
    if not file.mappings:
        try:
            return kind_of(file.source, file.kind, file.header)
        except (KeyError, StopIteration):
            raise MappingError(
                f"the mapping “{file.source} {file.kind}” is gone; say again what the columns mean"
            ) from None
    read = [mapping_of(Path(file.source, one["name"]), one["table"]) for one in file.mappings]
    read.sort(key=lambda mapping: RANKS.index(mapping.object))  # what others point to comes in first
    return FileKind(source_named(file.source), file.kind, tuple(read))


def source_named(name: str) -> Source:
    """Return a source; one that no mapping file describes has the manners of our own sheets."""
    known = sources()
    return known.get(name) or replace(
        known["accord"], name=name, title=name.replace("-", " ").capitalize(), mappings=()
    )


def tables_of(kind: FileKind) -> list[Table]:
    """Return the tables that the catalogue reads a kind of file by, the main one first."""
    ordered = sorted(kind.mappings, key=_weight, reverse=True)
    return [{"name": Path(mapping.path).name, "table": _loaded(mapping)} for mapping in ordered]


def _weight(mapping: ObjectMapping) -> tuple[bool, int]:
    return mapping.each is None, len(mapping.fields) + len(mapping.references)


def _loaded(mapping: ObjectMapping) -> Table:
    own = own_folder() / mapping.path
    table = load_mapping(own if own.exists() else OURS / mapping.path)
    return {"object": mapping.object, **table}


def fresh(kind: str, header: Iterable[str], choices: Choices, id_column: str) -> Table:
    """Return a mapping of our own sheet's manners, its columns replaced by those of the file."""
    told = deepcopy({"fields": {}, "references": {}, **sheet(kind)})
    fed = {
        becomes: [column for column in header if choices.get(column) == becomes] for becomes in set(choices.values())
    }
    places = _sheet_columns(kind, told, fed)
    table: Table = {"object": kind, "file": kind, "maps": told.get("maps", {}), "custom": False, "custom_fields": {}}
    for part in ("fields", "references"):
        table[part] = {name: moved for name, rule in told[part].items() if (moved := _moved(rule, places))}
    for column in header:
        put(table, kind, column, choices.get(column, OUT))
    return with_id(table, id_column)


def _sheet_columns(kind: str, told: Table, fed: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Return {column of our sheet: columns of the file that take its place}."""
    places: dict[str, list[str]] = {}
    for part, word in (("fields", "field"), ("references", "link")):
        for name in told[part]:
            first = names_in(rule_of(kind, name).get("column", ()))[:1]
            for column in first:
                places[column] = [*fed.get(f"{word}:{name}", ()), *places.get(column, ())]
    return places


def _moved(rule: Any, places: Mapping[str, list[str]]) -> Table | None:
    found = dict(rule) if isinstance(rule, dict) else {"column": rule}
    found["column"] = [column for name in names_in(found.get("column", ())) for column in places.get(name, ())]
    found = {key: value for key, value in found.items() if key not in TOLD}
    return found if found["column"] or "value" in found else None


def with_id(table: Table, id_column: str) -> Table:
    """Say what the rows are known by: a column, or all that is read of them together, kept columns included."""
    rest = {key: value for key, value in table.items() if key not in {"id", "id_from"}}
    if id_column:
        return {**rest, "id": [id_column]}
    return {**rest, "id": [], "id_from": [ALL]}


def corrected(table: Table, header: Iterable[str], choices: Choices, id_column: str | None = None) -> Table:
    """Return the table with those columns moved whose place a person changed."""
    table = deepcopy(table)
    for column in header:
        wanted = choices.get(column, AS_IS)
        if wanted not in {AS_IS, becomes(table, column)}:
            take_out(table, column)
            put(table, table["object"], column, wanted)
    return table if id_column is None else with_id(table, id_column)


def becomes(table: Table, column: str) -> str:
    """Say what a column becomes now: of several things the first that a page offers, fields without words of their own first."""
    folded = fold(column)
    fed = [name for name, rule in table.get("fields", {}).items() if folded in _columns(rule)]
    plain = [name for name in fed if not (isinstance(table["fields"][name], dict) and "map" in table["fields"][name])]
    links = [
        name
        for name, rules in table.get("references", {}).items()
        if any(folded in _columns(r) for r in _listed(rules))
    ]
    keys = [*(f"field:{name}" for name in (*plain, *fed)), *(f"link:{name}" for name in links)]
    if keys:
        offered = {one.key for one in targets(table["object"])} if "object" in table else set(keys)
        return next((key for key in keys if key in offered), AS_IS)
    typed = {fold(name): kind for name, kind in table.get("custom_fields", {}).items()}
    if folded in typed:
        return f"{CUSTOM}{typed[folded]}"
    if folded in {fold(name) for name in table.get("ignore", ())}:
        return OUT
    if folded in {fold(name) for name in names_in(table.get("id", ()))}:
        return ID_ONLY
    if _is_used(table, folded) or says_departure(column, table.get("object", ""), ""):
        return AS_IS
    return f"{CUSTOM}text" if table.get("custom", True) else OUT


def _is_used(table: Table, folded: str) -> bool:
    """Tell whether a column is read for something else: as part of a name, as the mark of deleted rows."""
    names = [
        *table.get("drop_when", {}),
        *table.get("deleted_when", {}),
        *names_in(table.get("merged_into", ())),
        *names_in(table.get("merged_ids", ())),
        *table.get("keep_when", {}),
        *(one["column"] for one in table.get("only", ())),
    ]
    for rule in table.get("fields", {}).values():
        if isinstance(rule, dict):
            names += [*names_in(rule.get("join", ())), *names_in(rule.get("refine", {}).get("column", ()))]
            for part in ("product", "sum", "less", "less_percent"):
                names += [name for term in names_in(rule.get(part, ())) for name in names_in(term)]
            names += [column for columns in rule.get("flags", {}).values() for column in names_in(columns)]
    return folded in {fold(name) for name in names}


def take_out(table: Table, column: str) -> None:
    """Take a column out of every place where it is read, its part in an id excepted."""
    folded = fold(column)
    for name, rule in list(table.get("fields", {}).items()):
        table["fields"][name] = _less(rule, folded)
        if not _feeds(table["fields"][name]):
            del table["fields"][name]
    for name, rules in list(table.get("references", {}).items()):
        left = [one for rule in _listed(rules) if _feeds(one := _less(rule, folded))]
        table["references"][name] = left
        if not left:
            del table["references"][name]
    table["ignore"] = [name for name in table.get("ignore", ()) if fold(name) != folded]
    table["custom_fields"] = {
        name: kind for name, kind in table.get("custom_fields", {}).items() if fold(name) != folded
    }


def _less(rule: Any, folded: str) -> Table:
    found = dict(rule) if isinstance(rule, dict) else {"column": rule}
    for key in ("column", "join"):
        if key in found:
            found[key] = [name for name in names_in(found[key]) if fold(name) != folded]
    return found


def _feeds(rule: Table) -> bool:
    return any(rule.get(part) for part in ("column", "join", "product", "sum")) or "value" in rule


def put(table: Table, kind: str, column: str, wanted: str) -> None:
    """Have a column become what is wanted; where another feeds the same, this one counts first."""
    word, _, name = wanted.partition(":")
    if word == "field":
        rule = table.setdefault("fields", {}).get(name) or _plain(kind, name)
        if fold(column) not in _columns(rule):
            table["fields"][name] = _with_column(rule, column)
            _with_words(table, kind, table["fields"][name])
    elif word == "link":
        rules = _listed(table.setdefault("references", {}).get(name, []))
        if not any(fold(column) in _columns(rule) for rule in rules):
            table["references"][name] = [_with_column(_plain(kind, name), column), *rules]
    elif word == "custom":
        table.setdefault("custom_fields", {})[column] = name
    elif wanted == OUT:
        table["ignore"] = [*table.get("ignore", ()), column]


def _plain(kind: str, name: str) -> Table:
    """Return how our own sheet reads a field, without its columns."""
    return {key: value for key, value in rule_of(kind, name).items() if key not in {*TOLD, "column", "when"}}


def _with_words(table: Table, kind: str, rule: Table) -> None:
    """Bring along the words that a rule of our own sheet goes by."""
    words = sheet(kind).get("maps", {}).get(rule.get("map", ""))
    if words:
        table["maps"] = {rule["map"]: words, **table.get("maps", {})}


def _with_column(rule: Any, column: str) -> Table:
    found = dict(rule) if isinstance(rule, dict) else {"column": rule}
    others = [name for name in names_in(found.get("column", ())) if fold(name) != fold(column)]
    return {**{key: value for key, value in found.items() if key != "value"}, "column": [column, *others]}


def _columns(rule: Any) -> set[str]:
    return {fold(name) for name in names_in(rule.get("column", ()) if isinstance(rule, dict) else rule)}


def _listed(rules: Any) -> list[Any]:
    return (
        list(rules)
        if isinstance(rules, list) and rules and not isinstance(rules[0], str)
        else ([rules] if rules else [])
    )


def names_in(given: Any) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)
