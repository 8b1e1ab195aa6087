"""Scores as columns: of a moment from what is stored, and as they stood at any moment from the events."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa

from crm.rule_fields import RuleTables
from facts.compiling import HasTables
from facts.custom import custom_value
from facts.engine import Facts
from imports.history import RecordHistory
from scoring.compiling import MOMENT, ScoringInput, compute_scores, lead_columns, score_column
from scoring.definitions import in_force
from scoring.terms import MQL, Model

SCHEMA = {"lead_id": "int64", "model": "string", "position": "int64", "threshold": "float64", "score": "float64"}


def all_scores(facts: HasTables, now: datetime, models: Sequence[Model] | None = None) -> Any:
    """Return the score of each lead under each active model at a moment: lead_id, model, threshold, score."""
    stored = facts.table("scores")
    pieces = [
        _model_scores(stored, model, position, now)
        for position, model in enumerate(in_force() if models is None else models)
    ]
    if not pieces:
        return ibis.memtable([], schema=SCHEMA)
    return ibis.union(*pieces) if len(pieces) > 1 else pieces[0]


def _model_scores(stored: Any, model: Model, position: int, now: datetime) -> Any:
    rows = stored.filter((stored.model == model.key) & (stored.version_id == model.version_id))
    logs = {f"log_{n}": custom_value(rows.state, str(n)).cast("float64") for n in range(len(model.pools))}
    rows = rows.mutate(**logs)
    return rows.select(
        "lead_id",
        model=ibis.literal(model.key),
        position=ibis.literal(position, type="int64"),
        threshold=ibis.literal(model.threshold),
        score=score_column(model, rows, now),
    )


def lead_scores(facts: HasTables, now: datetime, door: str = MQL) -> Any | None:
    """Return the one score of each lead for a door, that of the first model that scores it, and whether it is enough.

    Columns: lead_id, score, is_ready. None while no model of the door is active.
    """
    models = [model for model in in_force() if model.door == door]
    if not models:
        return None
    scores = all_scores(facts, now, models)
    scores = scores.mutate(is_ready=scores.score >= scores.threshold)
    if len(models) > 1:
        turn = ibis.row_number().over(group_by=scores.lead_id, order_by=scores.position)
        ranked = scores.mutate(turn=turn)
        scores = ranked.filter(ranked.turn == 0)
    return scores.select("lead_id", "score", "is_ready")


def scores_as_of(facts: Facts, model: Model, moments: pd.DataFrame | pa.Table) -> Any:
    """Return scores as they stood, from the events up to each moment and the fields as known then: id, fit_points, score.

    `moments` holds lead_id and asked_at, one row a lead. Of fields imports.history says how they stood.
    """
    handoffs = ibis.memtable(moments).select(of_lead="lead_id", **{MOMENT: MOMENT})
    past = RecordHistory(facts, handoffs, lead_columns(model, facts.table("leads").columns))
    now = facts.as_of
    assert now is not None, "no records copied yet"
    return compute_scores(model, ScoringInput(RuleTables(past, "leads"), past.leads, now))
