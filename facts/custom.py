"""What Ibis lacks. Columns that only one company has: a record keeps them in `custom`, a JSON object that facts hold as text."""

from datetime import datetime

import ibis
import ibis.expr.types as ir

DUCKDB = """CREATE OR REPLACE MACRO custom_value(document, name) AS
    json_extract_string(document, '$."' || replace(name, '"', '\\"') || '"');
CREATE OR REPLACE MACRO unix_seconds(moment) AS CAST(floor(epoch(moment)) AS BIGINT)"""  # Spark has it
SPARK = """CREATE OR REPLACE TEMPORARY FUNCTION custom_value(document STRING, name STRING) RETURNS STRING
    RETURN get_json_object(document, concat("$['", name, "']"))"""


@ibis.udf.scalar.builtin
def custom_value(document: str, field: str) -> str:  # type: ignore[empty-body]  # each engine has it under this name
    ...


def custom_field(table: ir.Table, name: str) -> ir.StringValue:
    """Return a custom field of each row as text, null where the row has none; the same on both engines."""
    return custom_value(table["custom"], name)  # type: ignore[return-value]


@ibis.udf.scalar.builtin
def unix_seconds(moment: datetime) -> int:  # type: ignore[empty-body]
    """Return the seconds since 1970 of an aware moment; Ibis' own counts the local clock on DuckDB."""
