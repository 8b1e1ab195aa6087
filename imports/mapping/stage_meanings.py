"""Our stages, and which of them the stages of a source are: by default, and as the company decided."""

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
class OurStage:
    """A stage of the one funnel. The funnel room gives it owners and entry criteria; here it has its name."""

    key: str
    name: str


STAGES = (
    OurStage("targeted", "Targeted"),
    OurStage("inquiry", "Inquiry"),
    OurStage("mql", "MQL"),
    OurStage("pql", "PQL"),
    OurStage("sal", "SAL"),
    OurStage("sql", "SQL"),
    OurStage("won", "Won"),
    OurStage("live", "Live"),
    OurStage("adopted", "Adopted"),
    OurStage("recycled", "Recycled"),
    OurStage("disqualified", "Disqualified"),
    OurStage("lost", "Lost"),
    OurStage("no_decision", "No decision"),
)
NAMES = {stage.key: stage.name for stage in STAGES}


@dataclass(frozen=True)
class Meaning:
    """What a stage of a source is here. An empty outcome or probability leaves what the source says."""

    ours: str = ""
    outcome: str = ""
    probability: Decimal | None = None

    @classmethod
    def of(cls, mapping: StageMapping) -> "Meaning":
        return cls(mapping.ours, mapping.outcome, mapping.probability)


Key = tuple[str, str, str]  # track, pipeline, stage, as the source writes them


@dataclass(frozen=True)
class StageBook:
    """What the company decided about the stages of one source; empty where it decided nothing."""

    meanings: Mapping[Key, Meaning] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.meanings)

    def outcome(self, pipeline: str, stage: str, reason: str, written: str) -> str:
        """Return the outcome: by the stage, and for what is lost by the reason, else as the source writes it."""
        by_stage = self.meanings.get((StageTrack.DEAL, pipeline, stage))
        outcome = by_stage.outcome if by_stage and by_stage.outcome else written
        by_reason = self.meanings.get((StageTrack.REASON, "", reason)) if outcome in ENDED and reason else None
        return by_reason.outcome if by_reason and by_reason.outcome else outcome

    def probability(self, pipeline: str, stage: str, outcome: str, written: str | None) -> str | None:
        """Return the chance of an open deal: the agreed one, else as the source writes it."""
        found = self.meanings.get((StageTrack.DEAL, pipeline, stage))
        if outcome != OPEN or found is None or found.probability is None:
            return written
        return str(found.probability)


def book(source: str) -> StageBook:
    """Read what was decided about a source."""
    rows = StageMapping.objects.filter(source=source)
    return StageBook({(row.track, row.pipeline, row.stage): Meaning.of(row) for row in rows})


# What a source's stages usually are: a proposal until somebody decides


@lru_cache(maxsize=64)  # a source may have any name
def _usual(source: str) -> Mapping[str, Mapping[str, Meaning]]:
    from imports.mapping.catalogue import OURS
    from imports.mapping.loading import load_toml

    path = OURS / source / "source.toml"
    table = load_toml(path).get("stages", {}) if path.exists() else {}
    return {track: {fold(word): _read(said) for word, said in stages.items()} for track, stages in table.items()}


def _read(said: Mapping[str, Any]) -> Meaning:
    chance = said.get("probability")
    return Meaning(said["ours"], said.get("outcome", ""), None if chance is None else Decimal(str(chance)))


def usual(source: str, track: str, stage: str) -> Meaning | None:
    """Return what a stage of this name usually is in the source; None for one of the company's own."""
    return _usual(source).get(track, {}).get(fold(stage))


def ours(source: str, track: str, pipeline: str, stage: str, decided: StageBook) -> str:
    """Return the key of our stage: as decided, else as usual; empty where nobody knows."""
    meaning = decided.meanings.get((track, pipeline, stage)) or usual(source, track, stage)
    return meaning.ours if meaning else ""
