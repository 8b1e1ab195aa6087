"""Cells that can be read and cannot be meant: years far off, numbers beyond their field, dates that mean no date."""

import pandas as pd
from django.db import models

from core.dates import OUT_OF_BOUNDS
from imports.load.checks import Checks
from imports.mapping.plan import PlannedField
from imports.parsing import column_values
from imports.parsing.notes import EMPTY_DATES, Notes, add_note

ENDS = {"valid_until"}  # without it an exchange rate holds a few days only


def check_bounds(planned: PlannedField, header: str, raw: pd.Series, values: pd.Series, checks: Checks) -> None:
    """Refuse a date that cannot be meant, and a number with more digits than its field holds."""
    field = planned.model_field
    if isinstance(field, models.DateField):
        checks.refuse(
            column_values.is_out_of_bounds(values),
            header,
            lambda row: f"{quote_cell(str(raw.iat[row]))} {OUT_OF_BOUNDS}",
        )
    if isinstance(field, models.DecimalField):
        digits = field.max_digits - field.decimal_places
        checks.refuse(
            column_values.has_too_many_digits(values, digits),
            header,
            lambda row: f"{quote_cell(str(raw.iat[row]))} is too large; at most {digits} digits fit before the point",
        )


def blank_empty_dates(frame: pd.DataFrame, planned: PlannedField, notes: Notes) -> pd.DataFrame:
    """Empty the cells in which a system wrote a date because it had none; an end that is needed is the last day."""
    if planned.model_field.name in ENDS:
        return frame.assign(**{name: column_values.replace_open_ends(frame[name]) for name in planned.headers})
    return frame.assign(**{name: blank_empty_dates_of(frame[name], notes) for name in planned.headers})


def blank_empty_dates_of(column: pd.Series, notes: Notes) -> pd.Series:
    """Empty such cells of one column, and count them."""
    column, fillers = column_values.split_empty_dates(column)
    if len(fillers):
        add_note(notes, EMPTY_DATES, len(fillers), str(fillers.iat[0]))
    return column


def quote_cell(cell: str) -> str:
    """Quote a cell, shortened."""
    return f"“{cell[:60]}{'…' if len(cell) > 60 else ''}”"
