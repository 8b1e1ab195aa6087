"""The accountability matrix as both sides sign it: who is accountable, responsible, consulted, informed. Pure.

A row is a stage of the funnel or a recurring decision, a column is a role. Each row has exactly one accountable role,
at least one responsible role, and the metric by which the accountable role answers for it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

KIND, KEY, TITLE = "accountability_matrix", "matrix", "Accountability matrix"
LETTERS = {
    "A": "Accountable",
    "R": "Responsible",
    "AR": "Accountable and responsible",
    "C": "Consulted",
    "I": "Informed",
}
MOST_DECISIONS = 40

Roles = Mapping[str, str]  # the label of each role


@dataclass(frozen=True)
class Row:
    """A stage (by its key) or a recurring decision (without), with the letter of each role."""

    name: str
    stage: str = ""
    metric: str = ""
    cells: Mapping[str, str] = field(default_factory=dict)

    def roles_with(self, letter: str) -> list[str]:
        """Return the roles whose cell holds the letter; “AR” holds both."""
        return [role for role, letters in self.cells.items() if letter in letters]

    @property
    def accountable(self) -> str:
        """The one accountable role; empty where none is, or several are."""
        roles = self.roles_with("A")
        return roles[0] if len(roles) == 1 else ""

    @property
    def is_empty(self) -> bool:
        return not (self.name or self.stage or self.metric or any(self.cells.values()))

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "stage": self.stage, "metric": self.metric, "cells": dict(self.cells)}


def read_rows(terms: Mapping[str, Any]) -> list[Row]:
    """Return the rows of stored terms."""
    return [
        Row(row["name"], row.get("stage", ""), row.get("metric", ""), dict(row.get("cells", {})))
        for row in terms.get("rows", [])
    ]


def check_row(row: Row, roles: Roles) -> list[str]:
    """Return what must be changed in a row before it can be proposed, a sentence each."""
    if not row.name:
        return ["A decision has no name. Enter what is decided, or clear its row."]
    faults = [f"{row.name}: there is no role “{role}”." for role in row.cells if role not in roles]
    accountable = [roles[role] for role in row.roles_with("A") if role in roles]
    if not accountable:
        faults.append(f"{row.name} has no accountable role. Set one role to A.")
    elif len(accountable) > 1:
        faults.append(
            f"{row.name} has {len(accountable)} accountable roles ({', '.join(accountable)}). "
            "Keep A for one of them and set the others to R, C or I."
        )
    if not row.roles_with("R"):
        faults.append(f"{row.name} has no responsible role. Set at least one role to R, or to A and R.")
    if accountable and not row.metric:
        faults.append(f"{row.name} names no metric. Choose the metric that the {accountable[0]} answers for.")
    return faults


def check_rows(rows: Sequence[Row], roles: Roles, stages: Mapping[str, str], metrics: Iterable[str]) -> list[str]:
    """Return what must be changed in a matrix; `stages` are the names of the funnel's stages by key."""
    faults = [fault for row in rows for fault in check_row(row, roles)]
    keys = [row.stage for row in rows if row.stage]
    faults += [f"There is no stage “{key}” in the funnel. Remove its row." for key in keys if key not in stages]
    faults += [f"{name} has no row. Add the row of this stage." for key, name in stages.items() if key not in keys]
    faults += [f"{stages[key]} has two rows. Keep one." for key in set(keys) if keys.count(key) > 1 and key in stages]
    names = [row.name for row in rows if row.name and not row.stage]
    faults += [f"“{name}” has two rows. Keep one, or rename it." for name in set(names) if names.count(name) > 1]
    known = set(metrics)
    faults += [
        f"{row.name}: there is no metric “{row.metric}”." for row in rows if row.metric and row.metric not in known
    ]
    return faults


def describe_rows(rows: Sequence[Row], roles: Roles, metrics: Mapping[str, str]) -> list[str]:
    """Say each row in a sentence: “MQL: CMO accountable (Leads); responsible: Marketer; informed: Sales rep”."""
    return [f"{row.name}: {_describe(row, roles, metrics)}" for row in rows]


def _describe(row: Row, roles: Roles, metrics: Mapping[str, str]) -> str:
    def list_roles(letter: str) -> str:
        return ", ".join(roles.get(role, role) for role in row.roles_with(letter))

    metric = f" ({metrics.get(row.metric, row.metric)})" if row.metric else ""
    parts = [f"{list_roles('A')} accountable{metric}"]
    for letter in "RCI":
        if list_roles(letter):
            parts.append(f"{LETTERS[letter].lower()}: {list_roles(letter)}")
    return "; ".join(parts)


def describe_changes(old: Sequence[Row], new: Sequence[Row], roles: Roles, metrics: Mapping[str, str]) -> list[str]:
    """Say what a matrix changes against the one before: “MQL, CMO: A → R”."""
    before = {(row.stage or row.name): row for row in old}
    after = {(row.stage or row.name): row for row in new}
    changes = [f"{row.name}: row removed" for key, row in before.items() if key not in after]
    for key, row in after.items():
        earlier = before.get(key)
        if earlier is None:
            changes.append(f"{row.name}: row added, {_describe(row, roles, metrics)}")
            continue
        for role in dict.fromkeys([*earlier.cells, *row.cells]):
            letters = [cells.get(role) or "nothing" for cells in (earlier.cells, row.cells)]
            if letters[0] != letters[1]:
                changes.append(f"{row.name}, {roles.get(role, role)}: {letters[0]} → {letters[1]}")
        if earlier.metric != row.metric:
            names = [metrics.get(key, key) or "nothing" for key in (earlier.metric, row.metric)]
            changes.append(f"{row.name}, metric: {names[0]} → {names[1]}")
        if earlier.name != row.name:
            changes.append(f"{earlier.name} is called {row.name}")
    return changes
