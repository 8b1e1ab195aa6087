"""Values that a mapping gives to every row, or to the rows whose cell is empty: written plainly, whatever the file does."""

import pandas as pd
from django.db import connection, models

from imports.parsing import column_values
from imports.parsing.numbers import POINT


def constant_column(
    field: "models.Field[object, object]", given: object, rows: pd.Index, reads: str = "", zone: str = "UTC"
) -> pd.Series:
    """Return the value as the column of a field, the same in every row."""
    written = ("t" if given else "f") if isinstance(given, bool) else str(given)
    return _read_constant(field, written, reads, zone)[0].iloc[[0] * len(rows)].set_axis(rows)


def constant_error(field: "models.Field[object, object]", given: str, reads: str = "") -> str:
    """Say why a field cannot hold the value; empty where it can."""
    if not given or not _read_constant(field, given, reads)[1][0]:
        return ""
    return f"“{given[:60]}” {_remedy(field, reads)}"


def _read_constant(
    field: "models.Field[object, object]", given: str, reads: str, zone: str = "UTC"
) -> column_values.ReadColumn:
    cell = pd.Series([given], dtype="str")
    if field.choices:
        return cell, ~cell.isin([*(str(value) for value, _ in field.choices), ""]).to_numpy()
    if reads == "percent":
        return column_values.read_scaled_numbers(cell.str.rstrip(" %"), column_values.percent_to_fraction)
    if isinstance(field, models.DateTimeField):
        return column_values.read_times(cell, (), zone)
    if isinstance(field, models.DateField):
        return column_values.read_days(cell, ())
    if isinstance(field, models.DecimalField):
        return column_values.read_numbers(cell, POINT)
    if isinstance(field, models.IntegerField):
        return column_values.read_integers(cell, *connection.ops.integer_field_range(field.get_internal_type()))
    if isinstance(field, models.BooleanField):
        return column_values.read_booleans(cell, nullable=True)
    if field.name == "currency":
        return column_values.read_currencies(cell)
    return column_values.read_text(cell, field.max_length if isinstance(field, models.CharField) else None)


def _remedy(field: "models.Field[object, object]", reads: str) -> str:
    if field.choices:
        return f"is not possible here. Choose one of: {', '.join(str(value) for value, _ in field.choices)}."
    if reads == "percent":
        return "is not a percentage. Write a number from 0 to 100."
    if isinstance(field, models.DateField):
        return "is not a valid date. Write it as 2025-03-31."
    if isinstance(field, models.DecimalField | models.IntegerField):
        return "is not a valid number. Write it as 1234.50."
    if isinstance(field, models.BooleanField):
        return "is neither yes nor no. Write yes or no."
    if field.name == "currency":
        return "is not a currency. Write three letters, like EUR."
    return f"is too long. Use at most {getattr(field, 'max_length', 255)} characters."
