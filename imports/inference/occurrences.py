"""Rows without an id: which of them are records of their own, and how rows that look alike get different ids.

Such a row is known by what is read of it. Rows that agree in that but differ in any other column are numbered in the order
of the file, so that none is lost and the same file brings the same records again. Rows that agree in every column are each
a record (touches, activities, product use, spend) or one, unless a person chooses otherwise. The numbers go on from block to
block; what they need of the blocks before is kept on disk, and made again where it is not there.
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from crm.registry import find_kind
from imports.files import storage
from imports.mapping.plan import Plan
from imports.models import ImportFile
from imports.parsing.headers import is_added_header
from imports.parsing.notes import EQUAL_EACH, EQUAL_ONE, SAME_KEY, Notes, add_note

EQUAL_ROWS, EACH, ONE = "rows", "each", "one"
LONGEST = 255
Hashes = np.ndarray


def treatment_of_equal_rows(kind: str, answers: dict[str, str]) -> str:
    """Say what equal rows of a kind of record are: each one, or one together."""
    return answers.get(EQUAL_ROWS) or (EACH if find_kind(kind).is_event else ONE)


class HashNumbers:
    """Numbers by hash, for many hashes."""

    def __init__(self) -> None:
        self._hashes, self._numbers = np.empty(0, np.uint64), np.empty(0, np.int64)

    def numbers_of(self, hashes: Hashes) -> np.ndarray:
        """Return the number of each hash, 0 where it was not seen."""
        if not len(self._hashes):
            return np.zeros(len(hashes), np.int64)
        positions = np.minimum(np.searchsorted(self._hashes, hashes), len(self._hashes) - 1)
        return np.where(self._hashes[positions] == hashes, self._numbers[positions], 0)

    def store_numbers(self, hashes: Hashes, numbers: np.ndarray) -> None:
        """Keep new numbers of hashes, each once."""
        fresh = self.numbers_of(hashes) == 0
        is_kept = ~np.isin(self._hashes, hashes[~fresh]) if (~fresh).any() else np.ones(len(self._hashes), bool)
        all_hashes = np.concatenate([self._hashes[is_kept], hashes])
        order = np.argsort(all_hashes)
        self._hashes, self._numbers = all_hashes[order], np.concatenate([self._numbers[is_kept], numbers])[order]


class RowCounter:
    """Numbers the rows of one kind of record in one file."""

    def __init__(self, is_each: bool) -> None:
        self.is_each = is_each
        self._by_key, self._by_row = HashNumbers(), HashNumbers()

    def number_rows(self, keys: Hashes, rows: Hashes) -> tuple[np.ndarray, np.ndarray]:
        """Return (number of each row among those of its key, whether an equal row stood before it)."""
        both = pd.DataFrame({"key": keys, "row": _combine_hashes(keys, rows)})
        repeated = both.duplicated("row").to_numpy() | (self._by_row.numbers_of(both["row"].to_numpy()) > 0)
        numbered = both if self.is_each else both[~repeated]
        numbers = (
            numbered.groupby("key").cumcount().to_numpy() + 1 + self._by_key.numbers_of(numbered["key"].to_numpy())
        )
        counts = pd.Series(numbers).groupby(numbered["key"].to_numpy()).max()
        self._by_key.store_numbers(counts.index.to_numpy(np.uint64), counts.to_numpy(np.int64))
        first = ~numbered.duplicated("row").to_numpy()
        self._by_row.store_numbers(numbered["row"].to_numpy()[first], numbers[first])
        return (numbers if self.is_each else self._by_row.numbers_of(both["row"].to_numpy())), repeated


def _combine_hashes(keys: Hashes, rows: Hashes) -> Hashes:
    # The multiplication is meant to overflow: it spreads the bits so that equal rows of different keys differ.
    with np.errstate(over="ignore"):
        return keys * np.uint64(0x9E3779B97F4A7C15) ^ rows


class RowNumbering:
    """Numbers the rows of one file, plan by plan."""

    def __init__(self, plans: Iterable[Plan], answers: dict[str, str], folder: Path | None = None) -> None:
        self.folder = folder
        kinds = [plan.mapping.object if plan.mapping.numbers_rows else "" for plan in plans]
        self.counters = [RowCounter(treatment_of_equal_rows(kind, answers) == EACH) if kind else None for kind in kinds]
        self._block: dict[str, np.ndarray] = {}

    @property
    def is_needed(self) -> bool:
        return any(self.counters)

    def number_ids(
        self, plan_number: int, key: pd.Series, is_made: np.ndarray, frame: pd.DataFrame, notes: Notes
    ) -> pd.Series:
        """Return the ids of a block's rows, those that were made of cells numbered where they are not the first."""
        counter = self.counters[plan_number]
        if counter is None or not is_made.any():
            return key
        made, own = key[is_made], frame.loc[is_made, [name for name in frame if not is_added_header(str(name))]]
        keys = pd.util.hash_array(made.to_numpy(object), categorize=True)
        rows = pd.util.hash_pandas_object(own.astype(object), index=False).to_numpy()
        self._block[f"{plan_number}k"], self._block[f"{plan_number}r"] = keys, rows
        numbers, repeated = counter.number_rows(keys, rows)
        later = numbers > 1
        _note_alike_rows(counter, made, repeated, later, notes)
        ids = key.copy()
        ids[is_made] = [
            _append_number(word, number) if number > 1 else word for word, number in zip(made, numbers, strict=True)
        ]
        return ids

    def save_block(self, start: int, end: int) -> None:
        """Keep what the blocks behind need of this one."""
        if self.folder and self._block:
            self.folder.mkdir(exist_ok=True)
            np.savez(self.folder / f"{start}-{end}.npz", **self._block)  # type: ignore[arg-type]
        self._block = {}

    def load_blocks(self, start: int, end: int) -> int:
        """Take up what is kept of the blocks before a place; return up to where that goes."""
        saved = {int(path.stem.split("-")[0]): path for path in self.folder.glob("*.npz")} if self.folder else {}
        while start < end and start in saved:
            with np.load(saved[start]) as block:
                for plan_number, counter in enumerate(self.counters):
                    if counter and f"{plan_number}k" in block:
                        counter.number_rows(block[f"{plan_number}k"], block[f"{plan_number}r"])
            start = int(saved[start].stem.split("-")[1])
        return start


def _append_number(word: str, number: int) -> str:
    suffix = f"#{number}"
    return f"{word[: LONGEST - len(suffix)]}{suffix}"


def _note_alike_rows(
    counter: RowCounter, keys: pd.Series, repeated: np.ndarray, later: np.ndarray, notes: Notes
) -> None:
    different = later & ~repeated
    for what, rows in ((EQUAL_EACH if counter.is_each else EQUAL_ONE, repeated), (SAME_KEY, different)):
        add_note(notes, what, int(rows.sum()), next(iter(keys[rows]), ""))


def row_numbering_of(file: ImportFile, plans: list[Plan], currency: str) -> RowNumbering | None:
    """Return the numbering of a file's rows; None where all have ids of their own."""
    settings: list[Any] = [file.answers, file.mappings, file.source, file.kind, file.detected.get("columns"), currency]
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode()).hexdigest()[:16]
    numbering = RowNumbering(plans, file.answers, storage.path_of(f"{file.plain}.rows-{digest}"))
    return numbering if numbering.is_needed else None
