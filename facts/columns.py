"""The types a fact's column may have, and what each is called in Arrow, DuckDB and Spark."""

import re
from dataclasses import dataclass

import pyarrow as pa

SIMPLE = {
    "string": (pa.string(), "VARCHAR", "STRING"),
    "int64": (pa.int64(), "BIGINT", "BIGINT"),
    "float64": (pa.float64(), "DOUBLE", "DOUBLE"),
    "boolean": (pa.bool_(), "BOOLEAN", "BOOLEAN"),
    "date": (pa.date32(), "DATE", "DATE"),
    "timestamp": (pa.timestamp("us", "UTC"), "TIMESTAMP WITH TIME ZONE", "TIMESTAMP"),
}
DECIMAL = re.compile(r"^decimal\((\d+),\s?(\d+)\)$")


class BadColumn(ValueError):
    """A declared column that no engine could read; the message says what to write instead."""


@dataclass(frozen=True)
class Column:
    """One column of a fact table: its name there, its type, and the table's own column that it copies.

    Types are `string`, `int64`, `float64`, `boolean`, `date`, `timestamp` (an aware moment) and `decimal(16,2)`.
    A source is a column of the declared model's own table: what lies behind a reference changes without the row.
    """

    name: str
    type: str
    source: str = ""

    def __post_init__(self) -> None:
        if self.name == "at":
            raise BadColumn(
                "A column cannot be named “at”, which is a keyword in DuckDB. Name the event, such as “closed_at”."
            )
        if self.type not in SIMPLE and not DECIMAL.match(self.type):
            raise BadColumn(
                f"{self.name}: the column type “{self.type}” does not exist. Use {', '.join(SIMPLE)} or decimal(16,2)."
            )

    @property
    def from_column(self) -> str:
        return self.source or self.name

    def quoted_name(self) -> str:
        """The table's own column in SQL."""
        return f'"{self.from_column}"'

    @property
    def arrow_type(self) -> pa.DataType:
        digits = DECIMAL.match(self.type)
        return pa.decimal128(int(digits[1]), int(digits[2])) if digits else SIMPLE[self.type][0]

    @property
    def duckdb_type(self) -> str:
        return self.type.upper() if DECIMAL.match(self.type) else SIMPLE[self.type][1]

    @property
    def spark_type(self) -> str:
        return self.type.upper() if DECIMAL.match(self.type) else SIMPLE[self.type][2]
