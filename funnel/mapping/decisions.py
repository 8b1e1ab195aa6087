"""Deciding what a stage means: what would move, the move itself, and taking the last one back.

The outcome, probability and days of every deal in question are computed again from the source's values, so that a
decision can be undone, and an import of the same file finds nothing to change.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from crm.models import StageDecision, StageMapping, StageTrack
from funnel.permissions import MAP_STAGES
from imports.load.journal import lock_import_writes
from imports.load.stage_outcomes import update_ended_stages
from imports.mapping.catalogue import list_sources
from imports.mapping.stage_meanings import Meaning
from team.models import User

MOVES_DEALS = {StageTrack.DEAL, StageTrack.REASON}
SAID = """
WITH said AS (
    SELECT o.id, o.pipeline, o.stage, o.lost_reason, o.outcome AS old_outcome, o.probability AS old_probability,
        coalesce(o.told ->> 'outcome', o.outcome) AS outcome,
        CASE WHEN o.told ? 'probability' THEN (o.told ->> 'probability')::numeric ELSE o.probability END AS probability,
        CASE WHEN o.told ? 'closed_on' THEN (o.told ->> 'closed_on')::date ELSE o.closed_on END AS closed_on,
        CASE WHEN o.told ? 'expected_close_on' THEN (o.told ->> 'expected_close_on')::date
            ELSE o.expected_close_on END AS expected_close_on
    FROM crm_opportunity o WHERE o.source = %(source)s AND {which}
), by_stage AS (
    SELECT said.*, coalesce(nullif(m.outcome, ''), said.outcome) AS staged, m.probability AS agreed
    FROM said LEFT JOIN crm_stagemapping m ON m.source = %(source)s AND m.track = 'deal'
        AND m.pipeline = said.pipeline AND m.stage = said.stage
), by_reason AS (
    SELECT b.*, CASE WHEN b.staged IN ('lost', 'no_decision') AND r.outcome <> '' THEN r.outcome ELSE b.staged END AS ours
    FROM by_stage b LEFT JOIN crm_stagemapping r ON r.source = %(source)s AND r.track = 'reason'
        AND r.stage = b.lost_reason AND b.lost_reason <> ''
), new AS (
    SELECT b.*, CASE WHEN ours = 'open' AND agreed IS NOT NULL THEN agreed ELSE probability END AS chance,
        CASE WHEN %(expected_when)s AND outcome = 'open' AND ours <> 'open' THEN coalesce(expected_close_on, closed_on)
            WHEN %(closed_when)s AND outcome <> 'open' AND ours = 'open' THEN NULL ELSE closed_on END AS closes_on,
        CASE WHEN %(expected_when)s AND outcome = 'open' AND ours <> 'open' THEN NULL
            WHEN %(expected_when)s AND outcome <> 'open' AND ours = 'open' THEN closed_on
            ELSE expected_close_on END AS expects_on
    FROM by_reason b
)
"""
MOVE = """
UPDATE crm_opportunity o SET outcome = n.ours, probability = n.chance, closed_on = n.closes_on,
    expected_close_on = n.expects_on, told = n.told
FROM (SELECT new.*, CASE WHEN (ours, chance) IS DISTINCT FROM (outcome, probability) THEN
    jsonb_build_object('outcome', outcome, 'probability', probability) ELSE '{{}}'::jsonb END
    || CASE WHEN (ours = 'open') <> (outcome = 'open') THEN
    jsonb_build_object('closed_on', closed_on, 'expected_close_on', expected_close_on) ELSE '{{}}'::jsonb END AS told
    FROM new) n
WHERE o.id = n.id AND (o.outcome, o.probability, o.closed_on, o.expected_close_on, o.told)
    IS DISTINCT FROM (n.ours, n.chance, n.closes_on, n.expects_on, n.told)
"""
COUNT = """
SELECT count(*), old_outcome, ours, old_probability IS DISTINCT FROM chance FROM new GROUP BY 2, 3, 4 ORDER BY 1 DESC
"""


@dataclass(frozen=True)
class Stage:
    """A stage as a source writes it."""

    source: str
    track: str
    pipeline: str
    stage: str

    @property
    def key(self) -> dict[str, str]:
        return {"source": self.source, "track": self.track, "pipeline": self.pipeline, "stage": self.stage}


@dataclass(frozen=True)
class Moves:
    """What a decision does to deals: how many there are, from which outcome to which, how many chances change."""

    deals: int = 0
    outcomes: tuple[tuple[str, str, int], ...] = ()  # from, to, how many
    chances: int = 0


def decided_meaning(stage: Stage) -> Meaning | None:
    row = StageMapping.objects.filter(**stage.key).first()
    return Meaning.from_mapping(row) if row else None


def preview_moves(stage: Stage, meaning: Meaning) -> Moves:
    """Say what deciding so would do; nothing is written."""
    with transaction.atomic():
        _store_meaning(stage, meaning)
        moves = _count_moves(stage)
        transaction.set_rollback(True)
    return moves


def decide_meaning(*, by: User, stage: Stage, meaning: Meaning | None) -> StageDecision:
    """Keep what a stage means, None for nothing of our own, and move the deals that it concerns."""
    MAP_STAGES.require(by)
    with transaction.atomic():
        lock_import_writes()
        before = decided_meaning(stage)
        _store_meaning(stage, meaning)
        moved = _move_deals(stage)
        update_ended_stages(stage.source)
        return StageDecision.objects.create(
            **stage.key, before=_meaning_to_json(before), after=_meaning_to_json(meaning), moved=moved, decided_by=by
        )


def last_decision() -> StageDecision | None:
    return StageDecision.objects.filter(undone_at=None).select_related("decided_by").first()


def undo_last_decision(*, by: User) -> StageDecision | None:
    """Undo the last decision that is not undone yet; the one before is then the last."""
    MAP_STAGES.require(by)
    with transaction.atomic():
        lock_import_writes()
        last = StageDecision.objects.select_for_update().filter(undone_at=None).first()
        if last is None:
            return None
        stage = Stage(last.source, last.track, last.pipeline, last.stage)
        _store_meaning(stage, _meaning_from_json(last.before))
        _move_deals(stage)
        update_ended_stages(stage.source)
        last.undone_at = timezone.now()
        last.save(update_fields=["undone_at"])
        return last


def _store_meaning(stage: Stage, meaning: Meaning | None) -> None:
    if meaning is None:
        StageMapping.objects.filter(**stage.key).delete()
        return
    values = {"ours": meaning.ours, "outcome": meaning.outcome, "probability": meaning.probability}
    StageMapping.objects.update_or_create(defaults=values, **stage.key)  # type: ignore[arg-type]


def _meaning_to_json(meaning: Meaning | None) -> dict[str, Any] | None:
    if meaning is None:
        return None
    chance = None if meaning.probability is None else str(meaning.probability)
    return {"ours": meaning.ours, "outcome": meaning.outcome, "probability": chance}


def _meaning_from_json(stored: dict[str, Any] | None) -> Meaning | None:
    if stored is None:
        return None
    chance = None if stored["probability"] is None else Decimal(stored["probability"])
    return Meaning(stored["ours"], stored["outcome"], chance)


# The deals


def _count_moves(stage: Stage) -> Moves:
    rows = _run_on_deals(stage, SAID + COUNT)
    counts: dict[tuple[str, str], int] = {}
    for count, old, new, _ in rows:
        if old != new:
            counts[old, new] = counts.get((old, new), 0) + count
    outcomes = tuple((old, new, count) for (old, new), count in counts.items())
    chances = sum(count for count, _, _, differs in rows if differs)
    return Moves(sum(row[0] for row in rows), outcomes, chances)


def _move_deals(stage: Stage) -> int:
    if stage.track not in MOVES_DEALS:
        return 0
    return len(_run_on_deals(stage, SAID + MOVE + "RETURNING o.id"))


def _run_on_deals(stage: Stage, statement: str) -> list[tuple[Any, ...]]:
    if stage.track not in MOVES_DEALS:
        return []
    is_deal = stage.track == StageTrack.DEAL
    which = "o.pipeline = %(pipeline)s AND o.stage = %(stage)s" if is_deal else "o.lost_reason = %(stage)s"
    values: dict[str, str | bool] = {**stage.key, **_close_date_columns(stage.source)}
    with connection.cursor() as cursor:
        cursor.execute(statement.format(which=which), values)
        return list(cursor.fetchall())


def _close_date_columns(source: str) -> dict[str, bool]:
    """Tell whether the source has one column for the day of the close and the day that is hoped for."""
    source_info = list_sources().get(source)
    rules = [
        rule
        for mapping in (source_info.mappings if source_info else ())
        if mapping.object == "opportunity"
        for rule in mapping.fields
    ]
    return {
        "closed_when": any(rule.name == "closed_on" and rule.when for rule in rules),
        "expected_when": any(rule.name == "expected_close_on" and rule.when for rule in rules),
    }
