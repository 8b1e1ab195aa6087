"""What both sides sign about the funnel: the definition of each stage, and which stages there are in which order."""

from collections.abc import Mapping
from typing import Any

from agreements.kinds import Kind, register_kind
from facts.rules import check_rule, describe_rule
from funnel.handoffs.terms import Terms
from funnel.slas.forms import OwedTerms, SlaTerms, describe_owed
from funnel.stages.drafts import BUYERS, DATED_BY, KINDS, PHASES, SIDES, STANDINGS, WAYS, from_terms
from funnel.stages.forms import FunnelTerms, StageTerms

LABELS = {
    "way": WAYS,
    "kind": KINDS,
    "side": SIDES,
    "phase": PHASES,
    "buyers": BUYERS,
    "standing": STANDINGS,
    "dated_by": DATED_BY,
}
TITLES = {
    "way": "Place", "kind": "Kind", "side": "Owner", "phase": "Phase of the buyer's journey", "buyers": "Who may be in it",
    "standing": "A lead in it is", "dated_by": "Dated by",
}  # fmt: skip


def stage_in_words(terms: Mapping[str, Any]) -> list[str]:
    """Say a stage's terms; criteria that refer to missing objects are shown as written."""
    stage = from_terms("", {"name": "", "position": 0, **terms})
    choices = [f"{TITLES[name]}: {LABELS[name].get(getattr(stage, name), getattr(stage, name))}" for name in TITLES]
    faults = check_rule(stage.rule, stage.subject)
    rule = str(stage.criteria) if faults else describe_rule(stage.rule, stage.subject)
    return [f"Name: {stage.name}", *choices, f"Entered when: {rule}"]


def funnel_in_words(terms: Mapping[str, Any]) -> list[str]:
    return ["Stages in their order: " + ", ".join(terms.get("stages", []))]


def sla_in_words(terms: Mapping[str, Any]) -> list[str]:
    return list(Terms.of(terms).words())


register_kind(
    Kind(
        "sla", "SLA of Sales", "SLAs of Sales",
        "How quickly Sales answers a lead that Marketing hands over, and what happens if it does not.",
        SlaTerms, sla_in_words,
    )
)  # fmt: skip
register_kind(
    Kind(
        "owed", "SLA of Marketing", "SLAs of Marketing",
        "How many qualified leads, worth how much pipeline, Marketing owes to Sales every month.",
        OwedTerms, describe_owed,
    )
)  # fmt: skip
register_kind(
    Kind(
        "stage", "Stage", "Stages",
        "The criteria of a funnel stage and the side that owns it.",
        StageTerms, stage_in_words,
    )
)  # fmt: skip
register_kind(
    Kind(
        "funnel", "Order of the stages", "Orders of the stages",
        "The stages of the funnel and their order.",
        FunnelTerms, funnel_in_words,
    )
)  # fmt: skip
