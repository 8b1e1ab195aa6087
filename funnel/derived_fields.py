"""The figures that criteria may name beside the fields: the scores, the last verdict, the stage in the CRM as ours.

Each door to Sales has its score, and whether that reached the threshold that both sides signed with its model: criteria
that ask for this follow a new threshold of themselves.
"""

from datetime import datetime
from typing import Any

import ibis
import pyarrow as pa
from django.utils import timezone

from crm.models import StageTrack
from facts.compiling import HasTables
from funnel.definitions import in_force
from funnel.stages.crm_stages import plain_name, stage_keys_by_name
from funnel.stages.drafts import Funnel
from imports.mapping.stage_meanings import StageBook, accord_stage_of, load_stage_book
from scoring.scores_in_force import lead_scores
from scoring.terms import MQL, PQL

SCORES = {MQL: ("score", "is_ready"), PQL: ("use_score", "is_ready_by_use")}
MEANING = pa.schema([(name, pa.string()) for name in ("source_system", "track", "pipeline", "stage", "ours")])


def with_figures(
    facts: HasTables, rows: Any, subject: str, meanings: Any, now: datetime | None = None, funnel: Funnel | None = None
) -> Any:
    """Return the rows with every figure of the subject as of a moment (now by default), empty where there is none."""
    if subject != "leads":
        return rows.mutate(crm_stage=ibis.null("string"), is_converted=ibis.null("boolean"))
    funnel = funnel or in_force()
    rows = _with_crm_stage(rows, meanings, funnel)
    rows = _join_figures(rows, _last_verdicts(facts, funnel), verdict="verdict")
    for door, (score, is_ready) in SCORES.items():
        scores = lead_scores(facts, now or timezone.now(), door)
        if scores is None:
            rows = rows.mutate(**{score: ibis.null("float64"), is_ready: ibis.literal(False)})
        else:
            rows = _join_figures(rows, scores, **{score: "score", is_ready: "is_ready"})
    return rows


def _join_figures(rows: Any, figures_by_lead: Any, **figures: str) -> Any:
    figures_by_lead = figures_by_lead.select(
        figure_of=figures_by_lead.lead_id, **{name: figures_by_lead[column] for name, column in figures.items()}
    )
    return rows.left_join(figures_by_lead, rows["id"] == figures_by_lead.figure_of).drop("figure_of")


def _last_verdicts(facts: HasTables, funnel: Funnel) -> Any:
    """The last verdict of each lead that has taken effect, unless the lead left the main stages since: a lead that comes back needs a new verdict."""
    given = facts.table("verdicts")
    given = given.filter(given.undone_at.isnull() & given.settled_at.notnull())
    turn = ibis.row_number().over(group_by=given.lead_id, order_by=[given.given_at.desc(), given.id.desc()])
    ranked = given.mutate(turn=turn)
    last = ranked.filter(ranked.turn == 0)
    moves = facts.table("moves")
    moves = moves.filter(moves.stage.isin([stage.key for stage in funnel.detours] or [""]) & moves.lead_id.notnull())
    out = moves.group_by(out_lead="lead_id").aggregate(out_at=moves.entered_at.max())
    wide = last.left_join(out, last.lead_id == out.out_lead)
    return wide.filter(wide.out_at.isnull() | (wide.given_at >= wide.out_at)).select("lead_id", verdict="answer")


def _with_crm_stage(rows: Any, meanings: Any, funnel: Funnel) -> Any:
    """A way out by the status of a lead counts before its lifecycle stage, which counts before any other status."""
    status = _stages_of_track(meanings, StageTrack.STATUS, "status")
    cycle = _stages_of_track(meanings, StageTrack.LIFECYCLE, "lifecycle_stage")
    wide = rows.left_join(status, [rows.source_system == status.status_source, rows.status == status.status_word]).drop(
        "status_source", "status_word"
    )
    wide = wide.left_join(
        cycle, [wide.source_system == cycle.lifecycle_stage_source, wide.lifecycle_stage == cycle.lifecycle_stage_word]
    ).drop("lifecycle_stage_source", "lifecycle_stage_word")
    detours = [stage.key for stage in funnel.detours if stage.uses_crm_stage] or [""]
    out = wide.status_ours.isin(detours).ifelse(wide.status_ours, ibis.null("string"))
    return wide.mutate(crm_stage=ibis.coalesce(out, wide.lifecycle_stage_ours, wide.status_ours)).drop(
        "status_ours", "lifecycle_stage_ours"
    )


def _stages_of_track(meanings: Any, track: str, name: str) -> Any:
    of_track = meanings.filter(meanings.track == str(track))
    return of_track.select(
        **{f"{name}_source": of_track.source_system, f"{name}_word": of_track.stage, f"{name}_ours": of_track.ours}
    )


def meanings_of(facts: Any, funnel: Funnel) -> pa.Table:
    """Return the Accord stage of every stage and status that the facts hold, as decided or as usual in its source."""
    decided: dict[str, StageBook] = {}
    keys_by_name = stage_keys_by_name(funnel)  # a source that uses the funnel's own names means its stages
    rows = []
    for source, track, pipeline, stage in _distinct_source_stages(facts):
        if source not in decided:
            decided[source] = load_stage_book(source)
        key = accord_stage_of(source, track, pipeline, stage, decided[source])
        key = key or keys_by_name.get(plain_name(stage), "")
        if key:
            rows.append({"source_system": source, "track": track, "pipeline": pipeline, "stage": stage, "ours": key})
    return pa.Table.from_pylist(rows, schema=MEANING)


def _distinct_source_stages(facts: Any) -> list[tuple[str, str, str, str]]:
    changes, leads = facts.table("stage_changes"), facts.table("leads")
    pieces = [
        changes.select("source_system", track=changes.track, pipeline=changes.pipeline, stage=changes.stage),
        *(
            leads.select("source_system", track=ibis.literal(str(track)), pipeline=ibis.literal(""), stage=leads[name])
            for track, name in ((StageTrack.LIFECYCLE, "lifecycle_stage"), (StageTrack.STATUS, "status"))
        ),
    ]
    rows = facts.execute(ibis.union(*pieces, distinct=True))
    return [tuple(str(part) for part in row) for row in rows.fillna("").itertuples(index=False) if row.stage]  # type: ignore[misc]
