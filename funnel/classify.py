"""Write the moves that follow from the facts: one question for each batch of buyers, its answer copied to Postgres.

What a batch has written is read back from Postgres before the next question, so a run that was killed and run again
writes nothing twice.
"""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from functools import cached_property
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
from django.db import connection, transaction
from django.utils import timezone

from core.database import update_statistics
from core.locks import AdvisoryLock, acquire_lock
from crm.live_tables import LiveTables
from crm.models import Lead, StageMapping
from crm.rule_fields import RuleTables
from facts.batch_run import BatchJob
from facts.batches import Batch, exclude_ids
from facts.copying import copy_batches, query_to_table
from facts.engine import Facts, open_facts
from facts.refresh import Progress
from facts.rules import list_conditions
from funnel.changes import changed_buyer_ids, names_changed
from funnel.definitions import in_force
from funnel.derived_fields import meanings_of, with_figures
from funnel.entry_dates import EntryQuery
from funnel.models import Classification, Move
from funnel.stages.drafts import Funnel
from funnel.transitions import new_moves
from scoring.definitions import scores_may_rise
from team.models import Company

TABLES = {"crm_lead": "leads", "crm_account": "accounts"}
SUBJECTS = {"leads": "lead", "accounts": "account"}
EVENTS = {"touches", "activities", "usage_events", "opportunities", "stage_changes"}
EXISTING_MOVES = pa.schema(
    [("buyer", pa.int64()), ("stage", pa.string()), ("entered_at", pa.timestamp("us", "UTC")), ("by", pa.string())]
)
ALWAYS = {
    "id", "source_system", "created_at", "first_contact_on", "status", "lifecycle_stage", "is_converted", "converted_on",
}  # fmt: skip
NO_IDS = np.array([], dtype=np.int64)
MANY_ROWS = 1000


def classify_buyers(
    progress: Progress | None = None, *, seconds: float = 1e9, moment: datetime | None = None
) -> int | None:
    """Bring the moves up to date with the newest facts; return how many were written by this run.

    None when time ran out first: call it again, and it goes on with the next batch.
    """
    facts = open_facts()
    if facts.snapshot is None:
        return 0
    return ClassificationJob(facts, in_force()).run_batches(progress, seconds=seconds, moment=moment)


class ClassificationJob(BatchJob[Classification]):
    """Let leads and accounts enter the stages whose criteria they fulfil."""

    runs = Classification
    step = "classify"
    lock = AdvisoryLock.STAGE_MOVES
    tables = tuple(TABLES)
    unit = "buyers asked"

    def __init__(self, facts: Facts, funnel: Funnel) -> None:
        super().__init__(facts)
        self.funnel = funnel

    @cached_property
    def digest(self) -> str:
        mappings = StageMapping.objects.order_by("pk").values_list("source", "track", "pipeline", "stage", "ours")
        return hashlib.sha256(f"{self.funnel.digest} {list(mappings)}".encode()).hexdigest()

    @cached_property
    def meanings(self) -> pa.Table:
        return meanings_of(self.facts, self.funnel)

    def changed_ids(self, table: str, since: str, moment: datetime) -> np.ndarray:
        return changed_buyer_ids(TABLES[table], since)

    def must_ask_all(self, last: Classification, moment: datetime) -> bool:
        is_another_day = last.local_day != _local_day(moment)
        if is_another_day and (self.funnel.depends_on_time or scores_may_rise()):
            return True
        return names_changed(self.funnel, last.horizon)

    def prepare_run(self, last: Classification | None, since: str, moment: datetime) -> dict[str, Any]:
        return {"local_day": _local_day(moment)}

    def write_batch(self, cursor: Any, run: Classification, table: str, batch: Batch, left_out: np.ndarray) -> int:
        facts, subject = self.facts, TABLES[table]
        name = SUBJECTS[subject]
        buyers = exclude_ids(batch.filter_rows(facts.table(subject), "id"), "id", left_out)
        existing = _read_existing_moves(cursor, name, batch)
        question = _moves_query(
            facts, self.funnel, subject, batch, buyers, self.meanings, run.moment, existing, left_out
        )  # fmt: skip
        written = _copy_moves(cursor, name, self.funnel, facts.stream(question))
        if written >= MANY_ROWS:
            update_statistics(Move)
        return written


def _local_day(moment: datetime) -> date:
    return timezone.localtime(moment, Company.get().zone).date()


def classify_few(leads: Sequence[Lead], moment: datetime | None = None) -> int:
    """Let a few leads enter what they fulfil, from their rows of the moment: the same question that a run asks of all."""
    ids = np.array(sorted(lead.pk for lead in leads), dtype=np.int64)
    funnel, few, portion = in_force(), LiveTables(leads), Batch(int(ids[0]), int(ids[-1]), ids)
    with transaction.atomic(), connection.cursor() as cursor:
        acquire_lock(cursor, AdvisoryLock.STAGE_MOVES)
        existing = _read_existing_moves(cursor, "lead", portion)
        now, means = moment or timezone.now(), meanings_of(few, funnel)
        question = _moves_query(few, funnel, "leads", portion, few.table("leads"), means, now, existing)
        return _copy_moves(cursor, "lead", funnel, few.stream(question))


def _moves_query(
    facts: Facts | LiveTables,
    funnel: Funnel,
    subject: str,
    portion: Batch,
    buyers: Any,
    meanings: pa.Table,
    now: datetime,
    existing: pa.Table,
    left_out: np.ndarray = NO_IDS,
) -> Any:
    key = f"{SUBJECTS[subject]}_id"

    def narrow(name: str, rows: Any) -> Any:
        return exclude_ids(portion.filter_rows(rows, key), key, left_out) if name in EVENTS else rows

    tables = RuleTables(facts, subject, narrow)
    means = ibis.memtable(meanings)
    rows = with_figures(facts, buyers.select(*_needed_columns(funnel, buyers.columns)), subject, means, now, funnel)
    context = EntryQuery(funnel, subject, tables, rows, means, now, facts.materialize)
    moves = new_moves(context, ibis.memtable(existing))
    return moves.order_by("buyer", "entered_at", "position")


def _needed_columns(funnel: Funnel, columns: tuple[str, ...]) -> list[str]:
    """The columns that the question can need: fewer make it quicker to put together."""
    paths = [leaf["field"] for stage in funnel for leaf in list_conditions(stage.rule) if "field" in leaf]
    heads = {
        path if "." not in path else "custom" if path.startswith("custom.") else f"{path.split('.')[0]}_id"
        for path in paths
    }
    return [name for name in columns if name in heads | ALWAYS]


def _read_existing_moves(cursor: Any, name: str, portion: Batch) -> pa.Table:
    """Read the moves that these buyers have made already."""
    where, values = portion.id_condition
    return query_to_table(
        cursor,
        f"SELECT {name}_id, stage, entered_at, by FROM funnel_move WHERE {name}_id {where}",
        values,
        EXISTING_MOVES,
    )


def _copy_moves(cursor: Any, name: str, funnel: Funnel, batches: Iterator[pa.RecordBatch]) -> int:
    versions = {stage.key: stage.version_id for stage in funnel}
    stages, numbers = pa.array(list(versions), pa.string()), pa.array(list(versions.values()), pa.int64())

    def signed(rows: pa.Table) -> pa.Table:
        """Put the version of the stage in the place of the move's position."""
        places = pa.compute.index_in(rows["stage"], value_set=stages).combine_chunks()
        return rows.drop_columns(["position"]).append_column("version", numbers.take(places))

    target = f"funnel_move ({name}_id, stage, from_stage, entered_at, by, evidence, is_dated, version_id)"
    return copy_batches(cursor, target, batches, signed)
