"""The rules of a mapping that are more than plain columns, as rows that a page shows and reads.

Each function reads from, or returns a changed copy of, the one table that a mapping is: constants, calculations, the row
filter, the words of coded columns, and the key by which a link is looked up.
"""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from django.db import models

from imports.mapping.editing import Table, as_names, target_of_column
from imports.mapping.schema import ValueMap, model_of
from imports.mapping.targets import rule_of
from imports.parsing.headers import fold, index_headers

JOIN = "join"
OPERATIONS = (("product", "×"), ("sum", "+"), (JOIN, "joined to"))
LOOKUPS = {"any": "id, e-mail or name", "external_id": "id", "email": "e-mail", "domain": "domain", "name": "name"}
YES_NO = (("true", "Yes"), ("false", "No"))


@dataclass(frozen=True)
class Constant:
    """A field or link that is the same in every row."""

    key: str  # field:side, link:campaign
    value: str


@dataclass(frozen=True)
class Calculated:
    """A field that is worked out from columns."""

    key: str
    operation: str
    columns: tuple[str, ...]
    less: str = ""
    less_percent: str = ""


@dataclass(frozen=True)
class Filter:
    """A condition on the rows that are read."""

    column: str
    operator: str
    value: str = ""


def parts_of(key: str) -> tuple[str, str]:
    """Return (part of the table, name) of a target: field:side is ("fields", "side")."""
    word, _, name = key.partition(":")
    return ("references" if word == "link" else "fields"), name


def choices_of(kind: str, key: str) -> tuple[tuple[str, str], ...]:
    """Return the values that a field can have, with their labels; empty where it can have any."""
    part, name = parts_of(key)
    if part == "references" or not name:
        return ()
    field = model_of(kind)._meta.get_field(name)
    if isinstance(field, models.BooleanField):
        return YES_NO
    return tuple((str(value), str(label)) for value, label in getattr(field, "choices", None) or ())


def _parse_value(kind: str, key: str, value: str) -> Any:
    return {"true": True, "false": False}.get(value, value) if choices_of(kind, key) == YES_NO else value


def _value_to_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


# constants


def constants_of(table: Table) -> list[Constant]:
    constants = [
        Constant(f"{prefix}:{name}", _value_to_text(rule["value"]))
        for section, prefix in (("fields", "field"), ("references", "link"))
        for name, rules in table.get(section, {}).items()
        for rule in _as_rules(rules)
        if isinstance(rule, dict) and "value" in rule
    ]
    return constants


def with_constants(table: Table, kind: str, rows: Iterable[Constant]) -> Table:
    """Return the table with these constants and no others; columns that fed such a field no longer do."""
    table = deepcopy(table)
    wanted = {row.key: row.value for row in rows if row.key and row.value}
    for row in constants_of(table):
        section, name = parts_of(row.key)
        if row.key not in wanted:
            del table[section][name]
    for key, value in wanted.items():
        section, name = parts_of(key)
        rule: dict[str, Any] = {"value": _parse_value(kind, key, value)}
        if section == "references":
            rule |= {option: given for option, given in rule_of(kind, name).items() if option in {"by", "stub"}}
        table.setdefault(section, {})[name] = rule
    return table


# calculations


def calculations_of(table: Table, header: Iterable[str]) -> list[Calculated]:
    """Return the calculations that a file can feed, by the names that its columns have there."""
    file_columns, calculations = index_headers(header), []
    for name, rule in table.get("fields", {}).items():
        operation = next(
            (candidate for candidate, _ in OPERATIONS if isinstance(rule, dict) and rule.get(candidate)), ""
        )
        terms = _present_columns(rule[operation], file_columns) if operation else []
        if terms:
            less, percent = (
                _present_columns(rule.get("less", ()), file_columns),
                _present_columns(rule.get("less_percent", ()), file_columns),
            )
            calculations.append(
                Calculated(f"field:{name}", operation, tuple(terms), next(iter(less), ""), next(iter(percent), "")
                )
            )  # fmt: skip
    return calculations


def _present_columns(given: Any, file_columns: Mapping[str, str]) -> list[str]:
    """Return for each term the column of the file that feeds it, by whichever of its names."""
    terms = [given] if isinstance(given, str) else given
    columns = [
        next((file_columns[fold(name)] for name in as_names(term) if fold(name) in file_columns), "") for term in terms
    ]
    return list(dict.fromkeys(filter(None, columns)))


def with_calculations(table: Table, rows: Iterable[Calculated], header: Iterable[str]) -> Table:
    """Return the table with these calculations and no others; one that says what stood there keeps its other names."""
    table = deepcopy(table)
    before = {row.key: row for row in calculations_of(table, header)}
    wanted = {row.key: row for row in rows if row.key and row.columns}
    for key, row in before.items():
        _, name = parts_of(key)
        if wanted.get(key) == row:
            continue
        rule = {word: value for word, value in table["fields"][name].items() if word not in CALCULATING}
        table["fields"][name] = rule
        if key not in wanted and not (rule.get("column") or "value" in rule):
            del table["fields"][name]
    for key, row in wanted.items():
        if before.get(key) == row:
            continue
        _, name = parts_of(key)
        rule = table.setdefault("fields", {}).get(name) or {}
        rule = dict(rule) if isinstance(rule, dict) else {"column": rule}
        rule |= {row.operation: list(row.columns)}
        if row.operation != JOIN:
            rule |= {"less": [row.less]} if row.less else {}
            rule |= {"less_percent": row.less_percent} if row.less_percent else {}
        table["fields"][name] = {word: value for word, value in rule.items() if word != "value"}
    return table


CALCULATING = {"product", "sum", JOIN, "less", "less_percent"}


# the row filter


def filters_of(table: Table, header: Iterable[str]) -> list[Filter]:
    """Return the conditions on columns that a file has."""
    file_columns, filters = index_headers(header), []
    for given in table.get("only", ()):
        if fold(given["column"]) not in file_columns:
            continue
        operator = next(key for key in given if key != "column")
        value = given[operator]
        filters.append(Filter(file_columns[fold(given["column"])], operator, ", ".join(map(_value_to_text, as_names(value))) if isinstance(value, list | str) else _value_to_text(value)))  # fmt: skip
    return filters


def with_filters(table: Table, rows: Iterable[Filter], header: Iterable[str]) -> Table:
    """Return the table with this row filter; words are separated by commas. Conditions on other files' columns stay."""
    file_columns = index_headers(header)
    given = [_filter_condition(row) for row in rows if row.column]
    given += [condition for condition in table.get("only", ()) if fold(condition["column"]) not in file_columns]
    rest = {key: value for key, value in table.items() if key != "only"}
    return {**rest, "only": given} if given else rest


def _filter_condition(row: Filter) -> dict[str, Any]:
    if row.operator in {"is_empty", "is_filled"}:
        return {"column": row.column, row.operator: True}
    if row.operator in {"is", "is_not", "contains", "contains_not"}:
        return {"column": row.column, row.operator: [word.strip() for word in row.value.split(",") if word.strip()]}
    return {"column": row.column, row.operator: row.value}


# words of coded columns


def rule_for(table: Table, column: str) -> tuple[str, dict[str, Any] | None]:
    """Return (what the column becomes, the rule that reads it); no rule where it is kept or left out."""
    key = target_of_column(table, column)
    part, name = parts_of(key)
    if not key.startswith(("field:", "link:")):
        return key, None
    rules = _as_rules(table[part][name])
    matching = next((rule for rule in rules if fold(column) in _folded_columns(rule)), None)
    return key, dict(matching) if isinstance(matching, dict) else {"column": matching}


def words_of(table: Table, column: str) -> ValueMap:
    """Return what the words of a column mean by the mapping."""
    _, rule = rule_for(table, column)
    return ValueMap.from_table(table.get("maps", {}).get((rule or {}).get("map", ""), {}))


def with_words(table: Table, kind: str, column: str, meanings: Mapping[str, str]) -> Table:
    """Return the table with the words of a column read so; an empty meaning leaves a word as it is."""
    key, rule = rule_for(table, column)
    if rule is None:
        return table
    known_meanings = words_of(table, column)
    changed = {word: value for word, value in meanings.items() if value != _value_to_text(known_meanings.get(word, ""))}
    if not changed:
        return table
    table = deepcopy(table)
    part, name = parts_of(key)
    gone = {fold(word) for word in changed}
    before = {word: value for word, value in table.get("maps", {}).get(rule.get("map", ""), {}).items() if fold(word) not in gone}  # fmt: skip
    new_meanings = {word: _parse_value(kind, key, value) for word, value in changed.items() if value}
    table["maps"] = {**table.get("maps", {}), f"words of {name}": new_meanings | before}
    return _replace_rule(table, part, name, column, {**rule, "map": f"words of {name}"})


# links


def lookup_of(table: Table, column: str) -> str:
    """Return by which key the link that a column feeds is looked up; empty where it feeds none."""
    key, rule = rule_for(table, column)
    if not key.startswith("link:") or rule is None:
        return ""
    return str(rule.get("by", "name" if parts_of(key)[1] == "territory" else "external_id"))


def with_lookup(table: Table, column: str, by: str) -> Table:
    """Return the table with the link of a column looked up by another key."""
    key, rule = rule_for(table, column)
    if by not in LOOKUPS or rule is None or lookup_of(table, column) in {"", by}:
        return table
    part, name = parts_of(key)
    return _replace_rule(deepcopy(table), part, name, column, {**rule, "by": by})


def lookups_for(kind: str, key: str) -> list[tuple[str, str]]:
    """Return the keys by which the records behind a link can be found."""
    part, name = parts_of(key)
    if part != "references":
        return []
    target = model_of(kind)._meta.get_field(name).related_model
    has = {field.name for field in target._meta.concrete_fields}  # type: ignore[union-attr]
    return [(by, label) for by, label in LOOKUPS.items() if by in has or (by == "any" and "external_id" in has)]


def _replace_rule(table: Table, part: str, name: str, column: str, rule: dict[str, Any]) -> Table:
    rules = table[part][name]
    if part == "references":
        table[part][name] = [
            rule if fold(column) in _folded_columns(other_rule) else other_rule for other_rule in _as_rules(rules)
        ]
    else:
        table[part][name] = rule
    return table


def _as_rules(rules: Any) -> list[Any]:
    if isinstance(rules, list) and any(isinstance(rule, dict) for rule in rules):
        return list(rules)
    return [rules]


def _folded_columns(rule: Any) -> set[str]:
    return {fold(name) for name in as_names(rule.get("column", ()) if isinstance(rule, dict) else rule)}
