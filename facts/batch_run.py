"""Work through all rows of some tables, or those that changed, batch by batch.

One query is run per batch, and its result is committed together with the progress of the run: a run that was killed
goes on with the next batch. Rows that are deleted meanwhile are skipped, rows on which the query fails are set aside.
An app derives a `BatchJob` that selects the rows and writes the result of a batch; its runs are rows of a model
derived from `BatchRun`.
"""

import time
from abc import ABC, abstractmethod
from datetime import datetime
from functools import cache, partial
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
from django.db import connection, transaction
from django.utils import timezone

from core.locks import acquire_lock
from facts.batches import Batch, is_full_scan_cheaper, next_batch, skipping_deleted
from facts.engine import Facts
from facts.models import BatchRun
from facts.refresh import Progress
from facts.set_aside import forget_deleted, work_through

Run = TypeVar("Run", bound=BatchRun)


class BatchJob(ABC, Generic[Run]):
    """What a run computes and writes, for one snapshot of the facts."""

    runs: type[Run]
    step: ClassVar[str]  # names the rows that are set aside
    lock: ClassVar[int]  # the advisory lock under which one run at a time writes
    tables: ClassVar[tuple[str, ...]]  # gone through in turn; the first decides whether asking about all costs less
    unit: ClassVar[str]  # what is counted, for the reader of the progress: "leads scored"

    def __init__(self, facts: Facts) -> None:
        assert facts.snapshot is not None
        self.facts, self.snapshot = facts, facts.snapshot
        self._cached_changed_ids = cache(self.changed_ids)  # two questions need it

    @property
    @abstractmethod
    def digest(self) -> str:
        """A digest of the definitions in use; when it changed, all rows are computed again."""

    @abstractmethod
    def changed_ids(self, table: str, since: str, moment: datetime) -> np.ndarray:
        """Return the ids of the rows on which something changed since the horizon, ascending."""

    @abstractmethod
    def must_ask_all(self, last: Run, moment: datetime) -> bool:
        """Whether naming what changed since the last finished run would miss something."""

    @abstractmethod
    def write_batch(self, cursor: Any, run: Run, table: str, batch: Batch, left_out: np.ndarray) -> int:
        """Ask about the rows of a batch but those left out, and write the answer; return how many rows were written."""

    def prepare_run(self, last: Run | None, since: str, moment: datetime) -> dict[str, Any]:
        """Do what is done once per run, in the transaction that begins it; return further fields of its row."""
        return {}

    def run_batches(self, progress: Progress | None, *, seconds: float, moment: datetime | None) -> int | None:
        """Run the batches that are left; return how many rows this run wrote.

        None when `seconds` ran out first: call it again, and it goes on with the next batch.
        """
        run = self._current_run(moment or timezone.now())
        until = time.monotonic() + seconds
        changed = (
            {table: self._cached_changed_ids(table, run.since, run.moment) for table in self.tables}
            if run.since
            else {}
        )
        for table in self.tables:
            forget_deleted(self.step, table)
            while batch := next_batch(table, changed.get(table), run.reached.get(table, 0)):
                if time.monotonic() > until:
                    return None
                run_batch = partial(self._run_batch, run, table, progress)
                work_through(batch, run_batch, run=run, step=self.step, table=table)
        run.finished_at = timezone.now()
        run.save(update_fields=["finished_at"])
        return run.written

    def _current_run(self, moment: datetime) -> Run:
        """Return the run that was begun on these facts with these definitions, else a new one."""
        runs = self.runs._default_manager
        newest = runs.first()
        is_unfinished = newest is not None and newest.finished_at is None
        if newest and is_unfinished and (newest.snapshot, newest.digest) == (self.snapshot.pk, self.digest):
            return newest
        last = runs.filter(finished_at__isnull=False).first()
        since = self._changes_since(last, moment)
        with transaction.atomic():
            fields = self.prepare_run(last, since, moment)
            return runs.create(
                moment=moment, snapshot=self.snapshot.pk, since=since, horizon=self.snapshot.horizon,
                digest=self.digest, **fields,
            )  # fmt: skip

    def _changes_since(self, last: Run | None, moment: datetime) -> str:
        """Return the horizon since which changes count; empty when all rows must be computed."""
        if last is None or last.digest != self.digest or int(self.snapshot.horizon) < int(last.horizon):
            return ""
        if self.must_ask_all(last, moment):
            return ""
        first = self.tables[0]
        return (
            "" if is_full_scan_cheaper(self._cached_changed_ids(first, last.horizon, moment), first) else last.horizon
        )

    def _run_batch(self, run: Run, table: str, progress: Progress | None, batch: Batch, set_aside: np.ndarray) -> bool:
        """Run a batch; False when it had no effect, because rows were deleted meanwhile."""
        with skipping_deleted(run, table, self.snapshot) as deleted:
            self._commit_batch(run, table, batch, np.union1d(deleted, set_aside))
            if progress:
                progress(run.asked, max(run.asked, 1), self.unit)
            return True
        return False

    def _commit_batch(self, run: Run, table: str, batch: Batch, left_out: np.ndarray) -> None:
        """Compute, write, and record how far the run came, all in one transaction."""
        started = time.monotonic()
        with transaction.atomic(), connection.cursor() as cursor:
            acquire_lock(cursor, self.lock)
            run.written += self.write_batch(cursor, run, table, batch, left_out)
            run.reached = {**run.reached, table: max(batch.last, run.reached.get(table, 0))}
            run.asked += batch.count_rows(cursor, table)
            run.seconds = round(run.seconds + time.monotonic() - started, 3)
            run.save()
