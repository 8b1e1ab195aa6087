"""What Ibis lacks. Columns that only one company has: a record keeps them in `custom`, a JSON object that facts hold as text."""

from datetime import datetime

import ibis
import ibis.expr.types as ir

DUCKDB_MACROS = """CREATE OR REPLACE MACRO custom_value(document, name) AS
    json_extract_string(document, '$."' || replace(name, '"', '\\"') || '"');
CREATE OR REPLACE MACRO whole_seconds(moment) AS CAST(floor(epoch(moment)) AS BIGINT)"""
SPARK_FUNCTIONS = (
    """CREATE OR REPLACE TEMPORARY FUNCTION custom_value(document STRING, name STRING) RETURNS STRING
    RETURN get_json_object(document, concat("$['", name, "']"))""",
    "CREATE OR REPLACE TEMPORARY FUNCTION whole_seconds(moment TIMESTAMP) RETURNS BIGINT RETURN unix_seconds(moment)",
)


@ibis.udf.scalar.builtin
def custom_value(document: str, field: str) -> str:  # type: ignore[empty-body]  # each engine has it under this name
    ...


def custom_field(table: ir.Table, name: str) -> ir.StringValue:
    """Return a custom field of each row as text, null where the row has none; the same on both engines."""
    return custom_value(table["custom"], name)  # type: ignore[return-value]


@ibis.udf.scalar.builtin(name="whole_seconds")
def unix_seconds(moment: datetime) -> int:  # type: ignore[empty-body]
    """Return the whole seconds since 1970 of an aware moment.

    Ibis' own counts the local clock on DuckDB; what Spark calls so is put into SQL that rounds there.
    """
