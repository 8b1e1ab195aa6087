"""The rules that a model may be made of, proposed by what is in the fields and what happened. Pure.

Each is a rule of the rule language as people write them: a field filled, a field with a value, a number from a bound on,
events of a kind that fade by half in so many days.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from facts.rules import Rule
from scoring.fields import Column
from scoring.terms import EngagementRule, FitRule, Model

MOST = 180
VALUES = 12  # of a field that are looked at, the most frequent first
LEAST = 20  # leads that a rule must hold for, and not hold for
LEAST_SHARE = 0.005
CUTS = (0.2, 0.4, 0.6, 0.8)
HALF_LIVES: tuple[float | None, ...] = (7, 30, 90, None)
LONGEST = 80


@dataclass(frozen=True)
class Kind:
    """A kind of event that leads have: the table, and the condition that names it."""

    events: str
    name: str
    where: Rule | None


def fit_rules(columns: Sequence[Column]) -> list[FitRule]:
    """Return the rules of fit that part the leads at all; where two part them alike, the first."""
    by_pattern: dict[bytes, FitRule] = {}
    names: set[str] = set()
    for column in columns:
        for name, rule, holds in _column_rules(column):
            enough = max(LEAST, LEAST_SHARE * len(holds))
            if enough <= holds.sum() <= len(holds) - enough:
                pattern = holds.to_numpy(dtype=bool).tobytes()
                if pattern not in by_pattern:
                    by_pattern[pattern] = FitRule(_unique_name(name, names), rule, 1.0)
    return list(by_pattern.values())[:MOST]


Proposed = tuple[str, Rule, "pd.Series[bool]"]


def _column_rules(column: Column) -> Iterator[Proposed]:
    if column.is_identifier:
        return
    path = column.path
    label = f"{column.label[:1].upper()}{column.label[1:]}"
    if column.kind == "yes_no":
        yield label, {"field": path, "is": "yes"}, column.values == 1
        return
    if column.kind == "number":
        yield from _number_rules(column, label)
    elif column.kind == "text" and not column.is_a_name:
        for value in column.values[column.filled].value_counts().index[:VALUES]:
            word = column.spellings.get(value, value)
            yield f"{label}: {word}", {"field": path, "is": "is", "value": word}, column.values == value
    if not column.has_fillers:  # a rule takes “Select” for filled
        yield f"{label} is known", {"field": path, "is": "filled"}, pd.Series(column.filled)


def _number_rules(column: Column, label: str) -> Iterator[Proposed]:
    numbers = column.values.dropna()
    for cut in sorted({_round_bound(float(numbers.quantile(quantile))) for quantile in CUTS}) if len(numbers) else ():
        if numbers.min() < cut:
            yield f"{label} from {cut:g}", {"field": column.path, "is": ">=", "value": cut}, column.values >= cut


def _round_bound(value: float) -> float | int:
    """Round a bound to what people would write: three digits."""
    rounded = float(f"{value:.3g}")
    return int(rounded) if rounded == int(rounded) else rounded


def _unique_name(name: str, names: set[str]) -> str:
    """Return a name that no rule has yet, short enough for one."""
    unique = name if len(name) <= LONGEST else f"{name[: LONGEST - 2].rstrip()} …"
    suffix = 2
    while unique.casefold() in names:
        unique = f"{name[: LONGEST - 5].rstrip()} ({suffix})"
        suffix += 1
    names.add(unique.casefold())
    return unique


def engagement_rules(kinds: Sequence[Kind]) -> list[EngagementRule]:
    """Return a rule for each kind of event and each half-life; the learner keeps the half-life that tells most."""
    return [
        EngagementRule(f"{kind.name} {number}", kind.events, 1.0, kind.where, half_life)
        for kind in kinds
        for number, half_life in enumerate(HALF_LIVES)
    ]


def candidates_model(fit: Sequence[FitRule], engagement: Sequence[EngagementRule]) -> Model:
    """All candidates as one model, a point each."""
    return Model("candidates", 0, tuple(fit), tuple(engagement))
