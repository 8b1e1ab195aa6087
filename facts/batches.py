"""Batches of a table's rows: a long run does one after the other and records how far it came."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
from django.db import IntegrityError, connection, models

from facts.models import Snapshot

BATCH_ROWS = 250_000  # rows asked about in one question
FULL_SCAN_SHARE = 0.2  # share of named rows from which asking about all costs less than naming them


@dataclass(frozen=True)
class Batch:
    """Some rows: those of a range of ids, or the ones named."""

    first: int
    last: int
    ids: np.ndarray | None = None

    @property
    def id_condition(self) -> tuple[str, list[object]]:
        if self.ids is None:
            return "BETWEEN %s AND %s", [self.first, self.last]
        return "= ANY(%s)", [self.ids.tolist()]

    def filter_rows(self, rows: Any, column: str) -> Any:
        """Return the facts whose column holds an id of the batch."""
        if self.ids is None:
            first, last = (ibis.literal(bound, type="int64") for bound in (self.first, self.last))
            return rows.filter(rows[column].between(first, last))
        return rows.semi_join(self._ids_table, rows[column] == self._ids_table.named)

    @property
    def is_single_id(self) -> bool:
        return self.first == self.last

    def split_in_halves(self) -> "tuple[Batch, ...]":
        """Return the lower and the higher half of the ids; none of a single one."""
        if self.is_single_id:
            return ()
        if self.ids is None:
            middle = (self.first + self.last) // 2
            return Batch(self.first, middle), Batch(middle + 1, self.last)
        lower, higher = np.array_split(self.ids, 2)
        return tuple(Batch(int(ids[0]), int(ids[-1]), ids) for ids in (lower, higher))

    @cached_property
    def _ids_table(self) -> Any:
        return ibis.memtable(pa.table({"named": self.ids}))

    def count_rows(self, cursor: Any, table: str) -> int:
        """Return how many rows of the table are asked about."""
        if self.ids is not None:
            return int(self.ids.size)
        cursor.execute(f"SELECT count(*) FROM {table} WHERE id BETWEEN %s AND %s", [self.first, self.last])
        return int(cursor.fetchone()[0])


@contextmanager
def skipping_deleted(run: models.Model, table: str, snapshot: Snapshot) -> Iterator[np.ndarray]:
    """Yield the ids of the rows deleted since the facts were copied: no written row may point to them.

    When more rows are deleted while the batch is computed, it has no effect and the run is reloaded: the next call
    finds the same batch again.

    Raises:
        IntegrityError: something else than a deleted row stood in the way.
    """
    deleted = _deleted_ids(table, snapshot)
    try:
        yield deleted
    except IntegrityError:
        if _deleted_ids(table, snapshot).size == deleted.size:
            raise
        run.refresh_from_db()


def _deleted_ids(table: str, snapshot: Snapshot) -> np.ndarray:
    with connection.cursor() as cursor:
        cursor.execute(
            'SELECT DISTINCT row_id FROM facts_deletion WHERE "table" = %s AND changed_xid >= %s::xid8',
            [table, snapshot.horizon],
        )
        return np.array([row[0] for row in cursor.fetchall()], dtype=np.int64)


def exclude_ids(rows: Any, column: str, ids: np.ndarray) -> Any:
    """Return the facts whose column holds none of the ids."""
    return rows.filter(~rows[column].isin(ids.tolist())) if ids.size else rows


def next_batch(table: str, ids: np.ndarray | None, after: int) -> Batch | None:
    """Return the batch after an id, of the given ids (ascending) or of the whole table; None behind the last."""
    if ids is not None:
        left = ids[np.searchsorted(ids, after, side="right") :][:BATCH_ROWS]
        return Batch(int(left[0]), int(left[-1]), left) if left.size else None
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT min(id), max(id) FROM (SELECT id FROM {table} WHERE id > %s ORDER BY id LIMIT %s) next",
            [after, BATCH_ROWS],
        )
        first, last = cursor.fetchone()
    return None if first is None else Batch(first, last)


def is_full_scan_cheaper(ids: np.ndarray, table: str) -> bool:
    """Whether there are so many ids that a query over the whole table costs less."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT greatest(reltuples, 0) FROM pg_class WHERE oid = to_regclass(%s)", [table])
        estimated_rows = cursor.fetchone()[0]
    return bool(ids.size > max(BATCH_ROWS / 10, FULL_SCAN_SHARE * estimated_rows))
