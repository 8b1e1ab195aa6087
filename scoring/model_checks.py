"""What is wrong with the terms of a score model, in words that say what to change. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from core.formatting import format_count
from facts.rules import IN_DAYS, check_rule, events_subject, list_conditions, parse_number
from scoring.terms import COUNTED, DOORS, MQL, SCORED

MOST_RULES = 200
MOST_POINTS = 10_000
SHORTEST, LONGEST = 1, 3_650  # days
KNOWN = {"threshold", "door", "position", "leads", "fit", "engagement", "groups"}
OF_FIT = {"rule", "points"}
OF_ENGAGEMENT = {"events", "where", "points", "half_life", "days", "cap", "group"}
TIMELESS = (
    "Fit describes the person or company and does not change with time. "
    "Compare with a date or write an engagement rule."
)
UNCOUNTED = "Fit does not count events. Write an engagement rule with points for each event instead."


def find_faults(terms: Any) -> list[str]:
    """Return everything that is wrong; an empty list means that the model can be computed."""
    if not isinstance(terms, Mapping):
        return ["The terms are an object with “threshold”, “fit” and “engagement”."]
    return list(_iter_faults(terms))


def _iter_faults(terms: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"“{name}” is not part of a score model. Remove it." for name in sorted(set(terms) - KNOWN))
    if (threshold := parse_number(terms.get("threshold"))) is None or abs(threshold) > MOST_POINTS:
        yield f"The threshold must be a number of points up to {format_count(MOST_POINTS)}."
    if terms.get("door", MQL) not in list(DOORS):
        yield f"The door must be one of: {', '.join(DOORS)}."
    if not _is_whole_number(terms.get("position", 0), 0, 10_000):
        yield "The position must be a whole number from 0 to 10,000: of two models for a lead, the lower one counts."
    if terms.get("leads"):
        yield from _check_condition(terms["leads"], "Which leads it scores")
    parts = {name: terms.get(name) or {} for name in ("fit", "engagement", "groups")}
    broken = [name for name, part in parts.items() if not isinstance(part, Mapping)]
    yield from (f"“{name}” must be an object with a name for each entry." for name in broken)
    if not broken:
        yield from _check_parts(**parts)


def _check_parts(fit: Mapping[str, Any], engagement: Mapping[str, Any], groups: Mapping[str, Any]) -> Iterator[str]:
    if not fit and not engagement:
        yield "A score model needs at least one rule of fit or engagement."
    if len(fit) + len(engagement) > MOST_RULES:
        yield f"A score model has at most {MOST_RULES} rules. Join some, or make a second model."
    for name, rule in fit.items():
        yield from _check_entry(name, rule, _check_fit_rule)
    for name, group in groups.items():
        if not isinstance(group, Mapping) or set(group) != {"cap"} or not _is_positive(group["cap"]):
            yield f"Group “{name}”: give it a “cap” of more than 0 points, and nothing else."
    for name, rule in engagement.items():
        yield from _check_entry(name, rule, _check_engagement_rule)
        group = rule.get("group") if isinstance(rule, Mapping) else None
        if group and (not isinstance(group, str) or group not in groups):
            yield f"“{name}”: no group is called “{group}”. Add it to the groups with its cap, or leave it out."


def _check_entry(name: Any, rule: Any, check: Any) -> Iterator[str]:
    if not str(name).strip() or len(str(name)) > 80:
        yield f"“{name}”: a rule needs a name of 1 to 80 letters."
    if not isinstance(rule, Mapping):
        yield f"“{name}”: a rule is an object with its points."
        return
    points = parse_number(rule.get("points"))
    if points is None or not points or abs(points) > MOST_POINTS:
        yield f"“{name}”: the points must be a number other than 0, at most {format_count(MOST_POINTS)} either way."
    yield from (f"“{name}”: {fault}" for fault in check(rule))


def _check_fit_rule(rule: Mapping[str, Any]) -> Iterator[str]:
    yield from _check_keys(rule, OF_FIT)
    yield from _check_condition(rule.get("rule"), "")


def _check_condition(rule: Any, where: str) -> Iterator[str]:
    intro = f"{where}: " if where else ""
    problems = check_rule(rule, SCORED)
    yield from (intro + problem.message for problem in problems)
    if not problems:
        conditions = list(list_conditions(rule))
        if any("count" in leaf for leaf in conditions):
            yield intro + UNCOUNTED
        if any(leaf["is"] in IN_DAYS for leaf in conditions):
            yield intro + TIMELESS


def _check_engagement_rule(rule: Mapping[str, Any]) -> Iterator[str]:
    yield from _check_keys(rule, OF_ENGAGEMENT)
    if rule.get("events") not in COUNTED:
        yield f"“events” must be one of: {', '.join(COUNTED)}."
    elif rule.get("where"):
        subject = events_subject(SCORED.events[rule["events"]])
        yield from (problem.message for problem in check_rule(rule["where"], subject))
    half_life = parse_number(rule["half_life"]) if rule.get("half_life") is not None else None
    if rule.get("half_life") is not None and (half_life is None or not SHORTEST <= half_life <= LONGEST):
        yield f"The half-life must be {SHORTEST} to {format_count(LONGEST)} days. Leave it out for points that do not fade."
    if rule.get("days") is not None and not _is_whole_number(rule["days"], 1, LONGEST):
        yield f"“days” must be a whole number from 1 to {format_count(LONGEST)}. Leave it out to count events of any age."
    if rule.get("cap") is not None and not _is_positive(rule["cap"]):
        yield "The cap must be more than 0 points, also for negative points. Leave it out for no cap."


def _check_keys(rule: Mapping[str, Any], known_keys: set[str]) -> Iterator[str]:
    yield from (
        f"“{name}” does not belong here. Known are: {', '.join(sorted(known_keys))}." for name in set(rule) - known_keys
    )


def _is_whole_number(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _is_positive(value: Any) -> bool:
    parsed = parse_number(value)
    return parsed is not None and 0 < parsed <= MOST_POINTS
