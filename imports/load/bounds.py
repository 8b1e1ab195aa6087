"""Cells that can be read and cannot be meant: years far off, numbers beyond their field, dates that stand for none."""

import pandas as pd
from django.db import models

from core.dates import OUT_OF_BOUNDS
from imports.load.checks import Checks
from imports.mapping.plan import PlannedField
from imports.parsing import column_values
from imports.parsing.notes import EMPTY_DATES, Notes, add_note

ENDS = {"valid_until"}  # without it an exchange rate holds a few days only


def check(planned: PlannedField, header: str, raw: pd.Series, found: pd.Series, checks: Checks) -> None:
    """Refuse a date that cannot be meant, and a number with more digits than its field holds."""
    field = planned.model_field
    if isinstance(field, models.DateField):
        checks.note(
            column_values.out_of_bounds(found), header, lambda place: f"{shown(str(raw.iat[place]))} {OUT_OF_BOUNDS}"
        )
    if isinstance(field, models.DecimalField):
        digits = field.max_digits - field.decimal_places
        checks.note(
            column_values.beyond(found, digits),
            header,
            lambda place: f"{shown(str(raw.iat[place]))} is too large; at most {digits} digits fit before the point",
        )


def without_empty_dates(frame: pd.DataFrame, planned: PlannedField, notes: Notes) -> pd.DataFrame:
    """Empty the cells in which a system wrote a date because it had none; an end that is needed is the last day."""
    if planned.model_field.name in ENDS:
        return frame.assign(**{name: column_values.with_last_day(frame[name]) for name in planned.headers})
    return frame.assign(**{name: without_empty(frame[name], notes) for name in planned.headers})


def without_empty(column: pd.Series, notes: Notes) -> pd.Series:
    """Empty such cells of one column, and count them."""
    column, fillers = column_values.without_empty_dates(column)
    if len(fillers):
        add_note(notes, EMPTY_DATES, len(fillers), str(fillers.iat[0]))
    return column


def shown(cell: str) -> str:
    """Quote a cell, shortened."""
    return f"“{cell[:60]}{'…' if len(cell) > 60 else ''}”"
