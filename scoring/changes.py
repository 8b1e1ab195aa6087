"""Whom a run must score: everybody, or those whose own rows or events changed since the last one."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import ibis
import numpy as np
from django.db import connection

from crm.subjects import LINKS
from facts import registry
from facts.engine import Facts
from facts.rules import Rule, leaves
from scoring.terms import COUNTED, Model

CHANGED = """
SELECT id FROM crm_lead WHERE {new}
UNION SELECT lead_id FROM crm_touch WHERE {new} AND lead_id IS NOT NULL
UNION SELECT lead_id FROM crm_activity WHERE {new} AND lead_id IS NOT NULL
UNION SELECT lead_id FROM crm_usageevent WHERE {new} AND lead_id IS NOT NULL
UNION SELECT lead_id FROM crm_opportunity WHERE {new} AND lead_id IS NOT NULL
UNION SELECT deal.lead_id FROM crm_usageevent use JOIN crm_opportunity deal ON deal.account_id = use.account_id
      WHERE use.{new} AND deal.lead_id IS NOT NULL
UNION SELECT lead.id FROM crm_account account JOIN crm_lead lead ON lead.account_id = account.id WHERE account.{new}
UNION SELECT lead_id FROM scoring_score WHERE next_change_at <= %s
"""
FOLLOWED = {"account", "parent"}  # whose changes are followed to the leads concerned
EVENT_TABLES = (*COUNTED, "opportunities")  # a deal won decides whose the uses of an account are


def changed(since: str, moment: datetime) -> np.ndarray:
    """Return the leads on whom something changed since the horizon, or time moved an event, ascending."""
    sql = CHANGED.replace("{new}", f"changed_xid >= '{int(since)}'::xid8")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM ({sql}) found ORDER BY id", [moment])
        return np.array([row[0] for row in cursor.fetchall()], dtype=np.int64)


def names_changed(models: Sequence[Model], since: str) -> bool:
    """Whether a row behind a pointer that rules follow changed: a campaign was renamed, say. That is everybody's."""
    pointers = {pointer for model in models for rule in _rules(model) for pointer in _pointers(rule)} - FOLLOWED
    stamped = [table for name in sorted(pointers) if (table := registry.get(LINKS[name])).is_stamped]
    with connection.cursor() as cursor:
        for table in stamped:
            cursor.execute(f"SELECT EXISTS (SELECT FROM {table.source} WHERE changed_xid >= '{int(since)}'::xid8)")
            if cursor.fetchone()[0]:
                return True
    return False


def _rules(model: Model) -> Iterator[Rule]:
    yield model.leads
    yield from (rule.rule for rule in model.fit)
    yield from (rule.where for rule in model.engagement if rule.where)


def _pointers(rule: Rule) -> list[str]:
    paths = [leaf["field"] for leaf in leaves(rule) if not leaf["field"].startswith("custom.")]
    return [part for path in paths for part in path.split(".")[:-1]]


def known_events(facts: Facts) -> dict[str, list[int]]:
    """Return how many rows each table of events has, and the highest id."""
    return {name: _size(facts.table(name), facts) for name in EVENT_TABLES}


def _size(table: Any, facts: Facts) -> list[int]:
    row = facts.execute(table.aggregate(rows=table.count(), top=table.id.max().fill_null(0))).iloc[0]
    return [int(row["rows"]), int(row["top"])]


def is_some_gone(facts: Facts, known: dict[str, list[int]]) -> bool:
    """Whether events were deleted since: nobody knows any more whose they were."""
    for name, (rows, top) in known.items():
        table = facts.table(name)
        left = facts.execute(table.filter(table.id <= top).aggregate(n=ibis._.count()))["n"]
        if int(left.iloc[0]) < rows:
            return True
    return False
