"""Rules to Ibis: many rules over one subject in one question, for one row or a million.

All counts over one kind of event become conditional sums of a single grouping, joined once by key, so that the
events are read once however many rules ask for them. What is unknown fulfils nothing but “is empty” and negations.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from typing import Any, Protocol

import ibis

from facts.custom import custom_field
from facts.rules import COMPARISONS, Events, Rule, Subject, events_subject, list_conditions, parse_day, parse_number

YES = ("true", "yes", "1")
Pick = Callable[[str], Any]  # from a field's path to an Ibis value


class HasTables(Protocol):
    """Facts, or rows of the moment in the same shape."""

    def table(self, name: str) -> Any: ...


@dataclass(frozen=True)
class RuleContext:
    """What rules are asked of: the tables, the moment (events after it do not count), and who is behind a pointer."""

    tables: HasTables
    now: datetime
    links: Mapping[str, str]  # pointer without “_id” to the table behind it


def add_rule_columns(
    question: RuleContext,
    subject: Subject,
    rules: Mapping[str, Rule],
    rows: Any | None = None,
    values: Mapping[str, Rule] | None = None,
) -> Any:
    """Return the subject's rows (or those given, with figures of the caller's) with a yes/no column for each rule.

    `values` names conditions of these rules whose figure itself is wanted too: what the field says, or how many.
    """
    base = question.tables.table(subject.table) if rows is None else rows
    counts = _distinct_counts(rules.values())
    paths = {leaf["field"] for rule in rules.values() for leaf in _field_conditions(rule)}
    wide = _join_paths(question, base, paths)
    for name, events in subject.events.items():
        asked = [count for count in counts if count["count"] == name]
        if asked:
            wide = _join_counts(question, wide, events, asked)
    answers = {name: _compile_rule(rule, subject, question, _column_picker(wide)) for name, rule in rules.items()}
    figures = {name: _value_column(leaf, _column_picker(wide)) for name, leaf in (values or {}).items()}
    return wide.select(*base.columns, **answers, **figures)


def _value_column(leaf: Rule, pick: Pick) -> Any:
    return pick(_count_column(leaf)).fill_null(0) if "count" in leaf else pick(leaf["field"])


def _column_picker(wide: Any) -> Pick:
    return lambda path: (
        custom_field(wide, path.removeprefix("custom.")) if path.startswith("custom.") else wide[_flatten_path(path)]
    )


def _compile_rule(rule: Rule, subject: Subject, question: RuleContext, pick: Pick) -> Any:
    if "all" in rule or "any" in rule:
        parts = [_compile_rule(part, subject, question, pick) for part in rule.get("all", rule.get("any", ()))]
        join: Callable[[Any, Any], Any] = (lambda a, b: a & b) if "all" in rule else (lambda a, b: a | b)
        return reduce(join, parts) if parts else ibis.literal("all" in rule)
    if "not" in rule:
        return ~_compile_rule(rule["not"], subject, question, pick)
    if "count" in rule:
        return _compare_number(pick(_count_column(rule)).fill_null(0), rule["is"], rule["value"])
    found = subject.field(rule["field"])
    assert found is not None, f"unchecked rule: {rule}"
    return COMPARE[found.type](pick(found.path), rule["is"], rule.get("value"), question.now).fill_null(False)


def _compare_number(value: Any, how: str, wanted: Any, now: datetime | None = None) -> Any:
    if how in {"empty", "filled"}:
        return value.isnull() if how == "empty" else value.notnull()
    limit = float(parse_number(wanted))  # type: ignore[arg-type]
    value = value.cast("float64")
    if how == "!=":
        return value.isnull() | (value != limit)
    return {"=": value == limit, ">=": value >= limit, "<=": value <= limit, ">": value > limit, "<": value < limit}[
        how
    ]


def _compare_text(value: Any, how: str, wanted: Any, now: datetime) -> Any:
    value = value.cast("string").strip().lower()
    is_empty = value.isnull() | (value == "")
    if how in {"empty", "filled"}:
        return is_empty if how == "empty" else ~is_empty
    if how in {"one_of", "none_of"}:
        within = value.isin([part.strip().lower() for part in wanted]).fill_null(False)
        return within if how == "one_of" else ~within
    word = wanted.strip().lower()
    match how:
        case "contains":
            return value.contains(word)
        case "starts_with":
            return value.startswith(word)
        case "is_not":
            return ~(value == word).fill_null(False)
    return value == word


def _compare_date(value: Any, how: str, wanted: Any, now: datetime) -> Any:
    if how in {"empty", "filled"}:
        return value.isnull() if how == "empty" else value.notnull()
    value = value.cast("date")
    if how in {"last_days", "older_days"}:
        edge = ibis.literal(now.date() - timedelta(days=wanted))
        return (value >= edge) & (value <= ibis.literal(now.date())) if how == "last_days" else value < edge
    limit = ibis.literal(parse_day(wanted))
    return {"on": value == limit, "before": value < limit, "after": value > limit}[how]


def _compare_yes_no(value: Any, how: str, wanted: Any, now: datetime) -> Any:
    return value.fill_null(False) if how == "yes" else ~value.fill_null(False)


def _compare_custom(value: Any, how: str, wanted: Any, now: datetime) -> Any:
    """Compare a custom field, which is text whatever it holds; what is no number fulfils no comparison of numbers."""
    if how in COMPARISONS["yes_no"]:
        is_yes = value.cast("string").strip().lower().isin(YES)
        return _compare_yes_no(is_yes, how, wanted, now)
    if how in {"empty", "filled"} or how not in COMPARISONS["number"]:
        return _compare_text(value, how, wanted, now)
    found = value.try_cast("float64")
    return _compare_number(found.isnan().ifelse(None, found), how, wanted)


COMPARE: Mapping[str, Callable[[Any, str, Any, datetime], Any]] = {
    "text": _compare_text,
    "number": _compare_number,
    "date": _compare_date,
    "yes_no": _compare_yes_no,
    "own": _compare_custom,
}


def _field_conditions(rule: Rule) -> list[Rule]:
    return [leaf for leaf in _all_leaves(rule) if "field" in leaf]


def _distinct_counts(rules: Any) -> list[Rule]:
    named = {_count_column(leaf): leaf for rule in rules for leaf in _all_leaves(rule) if "count" in leaf}
    return list(named.values())


def _all_leaves(rule: Rule) -> list[Rule]:
    return list(list_conditions(rule))


def _count_column(count: Rule) -> str:
    """A column name that equal counts share: what is counted, in which window, under which conditions."""
    key = json.dumps([count["count"], count.get("days"), count.get("where")], sort_keys=True)
    return f"n_{hashlib.sha256(key.encode()).hexdigest()[:16]}"


def _join_counts(question: RuleContext, wide: Any, events: Events, counts: list[Rule]) -> Any:
    """Join the counts over one kind of event: one grouping, one look-up by key."""
    rows = question.tables.table(events.table)
    rows = rows.filter(rows[events.key].notnull() & (rows[events.moment] <= ibis.literal(question.now)))
    inner = events_subject(events)
    paths = {leaf["field"] for count in counts if count.get("where") for leaf in _field_conditions(count["where"])}
    rows = _join_paths(question, rows, paths)
    sums = {_count_column(count): _count_events(question, rows, events, inner, count) for count in counts}
    grouped = rows.group_by(counted_key=rows[events.key]).aggregate(**sums)
    return wide.left_join(grouped, wide["id"] == grouped["counted_key"]).drop("counted_key")


def _count_events(question: RuleContext, rows: Any, events: Events, inner: Subject, count: Rule) -> Any:
    holds = rows[events.key].notnull()
    if count.get("days"):
        holds = holds & (rows[events.moment] > ibis.literal(question.now - timedelta(days=count["days"])))
    if count.get("where"):
        holds = holds & _compile_rule(count["where"], inner, question, _column_picker(rows))
    return holds.cast("int64").sum()


def _flatten_path(path: str) -> str:
    return path.replace(".", "__")


def _join_paths(question: RuleContext, base: Any, paths: set[str]) -> Any:
    """Join the tables that the paths lead to, each once, by key, so that no row doubles."""
    table = base
    prefixes = {prefix for path in paths if not path.startswith("custom.") for prefix in _path_prefixes(path)}
    for prefix in sorted(prefixes, key=lambda one: one.count(".")):
        head, _, pointer = prefix.rpartition(".")
        behind = question.tables.table(question.links[pointer])
        deeper = {f"{one.rpartition('.')[2]}_id" for one in prefixes if one.rpartition(".")[0] == prefix}
        wanted = {path.rpartition(".")[2] for path in paths if path.rpartition(".")[0] == prefix} | deeper
        key = f"{_flatten_path(prefix)}__key"
        lookup = behind.select(
            **{_flatten_path(f"{prefix}.{name}"): behind[name] for name in wanted}, **{key: behind["id"]}
        )
        own = table[_flatten_path(f"{head}.{pointer}_id" if head else f"{pointer}_id")]
        table = table.left_join(lookup, own == lookup[key]).drop(key)
    return table


def _path_prefixes(path: str) -> list[str]:
    parts = path.split(".")[:-1]
    return [".".join(parts[: end + 1]) for end in range(len(parts))]
