"""The columns of a mapping by all the labels under which exports name them: other languages, older versions."""

from collections.abc import Mapping
from typing import Any

from imports.parsing.headers import fold

LABELS = "labels.toml"
COLUMNS = ("id", "ignore")
Table = dict[str, Any]


def labelled(table: Table, labels: Mapping[str, list[str]]) -> Table:
    """Return the mapping with each column's other labels behind its own name."""
    known = {fold(name): [name, *others] for name, others in labels.items()}
    found = dict(table)
    for key in COLUMNS:
        if key in table:
            found[key] = _named(table[key], known)
    if "needs" in table:
        found["needs"] = [_named(need, known) for need in table["needs"]]
    for key in ("drop_when", "keep_when", "deleted_when"):
        if key in table:
            found[key] = {name: words for column, words in table[key].items() for name in _named(column, known)}
    for part in ("fields", "references"):
        if part in table:
            found[part] = {name: _rule(rule, known) for name, rule in table[part].items()}
    if "back_links" in table:
        found["back_links"] = [{**link, "custom": _named(link["custom"], known)} for link in table["back_links"]]
    return found


def _named(columns: Any, known: Mapping[str, list[str]]) -> list[str]:
    listed = [columns] if isinstance(columns, str) else columns
    names = [(column, *known.get(fold(column), ())) for column in listed]
    return list(dict.fromkeys(name for group in names for name in group))


def _rule(rule: Any, known: Mapping[str, list[str]]) -> Any:
    """Widen the columns of a field's or link's rule, however briefly it is written."""
    if isinstance(rule, str):
        return _named(rule, known)
    if isinstance(rule, list):
        return (
            [_rule(one, known) for one in rule] if any(isinstance(one, dict) for one in rule) else _named(rule, known)
        )
    found = dict(rule)
    for key in () if rule.get("exact") else ("column", "join", "less_percent"):
        if key in rule:
            found[key] = _named(rule[key], known)
    for key in ("product", "sum", "less"):
        if key in rule:
            terms = [rule[key]] if isinstance(rule[key], str) else rule[key]
            found[key] = [_named(term, known) for term in terms]
    if "refine" in rule:
        found["refine"] = _rule(rule["refine"], known)
    if "flags" in rule:
        found["flags"] = {flag: _named(columns, known) for flag, columns in rule["flags"].items()}
    return found
