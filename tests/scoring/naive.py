"""Scores the slow way: one event after the other, as a person would add them up. The tests' own truth."""

from collections import defaultdict
from datetime import datetime
from typing import Any

DAY = 86_400
Happened = tuple[str, str, datetime]  # events, kind, moment


def score(terms: dict[str, Any], fit: float, history: list[Happened], at: datetime) -> float:
    """Replay the history up to a moment; `where` of a rule, if any, asks for a kind."""
    groups: dict[str, float] = defaultdict(float)
    plain = fit
    uncapped: dict[str, float] = defaultdict(float)
    for rule in terms["engagement"].values():
        worth = sum(_points(rule, one, at) for one in history)
        if rule.get("cap"):
            worth = max(-rule["cap"], min(rule["cap"], worth))
        if rule.get("group"):
            groups[rule["group"]] += worth
        else:
            uncapped[""] += worth
    plain += uncapped[""]
    return plain + sum(min(value, terms["groups"][name]["cap"]) for name, value in groups.items())


def _points(rule: dict[str, Any], one: Happened, at: datetime) -> float:
    events, kind, moment = one
    age = (at - moment).total_seconds() / DAY
    if events != rule["events"] or age < 0 or (rule.get("days") and age >= rule["days"]):
        return 0.0
    if rule.get("where") and rule["where"]["value"] != kind:
        return 0.0
    return rule["points"] * 2 ** (-age / rule["half_life"]) if rule.get("half_life") else rule["points"]
