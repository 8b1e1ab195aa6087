"""How the records behind a number are listed: by the columns that their kind declares, and with what is fetched with them."""

from dataclasses import dataclass
from typing import Any, Self

from core.formatting import format_exact
from crm.record_kind import Column
from crm.registry import kinds_by_plural


@dataclass(frozen=True)
class Cell:
    column: Column
    value: Any
    currency: str = ""

    @classmethod
    def of(cls, column: Column, record: Any) -> Self:
        """Find the value of a column on a record."""
        value: Any = record
        for name in column.path.split("."):
            value = getattr(value, name, None)
        return cls(column, value() if callable(value) else value, getattr(record, "currency", ""))

    @property
    def is_number(self) -> bool:
        return self.column.kind in {"money", "percent", "count"}

    @property
    def text(self) -> str:
        """Write the value for a sheet: numbers in full and bare, days as ISO, booleans as Yes or No."""
        if self.value is None:
            return ""
        if isinstance(self.value, bool):
            return "Yes" if self.value else "No"
        return self.value.isoformat() if hasattr(self.value, "isoformat") else str(self.value)

    @property
    def written(self) -> str:
        """Write a number in full for the page."""
        return "–" if self.value is None else format_exact(self.value, self.column.kind, self.currency)


OUR_OWN: dict[str, tuple[Column, ...]] = {  # what happened here
    "handoffs": (
        Column("Lead", "lead.__str__"),
        Column("Handed to", "to_owner.name"),
        Column("Handed over", "started_at", "moment"),
        Column("Due", "due_at", "moment"),
        Column("First response", "answered_at", "moment"),
        Column("Ended", "ended_at", "moment"),
        Column("How", "get_end_display"),
    ),
    "verdicts": (
        Column("Lead", "lead.__str__"),
        Column("Verdict", "get_answer_display"),
        Column("Criterion", "criterion"),
        Column("Note", "note"),
        Column("Rating", "rating", "count"),
        Column("By", "given_by.__str__"),
        Column("Given", "given_at", "moment"),
    ),
}


def columns_of(table: str, *, is_stock: bool = False) -> tuple[Column, ...]:
    """Return the columns of a table; of those open on a day, such as deals, a kind of record may list others."""
    if table in OUR_OWN:
        return OUR_OWN[table]
    kind = kinds_by_plural()[table]
    return kind.stock_columns if is_stock and kind.stock_columns else kind.columns


def related_paths(columns: tuple[Column, ...]) -> tuple[str, ...]:
    """Return the references that the columns look through, to be fetched in the same query."""
    return tuple({column.path.partition(".")[0]: None for column in columns if "." in column.path})
