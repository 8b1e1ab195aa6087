"""Whom a run must score: everyone, or those whose own rows or events changed since the last one."""

from collections.abc import Iterable, Iterator
from datetime import datetime

import ibis
import numpy as np

from crm import changed_rows
from crm.changed_rows import LEADS, changed_ids
from facts.engine import Facts
from facts.rules import Rule
from scoring.terms import COUNTED, Model

FADED = "UNION SELECT lead_id FROM scoring_score WHERE next_change_at <= %s"  # an event left its window, or came
EVENT_TABLES = (*COUNTED, "opportunities")  # a deal won decides whose the uses of an account are


def changed_lead_ids(since: str, moment: datetime) -> np.ndarray:
    """Return the leads on whom something changed since the horizon, or time moved an event, ascending."""
    return changed_ids(f"{LEADS} {FADED}", since, [moment])


def names_changed(models: Iterable[Model], since: str) -> bool:
    """Whether a row behind a pointer that rules of the models follow changed."""
    return changed_rows.names_changed((rule for model in models for rule in _model_rules(model)), since)


def _model_rules(model: Model) -> Iterator[Rule]:
    yield model.leads
    yield from (rule.rule for rule in model.fit)
    yield from (rule.where for rule in model.engagement if rule.where)
    yield from (trait.rule for trait in (model.profile.traits if model.profile else ()))


def known_events(facts: Facts) -> dict[str, list[int]]:
    """Return how many rows each table of events has, and the highest id."""
    return {name: sizes[:2] for name, sizes in _event_table_sizes(facts, {}).items()}


def were_events_deleted(facts: Facts, known_sizes: dict[str, list[int]]) -> bool:
    """Whether events were deleted since: which leads they belonged to is lost, so all leads must be scored."""
    sizes = _event_table_sizes(facts, known_sizes)
    return any(sizes[name][2] < rows for name, (rows, _) in known_sizes.items())


def _event_table_sizes(facts: Facts, known_sizes: dict[str, list[int]]) -> dict[str, list[int]]:
    """Return of each table of events how many rows it has, the highest id, and how many of those known are left."""
    queries = []
    for name in EVENT_TABLES:
        table = facts.table(name)
        remaining = (table.id <= known_sizes.get(name, [0, 0])[1]).cast("int64").sum().fill_null(0)
        queries.append(
            table.aggregate(rows=table.count(), top=table.id.max().fill_null(0), left=remaining).mutate(
                table=ibis.literal(name)
            )
        )
    records = facts.execute(ibis.union(*queries)).to_dict("records")
    return {row["table"]: [int(row[name]) for name in ("rows", "top", "left")] for row in records}
