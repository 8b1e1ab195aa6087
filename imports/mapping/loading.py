"""Parse TOML files to mappings, with a clear error message where one is wrong."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models

from crm.record_kind import kind_of
from imports.mapping.conditions import COMPARISONS, CONDITIONS
from imports.mapping.constants import constant_error
from imports.mapping.header_aliases import LABELS, with_labels
from imports.mapping.schema import (
    BackLink,
    Calculation,
    Condition,
    FieldRule,
    MappingError,
    ObjectMapping,
    Reference,
    Refinement,
    Source,
    ValueMap,
    model_of,
)
from imports.models import CustomType

KEYS = {
    "object", "file", "id", "needs", "ignore", "custom", "id_may_be_empty", "drop_when", "fields", "references",
    "maps", "copies", "back_links", "rules", "each", "keep_when", "id_from", "title", "about", "id_about", "id_example",
    "custom_fields", "custom_about", "only", "deleted_when", "merged_into", "merged_ids",
}  # fmt: skip
READ_AS = {
    "", "percent", "millions", "minutes", "email", "domain", "day before", "direction", "incoming", "undelivered",
}  # fmt: skip
LOOKUPS = {"external_id", "email", "domain", "name", "any"}
OPERATIONS = ("product", "sum")
FLAGS = {"won", "lost", "closed"}
TEMPLATE_KEYS = {"required", "about", "example"}  # what a template says of a column
FINISHING_RULES = {"link_only_won_opportunity", "tell_each_change_once"}


def read_source(folder: Path, mappings: Iterable[ObjectMapping]) -> Source:
    """Read `source.toml` of a folder of mappings; a folder without one gets the defaults."""
    path = folder / "source.toml"
    table = load_toml(path) if path.exists() else {}
    return Source(
        name=folder.name,
        title=table.get("title", folder.name.capitalize()),
        currency=table.get("currency", ""),
        time_zone=table.get("time_zone", ""),
        nulls=frozenset(table.get("nulls", ())),
        dates=tuple(table.get("dates", ())),
        times=tuple(table.get("times", ())),
        is_templates=table.get("templates", False),
        accompanies=table.get("accompanies", False),
        mappings=tuple(mappings),
    )


def read_mapping(path: Path) -> ObjectMapping:
    """Read one mapping and check it against the records it writes.

    Raises:
        MappingError: the file cannot be read or names something that is not there.
    """
    try:
        return parse_mapping(path, load_mapping(path))
    except (MappingError, KeyError, TypeError, AttributeError, re.error) as error:
        message = f"“{error.args[0]}” is missing" if isinstance(error, KeyError) else str(error)
        raise MappingError(f"{path.parent.name}/{path.name}: {message}") from error


def load_mapping(path: Path) -> dict[str, Any]:
    """Return a mapping as its file says it, each column by all the labels that `labels.toml` beside it knows."""
    labels = path.parent / LABELS
    return with_labels(load_toml(path), load_toml(labels)) if labels.exists() else load_toml(path)


def load_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise MappingError(f"{path.parent.name}/{path.name}: {error}") from error


def parse_mapping(path: Path, table: Mapping[str, Any]) -> ObjectMapping:
    """Return the mapping that a table says; `path` names it, and its folder the source."""
    _check_keys(table, KEYS, "the file")
    maps = {name: ValueMap.from_table(listed) for name, listed in table.get("maps", {}).items()}
    kind = table.get("object", path.name.split(".")[0])
    mapping = ObjectMapping(
        source=path.parent.name,
        path=f"{path.parent.name}/{path.name}",
        object=kind,
        file=table.get("file", kind),
        id_columns=_as_names(table.get("id", ()) if "id_from" in table else table["id"]),
        id_from=_as_names(table.get("id_from", ())),
        each=re.compile(table["each"]) if "each" in table else None,
        keep_when=tuple((column, _as_names(values)) for column, values in table.get("keep_when", {}).items()),
        fields=tuple(_parse_field(name, rule, maps) for name, rule in table.get("fields", {}).items()),
        references=tuple(
            _parse_references(name, rule, maps, kind) for name, rule in table.get("references", {}).items()
        ),
        needs=tuple(_as_names(need) for need in table.get("needs", ())),
        ignore=tuple(table.get("ignore", ())),
        keeps_custom=table.get("custom", True),
        custom_types=_parse_custom_types(table.get("custom_fields", {})),
        id_may_be_empty=table.get("id_may_be_empty", False),
        drop_when=tuple((column, _as_names(values)) for column, values in table.get("drop_when", {}).items()),
        deleted_when=tuple((column, _as_names(listed)) for column, listed in table.get("deleted_when", {}).items()),
        merged_into=_as_names(table.get("merged_into", ())),
        merged_ids=_as_names(table.get("merged_ids", ())),
        only=tuple(_parse_condition(given) for given in table.get("only", ())),
        copies=tuple(_parse_copy(name, origin) for name, origin in table.get("copies", {}).items()),
        back_links=tuple(_parse_back_link(link) for link in table.get("back_links", ())),
        rules=tuple(table.get("rules", ())),
    )
    _check_mapping(mapping)
    return mapping


def _parse_field(name: str, rule: Any, maps: Mapping[str, ValueMap]) -> FieldRule:
    if not isinstance(rule, dict):
        return FieldRule(name, columns=_as_names(rule))
    _check_keys(
        rule,
        {
            "column", "join", "product", "sum", "less", "less_percent", "value", "default", "as", "map", "empty", "when",
            "unless", "refine", "flags", *TEMPLATE_KEYS,
        },
        name,
    )  # fmt: skip
    refine = rule.get("refine")
    return FieldRule(
        name=name,
        columns=_as_names(rule.get("column", ())),
        join=_as_names(rule.get("join", ())),
        calculation=_parse_calculation(name, rule),
        value=rule.get("value"),
        default=rule.get("default"),
        reads=_check_word(rule.get("as", ""), READ_AS, f"{name}: as"),
        map=maps[rule["map"]] if "map" in rule else None,
        empty=_as_names(rule.get("empty", ())),
        when=tuple((field, _as_names(values)) for field, values in rule.get("when", {}).items()),
        unless=tuple((column, _as_names(listed)) for column, listed in rule.get("unless", {}).items()),
        refine=Refinement(refine["value"], _as_names(refine["column"]), maps[refine["map"]]) if refine else None,
        flags=tuple(
            (_check_word(flag, FLAGS, f"{name}: flags"), _as_names(cols))
            for flag, cols in rule.get("flags", {}).items()
        ),
        required=rule.get("required", False),
    )


def _parse_calculation(name: str, rule: Mapping[str, Any]) -> Calculation | None:
    given = [operation for operation in OPERATIONS if operation in rule]
    if len(given) > 1:
        raise MappingError(f"{name} has both a product and a sum; keep one of them")
    if not given:
        if {"less", "less_percent"} & set(rule):
            raise MappingError(f"{name}: “less” takes off a product or a sum; add one of them")
        return None
    return Calculation(
        given[0],
        _parse_terms(rule[given[0]]),
        _parse_terms(rule.get("less", ())),
        _as_names(rule.get("less_percent", ())),
    )


def _parse_terms(given: Any) -> tuple[tuple[str, ...], ...]:
    return tuple(_as_names(term) for term in ((given,) if isinstance(given, str) else given))


def _parse_condition(given: Mapping[str, Any]) -> Condition:
    _check_keys(given, {"column", *CONDITIONS}, "only")
    operators = [key for key in given if key != "column"]
    if len(operators) != 1:
        raise MappingError(f"only: “{given['column']}” needs one comparison of {', '.join(sorted(CONDITIONS))}")
    value = given[operators[0]]
    values = _as_names(value) if isinstance(value, str | list) else (str(value).lower(),)
    if operators[0] in COMPARISONS:
        try:
            Decimal(values[0])
        except (InvalidOperation, IndexError):
            raise MappingError(f"only: “{given['column']}” {operators[0]} needs a number, like 100") from None
    return Condition(given["column"], operators[0], tuple(map(str, values)))


def _parse_references(name: str, rule: Any, maps: Mapping[str, ValueMap], kind: str) -> tuple[Reference, ...]:
    rules = rule if isinstance(rule, list) else [rule]
    return tuple(
        _parse_reference(name, alternative if isinstance(alternative, dict) else {"column": alternative}, maps, kind)
        for alternative in rules
    )


def _parse_reference(name: str, rule: dict[str, Any], maps: Mapping[str, ValueMap], kind: str) -> Reference:
    _check_keys(
        rule,
        {"column", "value", "default", "by", "stub", "match", "split", "map", "empty", "join", "exact", *TEMPLATE_KEYS},
        name,
    )
    target = _linked_kind(kind, name)
    by = rule.get("by", "name" if target == "territory" else "external_id")
    return Reference(
        name=name,
        to=target,
        columns=_as_names(rule.get("column", ()) if {"value", "join"} & rule.keys() else rule["column"]),
        value=str(rule.get("value", "")),
        default=str(rule.get("default", "")),
        join=_as_names(rule.get("join", ())),
        exact=rule.get("exact", False),
        by=_check_word(by, LOOKUPS, f"{name}: by"),
        stub=rule.get("stub", False),
        match=re.compile(rule["match"]) if "match" in rule else None,
        split=rule.get("split", ""),
        map=maps[rule["map"]] if "map" in rule else None,
        empty=_as_names(rule.get("empty", ())),
        required=rule.get("required", False),
    )


def _linked_kind(kind: str, name: str) -> str:
    """Return the kind of record that a link of this kind points to, as mappings write it."""
    related = _model_field(kind, name).related_model
    if related is None:
        raise MappingError(f"“{name}” of {kind} is not a link; list it under [fields]")
    return kind_of(related)


def _parse_copy(name: str, origin: str) -> tuple[str, str, str]:
    link, _, field = origin.partition(".")
    return name, link, field


def _parse_back_link(link: dict[str, Any]) -> BackLink:
    _check_keys(link, {"to", "custom", "by"}, "back_links")
    kind, _, name = link["to"].partition(".")
    by = _check_word(link.get("by", "external_id"), {"external_id", "name"}, "back_links: by")
    return BackLink(kind, name, _as_names(link["custom"]), by)


def _parse_custom_types(given: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    types = set(CustomType.values)
    return tuple((column, _check_word(kind, types, f"custom_fields: {column}")) for column, kind in given.items())


def _as_names(given: Any) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _check_keys(table: Mapping[str, Any], allowed: set[str], where: str) -> None:
    unknown = set(table) - allowed
    if unknown:
        raise MappingError(f"{where} has “{sorted(unknown)[0]}”; known are {', '.join(sorted(allowed))}")


def _check_word(word: str, allowed: set[str], where: str) -> str:
    if word not in allowed:
        raise MappingError(f"{where} = “{word}”; use one of {', '.join(sorted(allowed - {''}))}")
    return word


def _check_mapping(mapping: ObjectMapping) -> None:
    model_of(mapping.object)
    for rule in mapping.fields:
        field = _model_field(mapping.object, rule.name)
        if field.related_model:
            raise MappingError(f"“{rule.name}” of {mapping.object} is a link; list it under [references]")
        if rule.calculation and not isinstance(field, models.DecimalField | models.IntegerField):
            raise MappingError(f"“{rule.name}” of {mapping.object} is not a number, so no calculation is possible")
        for constant in (rule.value, rule.default):
            if (
                isinstance(constant, str)
                and not mapping.each
                and (fault := constant_error(field, constant, rule.reads))
            ):
                raise MappingError(f"{rule.name}: {fault}")
    for name, link, origin in mapping.copies:
        _model_field(mapping.object, name)
        _model_field(_linked_kind(mapping.object, link), origin)
    for back in mapping.back_links:
        _model_field(back.model, back.name)
    for rule_name in mapping.rules:
        _check_word(rule_name, FINISHING_RULES, "rules")


def _model_field(kind: str, name: str) -> Any:
    try:
        return model_of(kind)._meta.get_field(name)
    except FieldDoesNotExist:
        raise MappingError(f"{kind} has no field “{name}”") from None
