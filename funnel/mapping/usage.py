"""Every stage that the sources' records show, how often, and what it means so far; the unmapped first."""

from dataclasses import dataclass

from django.db import connection

from crm.models import Outcome, StageMapping, StageTrack
from funnel.definitions import in_force
from funnel.mapping.decisions import Stage
from funnel.stages.drafts import Funnel
from imports.mapping.catalogue import list_sources, source_titles
from imports.mapping.outcomes import guess_word
from imports.mapping.stage_meanings import Meaning, usual_meaning_of

SEEN = """
SELECT source, 'deal', pipeline, stage, count(*), 0 FROM crm_opportunity WHERE stage <> '' GROUP BY 1, 3, 4
UNION ALL SELECT source, 'reason', '', lost_reason, count(*), 0 FROM crm_opportunity
    WHERE lost_reason <> '' AND coalesce(told ->> 'outcome', outcome) IN ('lost', 'no_decision') GROUP BY 1, 4
UNION ALL SELECT source, 'lifecycle', '', lifecycle_stage, count(*), 0 FROM crm_lead
    WHERE lifecycle_stage <> '' GROUP BY 1, 4
UNION ALL SELECT source, 'status', '', status, count(*), 0 FROM crm_lead WHERE status <> '' GROUP BY 1, 4
UNION ALL SELECT c.source, c.track, coalesce(nullif(c.pipeline, ''), o.pipeline, ''), c.stage, 0, count(*)
    FROM crm_stagechange c LEFT JOIN crm_opportunity o ON o.id = c.opportunity_id
    WHERE c.stage <> '' GROUP BY 1, 2, 3, 4
"""

GUESSED = """
SELECT source, pipeline, stage, coalesce(told ->> 'outcome', outcome), count(*) FROM crm_opportunity
WHERE outcome_basis = 'guess' AND stage <> '' GROUP BY 1, 2, 3, 4 ORDER BY 5
"""


@dataclass(frozen=True)
class Guess:
    """An outcome that only words in the name of a stage suggest."""

    outcome: str
    why: str

    @property
    def label(self) -> str:
        return str(Outcome(self.outcome).label)


@dataclass(frozen=True)
class StageUsage:
    """A stage as it was seen, and what it means."""

    stage: Stage
    source_title: str
    records: int  # deals or leads that are there now
    changes: int  # entries of histories
    meaning: Meaning | None
    accord_stage: str  # its signed name; empty where it is not mapped
    is_decided: bool
    guess: Guess | None = None

    @property
    def track_label(self) -> str:
        return StageTrack(self.stage.track).label

    @property
    def outcome(self) -> str:
        return Outcome(self.meaning.outcome).label if self.meaning and self.meaning.outcome else ""

    @property
    def is_unmapped(self) -> bool:
        """Whether it has no Accord stage yet; a loss reason needs none."""
        return self.stage.track != StageTrack.REASON and not (self.meaning and self.meaning.ours)


def seen_stages() -> list[StageUsage]:
    """Return all stages, the unmapped first, then by how many records are there."""
    names = dict(source_titles())
    decided = {
        Stage(row.source, row.track, row.pipeline, row.stage): Meaning.from_mapping(row)
        for row in StageMapping.objects.all()
    }
    guesses, funnel = _read_guesses(), in_force()
    stages = [
        _describe_stage(stage, counts, decided.get(stage), names, guesses.get(stage), funnel)
        for stage, counts in _count_records(decided).items()
    ]
    return sorted(stages, key=lambda one: (not one.is_unmapped, -one.records, -one.changes, *one.stage.key.values()))


def _count_records(decided: dict[Stage, Meaning]) -> dict[Stage, tuple[int, int]]:
    """Count what is in each stage; one that was decided and is empty now is still there."""
    counts: dict[Stage, tuple[int, int]] = dict.fromkeys(decided, (0, 0))
    with connection.cursor() as cursor:
        cursor.execute(SEEN)
        for *fields, records, changes in cursor.fetchall():
            stage = Stage(*fields)
            before = counts.get(stage, (0, 0))
            counts[stage] = (before[0] + records, before[1] + changes)
    return counts


def guess_of(stage: Stage) -> Guess | None:
    """Return the outcome that is guessed for the deals of a stage; None where something proves it or it is decided."""
    decided = StageMapping.objects.filter(**stage.key).exclude(outcome="").exists()
    return None if decided else _read_guesses().get(stage)


def _read_guesses() -> dict[Stage, Guess]:
    """Return what most deals of each stage are guessed to be, and why."""
    with connection.cursor() as cursor:
        cursor.execute(GUESSED)
        rows = cursor.fetchall()
    return {
        Stage(source, StageTrack.DEAL.value, pipeline, stage): Guess(outcome, _guess_reason(source, stage))
        for source, pipeline, stage, outcome, _ in rows
    }


def _guess_reason(source: str, stage: str) -> str:
    source_info = list_sources().get(source)
    rules = [
        rule
        for mapping in (source_info.mappings if source_info else ())
        if mapping.object == "opportunity"
        for rule in mapping.fields
    ]
    maps = [rule.map for rule in rules if rule.name == "outcome" and rule.map]
    word = next((word for mapping in maps if (word := guess_word(mapping, stage))), "")
    return f"The name contains “{word}”." if word else "The name contains neither won nor lost."


def _describe_stage(
    stage: Stage,
    counts: tuple[int, int],
    decided: Meaning | None,
    names: dict[str, str],
    guess: Guess | None,
    funnel: Funnel,
) -> StageUsage:
    meaning = decided or usual_meaning_of(stage.source, stage.track, stage.stage)
    title = names.get(stage.source, stage.source.capitalize())
    guess = None if decided and decided.outcome else guess
    accord_stage = funnel.name(meaning.ours) if meaning and meaning.ours else ""
    return StageUsage(stage, title, *counts, meaning, accord_stage, decided is not None, guess)
