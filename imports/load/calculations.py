"""Numbers worked out from columns of a file: quantity × unit price, the sum of several columns, less a discount."""

from collections.abc import Callable
from decimal import Decimal
from math import prod

import numpy as np
import pandas as pd

from imports.mapping.plan import PlannedCalculation
from imports.parsing import column_values
from imports.parsing.options import ParseOptions

PLACES = Decimal("0.0001")
RefuseCells = Callable[[np.ndarray, str, pd.Series], None]
Numbers = list[Decimal | None]


def calculate(planned: PlannedCalculation, frame: pd.DataFrame, manners: ParseOptions, note: RefuseCells) -> pd.Series:
    """Return the number of each row as text, missing where it cannot be computed; `note` gets the cells that are not numbers."""

    def numbers(header: str) -> Numbers:
        cells = frame[header]
        cells = cells.where(~cells.isin(list(manners.nulls_of([header]))), "")
        read, wrong = column_values.read_numbers(cells.str.rstrip(" %"), manners.decimal_of([header]))
        note(wrong, header, cells)
        return [
            None if is_wrong or not isinstance(cell, str) else Decimal(cell)
            for cell, is_wrong in zip(read.astype(object), wrong, strict=True)
        ]

    terms = [numbers(header) for header in planned.terms]
    less = [numbers(header) for header in planned.less]
    percents = numbers(planned.less_percent) if planned.less_percent else [None] * len(frame)
    combine = _multiply if planned.operation == "product" else _add
    values = [
        _subtract(combine(row), taken, percent)
        for row, taken, percent in zip(_zip_rows(terms, frame), _zip_rows(less, frame), percents, strict=True)
    ]
    return pd.Series(values, index=frame.index, dtype=object)


def _zip_rows(columns: list[Numbers], frame: pd.DataFrame) -> list[tuple[Decimal | None, ...]]:
    return list(zip(*columns, strict=True)) if columns else [()] * len(frame)


def _multiply(factors: tuple[Decimal | None, ...]) -> Decimal | None:
    numbers = [factor for factor in factors if factor is not None]
    return prod(numbers, start=Decimal(1)) if len(numbers) == len(factors) else None


def _add(summands: tuple[Decimal | None, ...]) -> Decimal | None:
    numbers = [summand for summand in summands if summand is not None]
    return sum(numbers, Decimal(0)) if numbers else None


def _subtract(value: Decimal | None, less: tuple[Decimal | None, ...], percent: Decimal | None) -> str | None:
    if value is None:
        return None
    value -= sum((number for number in less if number is not None), Decimal(0))
    if percent is not None:
        value *= 1 - percent / 100
    return f"{value.quantize(PLACES).normalize():f}"
