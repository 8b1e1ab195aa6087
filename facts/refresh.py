"""Bring the columnar copy up to date with Postgres: what changed since the last time, as one consistent set.

All tables are read in one REPEATABLE READ transaction. Its `pg_snapshot_xmin`, the horizon, separates what this copy
surely holds from what the next refresh must look at again: a transaction that was open meanwhile stamps its rows
with an id at or after the horizon, whenever it commits. The Delta tables are written first; then one transaction in
Postgres names the new versions in a Snapshot. A process killed in between leaves the old Snapshot, and the next
refresh restores each table to the version that Postgres knows before it writes.

A first copy, or a large import, is staged before that transaction, in segments that are recorded one by one.
"""

import contextlib
import logging
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from deltalake.exceptions import DeltaError
from django.db import connection, transaction
from django.utils import timezone

from core.locks import AdvisoryLock
from facts import delta_tables, derived
from facts.models import Copy, Deletion, Snapshot
from facts.registry import all_tables
from facts.set_aside import note_implausible
from facts.writing import TableWriter, save_copy

log = logging.getLogger(__name__)
RETAINED_SNAPSHOTS = 10  # whose files stay
FORGOTTEN_AFTER = timedelta(days=90)


class Busy(Exception):
    """Another refresh is at work."""


class Progress(Protocol):
    def __call__(self, done: int, total: int, what: str) -> None:
        """Report that `done` of about `total` rows are copied; the last ones belong to the table `what`."""


@dataclass(frozen=True)
class SourceState:
    """The state of Postgres that is being copied."""

    cursor: Any
    horizon: str
    origin: str
    taken_at: datetime


class ProgressCounter:
    """Adds up the rows read, table by table, and reports the total."""

    def __init__(self, progress: Progress | None) -> None:
        self.progress = progress
        self.total = 0
        self.rows: dict[str, int] = {}
        self.seconds: dict[str, float] = {}

    @contextlib.contextmanager
    def time_table(self, table: str) -> Iterator[None]:
        started = time.monotonic()
        yield
        self.seconds[table] = round(self.seconds.get(table, 0) + time.monotonic() - started, 3)

    def __call__(self, table: str, rows: int) -> None:
        self.rows[table] = self.rows.get(table, 0) + rows
        if self.progress:
            done = sum(self.rows.values())
            self.progress(done, max(self.total, done), table)


def refresh(*, rebuild: bool = False, progress: Progress | None = None, wait: bool = True) -> Snapshot:
    """Copy what changed since the last refresh, or everything, and return the new Snapshot.

    Inside a transaction of the caller it copies what that transaction sees.

    Raises:
        Busy: another refresh is at work, and we were not to wait for its end.
    """
    counter = ProgressCounter(progress)
    with _open_cursor() as cursor, _exclusive_lock(cursor, wait):
        if rebuild:
            Copy.objects.all().delete()
        staged = dict(Copy.objects.values_list("table", "staged"))
        _stage_all(cursor, counter, math.inf)
        with _repeatable_read(cursor):
            source = _read_source_state(cursor)
            writers = _create_writers(source, counter)
            written = _write_tables(writers, source.horizon, counter)
        exported = {name: counter.rows.get(name, 0) + staged.get(name, 0) for name in written}
        snapshot = _publish_snapshot(source, written, exported, counter.seconds)
        for name in written:
            note_implausible(all_tables()[name], writers[name].export.implausible)
        _clean_up(snapshot)
    return snapshot


def stage_rows(seconds: float, *, progress: Progress | None = None) -> bool:
    """Copy a large backlog ahead of a refresh, for about so many seconds; True when a refresh can do the rest.

    Raises:
        Busy: a refresh is at work.
    """
    with _open_cursor() as cursor, _exclusive_lock(cursor, wait=False):
        return _stage_all(cursor, ProgressCounter(progress), time.monotonic() + seconds)


@contextlib.contextmanager
def _open_cursor() -> Iterator[Any]:
    """Open a cursor on a connection of its own, so that the caller's stays free; on the caller's in a transaction."""
    if connection.in_atomic_block:
        with connection.cursor() as cursor:
            yield cursor
        return
    own_connection = connection.copy()
    try:
        with own_connection.cursor() as cursor:
            yield cursor
    finally:
        own_connection.close()


@contextlib.contextmanager
def _exclusive_lock(cursor: Any, wait: bool) -> Iterator[None]:
    cursor.execute(f"SELECT pg_{'' if wait else 'try_'}advisory_lock(%s)::text", [int(AdvisoryLock.FACTS_REFRESH)])
    if cursor.fetchone() == ("false",):
        raise Busy
    try:
        yield
    finally:
        with contextlib.suppress(Exception):  # a broken connection has let go of it already
            cursor.execute("SELECT pg_advisory_unlock(%s)", [int(AdvisoryLock.FACTS_REFRESH)])


@contextlib.contextmanager
def _repeatable_read(cursor: Any) -> Iterator[None]:
    if connection.in_atomic_block:
        yield
        return
    cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    try:
        yield
    finally:
        cursor.execute("ROLLBACK")


def _read_source_state(cursor: Any) -> SourceState:
    taken_at = timezone.now()
    cursor.execute(f"SELECT pg_snapshot_xmin(pg_current_snapshot())::text, ({derived.ORIGIN_SQL})")
    horizon, origin = cursor.fetchone()
    return SourceState(cursor, horizon, origin, taken_at)


def _create_writers(source: SourceState, counter: ProgressCounter) -> dict[str, TableWriter]:
    copies = {copy.table: copy for copy in Copy.objects.all()}
    return {
        name: TableWriter(source.cursor, table, copies.get(name), source.origin, counter)
        for name, table in sorted(all_tables().items())
    }


def _stage_all(cursor: Any, counter: ProgressCounter, until: float) -> bool:
    """Count what there is to copy, and stage large backlogs; False when time ran out."""
    source = _read_source_state(cursor)
    writers = _create_writers(source, counter)
    counter.total = sum(writer.count_expected_rows() for writer in writers.values())
    # inside the caller's transaction all rows have its stamp, and a rollback would undo what was staged
    if connection.in_atomic_block:
        return True
    for writer in writers.values():
        with counter.time_table(writer.table.name):
            if not writer.stage_batches(source.horizon, until):
                return False
    return True


def _write_tables(writers: dict[str, TableWriter], horizon: str, counter: ProgressCounter) -> dict[str, Copy]:
    written = {}
    for name, writer in writers.items():
        if writer.is_blank():
            continue
        with counter.time_table(name):
            written[name] = writer.write(horizon)
    return written


def _publish_snapshot(
    source: SourceState, copies: dict[str, Copy], exported: dict[str, int], seconds: dict[str, float]
) -> Snapshot:
    every = derived.current_copies(source.origin) | copies
    with transaction.atomic():
        for copy in copies.values():
            save_copy(copy)
        Deletion.objects.filter(changed_xid__lt=int(source.horizon)).delete()
        return Snapshot.objects.create(
            taken_at=source.taken_at,
            horizon=source.horizon,
            versions={name: copy.version for name, copy in every.items()},
            lake_ids={name: copy.lake_id for name, copy in every.items()},
            rows={name: copy.rows for name, copy in every.items()},
            exported=exported,
            seconds=round(sum(seconds.values()), 3),
            timings=seconds,
        )


def _clean_up(snapshot: Snapshot) -> None:
    """Publish the new versions to outside readers, and once a day delete files that no reader needs any more.

    A failure here is only logged: the snapshot is valid, and the next refresh tries again.
    """
    Snapshot.objects.filter(taken_at__lt=snapshot.taken_at - FORGOTTEN_AFTER).delete()
    retained = list(Snapshot.objects.order_by("-taken_at")[:RETAINED_SNAPSHOTS])
    try:
        delta_tables.publish_versions(snapshot.versions, snapshot.rows, snapshot.taken_at)
        if _is_first_of_its_day(retained):
            _vacuum_tables(retained)
    except (DeltaError, OSError):
        log.warning("Old files of the facts could not be swept.", exc_info=True)


def _is_first_of_its_day(retained: list[Snapshot]) -> bool:
    return len(retained) > 1 and retained[0].taken_at.date() > retained[1].taken_at.date()


def _vacuum_tables(retained: list[Snapshot]) -> None:
    newest = retained[0]
    for name, version in newest.versions.items():
        if table := delta_tables.open_version(name, version, newest.lake_ids[name]):
            lake_id = newest.lake_ids[name]
            versions = {snapshot.versions[name] for snapshot in retained if snapshot.lake_ids.get(name) == lake_id}
            # only versions that still exist can be kept
            existing = [version for version in versions if delta_tables.open_version(name, version, lake_id)]
            delta_tables.vacuum_table(table, existing)
    delta_tables.vacuum_versions()
