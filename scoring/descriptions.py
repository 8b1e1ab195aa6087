"""A score model in words, rule by rule. Pure."""

from collections.abc import Mapping
from typing import Any

from core.formatting import format_exact
from facts.rules import describe_rule, events_subject
from scoring.model_checks import find_faults
from scoring.terms import EVERYBODY, MQL, PQL, SCORED, EngagementRule, FitRule, Model, from_terms

READY = {MQL: "Ready for Sales (MQL)", PQL: "Ready for Sales by its use of the product (PQL)"}


def format_points(value: float) -> str:
    """Write points with their sign: +5, −2.5."""
    return f"{'+' if value >= 0 else '−'}{format_exact(abs(value))} {'point' if abs(value) == 1 else 'points'}"


def describe_fit_rule(rule: FitRule) -> str:
    return f"{rule.name}: {format_points(rule.points)} when {describe_rule(rule.rule, SCORED)}"


def describe_engagement_rule(rule: EngagementRule) -> str:
    events = SCORED.events[rule.events]
    parts = [f"{rule.name}: {format_points(rule.points)} for each of the {events.label}"]
    if rule.where:
        parts.append(f"whose {describe_rule(rule.where, events_subject(events))}")
    if rule.days:
        parts.append(f"in the last {rule.days} days")
    if rule.half_life:
        parts.append(f"with a half-life of {format_exact(rule.half_life)} days")
    bounds = [f"at most {format_exact(rule.cap)} in either direction"] if rule.cap else []
    if rule.group:
        bounds.append(f"in the group “{rule.group}”")
    return ", ".join([" ".join(parts), *bounds])


def describe_model(model: Model) -> list[str]:
    who = "all leads" if model.leads == EVERYBODY else f"leads whose {describe_rule(model.leads, SCORED)}"
    return [
        f"Scores {who}",
        f"{READY[model.door]} from {format_exact(model.threshold)} points",
        *(describe_fit_rule(rule) for rule in model.fit),
        *(describe_engagement_rule(rule) for rule in model.engagement),
        *(f"Group “{name}”: together at most {format_exact(cap)} points" for name, cap in (model.groups or {}).items()),
    ]


def terms_in_words(terms: Mapping[str, Any]) -> list[str]:
    """Describe stored terms; a model that refers to missing objects is shown by its faults."""
    wrong = find_faults(terms)
    return [f"Cannot be computed: {fault}" for fault in wrong] or describe_model(from_terms("", terms))
