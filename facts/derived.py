"""Tables that are computed from the facts: written by a step of the nightly run, and part of the snapshot like the others.

A later refresh takes them over as they are: they may then be older than the records, until their step has run again.
"""

import contextlib
import logging
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Full, Queue
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError
from django.db import connection, transaction

from facts import delta_tables
from facts.models import Copy, Snapshot
from facts.registry import DerivedTable, derived_tables

ORIGIN_SQL = """SELECT (SELECT system_identifier FROM pg_control_system()) || '.' || oid FROM pg_database
    WHERE datname = current_database()"""
WAITING_BATCHES = 2
POLL_SECONDS = 1.0
log = logging.getLogger(__name__)


def current_copies(origin: str) -> dict[str, Copy]:
    """Return the derived tables that a new snapshot of this database names: those whose files are still there."""
    copies = Copy.objects.filter(table__in=derived_tables(), origin=origin)
    return {
        copy.table: copy
        for copy in copies
        if delta_tables.open_version(copy.table, copy.version, copy.lake_id) is not None
    }


def digest_of_copy(table: DerivedTable, snapshot: Snapshot) -> str:
    """Return the digest of the inputs that the snapshot's copy was computed from; empty when there is none."""
    copy = Copy.objects.filter(table=table.name, shape=table.shape).first()
    is_in = copy and snapshot.versions.get(table.name) == copy.version
    return copy.checksum if copy and is_in and snapshot.lake_ids.get(table.name) == copy.lake_id else ""


def write_table(table: DerivedTable, batches: Iterable[pa.RecordBatch], snapshot: Snapshot, digest: str) -> Snapshot:
    """Write the table anew and return a snapshot that differs from the given one by this table alone.

    A process killed before the end leaves the old snapshot, which names the old version.
    """
    delta = delta_tables.reset_table(table.name, table.arrow_schema)
    _append_from_this_thread(delta, table.arrow_schema, batches)
    copy = Copy(
        table=table.name,
        version=delta.version(),
        lake_id=str(delta.metadata().id),
        origin=read_origin(),
        shape=table.shape,
        checksum=digest,
        horizon=snapshot.horizon,
        rows=sum(segment.rows for segment in delta_tables.list_segments(delta)),
    )
    with transaction.atomic():
        copy.pk = Copy.objects.filter(table=copy.table).values_list("pk", flat=True).first()
        copy.save()
        written = Snapshot.objects.create(
            taken_at=snapshot.taken_at,
            horizon=snapshot.horizon,
            versions={**snapshot.versions, table.name: copy.version},
            lake_ids={**snapshot.lake_ids, table.name: copy.lake_id},
            rows={**snapshot.rows, table.name: copy.rows},
            exported=snapshot.exported,
            seconds=snapshot.seconds,
            timings=snapshot.timings,
        )
    try:
        delta_tables.publish_versions(written.versions, written.rows, written.taken_at)
    except (DeltaError, OSError):
        log.warning("The versions of the facts could not be published to outside readers.", exc_info=True)
    return written


def _append_from_this_thread(delta: DeltaTable, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
    """Append the batches, each computed in the calling thread.

    Delta Lake reads its rows in a thread of its own. Batches that ask the database there would do so by another connection,
    which sees nothing of this transaction, and waits for its locks for ever.
    """
    waiting: Queue[pa.RecordBatch | BaseException | None] = Queue(WAITING_BATCHES)

    def read_waiting() -> Iterator[pa.RecordBatch]:
        while (batch := waiting.get()) is not None:
            if isinstance(batch, BaseException):
                raise batch  # nothing is committed
            yield batch

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(delta_tables.append_rows, delta, schema, read_waiting())
        try:
            for batch in batches:
                _put(waiting, batch, writing)
        except BaseException as fault:
            _put(waiting, fault, writing)
            raise
        _put(waiting, None, writing)
        writing.result()


def _put(waiting: Queue[Any], batch: Any, writing: Future[None]) -> None:
    """Hand a batch over, unless the writer has ended."""
    while not writing.done():
        with contextlib.suppress(Full):
            waiting.put(batch, timeout=POLL_SECONDS)
            return
    writing.result()


def read_origin() -> str:
    """Return what tells this database from any other."""
    with connection.cursor() as cursor:
        cursor.execute(ORIGIN_SQL)
        return str(cursor.fetchone()[0])
