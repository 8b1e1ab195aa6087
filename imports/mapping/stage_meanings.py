"""Which Accord stage a stage of a source is: by default, and as the company decided.

An Accord stage is named by its key here; the stages themselves are agreements of the app `funnel`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any

from crm.models import Outcome, StageMapping, StageTrack
from imports.parsing.headers import fold

OPEN = Outcome.OPEN.value
ENDED = (Outcome.LOST.value, Outcome.NO_DECISION.value)


@dataclass(frozen=True)
class Meaning:
    """What a stage of a source is here. An empty outcome or probability leaves what the source says."""

    ours: str = ""
    outcome: str = ""
    probability: Decimal | None = None

    @classmethod
    def from_mapping(cls, mapping: StageMapping) -> "Meaning":
        return cls(mapping.ours, mapping.outcome, mapping.probability)


Key = tuple[str, str, str]  # track, pipeline, stage, as the source writes them


@dataclass(frozen=True)
class StageBook:
    """What the company decided about the stages of one source; empty where it decided nothing."""

    meanings: Mapping[Key, Meaning] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.meanings)

    def outcome_of(self, pipeline: str, stage: str, reason: str, written: str) -> str:
        """Return the outcome: by the stage, and for what is lost by the reason, else as the source writes it."""
        by_stage = self.meanings.get((StageTrack.DEAL, pipeline, stage))
        outcome = by_stage.outcome if by_stage and by_stage.outcome else written
        by_reason = self.meanings.get((StageTrack.REASON, "", reason)) if outcome in ENDED and reason else None
        return by_reason.outcome if by_reason and by_reason.outcome else outcome

    def probability_of(self, pipeline: str, stage: str, outcome: str, written: str | None) -> str | None:
        """Return the chance of an open deal: the agreed one, else as the source writes it."""
        meaning = self.meanings.get((StageTrack.DEAL, pipeline, stage))
        if outcome != OPEN or meaning is None or meaning.probability is None:
            return written
        return str(meaning.probability)


def load_stage_book(source: str) -> StageBook:
    """Read what was decided about a source."""
    rows = StageMapping.objects.filter(source=source)
    return StageBook({(row.track, row.pipeline, row.stage): Meaning.from_mapping(row) for row in rows})


# What a source's stages usually are: a proposal until a person decides


@lru_cache(maxsize=64)  # a source may have any name
def _usual_meanings(source: str) -> Mapping[str, Mapping[str, Meaning]]:
    from imports.mapping.folders import built_in_path
    from imports.mapping.loading import load_toml

    path = built_in_path(f"{source}/source.toml")
    table = load_toml(path).get("stages", {}) if path.exists() else {}
    return {
        track: {fold(word): _parse_meaning(entry) for word, entry in stages.items()} for track, stages in table.items()
    }


def _parse_meaning(entry: Mapping[str, Any]) -> Meaning:
    chance = entry.get("probability")
    return Meaning(entry["ours"], entry.get("outcome", ""), None if chance is None else Decimal(str(chance)))


def usual_meaning_of(source: str, track: str, stage: str) -> Meaning | None:
    """Return what a stage of this name usually is in the source; None for one of the company's own."""
    return _usual_meanings(source).get(track, {}).get(fold(stage))


def accord_stage_of(source: str, track: str, pipeline: str, stage: str, decided: StageBook) -> str:
    """Return the key of the Accord stage: as decided, else as usual; empty where neither is known."""
    meaning = decided.meanings.get((track, pipeline, stage)) or usual_meaning_of(source, track, stage)
    return meaning.ours if meaning else ""
