"""A stage of the funnel as it is defined, and what follows from a definition. Pure."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from crm.rule_fields import SUBJECTS
from facts.rules import Rule, Subject, describe_rule, list_conditions

WAYS = {"main": "On the main path", "door": "A second entry to the main path", "detour": "An exit, or back"}
KINDS = {
    "inventory": "Inventory: buyers can stay here",
    "gate": "Gate: a person decides",
    "sla": "SLA: a clock runs",
}
SIDES = {"marketing": "Marketing", "sales": "Sales", "joint": "Both", "support": "Support", "finance": "Finance"}
PHASES = {"identify": "Identify", "connect": "Connect", "explore": "Explore", "advise": "Advise"}
STANDINGS = {
    "nurturing": "Ready for nurturing",
    "qualified": "Qualified for sales",
    "disqualified": "Disqualified",
}
DATED_BY = {
    "": "No event: the day on which Accord records it",
    "first_contact": "The first contact",
    "opened": "The opening of the first opportunity, or the conversion of a lead without one",
    "won": "The first opportunity won",
    "lost": "The last opportunity lost, none open or won",
    "no_decision": "The last opportunity ended without a decision, none open or won",
    "first_use": "The first use of the product after the first win",
    "counted": "The event that fulfilled the count in its criteria",
}
BUYERS = {"leads": "Leads", "accounts": "Accounts", "both": "Leads and accounts"}


@dataclass(frozen=True)
class Stage:
    """One stage as it is active, or as Accord proposes it while nothing is signed.

    `position` orders the main way; `criteria` is a rule of facts.rules over each of `subjects`; `dated_by` names the
    dated fact that tells when it was entered; `standing` says what a lead in it is.
    """

    key: str
    name: str
    position: int
    way: str = "main"
    kind: str = "inventory"
    side: str = "joint"
    phase: str = "identify"
    buyers: str = "both"
    criteria: Rule | None = None
    dated_by: str = ""
    standing: str = "nurturing"
    text: str = ""
    version_id: int | None = None
    number: int | None = None

    @property
    def is_signed(self) -> bool:
        return self.version_id is not None

    @property
    def is_main(self) -> bool:
        return self.way == "main"

    @property
    def subjects(self) -> tuple[str, ...]:
        """The fact tables whose rows may be in it."""
        return ("leads", "accounts") if self.buyers == "both" else (self.buyers,)

    @property
    def rule(self) -> Rule:
        return self.criteria or {"all": []}

    @property
    def criteria_words(self) -> str:
        return describe_rule(self.rule, self.subject)

    @property
    def subject(self) -> Subject:
        """What its criteria speak of; those of both speak of leads, as far as accounts know the words too."""
        return SUBJECTS[self.subjects[0]]

    @property
    def uses_crm_stage(self) -> bool:
        """Whether the stage in the CRM decides who enters; else mapping a stage of a CRM to it moves no lead."""
        return names_crm_stage(self.rule)

    @property
    def third_side(self) -> str:
        return self.side if self.side in {"support", "finance"} else ""

    @property
    def side_label(self) -> str:
        return SIDES.get(self.side, self.side)

    @property
    def terms(self) -> dict[str, Any]:
        """The definition as it is signed."""
        left_out = {"key", "text", "version_id", "number"}
        return {name: value for name, value in asdict(self).items() if name not in left_out}


def names_crm_stage(rule: Rule) -> bool:
    return any(condition.get("field") == "crm_stage" for condition in list_conditions(rule))


@dataclass(frozen=True)
class Funnel:
    """All stages in their order; `is_signed` says whether the set and order themselves are signed."""

    stages: tuple[Stage, ...]
    version_id: int | None = None

    def __iter__(self) -> Any:
        return iter(self.stages)

    def get(self, key: str) -> Stage | None:
        return next((stage for stage in self.stages if stage.key == key), None)

    def name(self, key: str) -> str:
        stage = self.get(key)
        return stage.name if stage else key.replace("_", " ").capitalize()

    @property
    def is_signed(self) -> bool:
        return self.version_id is not None

    @property
    def main(self) -> tuple[Stage, ...]:
        return tuple(stage for stage in self.stages if stage.is_main)

    @property
    def detours(self) -> tuple[Stage, ...]:
        return tuple(stage for stage in self.stages if stage.way == "detour")

    @property
    def unsigned(self) -> tuple[Stage, ...]:
        return tuple(stage for stage in self.stages if not stage.is_signed)

    def of(self, subject: str) -> tuple[Stage, ...]:
        return tuple(stage for stage in self.stages if subject in stage.subjects)

    @property
    def digest(self) -> str:
        """Changes whenever a run over everyone is due because a definition changed."""
        text = json.dumps(
            [[stage.key, stage.version_id, stage.terms] for stage in self.stages], sort_keys=True, default=str
        )
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def depends_on_time(self) -> bool:
        """Whether time alone can make a criterion true or false, with no record changed."""
        leaves = [leaf for stage in self.stages for leaf in list_conditions(stage.rule)]
        return any(leaf.get("days") or leaf.get("is") in {"last_days", "older_days"} for leaf in leaves)


def from_terms(key: str, terms: Mapping[str, Any], **fields: Any) -> Stage:
    """Read a stage from signed terms; what an older version did not say yet has its default."""
    values = {name: terms[name] for name in Stage.__dataclass_fields__ if name in terms}
    return Stage(**{**values, "key": key, **fields})


def in_order(stages: Iterable[Stage], order: Iterable[str]) -> tuple[Stage, ...]:
    """Return the stages that the order names, in that order."""
    by_key = {stage.key: stage for stage in stages}
    return tuple(by_key[key] for key in order if key in by_key)
