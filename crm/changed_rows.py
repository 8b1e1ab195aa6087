"""What changed since a horizon of Postgres: on which buyers, by their own rows and events, and behind what all point to.

A horizon is the `pg_snapshot_xmin` of an earlier look; what was written since carries it, or more, in `changed_xid`.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from django.db import connection

from crm.rule_fields import LINKS
from facts import registry
from facts.rules import Rule, list_conditions

# The leads on whom something changed: apps above add what they keep of a lead. {new} is the comparison of a row's stamp.
LEADS = """
SELECT id FROM crm_lead WHERE {new}
UNION SELECT lead_id FROM crm_touch WHERE {new} AND lead_id IS NOT NULL
UNION SELECT lead_id FROM crm_activity WHERE {new} AND lead_id IS NOT NULL
UNION SELECT lead_id FROM crm_usageevent WHERE {new} AND lead_id IS NOT NULL
UNION SELECT lead_id FROM crm_opportunity WHERE {new} AND lead_id IS NOT NULL
UNION SELECT deal.lead_id FROM crm_usageevent use JOIN crm_opportunity deal ON deal.account_id = use.account_id
      WHERE use.{new} AND deal.lead_id IS NOT NULL
UNION SELECT lead.id FROM crm_account account JOIN crm_lead lead ON lead.account_id = account.id WHERE account.{new}
"""
FOLLOWED = {"account"}  # the pointer whose changes such queries follow to the buyers concerned


def changed_ids(query: str, since: str, values: Sequence[Any] = ()) -> np.ndarray:
    """Return the ids that a query with {new} for its comparisons finds, ascending."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM ({query.replace('{new}', _changed_since(since))}) found ORDER BY id", values)
        return np.array([row[0] for row in cursor.fetchall()], dtype=np.int64)


def names_changed(rules: Iterable[Rule], since: str) -> bool:
    """Whether a row behind a pointer that rules follow changed: a campaign was renamed, say. That concerns every buyer.

    What carries no stamp, such as the territories, is the structure of the company: a change of it waits for the nightly run.
    """
    followed = {pointer for rule in rules for pointer in _pointers_of_rule(rule)} - FOLLOWED
    behind = {table.source for pointer in followed if (table := registry.get_table(LINKS[pointer])).is_stamped}
    with connection.cursor() as cursor:
        for source in sorted(behind):
            cursor.execute(f"SELECT EXISTS (SELECT FROM {source} WHERE {_changed_since(since)})")
            if cursor.fetchone()[0]:
                return True
    return False


def _changed_since(since: str) -> str:
    return f"changed_xid >= '{int(since)}'::xid8"


def _pointers_of_rule(rule: Rule) -> Iterator[str]:
    """Yield the pointers on the way to the fields of a rule, and of what its counts count."""
    for leaf in list_conditions(rule):
        if "field" not in leaf:
            yield from _pointers_of_rule(leaf.get("where") or {"all": []})
        elif not leaf["field"].startswith("custom."):
            yield from leaf["field"].split(".")[:-1]
