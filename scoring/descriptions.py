"""A score model in words, rule by rule. Pure."""

from collections.abc import Mapping
from typing import Any

from facts.rules import describe_rule, events_subject
from scoring.model_checks import faults
from scoring.terms import EVERYBODY, MQL, PQL, SCORED, EngagementRule, FitRule, Model, from_terms

READY = {MQL: "Ready for Sales (MQL)", PQL: "Ready for Sales by its use of the product (PQL)"}


def points(value: float) -> str:
    """Write points with their sign: +5, −2.5."""
    return f"{'+' if value >= 0 else '−'}{abs(value):g} {'point' if abs(value) == 1 else 'points'}"


def fit_words(rule: FitRule) -> str:
    return f"{rule.name}: {points(rule.points)} when {describe_rule(rule.rule, SCORED)}"


def engagement_words(rule: EngagementRule) -> str:
    events = SCORED.events[rule.events]
    said = [f"{rule.name}: {points(rule.points)} for each of the {events.label}"]
    if rule.where:
        said.append(f"whose {describe_rule(rule.where, events_subject(events))}")
    if rule.days:
        said.append(f"in the last {rule.days} days")
    if rule.half_life:
        said.append(f"fading by half every {rule.half_life:g} days")
    bounds = [f"never more than {rule.cap:g} either way"] if rule.cap else []
    if rule.group:
        bounds.append(f"in the group “{rule.group}”")
    return ", ".join([" ".join(said), *bounds])


def model_words(model: Model) -> list[str]:
    who = "all leads" if model.leads == EVERYBODY else f"leads whose {describe_rule(model.leads, SCORED)}"
    return [
        f"Scores {who}",
        f"{READY[model.door]} from {model.threshold:g} points",
        *(fit_words(rule) for rule in model.fit),
        *(engagement_words(rule) for rule in model.engagement),
        *(f"Group “{name}”: together at most {cap:g} points" for name, cap in (model.groups or {}).items()),
    ]


def terms_in_words(terms: Mapping[str, Any]) -> list[str]:
    """Say stored terms; a model that names what there is no more is shown by its faults."""
    wrong = faults(terms)
    return [f"Cannot be computed: {words}" for words in wrong] or model_words(from_terms("", terms))
