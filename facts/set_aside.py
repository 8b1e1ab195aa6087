"""Work through a batch of rows although some of them make the query fail: these are set aside with the reason.

One bad record must not keep the figures of all others from being computed. A batch that fails is halved until the bad
record alone is left. Faults of the machine (no database, no disk, no time) are raised.
"""

import logging
from collections.abc import Callable, Mapping

import duckdb
import numpy as np
import pyarrow as pa
from django.db import DataError, IntegrityError, connection, models
from django.utils import timezone

from facts.batches import Batch
from facts.export import LIMITS, is_plausible_sql
from facts.models import SetAside
from facts.registry import FactTable

log = logging.getLogger(__name__)
RECORD_FAULTS = (
    DataError, IntegrityError, pa.ArrowInvalid, duckdb.DataError, duckdb.InvalidInputException, ValueError, ArithmeticError,
)  # fmt: skip
FACTS = "facts"  # the step that copies
MAX_FAULTS = 50  # records of a step; where more fail, it is the step that is broken
RunBatch = Callable[[Batch, np.ndarray], bool]  # gets the rows and the ids to leave out; whether it had an effect


class TooManyFaults(Exception):
    """So many records failed that the step itself must be at fault."""


def work_through(batch: Batch, run_batch: RunBatch, *, run: models.Model, step: str, table: str) -> bool:
    """Run the batch, and set the records aside on which it fails; False when it had no effect.

    `run_batch` gets the rows to work on and the ids to leave out, commits its effect with the progress of the run, and
    returns whether it did. Records set aside before are tried one by one, so that they cannot fail the others; once
    one works, it is no longer set aside.
    """
    noted = SetAside.objects.filter(step=step, table=table, row_id__range=(batch.first, batch.last))
    set_aside_ids = np.sort(np.array(noted.values_list("row_id", flat=True), dtype=np.int64))
    if batch.ids is not None:
        set_aside_ids = np.intersect1d(set_aside_ids, batch.ids)
    if not _run_in_halves(batch, run_batch, set_aside_ids, run=run, step=step, table=table):
        return False
    for row_id in set_aside_ids.tolist():
        single_row = Batch(row_id, row_id, np.array([row_id], dtype=np.int64))
        if not _run_in_halves(single_row, run_batch, np.array([], dtype=np.int64), run=run, step=step, table=table):
            return False
    return True


def _run_in_halves(
    batch: Batch, run_batch: RunBatch, left_out: np.ndarray, *, run: models.Model, step: str, table: str
) -> bool:
    """Run the batch; where it fails, run its halves, down to the single record that is to blame."""
    failure: Exception | None = None
    try:
        is_done = run_batch(batch, left_out)
    except RECORD_FAULTS as error:
        failure = error.with_traceback(None)  # its frames would keep the failed answer open
    if failure is None:
        if is_done and batch.is_single_id and not left_out.size:
            clear_fault(step, table, batch.first)
        return is_done
    run.refresh_from_db()
    halves = batch.split_in_halves()
    if not halves:
        set_aside(step, table, batch.first, failure)
        return True
    return all(_run_in_halves(half, run_batch, left_out, run=run, step=step, table=table) for half in halves)


def set_aside(step: str, table: str, row_id: int, error: Exception, name: str = "") -> None:
    """Note that the step could not work on a record.

    Raises:
        TooManyFaults: more than MOST are set aside already.
    """
    reason = f"{type(error).__name__}: {error}"[:500]
    log.warning("%s sets %s %s aside: %s", step, table, name or row_id, reason)
    if SetAside.objects.filter(step=step).exclude(table=table, row_id=row_id, name=name).count() >= MAX_FAULTS:
        raise TooManyFaults(f"More than {MAX_FAULTS} records failed. The last one, {table} {name or row_id}: {reason}")
    record_fault(step, table, row_id, reason, name)


def record_fault(step: str, table: str, row_id: int, reason: str, name: str = "") -> None:
    SetAside.objects.update_or_create(
        step=step, table=table, row_id=row_id, name=name, defaults={"reason": reason, "tried_at": timezone.now()}
    )


def clear_fault(step: str, table: str, row_id: int, name: str = "") -> None:
    """Note that the step worked on the record again."""
    SetAside.objects.filter(step=step, table=table, row_id=row_id, name=name).delete()


def forget_deleted(step: str, table: str) -> None:
    """Delete the notes on rows that no longer exist."""
    with connection.cursor() as cursor:
        cursor.execute(
            f'DELETE FROM {SetAside._meta.db_table} a WHERE step = %s AND "table" = %s '
            f'AND NOT EXISTS (SELECT FROM "{table}" t WHERE t.id = a.row_id)',
            [step, table],
        )


def note_implausible(table: FactTable, implausible: Mapping[int, str]) -> None:
    """Note the rows of which a date counts as none in the facts, and release those that were corrected or deleted."""
    now = timezone.now()
    rows = [
        SetAside(step=FACTS, table=table.source, row_id=key, reason=why, tried_at=now)
        for key, why in implausible.items()
    ]
    SetAside.objects.bulk_create(
        rows,
        update_conflicts=True,
        update_fields=["reason", "tried_at"],
        unique_fields=["step", "table", "row_id", "name"],
    )
    already_set_aside = SetAside.objects.filter(step=FACTS, table=table.source)
    if not already_set_aside.exists():
        return
    with connection.cursor() as cursor:
        is_implausible = " OR ".join(
            f"NOT {is_plausible_sql(column)}" for column in table.columns if column.type in LIMITS
        )
        numbers = list(already_set_aside.values_list("row_id", flat=True))
        cursor.execute(f'SELECT id FROM "{table.source}" WHERE id = ANY(%s) AND ({is_implausible})', [numbers])
        already_set_aside.exclude(row_id__in=[row[0] for row in cursor.fetchall()]).delete()
