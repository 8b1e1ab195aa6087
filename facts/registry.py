"""Which tables the facts hold. Each app declares its own in a module `facts.py`, found when Django starts."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
from django.db import models

from facts.columns import BadColumn, Column
from facts.models import Recorded

__all__ = [
    "BadColumn", "Column", "DerivedTable", "FactTable", "all_tables", "columns_of", "derived_tables", "find_declaration",
    "get_table", "register_derived_table", "register_table",
]  # fmt: skip


CONTENT = "plausible dates only"  # part of the shape: change it when exports leave out other values, to rebuild all


@dataclass(frozen=True)
class FactTable:
    """A columnar copy of one model's rows; its key column is always `id`."""

    name: str
    model: type[models.Model]
    columns: tuple[Column, ...]

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        if names[:1] != ["id"] or len(set(names)) != len(names):
            raise BadColumn(f"{self.name}: the columns start with “id” and no name comes twice.")

    @property
    def source(self) -> str:
        """The table in Postgres."""
        return self.model._meta.db_table

    @property
    def is_stamped(self) -> bool:
        """Whether Postgres knows which rows changed; a table that does not is copied whole, which suits small ones."""
        return issubclass(self.model, Recorded)

    @property
    def arrow_schema(self) -> pa.Schema:
        return pa.schema([(column.name, column.arrow_type) for column in self.columns])

    @property
    def shape(self) -> str:
        """A digest of the declaration: when it changes, the table is rebuilt."""
        parts = [CONTENT, *(f"{column.name}:{column.type}:{column.from_column}" for column in self.columns)]
        return hashlib.sha256("\n".join([self.source, *parts]).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class DerivedTable:
    """A table that a step of the nightly run computes from the facts; it has no rows in Postgres. Its key is `id`.

    `content` is part of the shape: change it when the same inputs give other rows, so that they are computed again.
    """

    name: str
    columns: tuple[Column, ...]
    content: str = ""

    @property
    def arrow_schema(self) -> pa.Schema:
        return pa.schema([(column.name, column.arrow_type) for column in self.columns])

    @property
    def shape(self) -> str:
        parts = [self.content, *(f"{column.name}:{column.type}" for column in self.columns)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


_tables: dict[str, FactTable] = {}
_derived: dict[str, DerivedTable] = {}


def register_table(table: FactTable) -> None:
    """Declare a table; its name must be new or already this model's."""
    registered = _tables.get(table.name)
    if registered and registered.model is not table.model:
        raise BadColumn(
            f"Two models want the fact table {table.name}: {registered.model.__name__}, {table.model.__name__}."
        )
    _tables[table.name] = table


def all_tables() -> dict[str, FactTable]:
    return dict(_tables)


def get_table(name: str) -> FactTable:
    try:
        return _tables[name]
    except KeyError:
        raise KeyError(f"The fact table {name} does not exist. Available: {', '.join(sorted(_tables))}.") from None


def register_derived_table(table: DerivedTable) -> None:
    """Declare a table that is computed from others; its name must be new."""
    if table.name in _tables or _derived.get(table.name, table) != table:
        raise BadColumn(f"Two fact tables are called {table.name}.")
    _derived[table.name] = table


def derived_tables() -> dict[str, DerivedTable]:
    return dict(_derived)


def find_declaration(name: str) -> FactTable | DerivedTable:
    """Return the table of either kind."""
    return _derived[name] if name in _derived else get_table(name)


def columns_of(
    model: type[models.Model], *, leave_out: frozenset[str] = frozenset(), rename: Mapping[str, str] | None = None
) -> tuple[Column, ...]:
    """Return a column for every field of the model but those left out; a reference becomes `<name>_id`."""
    fields = [field for field in model._meta.concrete_fields if field.name not in leave_out]
    fields.sort(key=lambda field: not field.primary_key)
    return tuple(
        Column((rename or {}).get(field.name, field.attname), _column_type(field), str(field.column))
        for field in fields
    )


def _column_type(field: models.Field) -> str:
    if isinstance(field, models.ForeignKey):
        field = field.target_field
    if isinstance(field, models.DecimalField):
        return f"decimal({field.max_digits},{field.decimal_places})"
    for kind, name in TYPES.items():
        if isinstance(field, kind):
            return name
    raise BadColumn(
        f"{field}: a fact has no type for {type(field).__name__}. Declare the column by hand, or leave it out."
    )


TYPES: dict[type[models.Field], str] = {
    models.BooleanField: "boolean",
    models.IntegerField: "int64",
    models.FloatField: "float64",
    models.DateTimeField: "timestamp",
    models.DateField: "date",
    models.JSONField: "string",
    models.CharField: "string",
    models.TextField: "string",
}
