"""HubSpot's inner values in the words of its export: labels for codes, e-mails for owners, the company's clock for times."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from connectors.protocol import cell, distinct
from connectors.vendors.hubspot.kinds import OWNER, Kind
from team.models import Company

MOST_CUSTOM = 400  # the import takes 500 columns
NO_DECISION = re.compile("no.?decision|abandon", re.IGNORECASE)


@dataclass(frozen=True)
class Stage:
    label: str
    pipeline: str
    is_closed: bool
    probability: str

    @property
    def outcome(self) -> str:
        """What the pipeline itself says that this stage means; nothing for an open one, or one whose name says more."""
        if not self.is_closed or NO_DECISION.search(self.label):
            return ""
        return "Closed Won" if self.probability in {"1", "1.0"} else "Closed Lost"


@dataclass
class Words:
    """What the codes of one object mean."""

    zone: ZoneInfo
    owners: Mapping[str, str] = field(default_factory=dict)  # id: e-mail
    options: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # property: {value: label}
    times: frozenset[str] = frozenset()
    stages: Mapping[str, Stage] = field(default_factory=dict)
    pipelines: Mapping[str, str] = field(default_factory=dict)

    def cell(self, name: str, value: Any) -> str:
        """Write one property as the export would."""
        word = cell(value)
        if not word:
            return ""
        if name in SPECIAL:
            return SPECIAL[name](self, word)
        if name in self.times:
            return self._time(word)
        options = self.options.get(name)
        return ";".join(options.get(part, part) for part in word.split(";")) if options else word

    def _time(self, word: str) -> str:
        """Write a time by the company's clock, so that its day is the day people saw."""
        moment = moment_of(word)
        return moment.astimezone(self.zone).isoformat(timespec="milliseconds") if moment else word

    def _owner(self, word: str) -> str:
        return self.owners.get(word, word)

    def _stage(self, word: str) -> str:
        return self.stages[word].label if word in self.stages else word

    def _pipeline(self, word: str) -> str:
        return self.pipelines.get(word, word)

    def _percent(self, word: str) -> str:
        try:
            return f"{(Decimal(word) * 100).normalize():f}"
        except InvalidOperation:
            return ""


SPECIAL: dict[str, Callable[[Words, str], str]] = {
    OWNER: Words._owner,
    "dealstage": Words._stage,
    "hs_pipeline_stage": Words._stage,
    "pipeline": Words._pipeline,
    "hs_pipeline": Words._pipeline,
    "hs_deal_stage_probability": Words._percent,
}


def moment_of(word: str) -> datetime | None:
    """Read HubSpot's times: ISO, or milliseconds since the epoch."""
    try:
        if word.isdigit():
            return datetime.fromtimestamp(int(word) / 1000, UTC)
        moment = datetime.fromisoformat(word)
    except (ValueError, OverflowError, OSError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def stages_of(found: Mapping[str, Any]) -> tuple[dict[str, Stage], dict[str, str]]:
    """Read the answer of the pipelines: (stages by id, pipeline labels by id)."""
    stages, pipelines = {}, {}
    for pipeline in found["results"]:
        pipelines[pipeline["id"]] = pipeline["label"]
        for stage in pipeline["stages"]:
            about = stage.get("metadata") or {}
            is_closed = str(about.get("isClosed", about.get("ticketState", ""))).lower() in {"true", "closed"}
            probability = str(about.get("probability", ""))
            stages[stage["id"]] = Stage(stage["label"], pipeline["label"], is_closed, probability)
    return stages, pipelines


def columns_of(kind: Kind, found: Mapping[str, Any]) -> tuple[list[tuple[str, str]], Words]:
    """Read the answer of the properties: the columns to write (property, label), and what their values mean."""
    there = {one["name"]: one for one in found["results"] if not one.get("archived")}
    own = [
        (name, one["label"])
        for name, one in there.items()
        if kind.has_custom and not one.get("hubspotDefined") and not one.get("hidden") and name not in kind.labels
    ]
    custom = distinct(own[:MOST_CUSTOM], [*kind.labels.values(), *kind.links.values(), *kind.constants])
    columns = [*kind.labels.items(), *custom.items()]
    options = {
        name: {option["value"]: option["label"] for option in one.get("options") or []} for name, one in there.items()
    }
    times = frozenset(name for name, one in there.items() if one.get("type") == "datetime")
    return columns, Words(Company.get().zone, options={k: v for k, v in options.items() if v}, times=times)
