"""The plans by which the columns of a file are read, before it is known how its cells are written."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from imports.mapping.catalogue import FileKind
from imports.mapping.plan import Plan, make_plan
from imports.mapping.same_names import read_columns
from imports.mapping.schema import FieldRule, ObjectMapping
from imports.models import ImportFile
from team.models import Company


def read_of(file: ImportFile) -> dict[str, str]:
    """Return which column of a file is read of names that several have."""
    return read_columns(file.header, file.detected.get("same_names", {}), file.answers)


def bare_plans(header: list[str], kind: FileKind, currency: str, read: Mapping[str, str] | None = None) -> list[Plan]:
    """Return the plans of a file, one for each mapping of its kind."""
    mappings = [one for mapping in kind.mappings for one in for_each_column(mapping, header)]
    known = set().union(*(mapping.known_columns for mapping in mappings))
    zone = Company.get().time_zone
    return [make_plan(mapping, kind.source, header, known, currency, zone, read) for mapping in mappings]


def for_each_column(mapping: ObjectMapping, header: Iterable[str]) -> Iterator[ObjectMapping]:
    """Yield the mapping, or one of it for each column that it is about, with the column's words filled in."""
    if mapping.each is None:
        yield mapping
        return
    for column in mapping.columns_like(header):
        found = mapping.each.fullmatch(column.strip())
        assert found
        words = {"column": column, **{name: word or "" for name, word in found.groupdict().items()}}
        fields = tuple(_filled(rule, words) for rule in mapping.fields)
        yield replace(mapping, fields=fields, column=column)


def _filled(rule: FieldRule, words: dict[str, str]) -> FieldRule:
    value = _words(rule.value, words) if isinstance(rule.value, str) else rule.value
    return replace(rule, value=value, columns=tuple(_words(column, words) for column in rule.columns))


def _words(text: str, words: dict[str, str]) -> str:
    for name, word in words.items():
        text = text.replace(f"{{{name}}}", word)
    return text
