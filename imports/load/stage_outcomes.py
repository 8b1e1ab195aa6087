"""Which stages of a source end a deal, written to each entry of its history: whether a deal was open on a day depends on it.

In the order of proof: as the company decided, as flags of the deals in the stage prove, as the source's stages usually are,
as the name suggests.
"""

from collections.abc import Iterable

from django.db import connection

from crm.models import Outcome, OutcomeBasis, StageMapping, StageTrack
from imports.mapping.catalogue import list_sources
from imports.mapping.schema import FieldRule
from imports.mapping.stage_meanings import ENDED, OPEN, usual_meaning_of

ENTERED = """
SELECT DISTINCT coalesce(nullif(c.pipeline, ''), o.pipeline, ''), c.stage FROM crm_stagechange c
LEFT JOIN crm_opportunity o ON o.id = c.opportunity_id
WHERE c.source = %s AND c.track = 'deal' AND c.stage <> '' AND c.told_by <> %s
"""
PROVEN = """
SELECT pipeline, stage, array_agg(DISTINCT coalesce(told ->> 'outcome', outcome)) FROM crm_opportunity
WHERE source = %s AND outcome_basis = %s AND stage <> '' GROUP BY 1, 2
"""
UPDATE_ENDED = """
WITH means AS (SELECT * FROM unnest(%s::text[], %s::text[], %s::text[]) AS m(pipeline, stage, ended_as)),
due AS (
    SELECT c.id, m.ended_as FROM crm_stagechange c LEFT JOIN crm_opportunity o ON o.id = c.opportunity_id
    JOIN means m ON m.stage = c.stage AND m.pipeline = coalesce(nullif(c.pipeline, ''), o.pipeline, '')
    WHERE c.source = %s AND c.track = 'deal' AND c.told_by <> %s AND c.ended_as <> m.ended_as LIMIT %s
)
UPDATE crm_stagechange c SET ended_as = due.ended_as FROM due WHERE c.id = due.id
"""
TOLD_BY_IMPORTS = "Earlier import"  # entries that say themselves how the deal had ended
OWN_SHEETS = "accord"
Stages = dict[tuple[str, str], str]  # (pipeline, stage) to outcome


def update_ended_stages(source: str, most: int = 2**31) -> int:
    """Write into the histories of a source which entries end a deal; return how many entries changed, `most` at a time."""
    ends = ended_stages(source)
    if not ends:
        return 0
    pipelines, stages = zip(*ends, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            UPDATE_ENDED, [list(pipelines), list(stages), list(ends.values()), source, TOLD_BY_IMPORTS, most]
        )
        return int(cursor.rowcount)


def ended_stages(source: str) -> Stages:
    """Return for each stage in the histories of a source the outcome that it means; "" for one that leaves a deal open."""
    with connection.cursor() as cursor:
        cursor.execute(ENTERED, [source, TOLD_BY_IMPORTS])
        entered = cursor.fetchall()
    decided = StageMapping.objects.filter(source=source, track=StageTrack.DEAL).exclude(outcome="")
    decided_outcomes = {(row.pipeline, row.stage): str(row.outcome) for row in decided}
    mappings = (list_sources().get(source) or list_sources()[OWN_SHEETS]).mappings
    fields = [rule for mapping in mappings if mapping.object == "opportunity" for rule in mapping.fields]
    rules = [rule for rule in fields if rule.name == "outcome" and rule.map]
    proven = _outcomes_by_flags(source) if any(rule.flags for rule in rules) else {}
    outcomes = {
        key: decided_outcomes.get(key) or proven.get(key) or _outcome_by_name(source, key[1], rules) for key in entered
    }
    return {key: "" if outcome == OPEN else outcome for key, outcome in outcomes.items()}


def _outcomes_by_flags(source: str) -> Stages:
    """Return what flags prove of stages whose deals all ended alike; lost and no decision are alike here."""
    with connection.cursor() as cursor:
        cursor.execute(PROVEN, [source, OutcomeBasis.FLAG])
        rows = [(pipeline, stage, set(outcomes)) for pipeline, stage, outcomes in cursor.fetchall()]
    unanimous = {(pipeline, stage): outcomes.pop() for pipeline, stage, outcomes in rows if len(outcomes) == 1}
    mixed = {
        (pipeline, stage): Outcome.LOST.value for pipeline, stage, all_ in rows if len(all_) > 1 and all_ <= set(ENDED)
    }
    return unanimous | mixed


def _outcome_by_name(source: str, stage: str, rules: Iterable[FieldRule]) -> str:
    if meaning := usual_meaning_of(source, StageTrack.DEAL, stage):
        return meaning.outcome
    return next((str(outcome) for rule in rules if rule.map and (outcome := rule.map.get(stage))), "")
