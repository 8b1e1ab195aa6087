"""One table's copy: keep it, change the files that changed rows lie in, or write it anew."""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from deltalake import DeltaTable

from facts import lake
from facts.export import Export
from facts.models import Copy
from facts.registry import FactTable

ANEW_ABOVE = 0.2  # share of changed rows from which writing anew costs less than changing
FEW = 1_000  # changed rows that are never worth a copy anew
ALL_IDS = (-(2**63), 2**63 - 1)


@dataclass
class Written:
    """What a table's copy holds after it was brought up to date; `delta` is None when nothing was written."""

    version: int
    lake_id: str
    rows: int
    exported: int
    origin: str
    shape: str
    checksum: str = ""
    delta: DeltaTable | None = field(default=None, repr=False)

    def as_copy(self, horizon: str) -> dict[str, Any]:
        names = ("version", "lake_id", "rows", "origin", "shape", "checksum")
        return {"horizon": horizon, **{name: getattr(self, name) for name in names}}


def bring_up_to_date(cursor: Any, table: FactTable, copy: Copy | None, horizon: str, origin: str) -> Written:
    """Make the Delta table equal to the Postgres table as the cursor's transaction sees it."""
    origin = f"{origin}.{_oid(cursor, table)}"
    if copy and not _still_valid(copy, table, origin):
        copy = None
    if not table.is_stamped:
        return _small(Export(cursor, table), copy, origin)
    changed = _changed(Export(cursor, table, copy.horizon), copy, origin) if copy else None
    return changed or _anew(Export(cursor, table), origin)


def _oid(cursor: Any, table: FactTable) -> int:
    """Another oid is another table: a restored dump makes all tables new."""
    cursor.execute("SELECT %s::regclass::oid", [f'"{table.source}"'])
    return int(cursor.fetchone()[0])


def _still_valid(copy: Copy, table: FactTable, origin: str) -> bool:
    same = copy.origin == origin and copy.shape == table.shape
    return same and lake.open_at(table.name, copy.version, copy.lake_id) is not None


def _anew(export: Export, origin: str) -> Written:
    delta = lake.begin(export.table.name, export.table.arrow)
    _append_after(export, delta, ALL_IDS[0])
    return _written(export, delta, origin)


def _append_after(export: Export, delta: DeltaTable, last_id: int) -> None:
    """Append all rows with higher ids, a segment at a time."""
    while export.has_after(last_id):
        lake.append(delta, export.table.arrow, export.after(last_id, lake.SEGMENT_ROWS))
        last_id = export.last_id


def _small(export: Export, copy: Copy | None, origin: str) -> Written:
    """Copy a table without stamps whole, but only when its content is another."""
    rows, checksum = export.whole()
    if copy and copy.checksum == checksum:
        return _kept(copy, export.rows_read)
    delta = lake.begin(export.table.name, export.table.arrow)
    lake.append(delta, export.table.arrow, rows.to_batches())
    return _written(export, delta, origin, checksum)


def _changed(export: Export, copy: Copy, origin: str) -> Written | None:
    """Change only the files that changed rows lie in; None when the whole must be written anew."""
    rows, changed, gone = export.count(), export.count_changed(), export.gone_ids()
    if not changed and not gone.size and rows == copy.rows:
        return _kept(copy)
    if changed + gone.size > max(FEW, ANEW_ABOVE * copy.rows):
        return None
    delta = lake.return_to(export.table.name, copy.version, copy.lake_id)
    if delta is None or not _parted(parts := lake.segments(delta)):
        return None
    _write_changes(export, delta, parts, gone)
    result = _written(export, delta, origin)
    return result if result.rows == rows else None  # a TRUNCATE leaves no trace but the count


def _write_changes(export: Export, delta: DeltaTable, parts: list[lake.Segment], gone: np.ndarray) -> None:
    touched = np.union1d(export.changed_ids(), gone)
    ranges, tail = _ranges(parts, int((touched > parts[-1].last).sum()) if parts else 0)
    for part, (first, last) in zip(parts, ranges, strict=True):
        if np.searchsorted(touched, first) < np.searchsorted(touched, last, side="right"):
            fresh = export.changed_between(first, last)
            lake.replace(delta, (first, last), [part], fresh, pa.array(gone, pa.int64()))
    if tail is not None:
        _append_after(export, delta, tail)


def _ranges(parts: list[lake.Segment], newer: int) -> tuple[list[tuple[int, int]], int | None]:
    """Cut all ids into one range per file, and say after which id the newer rows get files of their own.

    A few newer rows go into the last file, so that nightly refreshes do not leave a small file each.
    """
    if not parts:
        return [], ALL_IDS[0]
    starts = [ALL_IDS[0], *(part.last + 1 for part in parts[:-1])]
    ranges = list(zip(starts, (part.last for part in parts), strict=True))
    if parts[-1].rows + newer > lake.SEGMENT_ROWS:
        return ranges, parts[-1].last
    return [*ranges[:-1], (ranges[-1][0], ALL_IDS[1])], None


def _parted(parts: list[lake.Segment]) -> bool:
    return all(one.last < other.first for one, other in pairwise(parts))


def _kept(copy: Copy, exported: int = 0) -> Written:
    return Written(copy.version, copy.lake_id, copy.rows, exported, copy.origin, copy.shape, copy.checksum)


def _written(export: Export, delta: DeltaTable, origin: str, checksum: str = "") -> Written:
    rows = sum(part.rows for part in lake.segments(delta))
    lake_id = str(delta.metadata().id)
    return Written(delta.version(), lake_id, rows, export.rows_read, origin, export.table.shape, checksum, delta)
