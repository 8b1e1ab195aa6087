"""Which rows of a file are read: conditions on their cells, as a mapping says them under `only`."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

import numpy as np
import pandas as pd

from imports.mapping.schema import Condition
from imports.parsing import column_values
from imports.parsing.headers import fold
from imports.parsing.options import ParseOptions

COMPARISONS: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "above": lambda cell, limit: cell > limit,
    "at_least": lambda cell, limit: cell >= limit,
    "below": lambda cell, limit: cell < limit,
    "at_most": lambda cell, limit: cell <= limit,
}
CONDITIONS: dict[str, str] = {  # operator and its words on the page
    "is": "is",
    "is_not": "is not",
    "contains": "contains",
    "contains_not": "does not contain",
    "is_empty": "is empty",
    "is_filled": "is not empty",
    "above": "is more than",
    "at_least": "is at least",
    "below": "is less than",
    "at_most": "is at most",
}
UNARY = {"is_empty", "is_filled"}


def rows_meeting_conditions(
    conditions: Iterable[Condition], here: Mapping[str, str], frame: pd.DataFrame, options: ParseOptions
) -> np.ndarray:
    """Return which rows meet every condition whose column is there; `here` is {folded header: header}."""
    is_met = np.ones(len(frame), bool)
    for condition in conditions:
        if header := here.get(fold(condition.column)):
            is_met &= _rows_meeting(condition, frame[header], options.decimal_of([header]))
    return is_met


def _rows_meeting(condition: Condition, cells: pd.Series, decimal: str) -> np.ndarray:
    if condition.operator in COMPARISONS:
        numbers = _parse_cells(cells, decimal)
        limit, compare = Decimal(condition.values[0]), COMPARISONS[condition.operator]
        return np.array([number is not None and compare(number, limit) for number in numbers], dtype=bool)
    test = _cell_test(condition)
    results = {cell: test(str(cell)) for cell in cells.unique()}
    return cells.map(results).to_numpy(dtype=bool)


def _parse_cells(cells: pd.Series, decimal: str) -> list[Decimal | None]:
    read, wrong = column_values.read_numbers(cells, decimal)
    return [
        None if is_wrong or not isinstance(cell, str) else Decimal(cell)
        for cell, is_wrong in zip(read.astype(object), wrong, strict=True)
    ]


def _cell_test(condition: Condition) -> Callable[[str], bool]:
    """Return the test of one word, compared without case and punctuation; of signs alone as they stand."""
    wanted = {_comparable(value) for value in condition.values}
    is_wanted = condition.values[:1] != ("false",)
    match condition.operator:
        case "is":
            return lambda word: _comparable(word) in wanted
        case "is_not":
            return lambda word: _comparable(word) not in wanted
        case "contains":
            return lambda word: any(value.casefold() in word.casefold() for value in condition.values)
        case "contains_not":
            return lambda word: not any(value.casefold() in word.casefold() for value in condition.values)
        case "is_empty":
            return lambda word: (word == "") is is_wanted
        case _:
            return lambda word: (word != "") is is_wanted


def _comparable(word: str) -> str:
    return fold(word) or word.strip()
