"""HubSpot's inner values in the words of its export: labels for codes, e-mails for owners, the company's clock for times."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from connectors.protocol import distinct_labels, to_cell
from connectors.vendors.hubspot.kinds import OWNER, Kind
from team.models import Company

MAX_CUSTOM = 400  # the import takes 500 columns
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
class CodeLabels:
    """What the codes of one object mean."""

    zone: ZoneInfo
    owners: Mapping[str, str] = field(default_factory=dict)  # id: e-mail
    options: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # property: {value: label}
    times: frozenset[str] = frozenset()
    stages: Mapping[str, Stage] = field(default_factory=dict)
    pipelines: Mapping[str, str] = field(default_factory=dict)

    def export_value(self, name: str, value: Any) -> str:
        """Write one property as the export would."""
        word = to_cell(value)
        if not word:
            return ""
        if name in SPECIAL:
            return SPECIAL[name](self, word)
        if name in self.times:
            return self._local_time(word)
        options = self.options.get(name)
        return ";".join(options.get(part, part) for part in word.split(";")) if options else word

    def _local_time(self, word: str) -> str:
        """Write a time by the company's clock, so that its day is the day people saw."""
        moment = parse_time(word)
        return moment.astimezone(self.zone).isoformat(timespec="milliseconds") if moment else word

    def _owner_email(self, word: str) -> str:
        return self.owners.get(word, word)

    def _stage_label(self, word: str) -> str:
        return self.stages[word].label if word in self.stages else word

    def _pipeline_label(self, word: str) -> str:
        return self.pipelines.get(word, word)

    def _to_percent(self, word: str) -> str:
        try:
            return f"{(Decimal(word) * 100).normalize():f}"
        except InvalidOperation:
            return ""


SPECIAL: dict[str, Callable[[CodeLabels, str], str]] = {
    OWNER: CodeLabels._owner_email,
    "dealstage": CodeLabels._stage_label,
    "hs_pipeline_stage": CodeLabels._stage_label,
    "pipeline": CodeLabels._pipeline_label,
    "hs_pipeline": CodeLabels._pipeline_label,
    "hs_deal_stage_probability": CodeLabels._to_percent,
}


def parse_time(word: str) -> datetime | None:
    """Read HubSpot's times: ISO, or milliseconds since the epoch."""
    try:
        if word.isdigit():
            return datetime.fromtimestamp(int(word) / 1000, UTC)
        moment = datetime.fromisoformat(word)
    except (ValueError, OverflowError, OSError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def to_milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def stages_of(answer: Mapping[str, Any]) -> tuple[dict[str, Stage], dict[str, str]]:
    """Read the answer of the pipelines: (stages by id, pipeline labels by id)."""
    stages, pipelines = {}, {}
    for pipeline in answer["results"]:
        pipelines[pipeline["id"]] = pipeline["label"]
        for stage in pipeline["stages"]:
            metadata = stage.get("metadata") or {}
            is_closed = str(metadata.get("isClosed", metadata.get("ticketState", ""))).lower() in {"true", "closed"}
            probability = str(metadata.get("probability", ""))
            stages[stage["id"]] = Stage(stage["label"], pipeline["label"], is_closed, probability)
    return stages, pipelines


def columns_of(kind: Kind, answer: Mapping[str, Any]) -> tuple[list[tuple[str, str]], CodeLabels]:
    """Read the answer of the properties: the columns to write (property, label), and what their values mean."""
    properties = {property_["name"]: property_ for property_ in answer["results"] if not property_.get("archived")}
    custom_properties = [
        (name, property_["label"])
        for name, property_ in properties.items()
        if kind.has_custom
        and not property_.get("hubspotDefined")
        and not property_.get("hidden")
        and name not in kind.labels
    ]
    custom = distinct_labels(
        custom_properties[:MAX_CUSTOM], [*kind.labels.values(), *kind.links.values(), *kind.constants]
    )
    columns = [*kind.labels.items(), *custom.items()]
    options = {
        name: {option["value"]: option["label"] for option in property_.get("options") or []}
        for name, property_ in properties.items()
    }
    times = frozenset(name for name, property_ in properties.items() if property_.get("type") == "datetime")
    return columns, CodeLabels(Company.get().zone, options={k: v for k, v in options.items() if v}, times=times)
