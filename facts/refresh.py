"""Bring the columnar copy up to date with Postgres: what changed since the last time, as one consistent set.

All tables are read in one REPEATABLE READ transaction. Its `pg_snapshot_xmin`, the horizon, parts what this copy
surely holds from what the next refresh must look at again: a transaction that was open meanwhile stamps its rows
with an id at or after the horizon, whenever it commits. The Delta tables are written first; then one transaction in
Postgres names the new versions in a Snapshot. Whoever dies in between leaves the old Snapshot, and the next refresh
returns each table to the version that Postgres knows before it writes.

A first copy, or a large import, goes ahead of that transaction in portions that are recorded one by one.
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
from facts import delta_tables
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
        """Hear that `done` of about `total` rows are copied, of which the last are the table's called `what`."""


@dataclass(frozen=True)
class SourceState:
    """The state of Postgres that is being copied."""

    cursor: Any
    horizon: str
    origin: str
    taken_at: datetime


class ProgressCounter:
    """Adds up the rows read, table by table, and passes the news on."""

    def __init__(self, progress: Progress | None) -> None:
        self.progress = progress
        self.total = 0
        self.rows: dict[str, int] = {}
        self.seconds: dict[str, float] = {}

    @contextlib.contextmanager
    def timing(self, table: str) -> Iterator[None]:
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
    heard = ProgressCounter(progress)
    with _open_cursor() as cursor, _exclusive_lock(cursor, wait):
        if rebuild:
            Copy.objects.all().delete()
        ahead = dict(Copy.objects.values_list("table", "staged"))
        _stage_all(cursor, heard, math.inf)
        with _repeatable_read(cursor):
            moment = _read_source_state(cursor)
            writers = _create_writers(moment, heard)
            written = _write_tables(writers, moment.horizon, heard)
        exported = {name: heard.rows.get(name, 0) + ahead.get(name, 0) for name in written}
        snapshot = _publish_snapshot(moment, written, exported, heard.seconds)
        for name in written:
            note_implausible(all_tables()[name], writers[name].export.implausible)
        _clean_up(snapshot)
    return snapshot


def stage_rows(seconds: float, *, progress: Progress | None = None) -> bool:
    """Copy ahead what is too much for one go, for about so many seconds; True when a refresh can do the rest.

    Raises:
        Busy: a refresh is at work.
    """
    with _open_cursor() as cursor, _exclusive_lock(cursor, wait=False):
        return _stage_all(cursor, ProgressCounter(progress), time.monotonic() + seconds)


@contextlib.contextmanager
def _open_cursor() -> Iterator[Any]:
    """A cursor of a connection apart, so that the caller's stays free; of the caller's when it is in a transaction."""
    if connection.in_atomic_block:
        with connection.cursor() as cursor:
            yield cursor
        return
    apart = connection.copy()
    try:
        with apart.cursor() as cursor:
            yield cursor
    finally:
        apart.close()


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
    cursor.execute(
        """SELECT pg_snapshot_xmin(pg_current_snapshot())::text,
        (SELECT system_identifier FROM pg_control_system()) || '.' || oid FROM pg_database
        WHERE datname = current_database()"""
    )
    horizon, origin = cursor.fetchone()
    return SourceState(cursor, horizon, origin, taken_at)


def _create_writers(moment: SourceState, heard: ProgressCounter) -> dict[str, TableWriter]:
    copies = {copy.table: copy for copy in Copy.objects.all()}
    return {
        name: TableWriter(moment.cursor, table, copies.get(name), moment.origin, heard)
        for name, table in sorted(all_tables().items())
    }


def _stage_all(cursor: Any, heard: ProgressCounter, until: float) -> bool:
    """Count what there is to do, and do the bulk of it in portions; False when time ran out."""
    moment = _read_source_state(cursor)
    writers = _create_writers(moment, heard)
    heard.total = sum(writer.expected() for writer in writers.values())
    if connection.in_atomic_block:  # all rows bear the stamp of the caller's transaction: a portion would not last
        return True
    for writer in writers.values():
        with heard.timing(writer.table.name):
            if not writer.stage(moment.horizon, until):
                return False
    return True


def _write_tables(writers: dict[str, TableWriter], horizon: str, heard: ProgressCounter) -> dict[str, Copy]:
    written = {}
    for name, writer in writers.items():
        if writer.is_blank():
            continue
        with heard.timing(name):
            written[name] = writer.write(horizon)
    return written


def _publish_snapshot(
    moment: SourceState, copies: dict[str, Copy], exported: dict[str, int], seconds: dict[str, float]
) -> Snapshot:
    with transaction.atomic():
        for copy in copies.values():
            save_copy(copy)
        Deletion.objects.filter(changed_xid__lt=int(moment.horizon)).delete()
        return Snapshot.objects.create(
            taken_at=moment.taken_at,
            horizon=moment.horizon,
            versions={name: copy.version for name, copy in copies.items()},
            lake_ids={name: copy.lake_id for name, copy in copies.items()},
            rows={name: copy.rows for name, copy in copies.items()},
            exported=exported,
            seconds=round(sum(seconds.values()), 3),
            timings=seconds,
        )


def _clean_up(snapshot: Snapshot) -> None:
    """Announce the new set to readers from outside, and once a day sweep away what no reader wants any more.

    What goes wrong here waits for the next time: the new set stands.
    """
    Snapshot.objects.filter(taken_at__lt=snapshot.taken_at - FORGOTTEN_AFTER).delete()
    kept = list(Snapshot.objects.order_by("-taken_at")[:RETAINED_SNAPSHOTS])
    try:
        delta_tables.publish_versions(snapshot.versions, snapshot.rows, snapshot.taken_at)
        if _is_first_of_its_day(kept):
            _vacuum_tables(kept)
    except (DeltaError, OSError):
        log.warning("Old files of the facts could not be swept.", exc_info=True)


def _is_first_of_its_day(kept: list[Snapshot]) -> bool:
    return len(kept) > 1 and kept[0].taken_at.date() > kept[1].taken_at.date()


def _vacuum_tables(kept: list[Snapshot]) -> None:
    newest = kept[0]
    for name, version in newest.versions.items():
        if table := delta_tables.open_version(name, version, newest.lake_ids[name]):
            delta_tables.vacuum_table(table, _kept_versions(name, newest.lake_ids[name], kept))
    delta_tables.vacuum_versions()


def _kept_versions(name: str, lake_id: str, kept: list[Snapshot]) -> list[int]:
    versions = {snapshot.versions[name] for snapshot in kept if snapshot.lake_ids.get(name) == lake_id}
    return [version for version in versions if delta_tables.open_version(name, version, lake_id)]
