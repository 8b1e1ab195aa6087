"""What checking a block of rows gives: the rows that are ready to be staged, and those that are refused, each with a reason."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from imports.load.stored_ids import LongIds
from imports.mapping.departures import Departure
from imports.mapping.plan import Plan
from imports.parsing.notes import Notes


@dataclass(frozen=True)
class Refused:
    """A row that is not taken."""

    line: int
    column: str
    reason: str
    row: dict[str, str]


@dataclass
class Staged:
    """The rows of one kind of record, ready for COPY."""

    plan: Plan
    csv: bytes
    rows: int
    repeated: int
    keys: pd.Series  # their ids and line numbers
    lines: np.ndarray
    departures: list[Departure] = field(default_factory=list)  # records that its rows say are deleted or merged
    is_mixed: bool = False  # some ids are written otherwise than they may be stored
    ids: dict[str, LongIds] = field(default_factory=dict)  # those of Salesforce by staged column


@dataclass
class Prepared:
    """A block, checked: what goes to the database in one transaction."""

    staged: list[Staged]
    refused: list[Refused]
    rows: int
    dropped: int
    end: int
    next_line: int
    corrected: list[int] = field(
        default_factory=list
    )  # lines of an earlier file whose refused rows these are, corrected
    notes: Notes = field(default_factory=dict)


@dataclass
class Checks:
    """The first thing that is wrong with each row."""

    frame: pd.DataFrame
    lines: np.ndarray
    wrong: np.ndarray
    about: np.ndarray | None = None  # the rows that the plan being read makes a record of; others are not complained of
    first_errors: dict[int, tuple[str, str]] = field(default_factory=dict)
    notes: Notes = field(default_factory=dict)

    def of_record(self, mask: np.ndarray) -> np.ndarray:
        return mask if self.about is None else mask & self.about

    def refuse(self, mask: np.ndarray, column: str, reason: Callable[[int], str]) -> None:
        mask = self.of_record(mask)
        if mask.any():
            self.wrong |= mask
            for position in np.flatnonzero(mask):
                self.first_errors.setdefault(int(position), (column, reason(int(position))))

    def refused_rows(self) -> Iterable[Refused]:
        for position, (column, reason) in self.first_errors.items():
            row = {
                name: str(self.frame.iat[position, column_index])
                for column_index, name in enumerate(self.frame.columns)
            }
            row = {name: replace_nul(value) for name, value in row.items()}
            yield Refused(int(self.lines[position]), column, reason, row)


def replace_nul(text: str) -> str:
    """Show the one character that no database keeps."""
    return text.replace("\0", "\N{SYMBOL FOR NULL}")
