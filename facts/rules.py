"""A small safe rule language over the facts: stages' entry criteria, score rules, segments. Pure.

A rule is plain data, so that it can be signed, compared and stored:

    {"all": [rule, …]}   {"any": [rule, …]}   {"not": rule}
    {"field": "account.employees", "is": ">=", "value": 50}
    {"count": "touches", "is": ">=", "value": 3, "days": 30, "where": {"field": "kind", "is": "is", "value": "webinar"}}

A field is a column of the subject's fact table, of a table that it points to (`account.vertical.name`), a custom
field (`custom.segment`; compared as text, number or yes and no, as one likes) or a figure that the caller adds
(`score`). `check_rule` finds what is wrong, `describe_rule` writes a rule as a sentence; facts.compiling turns it into
Ibis, for one row or a million.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from core.request_values import UNSTORABLE, BadValue, read_date, read_decimal

Type = Literal["text", "number", "date", "yes_no", "own"]
Rule = Mapping[str, Any]
MAX_DEPTH = 6
MAX_CONDITIONS = 100

COMPARISONS: dict[Type, dict[str, str]] = {
    "text": {
        "is": "is", "is_not": "is not", "one_of": "is one of", "none_of": "is none of", "contains": "contains",
        "starts_with": "starts with", "empty": "is empty", "filled": "is filled",
    },
    "number": {"=": "is", "!=": "is not", ">=": "is at least", "<=": "is at most", ">": "is more than", "<": "is less than", "empty": "is empty", "filled": "is filled"},
    "date": {
        "on": "is on", "before": "is before", "after": "is after", "last_days": "is in the last days:",
        "older_days": "is older than days:", "empty": "is empty", "filled": "is filled",
    },
    "yes_no": {"yes": "is yes", "no": "is no"},
}  # fmt: skip
WITHOUT_VALUE = {"empty", "filled", "yes", "no"}
CUSTOM_COMPARISONS = {
    **COMPARISONS["text"],
    **COMPARISONS["number"],
    **COMPARISONS["yes_no"],
}  # of a custom field, which is kept as it came
WITH_LIST = {"one_of", "none_of"}
IN_DAYS = {"last_days", "older_days"}


@dataclass(frozen=True)
class Field:
    """A field that rules may name: its path, what people call it, and the type that decides its comparisons."""

    path: str
    label: str
    type: Type


@dataclass(frozen=True)
class Events:
    """Dated rows of a subject that can be counted: touches of a lead, say."""

    table: str
    label: str
    key: str  # the column that points to the subject
    moment: str  # the column that says when
    fields: Mapping[str, Field] = field(default_factory=dict)


@dataclass(frozen=True)
class Subject:
    """What rules are about: a fact table, its fields, and the events that can be counted."""

    table: str
    fields: Mapping[str, Field]
    events: Mapping[str, Events] = field(default_factory=dict)

    def find_field(self, path: str) -> Field | None:
        if path.startswith("custom.") and len(path) > len("custom."):
            return Field(path, path.removeprefix("custom.").replace("_", " "), "own")
        return self.fields.get(path)


@dataclass(frozen=True)
class Problem:
    """What is wrong, and where: the path of keys and positions that leads to it."""

    where: str
    message: str


def check_rule(rule: Any, subject: Subject) -> list[Problem]:
    """Return everything that is wrong with a rule; an empty list means that it compiles."""
    problems = list(_find_problems(rule, subject, "rule", 0))
    if not problems and sum(1 for _ in list_conditions(rule)) > MAX_CONDITIONS:
        problems.append(Problem("rule", f"A rule can have at most {MAX_CONDITIONS} conditions. Split it."))
    return problems


def list_conditions(rule: Rule) -> Iterator[Rule]:
    """Yield the conditions of a rule, those inside a count's `where` left out."""
    if "all" in rule or "any" in rule:
        for part in rule.get("all", rule.get("any", ())):
            yield from list_conditions(part)
    elif "not" in rule:
        yield from list_conditions(rule["not"])
    else:
        yield rule


def describe_rule(rule: Rule, subject: Subject) -> str:
    """Describe the rule in words."""
    if "all" in rule or "any" in rule:
        separator, parts = (" and ", rule["all"]) if "all" in rule else (" or ", rule["any"])
        if not parts:
            return "always" if "all" in rule else "never"
        sentences = [describe_rule(part, subject) for part in parts]
        return (
            sentences[0]
            if len(sentences) == 1
            else separator.join(
                f"({sentence})" if len(part.get("all", part.get("any", ()))) > 1 else sentence
                for sentence, part in zip(sentences, parts, strict=True)
            )
        )
    if "not" in rule:
        return f"not ({describe_rule(rule['not'], subject)})"
    if "count" in rule:
        return _describe_count(rule, subject)
    known_field = subject.find_field(rule["field"])
    assert known_field is not None, rule
    comparison = comparison_labels(known_field.type)[rule["is"]]
    return " ".join(filter(None, [known_field.label, comparison, _describe_value(rule)]))


def _describe_value(rule: Rule) -> str:
    value = rule.get("value")
    if rule["is"] in WITHOUT_VALUE:
        return ""
    return (
        ", ".join(f"“{part}”" for part in value)
        if isinstance(value, list)
        else f"“{value}”"
        if isinstance(value, str)
        else str(value)
    )


def _describe_count(rule: Rule, subject: Subject) -> str:
    events = subject.events[rule["count"]]
    parts = [f"the number of {events.label}"]
    if rule.get("where"):
        parts.append(f"whose {describe_rule(rule['where'], events_subject(events))}")
    if rule.get("days"):
        parts.append(f"in the last {rule['days']} days")
    return " ".join([*parts, COMPARISONS["number"][rule["is"]], str(rule["value"])])


def comparison_labels(field_type: Type) -> Mapping[str, str]:
    """Return how fields of a type are compared, in words."""
    return CUSTOM_COMPARISONS if field_type == "own" else COMPARISONS[field_type]


def is_numeric(field_type: Type, comparison: str) -> bool:
    """Whether a comparison is with a number: of a custom field, its word decides."""
    return field_type == "number" or (field_type == "own" and comparison in COMPARISONS["number"])


def events_subject(events: Events) -> Subject:
    """Return the events as a subject of their own, for the conditions on what is counted."""
    return Subject(events.table, events.fields)


def _find_problems(rule: Any, subject: Subject, where: str, depth: int) -> Iterator[Problem]:
    if not isinstance(rule, Mapping):
        yield Problem(where, "A rule is an object with “all”, “any”, “not”, “field” or “count”.")
        return
    operators = [operator for operator in ("all", "any", "not", "field", "count") if operator in rule]
    if len(operators) != 1:
        yield Problem(where, "Write exactly one of “all”, “any”, “not”, “field” or “count”.")
    elif depth > MAX_DEPTH:
        yield Problem(where, f"Groups nest at most {MAX_DEPTH} deep.")
    elif operators[0] in {"all", "any"}:
        parts = rule[operators[0]]
        if not isinstance(parts, list):
            yield Problem(f"{where}.{operators[0]}", "A group holds a list of rules.")
            return
        for number, part in enumerate(parts, 1):
            yield from _find_problems(part, subject, f"{where}.{operators[0]}.{number}", depth + 1)
    elif operators[0] == "not":
        yield from _find_problems(rule["not"], subject, f"{where}.not", depth + 1)
    elif operators[0] == "field":
        yield from _find_field_problems(rule, subject, where)
    else:
        yield from _find_count_problems(rule, subject, where, depth)


def _find_field_problems(rule: Rule, subject: Subject, where: str) -> Iterator[Problem]:
    unknown_keys = set(rule) - {"field", "is", "value"}
    known_field = subject.find_field(rule["field"]) if isinstance(rule["field"], str) else None
    if unknown_keys:
        yield Problem(where, f"“{sorted(unknown_keys)[0]}” does not belong to a condition on a field.")
    elif known_field is None:
        yield Problem(
            where, f"The field “{rule['field']}” does not exist. Available: {', '.join(sorted(subject.fields))}."
        )
    elif _comparison_of(rule) not in comparison_labels(known_field.type):
        yield Problem(
            where,
            f"{known_field.label} cannot be compared by “{rule.get('is')}”. Use one of: {', '.join(comparison_labels(known_field.type))}.",
        )
    else:
        yield from _find_value_problems(rule, known_field.type, where)


def _find_value_problems(rule: Rule, field_type: Type, where: str) -> Iterator[Problem]:
    value, comparison = rule.get("value"), rule["is"]
    if comparison in WITHOUT_VALUE:
        return
    if comparison in WITH_LIST:
        is_valid = (
            isinstance(value, list)
            and bool(value)
            and all(isinstance(part, str) and not UNSTORABLE.search(part) for part in value)
        )
        expected = "a list of words"
    elif comparison in IN_DAYS:
        is_valid, expected = (
            isinstance(value, int) and not isinstance(value, bool) and 0 < value <= 36_500,
            "a number of days",
        )
    elif is_numeric(field_type, comparison):
        is_valid, expected = parse_number(value) is not None, "a number"
    elif field_type == "date":
        is_valid, expected = parse_day(value) is not None, "a date like 2026-03-31"
    else:
        is_valid, expected = isinstance(value, str) and bool(value.strip()) and not UNSTORABLE.search(value), "a text"
    if not is_valid:
        yield Problem(where, f"The value must be {expected}.")


def _find_count_problems(rule: Rule, subject: Subject, where: str, depth: int) -> Iterator[Problem]:
    unknown_keys = set(rule) - {"count", "is", "value", "days", "where"}
    events = subject.events.get(rule["count"]) if isinstance(rule["count"], str) else None
    days = rule.get("days")
    if unknown_keys:
        yield Problem(where, f"“{sorted(unknown_keys)[0]}” does not belong to a count.")
    elif events is None:
        yield Problem(
            where,
            f"Nothing called “{rule['count']}” can be counted. There are: {', '.join(sorted(subject.events)) or 'none'}.",
        )
    elif _comparison_of(rule) not in COMPARISONS["number"] or rule["is"] in WITHOUT_VALUE:
        yield Problem(where, "Compare a count by =, !=, >=, <=, > or <.")
    elif parse_number(rule.get("value")) is None:
        yield Problem(where, "The value must be a number.")
    elif days is not None and not (isinstance(days, int) and not isinstance(days, bool) and 0 < days <= 36_500):
        yield Problem(where, "“days” must be a number of days.")
    elif rule.get("where") is not None:
        yield from _find_problems(rule["where"], events_subject(events), f"{where}.where", depth + 1)


def parse_number(value: Any) -> Decimal | None:
    """Read a finite number from a rule's value; booleans are none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        return read_decimal(str(value))
    except ValueError:  # a whole number of thousands of digits cannot even be written
        return None


def parse_day(value: Any) -> date | None:
    try:
        return read_date(value) if isinstance(value, str) else None
    except BadValue:
        return None


def _comparison_of(rule: Rule) -> str:
    comparison = rule.get("is")
    return comparison if isinstance(comparison, str) else ""
