"""Score every lead: one query for each batch, and only what changed is written to Postgres.

Leads without new events are not queried, so a night without changes writes nothing, however far the scores decayed.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection

from core.locks import AdvisoryLock, acquire_lock
from crm.rule_fields import RuleTables
from facts.batch_run import BatchJob
from facts.batches import Batch, exclude_ids
from facts.engine import Facts, open_facts
from facts.refresh import Progress
from scoring.changes import changed_lead_ids, known_events, names_changed, were_events_deleted
from scoring.compiling import ScoringInput, compute_states, lead_columns
from scoring.definitions import in_force, signed_since
from scoring.models import Score, ScoringRun
from scoring.score_rows import end_scores, read_stored, rows_to_write, write_scores
from scoring.terms import COUNTED, EVERYBODY, Model

TABLE = "crm_lead"


def score_all(progress: Progress | None = None, *, seconds: float = 1e9, moment: datetime | None = None) -> int | None:
    """Bring the scores up to date with the newest facts; return how many were written by this run.

    None when time ran out first: call it again, and it goes on with the next batch.
    """
    facts, models = open_facts(), in_force()
    if facts.snapshot is None or (not models and not Score.objects.exists()):
        return 0
    return ScoringJob(facts, models).run_batches(progress, seconds=seconds, moment=moment)


class ScoringJob(BatchJob[ScoringRun]):
    """Score the leads by the active models."""

    runs = ScoringRun
    step = "score"
    lock = AdvisoryLock.SCORES
    tables = (TABLE,)
    unit = "leads scored"

    def __init__(self, facts: Facts, models: Sequence[Model]) -> None:
        super().__init__(facts)
        self.models = models

    @cached_property
    def digest(self) -> str:
        return hashlib.sha256(repr(self.models).encode()).hexdigest()

    def changed_ids(self, table: str, since: str, moment: datetime) -> np.ndarray:
        return changed_lead_ids(since, moment)

    def must_ask_all(self, last: ScoringRun, moment: datetime) -> bool:
        return names_changed(self.models, last.horizon) or were_events_deleted(self.facts, last.known)

    def prepare_run(self, last: ScoringRun | None, since: str, moment: datetime) -> dict[str, Any]:
        # A model that is active no more can have left scores, unless the last run of these models ended all others.
        others_may_stand = not since or last is None or signed_since(last.moment)
        ended = 0
        if others_may_stand:
            with connection.cursor() as cursor:
                acquire_lock(cursor, AdvisoryLock.SCORES)
                ended = end_scores(cursor, moment, "s.model <> ALL(%s)", [[model.key for model in self.models]])
        return {"known": known_events(self.facts), "written": ended}

    def write_batch(self, cursor: Any, run: ScoringRun, table: str, batch: Batch, left_out: np.ndarray) -> int:
        scoring_input = _scoring_input(self.facts, batch, left_out, run.moment)
        return sum(_score_batch(cursor, self.facts, model, scoring_input, batch, left_out) for model in self.models)


def _scoring_input(facts: Facts, batch: Batch, left_out: np.ndarray, moment: datetime) -> ScoringInput:
    def filter_to_batch(name: str, rows: Any) -> Any:
        return exclude_ids(batch.filter_rows(rows, "lead_id"), "lead_id", left_out) if name in COUNTED else rows

    leads = exclude_ids(batch.filter_rows(facts.table("leads"), "id"), "id", left_out)
    return ScoringInput(RuleTables(facts, "leads", filter_to_batch), leads, moment)


def _score_batch(
    cursor: Any, facts: Facts, model: Model, scoring_input: ScoringInput, batch: Batch, left_out: np.ndarray
) -> int:
    stored = read_stored(cursor, model, batch)
    if left_out.size:  # leads that are not scored now keep the scores they have
        is_left_out = pc.is_in(stored["stands_for"], value_set=pa.array(left_out, pa.int64()))
        stored = stored.filter(pc.invert(is_left_out))
    known_at = facts.as_of
    assert known_at is not None
    computed = compute_states(model, scoring_input)
    rows = facts.stream(rows_to_write(model, computed, stored, known_at))
    written = write_scores(cursor, model, rows, scoring_input.now, is_empty=not stored.num_rows)
    if stored.num_rows and model.leads != EVERYBODY:
        written += end_out_of_scope(cursor, facts, model, scoring_input, stored)
    return written


def end_out_of_scope(cursor: Any, facts: Any, model: Model, scoring_input: ScoringInput, stored: pa.Table) -> int:
    """End the scores of leads that are no longer in the scope of the model."""
    scope_only = Model(model.key, model.threshold, leads=model.leads, profile=model.profile)
    in_scope = compute_states(
        scope_only,
        ScoringInput(
            scoring_input.tables,
            scoring_input.rows.select(*lead_columns(scope_only, scoring_input.rows.columns)),
            scoring_input.now,
        ),
    )
    old = ibis.memtable(stored)
    out_of_scope = facts.execute(old.anti_join(in_scope, old.stands_for == in_scope.lead_id).select("stands_for"))
    ids = [int(lead_id) for lead_id in out_of_scope["stands_for"]]
    return end_scores(cursor, scoring_input.now, "s.model = %s AND s.lead_id = ANY(%s)", [model.key, ids]) if ids else 0
