"""The columns of a mapping by all the labels under which exports name them: other languages, older versions."""

from collections.abc import Mapping
from typing import Any

from imports.parsing.headers import fold

LABELS = "labels.toml"
COLUMNS = ("id", "ignore")
Table = dict[str, Any]


def with_labels(table: Table, labels: Mapping[str, list[str]]) -> Table:
    """Return the mapping with each column's other labels behind its own name."""
    aliases = {fold(name): [name, *others] for name, others in labels.items()}
    widened = dict(table)
    for key in COLUMNS:
        if key in table:
            widened[key] = _with_aliases(table[key], aliases)
    if "needs" in table:
        widened["needs"] = [_with_aliases(need, aliases) for need in table["needs"]]
    for key in ("drop_when", "keep_when", "deleted_when"):
        if key in table:
            widened[key] = {
                name: listed for column, listed in table[key].items() for name in _with_aliases(column, aliases)
            }
    for part in ("fields", "references"):
        if part in table:
            widened[part] = {name: _rule_with_aliases(rule, aliases) for name, rule in table[part].items()}
    if "back_links" in table:
        widened["back_links"] = [
            {**link, "custom": _with_aliases(link["custom"], aliases)} for link in table["back_links"]
        ]
    return widened


def _with_aliases(columns: Any, aliases: Mapping[str, list[str]]) -> list[str]:
    listed = [columns] if isinstance(columns, str) else columns
    names = [(column, *aliases.get(fold(column), ())) for column in listed]
    return list(dict.fromkeys(name for group in names for name in group))


def _rule_with_aliases(rule: Any, aliases: Mapping[str, list[str]]) -> Any:
    """Widen the columns of a field's or link's rule, however briefly it is written."""
    if isinstance(rule, str):
        return _with_aliases(rule, aliases)
    if isinstance(rule, list):
        return (
            [_rule_with_aliases(alternative, aliases) for alternative in rule]
            if any(isinstance(alternative, dict) for alternative in rule)
            else _with_aliases(rule, aliases)
        )
    widened = dict(rule)
    for key in () if rule.get("exact") else ("column", "join", "less_percent"):
        if key in rule:
            widened[key] = _with_aliases(rule[key], aliases)
    for key in ("product", "sum", "less"):
        if key in rule:
            terms = [rule[key]] if isinstance(rule[key], str) else rule[key]
            widened[key] = [_with_aliases(term, aliases) for term in terms]
    if "refine" in rule:
        widened["refine"] = _rule_with_aliases(rule["refine"], aliases)
    if "flags" in rule:
        widened["flags"] = {flag: _with_aliases(columns, aliases) for flag, columns in rule["flags"].items()}
    return widened
