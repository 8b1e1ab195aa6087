"""One table's copy: keep it, replace the files that hold changed rows, or rewrite it."""

import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from deltalake import DeltaTable

from facts import delta_tables
from facts.export import Export
from facts.models import Copy
from facts.registry import FactTable
from facts.set_aside import note_implausible

REWRITE_SHARE = 0.2  # share of changed rows from which a rewrite costs less than replacing files
REWRITE_MIN_ROWS = 1_000  # up to so many changed rows, a rewrite never pays
ALL_IDS = (-(2**63), 2**63 - 1)
RowsReporter = Callable[[str, int], None]  # called with the table and how many rows of it were just read


class TableWriter:
    """Makes the Delta table of one fact equal to its Postgres table, as the cursor sees it."""

    def __init__(
        self, cursor: Any, table: FactTable, copy: Copy | None, origin: str, report_rows: RowsReporter
    ) -> None:
        self.table = table
        # a table that was created again, as by restoring a dump, has another oid
        cursor.execute("SELECT %s::regclass::oid", [f'"{table.source}"'])
        self.origin = f"{origin}.{int(cursor.fetchone()[0])}"
        self.copy = copy if copy and self._is_valid(copy) else None
        self.export = Export(cursor, table, self.copy.horizon if self.copy else "0")
        self.report_rows = report_rows

    def _is_valid(self, copy: Copy) -> bool:
        """Whether the copy is of this database and declaration, and its files are still there."""
        same = copy.origin == self.origin and copy.shape == self.table.shape
        return same and delta_tables.open_version(self.table.name, copy.version, copy.lake_id) is not None

    def is_blank(self) -> bool:
        """Whether there is nothing to copy yet: an empty table costs nothing before its first row."""
        return self.copy is None and not self.export.count_rows()

    def count_expected_rows(self) -> int:
        """Estimate how many rows have to be read."""
        if self.copy is None or not self.table.is_stamped:
            return self.export.count_rows()
        return max(self.export.count_rows() - self.copy.rows, self.export.count_changed())

    def stage_batches(self, horizon: str, until: float) -> bool:
        """Copy a large backlog in segments, each recorded at once, so that a killed run loses at most one of them.

        The rows are read as they come, not as of one moment: the next refresh looks again at all that changed since
        `horizon`. False when the clock (`time.monotonic`) reached `until` first.
        """
        missing = self.export.count_rows() - (self.copy.rows if self.copy else 0)
        if missing <= delta_tables.SEGMENT_ROWS or not self.table.is_stamped:
            return True
        delta = (self._catch_up(self.copy) if self.copy else None) or self._reset_table()
        staged_before = self.copy.staged if self.copy else 0
        segments = delta_tables.list_segments(delta)
        last_id = segments[-1].last if segments else ALL_IDS[0]
        while self.export.has_after(last_id):
            if time.monotonic() > until:
                return False
            last_id = self._append_segment(delta, last_id)
            note_implausible(self.table, self.export.implausible)
            self.copy = self._new_copy(delta, horizon)
            self.copy.staged = staged_before + self.export.rows_read
            save_copy(self.copy)
        return True

    def _catch_up(self, copy: Copy) -> DeltaTable | None:
        """Open the copy and bring the rows that it has up to date; None when a rewrite costs less."""
        delta = self._reopen_copy(copy)
        if delta is None or not _are_disjoint(segments := delta_tables.list_segments(delta)):
            return None
        deleted, last_id = self.export.deleted_ids(), segments[-1].last if segments else ALL_IDS[0]
        touched = np.union1d(self.export.changed_ids(last_id), deleted)
        if self._is_rewrite_cheaper(touched.size, copy):
            return None
        self._replace_touched(delta, segments, _id_ranges(segments), touched, deleted)
        return delta

    def write(self, horizon: str) -> Copy:
        """Bring the copy up to date in one go."""
        if not self.table.is_stamped:
            return self._write_unstamped(horizon)
        return (self._write_changed_files(horizon) if self.copy else None) or self._rewrite(horizon)

    def _write_unstamped(self, horizon: str) -> Copy:
        """Copy a table without change stamps whole, but only when its content changed."""
        rows, checksum = self.export.read_whole()
        if self.copy and self.copy.checksum == checksum:
            return self._confirm_copy(self.copy, horizon)
        self.report_rows(self.table.name, len(rows))
        delta = self._reset_table()
        delta_tables.append_rows(delta, self.table.arrow_schema, rows.to_batches())
        return self._new_copy(delta, horizon, checksum)

    def _rewrite(self, horizon: str) -> Copy:
        delta = self._reset_table()
        self._append_segments(delta, ALL_IDS[0])
        return self._new_copy(delta, horizon)

    def _write_changed_files(self, horizon: str) -> Copy | None:
        """Replace only the files that hold changed rows; None when the table must be rewritten."""
        assert self.copy
        rows, changed, deleted = self.export.count_rows(), self.export.count_changed(), self.export.deleted_ids()
        if not changed and not deleted.size and rows == self.copy.rows:
            return self._confirm_copy(self.copy, horizon)
        if self._is_rewrite_cheaper(changed + deleted.size, self.copy):
            return None
        delta = self._reopen_copy(self.copy)
        if delta is None or not _are_disjoint(segments := delta_tables.list_segments(delta)):
            return None
        self._write_changes(delta, segments, deleted)
        written = self._new_copy(delta, horizon)
        return written if written.rows == rows else None  # a TRUNCATE leaves no trace but the count

    def _is_rewrite_cheaper(self, touched: int, copy: Copy) -> bool:
        return touched > max(REWRITE_MIN_ROWS, REWRITE_SHARE * copy.rows)

    def _write_changes(self, delta: DeltaTable, segments: list[delta_tables.Segment], deleted: np.ndarray) -> None:
        """Replace the files that hold changed rows; a few new rows go into the last file, more get files of their own."""
        last_id = segments[-1].last if segments else ALL_IDS[0]
        ranges = _id_ranges(segments)
        has_room = bool(segments) and segments[-1].rows + self.export.count_after(last_id) <= delta_tables.SEGMENT_ROWS
        if has_room:
            ranges[-1] = (ranges[-1][0], ALL_IDS[1])
        touched = np.union1d(self.export.changed_ids(ranges[-1][1] if ranges else last_id), deleted)
        self._replace_touched(delta, segments, ranges, touched, deleted)
        if not has_room:
            self._append_segments(delta, last_id)

    def _replace_touched(
        self,
        delta: DeltaTable,
        segments: list[delta_tables.Segment],
        ranges: list[tuple[int, int]],
        touched: np.ndarray,
        deleted: np.ndarray,
    ) -> None:
        for segment, (first, last) in zip(segments, ranges, strict=True):
            if np.searchsorted(touched, first) < np.searchsorted(touched, last, side="right"):
                changed_rows = self.export.changed_between(first, last)
                delta_tables.replace_rows(delta, (first, last), [segment], changed_rows, pa.array(deleted, pa.int64()))
                self.report_rows(self.table.name, len(changed_rows))

    def _append_segments(self, delta: DeltaTable, last_id: int) -> None:
        while self.export.has_after(last_id):
            last_id = self._append_segment(delta, last_id)

    def _append_segment(self, delta: DeltaTable, last_id: int) -> int:
        """Append one segment of the rows with higher ids; return the last id in it."""
        before = self.export.rows_read
        delta_tables.append_rows(
            delta, self.table.arrow_schema, self.export.iter_batches_after(last_id, delta_tables.SEGMENT_ROWS)
        )
        self.report_rows(self.table.name, self.export.rows_read - before)
        return self.export.last_id

    def _reset_table(self) -> DeltaTable:
        return delta_tables.reset_table(self.table.name, self.table.arrow_schema)

    def _reopen_copy(self, copy: Copy) -> DeltaTable | None:
        return delta_tables.restore_version(self.table.name, copy.version, copy.lake_id)

    def _confirm_copy(self, copy: Copy, horizon: str) -> Copy:
        copy.horizon, copy.staged = horizon, 0
        return copy

    def _new_copy(self, delta: DeltaTable, horizon: str, checksum: str = "") -> Copy:
        return Copy(
            table=self.table.name,
            version=delta.version(),
            lake_id=str(delta.metadata().id),
            origin=self.origin,
            shape=self.table.shape,
            checksum=checksum,
            horizon=horizon,
            rows=sum(segment.rows for segment in delta_tables.list_segments(delta)),
        )


def save_copy(copy: Copy) -> None:
    """Record the copy under its table's name."""
    copy.pk = Copy.objects.filter(table=copy.table).values_list("pk", flat=True).first()
    copy.save()


def _id_ranges(segments: list[delta_tables.Segment]) -> list[tuple[int, int]]:
    """Cut the ids up to the last one into one range per file; ids between two files belong to the later one."""
    starts = [ALL_IDS[0], *(segment.last + 1 for segment in segments[:-1])]
    return list(zip(starts, (segment.last for segment in segments), strict=False))


def _are_disjoint(segments: list[delta_tables.Segment]) -> bool:
    """Whether no two files share ids; only a change from outside Accord could make them."""
    return all(segment.last < following.first for segment, following in pairwise(segments))
