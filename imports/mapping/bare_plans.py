"""The plans by which the columns of a file are read, before it is known how its cells are written."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from imports.mapping.catalogue import FileKind
from imports.mapping.plan import Plan, make_plan
from imports.mapping.same_names import columns_read
from imports.mapping.schema import FieldRule, ObjectMapping
from imports.models import ImportFile
from team.models import Company


def columns_read_of(file: ImportFile) -> dict[str, str]:
    """Return which column of a file is read of names that several have."""
    return columns_read(file.header, file.detected.get("same_names", {}), file.answers)


def bare_plans(header: list[str], kind: FileKind, currency: str, read: Mapping[str, str] | None = None) -> list[Plan]:
    """Return the plans of a file, one for each mapping of its kind."""
    mappings = [expanded for mapping in kind.mappings for expanded in expand_column_mapping(mapping, header)]
    known_columns = set().union(*(mapping.known_columns for mapping in mappings))
    zone = Company.get().time_zone
    return [make_plan(mapping, kind.source, header, known_columns, currency, zone, read) for mapping in mappings]


def expand_column_mapping(mapping: ObjectMapping, header: Iterable[str]) -> Iterator[ObjectMapping]:
    """Yield the mapping, or one of it for each column that it is about, with the column's words filled in."""
    if mapping.each is None:
        yield mapping
        return
    for column in mapping.columns_like(header):
        match = mapping.each.fullmatch(column.strip())
        assert match
        placeholders = {"column": column, **{name: text or "" for name, text in match.groupdict().items()}}
        fields = tuple(_fill_placeholders(rule, placeholders) for rule in mapping.fields)
        yield replace(mapping, fields=fields, column=column)


def _fill_placeholders(rule: FieldRule, placeholders: dict[str, str]) -> FieldRule:
    value = _replace_placeholders(rule.value, placeholders) if isinstance(rule.value, str) else rule.value
    return replace(
        rule, value=value, columns=tuple(_replace_placeholders(column, placeholders) for column in rule.columns)
    )


def _replace_placeholders(text: str, placeholders: dict[str, str]) -> str:
    for name, replacement in placeholders.items():
        text = text.replace(f"{{{name}}}", replacement)
    return text
