"""Bring the columnar copy up to date with Postgres: what changed since the last time, as one consistent set.

All tables are read in one REPEATABLE READ transaction. Its `pg_snapshot_xmin`, the horizon, parts what this copy
surely holds from what the next refresh must look at again: a transaction that was open meanwhile stamps its rows
with an id at or after the horizon, whenever it commits. The Delta tables are written first; then one transaction in
Postgres names the new versions in a Snapshot. Whoever dies in between leaves the old Snapshot, and the next refresh
returns each table to the version that Postgres knows before it writes.
"""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.db import connection, transaction
from django.utils import timezone

from facts import lake
from facts.models import Copy, Deletion, Snapshot
from facts.registry import tables
from facts.writing import Written, bring_up_to_date

LOCK = 7_022_026  # the advisory lock under which one refresh at a time works
KEPT_SNAPSHOTS = 10


class Progress(Protocol):
    def __call__(self, done: int, total: int, what: str) -> None:
        """Hear that `done` of `total` tables are up to date and `what` is at work."""


@dataclass
class Moment:
    """The state of Postgres that is being copied."""

    cursor: Any
    horizon: str
    origin: str
    taken_at: Any = field(default_factory=timezone.now)


def refresh(*, rebuild: bool = False, progress: Progress | None = None) -> Snapshot:
    """Copy what changed since the last refresh, or everything, and return the new Snapshot.

    It waits while another refresh works. Inside a transaction of the caller it copies what that transaction sees.
    """
    started = time.monotonic()
    with _reading() as moment:
        known = {} if rebuild else {copy.table: copy for copy in Copy.objects.all()}
        written = {}
        for done, (name, table) in enumerate(sorted(tables().items())):
            if progress:
                progress(done, len(tables()), name)
            written[name] = bring_up_to_date(moment.cursor, table, known.get(name), moment.horizon, moment.origin)
        snapshot = _publish(moment, written, time.monotonic() - started)
    _sweep(written)
    return snapshot


@contextlib.contextmanager
def _reading() -> Iterator[Moment]:
    """Hold the lock and one unchanging view of the database, on a connection apart unless a transaction is open."""
    if connection.in_atomic_block:
        with connection.cursor() as cursor, _alone(cursor):
            yield _moment(cursor)
        return
    apart = connection.copy()
    try:
        with apart.cursor() as cursor, _alone(cursor):
            cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield _moment(cursor)
            cursor.execute("COMMIT")
    finally:
        apart.close()


@contextlib.contextmanager
def _alone(cursor: Any) -> Iterator[None]:
    cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
    try:
        yield
    finally:
        with contextlib.suppress(Exception):  # a broken connection has let go of it already
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def _moment(cursor: Any) -> Moment:
    taken_at = timezone.now()
    cursor.execute(
        """SELECT pg_snapshot_xmin(pg_current_snapshot())::text,
        (SELECT system_identifier FROM pg_control_system()) || '.' || oid FROM pg_database
        WHERE datname = current_database()"""
    )
    horizon, origin = cursor.fetchone()
    return Moment(cursor, horizon, origin, taken_at)


def _publish(moment: Moment, written: dict[str, Written], seconds: float) -> Snapshot:
    with transaction.atomic():
        for name, result in written.items():
            Copy.objects.update_or_create(table=name, defaults=result.as_copy(moment.horizon))
        Deletion.objects.filter(changed_xid__lt=int(moment.horizon)).delete()
        return Snapshot.objects.create(
            taken_at=moment.taken_at,
            horizon=moment.horizon,
            versions={name: result.version for name, result in written.items()},
            lake_ids={name: result.lake_id for name, result in written.items()},
            rows={name: result.rows for name, result in written.items()},
            exported={name: result.exported for name, result in written.items()},
            seconds=round(seconds, 3),
        )


def _sweep(written: dict[str, Written]) -> None:
    """Delete the files that no reader can want any more, and forget the snapshots that go with them."""
    kept = list(Snapshot.objects.all()[:KEPT_SNAPSHOTS])
    for name, result in written.items():
        if result.delta is not None:
            lake.sweep(result.delta, [snapshot.versions[name] for snapshot in kept if name in snapshot.versions])
