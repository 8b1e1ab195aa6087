"""Rules to Ibis: many rules over one subject in one query, for one row or a million.

All counts over one kind of event become conditional sums of a single grouping, joined once by key, so that the
events are read once however many rules count them. An unknown value fulfils nothing but “is empty” and negations.
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
    """What rules are evaluated on: the tables, the moment (later events do not count), and where foreign keys lead."""

    tables: HasTables
    now: datetime
    links: Mapping[str, str]  # pointer without “_id” to the table behind it


def add_rule_columns(
    context: RuleContext,
    subject: Subject,
    rules: Mapping[str, Rule],
    rows: Any | None = None,
    values: Mapping[str, Rule] | None = None,
) -> Any:
    """Return the subject's rows (or the given ones, with further columns) with a yes/no column for each rule.

    `values` names conditions of these rules whose value is wanted as a column too: of the field, or of the count.
    """
    base = context.tables.table(subject.table) if rows is None else rows
    counts = {_count_column(leaf): leaf for rule in rules.values() for leaf in list_conditions(rule) if "count" in leaf}
    paths = {leaf["field"] for rule in rules.values() for leaf in _field_conditions(rule)}
    joined = _join_paths(context, base, paths)
    for name, events in subject.events.items():
        asked_counts = [count for count in counts.values() if count["count"] == name]
        if asked_counts:
            joined = _join_counts(context, joined, events, asked_counts)
    pick = _column_picker(joined)
    answers = {name: _compile_rule(rule, subject, context, pick) for name, rule in rules.items()}
    figures = {
        name: pick(_count_column(leaf)).fill_null(0) if "count" in leaf else pick(leaf["field"])
        for name, leaf in (values or {}).items()
    }
    return joined.select(*base.columns, **answers, **figures)


def _column_picker(joined: Any) -> Pick:
    return lambda path: (
        custom_field(joined, path.removeprefix("custom."))
        if path.startswith("custom.")
        else joined[_flatten_path(path)]
    )


def _compile_rule(rule: Rule, subject: Subject, context: RuleContext, pick: Pick) -> Any:
    if "all" in rule or "any" in rule:
        parts = [_compile_rule(part, subject, context, pick) for part in rule.get("all", rule.get("any", ()))]
        join: Callable[[Any, Any], Any] = (lambda a, b: a & b) if "all" in rule else (lambda a, b: a | b)
        return reduce(join, parts) if parts else ibis.literal("all" in rule)
    if "not" in rule:
        return ~_compile_rule(rule["not"], subject, context, pick)
    if "count" in rule:
        return _compare_number(pick(_count_column(rule)).fill_null(0), rule["is"], rule["value"])
    known_field = subject.find_field(rule["field"])
    assert known_field is not None, f"unchecked rule: {rule}"
    return COMPARE[known_field.type](pick(known_field.path), rule["is"], rule.get("value"), context.now).fill_null(
        False
    )


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
        today = ibis.literal(now).date()  # by the engine, whose days are those of the company's time zone
        edge = (today - ibis.interval(days=wanted)).cast("date")
        return (value >= edge) & (value <= today) if how == "last_days" else value < edge
    limit = ibis.literal(parse_day(wanted))
    return {"on": value == limit, "before": value < limit, "after": value > limit}[how]


def _compare_yes_no(value: Any, how: str, wanted: Any, now: datetime) -> Any:
    return value.fill_null(False) if how == "yes" else ~value.fill_null(False)


def _compare_custom(value: Any, how: str, wanted: Any, now: datetime) -> Any:
    """Compare a custom field, which is always text; a text that is not a number fulfils no comparison of numbers."""
    if how in COMPARISONS["yes_no"]:
        is_yes = value.cast("string").strip().lower().isin(YES)
        return _compare_yes_no(is_yes, how, wanted, now)
    if how in {"empty", "filled"} or how not in COMPARISONS["number"]:
        return _compare_text(value, how, wanted, now)
    parsed = value.try_cast("float64")
    return _compare_number(parsed.isnan().ifelse(None, parsed), how, wanted)


COMPARE: Mapping[str, Callable[[Any, str, Any, datetime], Any]] = {
    "text": _compare_text,
    "number": _compare_number,
    "date": _compare_date,
    "yes_no": _compare_yes_no,
    "own": _compare_custom,
}


def _field_conditions(rule: Rule) -> list[Rule]:
    return [leaf for leaf in list_conditions(rule) if "field" in leaf]


def _count_column(count: Rule) -> str:
    """A column name that equal counts share: what is counted, in which window, under which conditions."""
    key = json.dumps([count["count"], count.get("days"), count.get("where")], sort_keys=True)
    return f"n_{hashlib.sha256(key.encode()).hexdigest()[:16]}"


def _join_counts(context: RuleContext, joined: Any, events: Events, counts: list[Rule]) -> Any:
    """Join the counts over one kind of event: one grouping, one join by key."""
    rows = context.tables.table(events.table)
    rows = rows.filter(rows[events.key].notnull() & (rows[events.moment] <= ibis.literal(context.now)))
    inner = events_subject(events)
    paths = {leaf["field"] for count in counts if count.get("where") for leaf in _field_conditions(count["where"])}
    rows = _join_paths(context, rows, paths)
    sums = {_count_column(count): _count_events(context, rows, events, inner, count) for count in counts}
    grouped = rows.group_by(counted_key=rows[events.key]).aggregate(**sums)
    return joined.left_join(grouped, joined["id"] == grouped["counted_key"]).drop("counted_key")


def _count_events(context: RuleContext, rows: Any, events: Events, inner: Subject, count: Rule) -> Any:
    holds = rows[events.key].notnull()
    if count.get("days"):
        holds = holds & (rows[events.moment] > ibis.literal(context.now - timedelta(days=count["days"])))
    if count.get("where"):
        holds = holds & _compile_rule(count["where"], inner, context, _column_picker(rows))
    return holds.cast("int64").sum()


def _flatten_path(path: str) -> str:
    return path.replace(".", "__")


def _join_paths(context: RuleContext, base: Any, paths: set[str]) -> Any:
    """Join the tables that the paths lead to, each once and by primary key, so that no row is duplicated."""
    table = base
    prefixes: set[str] = set()
    for path in paths:
        if not path.startswith("custom."):
            pointers = path.split(".")[:-1]
            prefixes |= {".".join(pointers[: end + 1]) for end in range(len(pointers))}
    for prefix in sorted(prefixes, key=lambda path_prefix: (path_prefix.count("."), path_prefix)):
        head, _, pointer = prefix.rpartition(".")
        behind = context.tables.table(context.links[pointer])
        deeper = {
            f"{path_prefix.rpartition('.')[2]}_id"
            for path_prefix in prefixes
            if path_prefix.rpartition(".")[0] == prefix
        }
        wanted = sorted({path.rpartition(".")[2] for path in paths if path.rpartition(".")[0] == prefix} | deeper)
        key = f"{_flatten_path(prefix)}__key"
        lookup = behind.select(
            **{_flatten_path(f"{prefix}.{name}"): behind[name] for name in wanted}, **{key: behind["id"]}
        )
        own = table[_flatten_path(f"{head}.{pointer}_id" if head else f"{pointer}_id")]
        table = table.left_join(lookup, own == lookup[key]).drop(key)
    return table
