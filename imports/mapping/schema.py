"""What a mapping says, as data: which columns become which fields of which kind of record."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db import models

from crm.registry import UnknownKind, find_kind
from imports.parsing.headers import fold, name_parts, without_unit
from team.models import Territory

ALL = "*"  # of id_from: all that is read of a row


class MappingError(ValueError):
    """A mapping file says something that cannot be; the message names the file and what to change."""


@dataclass(frozen=True)
class ValueMap:
    """Values of the source to values of Accord; keys between slashes are patterns, tried after the plain ones."""

    exact: dict[str, Any]
    patterns: tuple[tuple[re.Pattern[str], Any], ...] = ()

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> "ValueMap":
        plain = {fold(key): value for key, value in table.items() if not _is_pattern(key)}
        patterns = [(re.compile(key[1:-1], re.IGNORECASE), value) for key, value in table.items() if _is_pattern(key)]
        return cls(plain, tuple(patterns))

    def get(self, word: str, default: Any = None) -> Any:
        folded = fold(word)
        if folded in self.exact:
            return self.exact[folded]
        return next((value for pattern, value in self.patterns if pattern.search(word)), default)


def _is_pattern(key: str) -> bool:
    return len(key) > 2 and key.startswith("/") and key.endswith("/")


@dataclass(frozen=True)
class Refinement:
    """A second column that may tell more, where the first gave `value`: lost, by a reason that means no decision."""

    value: str
    columns: tuple[str, ...]
    map: ValueMap


@dataclass(frozen=True)
class Calculation:
    """A number worked out from columns: their sum or product, less other columns, less a percentage.

    Each term is one column by all the names it may have. A product with an empty factor is unknown; what is empty in a sum,
    or among what is taken off, counts as nothing.
    """

    operation: str  # sum or product
    terms: tuple[tuple[str, ...], ...]
    less: tuple[tuple[str, ...], ...] = ()
    less_percent: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(name for names in (*self.terms, *self.less, self.less_percent) for name in names)


@dataclass(frozen=True)
class Condition:
    """What a cell must be for its row to be read: one operator of `CONDITIONS` and what it compares with."""

    column: str
    operator: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class FieldRule:
    """How one field is filled: the first of `columns` that has a value, else `join`, else `calculation`, else `default`."""

    name: str
    columns: tuple[str, ...] = ()
    join: tuple[str, ...] = ()
    calculation: Calculation | None = None
    value: Any = None  # a constant
    default: Any = None
    reads: str = ""  # percent, millions, minutes, email, domain; empty: what the field is
    map: ValueMap | None = None
    empty: tuple[str, ...] = ()  # words that mean "not given"
    when: tuple[tuple[str, tuple[str, ...]], ...] = ()  # only where these fields have these values
    unless: tuple[tuple[str, tuple[str, ...]], ...] = ()  # not in rows where these columns have these words
    refine: Refinement | None = None
    flags: tuple[tuple[str, tuple[str, ...]], ...] = ()  # (won, lost or closed, columns that say it of a deal)
    required: bool = False  # a row without it is refused


@dataclass(frozen=True)
class Reference:
    """A link to another record, named in the file by one of its keys."""

    name: str  # the field, without _id
    to: str  # kind of record, or "territory"
    columns: tuple[str, ...]
    by: str = "external_id"
    stub: bool = False  # make the other record if it is not there; a later row with its id fills it
    value: str = ""  # the same record in every row
    default: str = ""  # the record of rows that name none
    match: re.Pattern[str] | None = None  # only values that look like this
    split: str = ""  # several are named; the first counts
    map: ValueMap | None = None
    empty: tuple[str, ...] = ()
    required: bool = False
    join: tuple[str, ...] = ()  # columns that make its name together, where no column has it whole
    exact: bool = False  # only columns that are called just so: some exports tell ids from names by an underscore

    def headers_in(self, here: Mapping[str, str]) -> tuple[str, ...]:
        """Return the columns of a file that feed it; `here` is {folded name: column}."""
        headers = (here[fold(name)] for name in self.columns if fold(name) in here)
        return tuple(dict.fromkeys(column for column in headers if not self.exact or column in self.columns))


@dataclass(frozen=True)
class BackLink:
    """A link that the other side's file carries: a lead names the opportunity that it became."""

    model: str
    name: str
    columns: tuple[str, ...]  # any of them, as far as they are kept in `custom`, names the other
    by: str = "external_id"  # or "name", where one record alone has it


@dataclass(frozen=True)
class ObjectMapping:
    """One kind of record made from the rows of one kind of file."""

    source: str
    path: str
    object: str
    file: str
    id_columns: tuple[str, ...]
    fields: tuple[FieldRule, ...]
    references: tuple[tuple[Reference, ...], ...]  # per link: alternatives, the first whose column is there counts
    needs: tuple[tuple[str, ...], ...] = ()
    ignore: tuple[str, ...] = ()
    keeps_custom: bool = True
    custom_types: tuple[tuple[str, str], ...] = ()  # columns kept as custom fields of a type (CustomType)
    id_may_be_empty: bool = False
    id_from: tuple[str, ...] = ()  # fields and links that make the id of a row which has none of its own
    each: re.Pattern[str] | None = None  # one record for each column of the file that is named like this
    column: str = ""  # of such a mapping: the one column that it is about
    keep_when: tuple[tuple[str, tuple[str, ...]], ...] = ()  # only rows with these words make a record
    drop_when: tuple[tuple[str, tuple[str, ...]], ...] = ()
    deleted_when: tuple[tuple[str, tuple[str, ...]], ...] = ()  # rows with these words: the source deleted the record
    merged_into: tuple[str, ...] = ()  # columns with the id of the record that a row's own was merged into
    merged_ids: tuple[str, ...] = ()  # columns with the ids of records that were merged into the row's own
    only: tuple[Condition, ...] = ()  # only rows that meet all of these make a record
    copies: tuple[tuple[str, str, str], ...] = ()  # (field, link, field of the linked record)
    back_links: tuple[BackLink, ...] = ()
    rules: tuple[str, ...] = ()  # named rules that run when all files are in

    @property
    def numbers_rows(self) -> bool:
        """Return whether rows without an id differ in more than what makes their id: that is not a natural key."""
        is_key = find_kind(self.object).has_natural_key or self.id_from in {("email",), ("name",)}
        return bool(self.id_from) and self.each is None and not is_key

    def matches_headers(self, headers: Iterable[str]) -> bool:
        headers = list(headers)
        folded = {name_parts(header) for header in (*headers, *map(without_unit, headers))}
        is_met = all(any(name_parts(name) in folded for name in names) for names in self.needs)
        return is_met and (self.each is None or bool(self.columns_like(headers)))

    def columns_like(self, headers: Iterable[str]) -> list[str]:
        """Return the columns of which each makes a record of its own."""
        return [header for header in headers if self.each and self.each.fullmatch(header.strip())]

    @cached_property
    def known_columns(self) -> set[str]:
        """Folded names of all columns that this mapping reads or ignores."""
        return {fold(name) for name in self._named_columns}

    @property
    def _named_columns(self) -> list[str]:
        names = [*self.id_columns, *self.ignore, *(column for column, _ in (*self.drop_when, *self.keep_when))]
        names += [*(column for column, _ in self.deleted_when), *self.merged_into, *self.merged_ids]
        names += [condition.column for condition in self.only] + [name for name, _ in self.custom_types]
        for rule in self.fields:
            names += [*rule.columns, *rule.join, *(rule.refine.columns if rule.refine else ())]
            names += rule.calculation.columns if rule.calculation else ()
            names += [column for _, columns in rule.flags for column in columns]
        for reference in self.all_references:
            names += [*reference.columns, *reference.join]
        return names

    @cached_property
    def known_names(self) -> set[tuple[str, ...]]:
        """Names of all columns that this mapping reads, ignores or asks for, as a file is recognised by them."""
        needed = [name for names in self.needs for name in names]
        return {name_parts(name) for name in (*self._named_columns, *needed)}

    @property
    def required_columns(self) -> list[tuple[str, ...]]:
        """Return the columns without which each row is refused, by all names that each of them may have."""
        rules: list[FieldRule | Reference] = [*self.fields, *self.all_references]
        return [rule.columns for rule in rules if rule.required and rule.columns]

    @property
    def all_references(self) -> list[Reference]:
        return [reference for alternatives in self.references for reference in alternatives]


@dataclass(frozen=True)
class Source:
    """A kind of system that files come from, and the formats of its files."""

    name: str
    title: str
    currency: str = ""  # where nothing else names one
    time_zone: str = ""  # of times written without; empty: the company's
    nulls: frozenset[str] = frozenset()
    dates: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    is_templates: bool = False  # sheets that people fill in: one is known by most of its columns, not by a few
    accompanies: bool = False  # tables that go with those of any system, like exchange rates
    mappings: tuple[ObjectMapping, ...] = field(default=(), repr=False)


def field_of(model: type[models.Model], name: str) -> models.Field:
    """Return a field of the model itself, never a reverse relation."""
    field = model._meta.get_field(name)
    assert isinstance(field, models.Field)
    return field


def column_of(model: type[models.Model], name: str) -> str:
    """Return the database column of a field."""
    return str(field_of(model, name).column)


def model_of(kind: str) -> type[models.Model]:
    """Return the model of a kind of record as mappings name it (opportunity, stage_change, territory)."""
    if kind == "territory":
        return Territory
    try:
        return find_kind(kind).model
    except UnknownKind:
        raise MappingError(f"the kind of record “{kind}” does not exist") from None
