"""Rules as people build them in a form: groups of rows, each a field or a count, a comparison and a value. Pure.

A rule is shown in rows when it is at most two deep: groups joined by all or any, rows joined within each. A deeper
one stays as it was written and is only said in words, until somebody builds another in its place.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from core.request_values import BadValue, read_count, read_int, read_json
from facts.rules import WITH_LIST, WITHOUT_VALUE, Rule, Subject, is_numeric, parse_number

COUNT = "count:"  # marks what is counted, apart from fields, in the choice of a row
MAX_ROWS = 100  # rows or groups that a form may hold, as many as a rule may have conditions


@dataclass
class Row:
    """One condition as it stands in the form; all parts are the text that was typed."""

    what: str = ""
    compare: str = ""
    value: str = ""
    days: str = ""
    where: str = ""
    where_compare: str = ""
    where_value: str = ""

    @property
    def is_count(self) -> bool:
        return self.what.startswith(COUNT)

    def rule(self, subject: Subject) -> dict[str, Any]:
        if not self.is_count:
            return _build_condition(self.what, self.compare, self.value, subject)
        counted = self.what.removeprefix(COUNT)
        found: dict[str, Any] = {"count": counted, "is": self.compare, "value": _parse_number(self.value)}
        if self.days.strip():
            found["days"] = _parse_whole_number(self.days)
        if self.where and counted in subject.events:
            inner = Subject(counted, subject.events[counted].fields)
            found["where"] = _build_condition(self.where, self.where_compare, self.where_value, inner)
        return found


@dataclass
class Group:
    join: str = "all"
    rows: list[Row] = field(default_factory=list)


@dataclass
class Draft:
    """Criteria in the making, with what the reader asked the form to do: add, drop, count, or nothing."""

    join: str = "any"
    groups: list[Group] = field(default_factory=list)
    asked: str = ""
    kept: Rule | None = None  # a rule that rows cannot show

    @classmethod
    def from_rule(cls, rule: Rule | None, subject: Subject) -> Self:
        """Lay a rule out in rows."""
        if not rule or rule == {"all": []}:
            return cls(groups=[])
        join, parts = _split_group(rule)
        groups = [_group(part) for part in parts]
        if any(group is None for group in groups):
            return cls(kept=rule)
        found = [group for group in groups if group]
        if all(len(group.rows) == 1 for group in found):  # one flat group reads better than many of one row
            return cls("all", [Group(join, [group.rows[0] for group in found])])
        return cls(join, found)

    @classmethod
    def from_data(cls, data: Mapping[str, Any], prefix: str) -> Self:
        """Read what was posted, and carry out the button that was pressed."""
        groups = [_read_group(data, f"{prefix}-g{place}") for place in range(_read_count(data, f"{prefix}-groups"))]
        draft = cls(data.get(f"{prefix}-join", "any"), groups, str(data.get(f"{prefix}-do", "")))
        draft.kept = None if groups else _parse_rule(str(data.get(f"{prefix}-kept", "")))
        draft._obey()
        return draft

    @property
    def kept_as_text(self) -> str:
        return json.dumps(self.kept) if self.kept else ""

    def _obey(self) -> None:
        verb, *places = self.asked.split("-")
        at = [place for text in places if (place := _parse_index(text)) is not None]
        if verb == "group":
            self.kept = None
            self.groups.append(Group("all", [Row()]))
        elif verb == "row" and at and at[0] < len(self.groups):
            self.groups[at[0]].rows.append(Row())
        elif verb == "drop" and len(at) == 2 and at[0] < len(self.groups):
            rows = self.groups[at[0]].rows
            self.groups[at[0]].rows = [row for place, row in enumerate(rows) if place != at[1]]
            self.groups = [group for group in self.groups if group.rows]

    def rule(self, subject: Subject) -> Rule:
        """Return the rule of all rows that were begun; none at all is always fulfilled."""
        if self.kept and not self.groups:
            return self.kept
        groups = [(group.join, [row.rule(subject) for row in group.rows if row.what]) for group in self.groups]
        made = [rows[0] if len(rows) == 1 else {join: rows} for join, rows in groups if rows]
        if len(made) == 1 and ("all" in made[0] or "any" in made[0]):
            return made[0]
        return {self.join if len(made) > 1 else "all": made}


def _parse_rule(text: str) -> Rule | None:
    try:
        found = read_json(text)
    except BadValue:
        return None
    return found if isinstance(found, dict) else None


def _split_group(rule: Rule) -> tuple[str, list[Rule]]:
    for join in ("all", "any"):
        if join in rule:
            return join, list(rule[join])
    return "all", [rule]


def _group(rule: Rule) -> Group | None:
    join, parts = _split_group(rule)
    rows = [condition_to_row(part) for part in parts]
    return None if None in rows else Group(join, [row for row in rows if row])


def condition_to_row(rule: Rule) -> Row | None:
    """Lay one condition out; None of what is more than one."""
    if "field" in rule:
        return Row(rule["field"], rule["is"], _value_to_text(rule.get("value")))
    if "count" not in rule:
        return None
    row = Row(COUNT + rule["count"], rule["is"], _value_to_text(rule["value"]), _value_to_text(rule.get("days")))
    inner = rule.get("where")
    if inner and "field" not in inner:
        return None
    if inner:
        row.where, row.where_compare, row.where_value = inner["field"], inner["is"], _value_to_text(inner.get("value"))
    return row


def _value_to_text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    return "" if value is None else str(value)


def _build_condition(path: str, compare: str, value: str, subject: Subject) -> dict[str, Any]:
    found: dict[str, Any] = {"field": path, "is": compare}
    known = subject.field(path)
    if compare in WITHOUT_VALUE:
        return found
    if compare in WITH_LIST:
        return {**found, "value": [part.strip() for part in value.split(",") if part.strip()]}
    if compare in {"last_days", "older_days"}:
        return {**found, "value": _parse_whole_number(value)}
    return {**found, "value": _parse_number(value) if known and is_numeric(known.type, compare) else value.strip()}


def _parse_number(text: str) -> Any:
    """Return a number as JSON keeps it; text that is none stays, so that the check can say so."""
    found = parse_number(text.strip().replace(",", ".")) if text.strip() else None
    if found is None:
        return text
    return int(found) if found == found.to_integral_value() else float(found)


def _parse_whole_number(text: str) -> Any:
    try:
        value = read_int(text, most=999_999)
    except BadValue:
        return text
    return text if value is None else value


def _parse_index(text: str) -> int | None:
    try:
        return read_int(text, most=MAX_ROWS)
    except BadValue:
        return None


def _read_group(data: Mapping[str, Any], name: str) -> Group:
    rows = [
        Row(**{part: str(data.get(f"{name}-r{place}-{part}", "")) for part in Row.__dataclass_fields__})
        for place in range(_read_count(data, f"{name}-rows"))
    ]
    return Group("any" if data.get(f"{name}-join") == "any" else "all", rows)


def _read_count(data: Mapping[str, Any], name: str) -> int:
    return read_count(data.get(name, "0"), most=MAX_ROWS)
