"""Columns that only one company has: a record keeps them in `custom`, a JSON object that facts hold as text."""

import ibis
import ibis.expr.types as ir

DUCKDB = """CREATE OR REPLACE MACRO custom_value(document, name) AS
    json_extract_string(document, '$."' || replace(name, '"', '\\"') || '"')"""
SPARK = """CREATE OR REPLACE TEMPORARY FUNCTION custom_value(document STRING, name STRING) RETURNS STRING
    RETURN get_json_object(document, concat("$['", name, "']"))"""


@ibis.udf.scalar.builtin
def custom_value(document: str, field: str) -> str:  # type: ignore[empty-body]  # each engine has it under this name
    ...


def custom_field(table: ir.Table, name: str) -> ir.StringValue:
    """Return a custom field of each row as text, null where the row has none; the same on both engines."""
    return custom_value(table["custom"], name)  # type: ignore[return-value]
