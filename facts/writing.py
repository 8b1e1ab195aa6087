"""One table's copy: keep it, change the files that changed rows lie in, or write it anew."""

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

REWRITE_SHARE = 0.2  # share of changed rows from which writing anew costs less than changing
REWRITE_MIN_ROWS = 1_000  # changed rows that are never worth a copy anew
ALL_IDS = (-(2**63), 2**63 - 1)
RowsReporter = Callable[[str, int], None]  # told of each portion: the table, and how many rows were read


class TableWriter:
    """Makes the Delta table of one fact equal to its Postgres table, as the cursor sees it."""

    def __init__(self, cursor: Any, table: FactTable, copy: Copy | None, origin: str, heard: RowsReporter) -> None:
        self.table = table
        self.origin = f"{origin}.{_table_oid(cursor, table)}"
        self.copy = copy if copy and self._is_valid(copy) else None
        self.export = Export(cursor, table, self.copy.horizon if self.copy else "0")
        self.heard = heard

    def _is_valid(self, copy: Copy) -> bool:
        """Another database, a restored dump, another declaration, a folder emptied: each makes a copy worthless."""
        same = copy.origin == self.origin and copy.shape == self.table.shape
        return same and delta_tables.open_version(self.table.name, copy.version, copy.lake_id) is not None

    def is_blank(self) -> bool:
        """Whether there is nothing to copy yet: an empty table costs nothing before its first row."""
        return self.copy is None and not self.export.count()

    def expected(self) -> int:
        """Estimate how many rows have to be read."""
        if self.copy is None or not self.table.is_stamped:
            return self.export.count()
        return max(self.export.count() - self.copy.rows, self.export.count_changed())

    def stage(self, horizon: str, until: float) -> bool:
        """Copy what is too much for one go in portions, each recorded at once, so that a kill costs one portion.

        The rows are read as they come, not as of one moment: all that changes from `horizon` on is looked at again.
        False when the clock (`time.monotonic`) reached `until` first.
        """
        missing = self.export.count() - (self.copy.rows if self.copy else 0)
        if missing <= delta_tables.SEGMENT_ROWS or not self.table.is_stamped:
            return True
        delta = (self._caught_up(self.copy) if self.copy else None) or self._begun()
        already = self.copy.staged if self.copy else 0
        parts = delta_tables.list_segments(delta)
        last_id = parts[-1].last if parts else ALL_IDS[0]
        while self.export.has_after(last_id):
            if time.monotonic() > until:
                return False
            last_id = self._append_one(delta, last_id)
            note_implausible(self.table, self.export.implausible)
            self.copy = self._written(delta, horizon)
            self.copy.staged = already + self.export.rows_read
            save_copy(self.copy)
        return True

    def _caught_up(self, copy: Copy) -> DeltaTable | None:
        """Open the copy with what changed among the rows that it has; None when it is better written anew."""
        delta = self._reopened(copy)
        if delta is None or not _are_disjoint(parts := delta_tables.list_segments(delta)):
            return None
        gone, last_id = self.export.gone_ids(), parts[-1].last if parts else ALL_IDS[0]
        touched = np.union1d(self.export.changed_ids(last_id), gone)
        if self._is_much(touched.size, copy):
            return None
        self._replace_touched(delta, parts, _id_ranges(parts), touched, gone)
        return delta

    def write(self, horizon: str) -> Copy:
        """Bring the copy up to date in one go."""
        if not self.table.is_stamped:
            return self._small(horizon)
        return (self._changed(horizon) if self.copy else None) or self._anew(horizon)

    def _small(self, horizon: str) -> Copy:
        """Copy a table without stamps whole, but only when its content is another."""
        rows, checksum = self.export.whole()
        if self.copy and self.copy.checksum == checksum:
            return self._kept(self.copy, horizon)
        self.heard(self.table.name, len(rows))
        delta = self._begun()
        delta_tables.append_rows(delta, self.table.arrow, rows.to_batches())
        return self._written(delta, horizon, checksum)

    def _anew(self, horizon: str) -> Copy:
        delta = self._begun()
        self._append_after(delta, ALL_IDS[0])
        return self._written(delta, horizon)

    def _changed(self, horizon: str) -> Copy | None:
        """Change only the files that changed rows lie in; None when the whole must be written anew."""
        assert self.copy
        rows, changed, gone = self.export.count(), self.export.count_changed(), self.export.gone_ids()
        if not changed and not gone.size and rows == self.copy.rows:
            return self._kept(self.copy, horizon)
        if self._is_much(changed + gone.size, self.copy):
            return None
        delta = self._reopened(self.copy)
        if delta is None or not _are_disjoint(parts := delta_tables.list_segments(delta)):
            return None
        self._write_changes(delta, parts, gone)
        written = self._written(delta, horizon)
        return written if written.rows == rows else None  # a TRUNCATE leaves no trace but the count

    def _is_much(self, touched: int, copy: Copy) -> bool:
        return touched > max(REWRITE_MIN_ROWS, REWRITE_SHARE * copy.rows)

    def _write_changes(self, delta: DeltaTable, parts: list[delta_tables.Segment], gone: np.ndarray) -> None:
        """Change the files that changed rows lie in; a few newer rows go into the last one, more get their own."""
        last_id = parts[-1].last if parts else ALL_IDS[0]
        ranges = _id_ranges(parts)
        has_room = bool(parts) and parts[-1].rows + self.export.count_after(last_id) <= delta_tables.SEGMENT_ROWS
        if has_room:
            ranges[-1] = (ranges[-1][0], ALL_IDS[1])
        touched = np.union1d(self.export.changed_ids(ranges[-1][1] if ranges else last_id), gone)
        self._replace_touched(delta, parts, ranges, touched, gone)
        if not has_room:
            self._append_after(delta, last_id)

    def _replace_touched(
        self,
        delta: DeltaTable,
        parts: list[delta_tables.Segment],
        ranges: list[tuple[int, int]],
        touched: np.ndarray,
        gone: np.ndarray,
    ) -> None:
        for part, (first, last) in zip(parts, ranges, strict=True):
            if _any_within(touched, first, last):
                fresh = self.export.changed_between(first, last)
                delta_tables.replace_rows(delta, (first, last), [part], fresh, pa.array(gone, pa.int64()))
                self.heard(self.table.name, len(fresh))

    def _append_after(self, delta: DeltaTable, last_id: int) -> None:
        while self.export.has_after(last_id):
            last_id = self._append_one(delta, last_id)

    def _append_one(self, delta: DeltaTable, last_id: int) -> int:
        """Append one segment of the rows with higher ids; return the last id in it."""
        before = self.export.rows_read
        delta_tables.append_rows(delta, self.table.arrow, self.export.after(last_id, delta_tables.SEGMENT_ROWS))
        self.heard(self.table.name, self.export.rows_read - before)
        return self.export.last_id

    def _begun(self) -> DeltaTable:
        return delta_tables.reset_table(self.table.name, self.table.arrow)

    def _reopened(self, copy: Copy) -> DeltaTable | None:
        return delta_tables.restore_version(self.table.name, copy.version, copy.lake_id)

    def _kept(self, copy: Copy, horizon: str) -> Copy:
        copy.horizon, copy.staged = horizon, 0
        return copy

    def _written(self, delta: DeltaTable, horizon: str, checksum: str = "") -> Copy:
        return Copy(
            table=self.table.name,
            version=delta.version(),
            lake_id=str(delta.metadata().id),
            origin=self.origin,
            shape=self.table.shape,
            checksum=checksum,
            horizon=horizon,
            rows=sum(part.rows for part in delta_tables.list_segments(delta)),
        )


def save_copy(copy: Copy) -> None:
    """Record the copy under its table's name."""
    copy.pk = Copy.objects.filter(table=copy.table).values_list("pk", flat=True).first()
    copy.save()


def _table_oid(cursor: Any, table: FactTable) -> int:
    """A table that was made again, as by restoring a dump, has another oid."""
    cursor.execute("SELECT %s::regclass::oid", [f'"{table.source}"'])
    return int(cursor.fetchone()[0])


def _id_ranges(parts: list[delta_tables.Segment]) -> list[tuple[int, int]]:
    """Cut the ids up to the last one into one range per file; ids between two files belong to the later one."""
    starts = [ALL_IDS[0], *(part.last + 1 for part in parts[:-1])]
    return list(zip(starts, (part.last for part in parts), strict=False))


def _any_within(ids: np.ndarray, first: int, last: int) -> bool:
    return bool(np.searchsorted(ids, first) < np.searchsorted(ids, last, side="right"))


def _are_disjoint(parts: list[delta_tables.Segment]) -> bool:
    """Whether no two files share ids, which only a stranger's hand could bring about."""
    return all(one.last < other.first for one, other in pairwise(parts))
