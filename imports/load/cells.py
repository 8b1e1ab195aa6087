"""The cells of one column as values of the field that they feed, and in words why a cell is none."""

from collections.abc import Iterable

import pandas as pd
from django.db import connection, models

from imports.load import row_currency
from imports.load.bounds import quote_cell
from imports.load.directions import read_direction, read_incoming, read_undelivered
from imports.mapping.plan import Plan, PlannedField
from imports.parsing import column_values

DIRECTIONS = {"direction": read_direction, "incoming": read_incoming, "undelivered": read_undelivered}
NO_DATE = "is not a valid date. Use YYYY-MM-DD, such as 2025-03-31"
NO_NUMBER = "is not a valid number, or too large. Write it as 1234.50"
NO_BOOLEAN = "is neither yes nor no"


def read_cells(planned: PlannedField, column: pd.Series, plan: Plan) -> column_values.ReadColumn:
    decimal = plan.options.decimal_of(planned.headers)
    match planned.rule.reads:
        case "percent":
            return column_values.read_scaled_numbers(
                column.str.rstrip(" %"), column_values.percent_to_fraction, decimal
            )
        case "millions":
            return column_values.read_scaled_numbers(column, column_values.millions_to_units, decimal)
        case "minutes":
            return column_values.read_scaled_numbers(column, column_values.minutes_to_seconds, decimal)
        case "direction" | "incoming" | "undelivered":
            return DIRECTIONS[planned.rule.reads](column)
        case "day before":
            days, wrong = _read_field_type(planned, column, plan)
            return days - pd.Timedelta(days=1), wrong
        case "email":
            column = column_values.normalise_emails(column)
        case "domain":
            column = column_values.normalise_domains(column)
    return _read_field_type(planned, column, plan)


def _read_field_type(planned: PlannedField, column: pd.Series, plan: Plan) -> column_values.ReadColumn:
    """Read text as what the field is, in the manners of its columns."""
    model_field, manners, headers = planned.model_field, plan.options, planned.headers
    formats = (*plan.source.times, *plan.source.dates)
    if isinstance(model_field, models.DateTimeField):
        return column_values.read_times(
            column, formats, manners.zone_of(headers, plan.zone), manners.order_of(headers), plan.home
        )
    if isinstance(model_field, models.DateField):
        return read_days(column, headers, plan)
    if isinstance(model_field, models.DecimalField):
        return column_values.read_numbers(column, manners.decimal_of(headers))
    if isinstance(model_field, models.IntegerField):
        bounds = connection.ops.integer_field_range(model_field.get_internal_type())
        return column_values.read_integers(column, *bounds, manners.decimal_of(headers))
    if isinstance(model_field, models.BooleanField):
        return column_values.read_booleans(column, model_field.null)
    if model_field.name == "currency":
        return column_values.read_currencies(column)
    if model_field.choices:
        return column, ~column.isin([str(value) for value, _ in model_field.choices]).to_numpy()
    return column_values.read_text(column, model_field.max_length)


def read_days(column: pd.Series, headers: Iterable[str], plan: Plan) -> column_values.ReadColumn:
    """Read days; of times the day that they are on the company's clock."""
    manners, formats = plan.options, (*plan.source.times, *plan.source.dates)
    return column_values.read_days(
        column, formats, manners.order_of(headers), manners.zone_of(headers, plan.zone), plan.home
    )


def describe_cell_error(planned: PlannedField, plan: Plan, cell: str) -> str:
    model_field = planned.model_field
    quoted = quote_cell(cell)
    doubt = row_currency.describe_doubt(planned, plan, cell)
    if doubt:
        return f"{quoted} {doubt}"
    if planned.rule.reads == "percent":
        return f"{quoted} is not a percentage from 0 to 100"
    if isinstance(model_field, models.DateField):
        return f"{quoted} {NO_DATE}"
    if isinstance(model_field, models.DecimalField | models.IntegerField):
        return f"{quoted} {NO_NUMBER}"
    if isinstance(model_field, models.BooleanField):
        return f"{quoted} {NO_BOOLEAN}"
    if model_field.name == "currency":
        return f"{quoted} is not a currency; write it as EUR"
    if model_field.choices:
        return f"{quoted} is not one of {', '.join(str(value) for value, _ in model_field.choices)}"
    return f"The text has {len(cell)} characters; at most {model_field.max_length} fit"
