"""Columns of one file that have the same name but for case, blanks and signs: one of them is read, the others are kept."""

import re
from collections.abc import Iterable, Mapping
from typing import Protocol

import pandas as pd

from imports.models import ImportFile
from imports.parsing.headers import fold, is_added_header

COLUMN_ANSWER = "column"  # of an answer: column:<folded name>
NUMBERED = re.compile(r"(.+) \(\d+\)")  # how the second column of a name is called


class Reading(Protocol):
    """What reads columns of a file: a plan."""

    @property
    def all_headers(self) -> set[str]: ...


def same_names(header: Iterable[str]) -> dict[str, list[str]]:
    """Return {folded name: columns} of the names that several columns have."""
    header = list(header)
    here = set(header)
    columns_by_name: dict[str, list[str]] = {}
    for name in header:
        numbered = NUMBERED.fullmatch(name)
        plain = numbered[1] if numbered and numbered[1] in here else name
        if fold(plain) and not is_added_header(name):
            columns_by_name.setdefault(fold(plain), []).append(name)
    return {folded: names for folded, names in columns_by_name.items() if len(names) > 1}


def fullest_columns(header: Iterable[str], frame: pd.DataFrame) -> dict[str, str]:
    """Return {folded name: column}, of columns with one name that in which most cells are filled, else the first."""
    return {
        folded: max(names, key=lambda name: (int((frame[name].str.strip() != "").sum()), -names.index(name)))
        for folded, names in same_names(header).items()
    }


def columns_read(header: Iterable[str], detected: Mapping[str, str], answers: Mapping[str, str]) -> dict[str, str]:
    """Return {folded name: column that is read} of names that several columns have."""
    return {
        folded: next(
            (column for column in (answers.get(f"{COLUMN_ANSWER}:{folded}"), detected.get(folded)) if column in names),
            names[0],
        )
        for folded, names in same_names(header).items()
    }


def describe_columns_read(plans: Iterable[Reading], file: ImportFile) -> tuple[int, str]:
    """Return how many names of a file several columns have of which one is read, and which, in words."""
    columns_by_name = same_names(file.header)
    read_headers = {header for plan in plans for header in plan.all_headers}
    read = columns_read(file.header, file.detected.get("same_names", {}), file.answers)
    sentences = [
        f"“{name}” of {_quote_names(columns_by_name[folded])}" for folded, name in read.items() if name in read_headers
    ]
    return len(sentences), "; ".join(sentences)


def _quote_names(names: list[str]) -> str:
    return ", ".join(f"“{name}”" for name in names)
