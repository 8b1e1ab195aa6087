"""Work through a portion of rows although some of them break the question: these are set aside with their reason.

A fault of a single record must not keep the figures of all others from being computed. Where a portion fails on a
record, it is halved until that record alone is left. Faults of the machine (no database, no disk, no time) are raised.
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
MOST = 50  # records of a step; where more fail, it is the step that is broken
Do = Callable[[Batch, np.ndarray], bool]


class TooManyFaults(Exception):
    """So many records failed that the step itself must be at fault."""


def work_through(portion: Batch, do: Do, *, run: models.Model, step: str, table: str) -> bool:
    """Do the portion, and set the records aside on which it fails; False when it came to nothing.

    `do` gets the rows to work on and the ids to leave out, commits its effect with how far the run came, and returns
    whether it did. What was set aside before is tried alone, so that it costs the others nothing; once it works it is
    set aside no more.
    """
    known = _set_aside_ids(portion, step, table)
    if not _in_halves(portion, do, known, run=run, step=step, table=table):
        return False
    for number in known.tolist():
        alone = Batch(number, number, np.array([number], dtype=np.int64))
        if not _in_halves(alone, do, np.array([], dtype=np.int64), run=run, step=step, table=table):
            return False
    return True


def _in_halves(portion: Batch, do: Do, without: np.ndarray, *, run: models.Model, step: str, table: str) -> bool:
    fault: Exception | None = None
    try:
        is_done = do(portion, without)
    except RECORD_FAULTS as error:
        fault = error.with_traceback(None)  # else its frames keep the answer open that failed
    if fault is None:
        if is_done and portion.is_one and not without.size:
            clear_fault(step, table, portion.first)
        return is_done
    run.refresh_from_db()
    halves = portion.halves()
    if not halves:
        set_aside(step, table, portion.first, fault)
        return True
    return all(_in_halves(half, do, without, run=run, step=step, table=table) for half in halves)


def _set_aside_ids(portion: Batch, step: str, table: str) -> np.ndarray:
    noted = SetAside.objects.filter(step=step, table=table, row_id__range=(portion.first, portion.last))
    ids = np.array(noted.values_list("row_id", flat=True), dtype=np.int64)
    if not ids.size:
        return ids
    return np.sort(ids) if portion.ids is None else np.intersect1d(ids, portion.ids)


def set_aside(step: str, table: str, row_id: int, fault: Exception, name: str = "") -> None:
    """Note that the step could not work on a record.

    Raises:
        TooManyFaults: more than MOST are set aside already.
    """
    reason = f"{type(fault).__name__}: {fault}"[:500]
    log.warning("%s sets %s %s aside: %s", step, table, name or row_id, reason)
    if SetAside.objects.filter(step=step).exclude(table=table, row_id=row_id, name=name).count() >= MOST:
        raise TooManyFaults(f"More than {MOST} records failed. The last one, {table} {name or row_id}: {reason}")
    record_fault(step, table, row_id, reason, name)


def record_fault(step: str, table: str, row_id: int, reason: str, name: str = "") -> None:
    SetAside.objects.update_or_create(
        step=step, table=table, row_id=row_id, name=name, defaults={"reason": reason, "tried_at": timezone.now()}
    )


def clear_fault(step: str, table: str, row_id: int, name: str = "") -> None:
    """Note that the step worked on the record again."""
    SetAside.objects.filter(step=step, table=table, row_id=row_id, name=name).delete()


def forget_deleted(step: str, table: str) -> None:
    """Set rows that are gone aside no more."""
    with connection.cursor() as cursor:
        cursor.execute(
            f'DELETE FROM {SetAside._meta.db_table} a WHERE step = %s AND "table" = %s '
            f'AND NOT EXISTS (SELECT FROM "{table}" t WHERE t.id = a.row_id)',
            [step, table],
        )


def note_implausible(table: FactTable, found: Mapping[int, str]) -> None:
    """Note the rows of which a date counts as none in the facts, and release those that were corrected or deleted."""
    now = timezone.now()
    rows = [
        SetAside(step=FACTS, table=table.source, row_id=key, reason=why, tried_at=now) for key, why in found.items()
    ]
    SetAside.objects.bulk_create(
        rows,
        update_conflicts=True,
        update_fields=["reason", "tried_at"],
        unique_fields=["step", "table", "row_id", "name"],
    )
    noted = SetAside.objects.filter(step=FACTS, table=table.source)
    if not noted.exists():
        return
    with connection.cursor() as cursor:
        wrong = " OR ".join(f"NOT {is_plausible_sql(column)}" for column in table.columns if column.type in LIMITS)
        numbers = list(noted.values_list("row_id", flat=True))
        cursor.execute(f'SELECT id FROM "{table.source}" WHERE id = ANY(%s) AND ({wrong})', [numbers])
        noted.exclude(row_id__in=[row[0] for row in cursor.fetchall()]).delete()
