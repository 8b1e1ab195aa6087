"""Rules as people build them in a form: groups of rows, each a field or a count, a comparison and a value. Pure.

A rule is shown in rows when it is at most two deep: groups joined by all or any, rows joined within each. A deeper
rule stays as it was written and is only described in words, until it is replaced by one built in the form.
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
    """One condition as it is in the form; all parts are the text that was typed."""

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

    def to_rule(self, subject: Subject) -> dict[str, Any]:
        if not self.is_count:
            return _build_condition(self.what, self.compare, self.value, subject)
        event_name = self.what.removeprefix(COUNT)
        condition: dict[str, Any] = {"count": event_name, "is": self.compare, "value": _parse_number(self.value)}
        if self.days.strip():
            condition["days"] = _parse_whole_number(self.days)
        if self.where and event_name in subject.events:
            inner = Subject(event_name, subject.events[event_name].fields)
            condition["where"] = _build_condition(self.where, self.where_compare, self.where_value, inner)
        return condition


@dataclass
class Group:
    join: str = "all"
    rows: list[Row] = field(default_factory=list)


@dataclass
class Draft:
    """Criteria being edited, with the action of the pressed button: add, drop, count, or none."""

    join: str = "any"
    groups: list[Group] = field(default_factory=list)
    action: str = ""
    opaque_rule: Rule | None = None  # a rule that rows cannot show

    @classmethod
    def from_rule(cls, rule: Rule | None, subject: Subject) -> Self:
        """Show a rule in rows."""
        if not rule or rule == {"all": []}:
            return cls(groups=[])
        join, parts = _split_group(rule)
        groups = []
        for part in parts:
            group_join, conditions = _split_group(part)
            rows = [row for condition in conditions if (row := condition_to_row(condition))]
            if len(rows) < len(conditions):
                return cls(opaque_rule=rule)
            groups.append(Group(group_join, rows))
        if all(len(group.rows) == 1 for group in groups):  # one flat group reads better than many of one row
            return cls("all", [Group(join, [group.rows[0] for group in groups])])
        return cls(join, groups)

    @classmethod
    def from_data(cls, data: Mapping[str, Any], prefix: str) -> Self:
        """Read the posted form, and carry out the action of the pressed button."""
        groups = []
        for group in range(_read_count(data, f"{prefix}-groups")):
            name = f"{prefix}-g{group}"
            rows = [
                Row(**{part: str(data.get(f"{name}-r{row}-{part}", "")) for part in Row.__dataclass_fields__})
                for row in range(_read_count(data, f"{name}-rows"))
            ]
            groups.append(Group("any" if data.get(f"{name}-join") == "any" else "all", rows))
        draft = cls(data.get(f"{prefix}-join", "any"), groups, str(data.get(f"{prefix}-do", "")))
        draft.opaque_rule = None if groups else _parse_rule(str(data.get(f"{prefix}-kept", "")))
        draft._apply_action()
        return draft

    @property
    def opaque_rule_as_json(self) -> str:
        return json.dumps(self.opaque_rule) if self.opaque_rule else ""

    def _apply_action(self) -> None:
        verb, *indexes = self.action.split("-")
        positions = [index for text in indexes if (index := _parse_index(text)) is not None]
        if verb == "group":
            self.opaque_rule = None
            self.groups.append(Group("all", [Row()]))
        elif verb == "row" and positions and positions[0] < len(self.groups):
            self.groups[positions[0]].rows.append(Row())
        elif verb == "drop" and len(positions) == 2 and positions[0] < len(self.groups):
            rows = self.groups[positions[0]].rows
            self.groups[positions[0]].rows = [row for index, row in enumerate(rows) if index != positions[1]]
            self.groups = [group for group in self.groups if group.rows]

    def to_rule(self, subject: Subject) -> Rule:
        """Return the rule of all rows that name a field or a count; without any it is always fulfilled."""
        if self.opaque_rule and not self.groups:
            return self.opaque_rule
        groups = [(group.join, [row.to_rule(subject) for row in group.rows if row.what]) for group in self.groups]
        rules = [rows[0] if len(rows) == 1 else {join: rows} for join, rows in groups if rows]
        if len(rules) == 1 and ("all" in rules[0] or "any" in rules[0]):
            return rules[0]
        return {self.join if len(rules) > 1 else "all": rules}


def _parse_rule(text: str) -> Rule | None:
    try:
        parsed = read_json(text)
    except BadValue:
        return None
    return parsed if isinstance(parsed, dict) else None


def _split_group(rule: Rule) -> tuple[str, list[Rule]]:
    for join in ("all", "any"):
        if join in rule:
            return join, list(rule[join])
    return "all", [rule]


def condition_to_row(rule: Rule) -> Row | None:
    """Show one condition as a row; None for a rule that is more than one condition."""
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
    condition: dict[str, Any] = {"field": path, "is": compare}
    known_field = subject.find_field(path)
    if compare in WITHOUT_VALUE:
        return condition
    if compare in WITH_LIST:
        return {**condition, "value": [part.strip() for part in value.split(",") if part.strip()]}
    if compare in {"last_days", "older_days"}:
        return {**condition, "value": _parse_whole_number(value)}
    return {
        **condition,
        "value": _parse_number(value) if known_field and is_numeric(known_field.type, compare) else value.strip(),
    }


def _parse_number(text: str) -> Any:
    """Return a number as JSON stores it; other text stays as it is, so that check_rule can name it."""
    parsed = parse_number(text.strip().replace(",", ".")) if text.strip() else None
    if parsed is None:
        return text
    return int(parsed) if parsed == parsed.to_integral_value() else float(parsed)


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


def _read_count(data: Mapping[str, Any], name: str) -> int:
    return read_count(data.get(name, "0"), most=MAX_ROWS)
