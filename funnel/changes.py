"""Whom a run must ask: everybody, or those whose own rows changed since the last one."""

import numpy as np
from django.db import connection

from facts.portions import Portion, cut, portions
from facts.rules import Rule, leaves
from funnel.stages import Funnel

__all__ = ["Portion", "changed", "cut", "names_changed", "portions"]

PER_LEAD = """
SELECT id FROM crm_lead WHERE {new}
UNION SELECT lead_id FROM crm_touch WHERE {new} AND lead_id IS NOT NULL
UNION SELECT lead_id FROM crm_activity WHERE {new} AND lead_id IS NOT NULL
UNION SELECT lead_id FROM crm_usageevent WHERE {new} AND lead_id IS NOT NULL
UNION SELECT lead_id FROM crm_opportunity WHERE {new} AND lead_id IS NOT NULL
UNION SELECT lead_id FROM crm_stagechange WHERE {new} AND lead_id IS NOT NULL
UNION SELECT deal.lead_id FROM crm_stagechange change JOIN crm_opportunity deal ON deal.id = change.opportunity_id
      WHERE change.{new} AND deal.lead_id IS NOT NULL
UNION SELECT deal.lead_id FROM crm_usageevent use JOIN crm_opportunity deal ON deal.account_id = use.account_id
      WHERE use.{new} AND deal.lead_id IS NOT NULL
UNION SELECT lead.id FROM crm_account account JOIN crm_lead lead ON lead.account_id = account.id WHERE account.{new}
UNION SELECT lead_id FROM funnel_verdict WHERE {new}
UNION SELECT lead_id FROM scoring_score WHERE {new}
UNION SELECT lead_id FROM funnel_move WHERE {new} AND lead_id IS NOT NULL AND (by = 'hand' OR by = 'rule' AND from_stage = 'recycled')
"""
PER_ACCOUNT = """
SELECT id FROM crm_account WHERE {new}
UNION SELECT account_id FROM crm_opportunity WHERE {new} AND account_id IS NOT NULL
UNION SELECT account_id FROM crm_usageevent WHERE {new} AND account_id IS NOT NULL
UNION SELECT account_id FROM crm_activity WHERE {new} AND account_id IS NOT NULL
UNION SELECT lead.account_id FROM crm_touch touch JOIN crm_lead lead ON lead.id = touch.lead_id
      WHERE touch.{new} AND lead.account_id IS NOT NULL
UNION SELECT contact.account_id FROM crm_touch touch JOIN crm_contact contact ON contact.id = touch.contact_id
      WHERE touch.{new} AND contact.account_id IS NOT NULL
"""
CHANGED = {"leads": PER_LEAD, "accounts": PER_ACCOUNT}
FOLLOWED = {"account"}  # pointers whose changes are followed to the buyers concerned
BEHIND = {
    "campaign": "crm_campaign", "owner": "crm_owner", "product": "crm_product", "territory": "team_territory",
    "vertical": "crm_vertical", "parent": "crm_account",
}  # fmt: skip


def changed(subject: str, since: str) -> np.ndarray:
    """Return the ids of the buyers on whom something changed since the horizon, ascending."""
    sql = CHANGED[subject].replace("{new}", f"changed_xid >= '{int(since)}'::xid8")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM ({sql}) found ORDER BY id")
        return np.array([row[0] for row in cursor.fetchall()], dtype=np.int64)


def names_changed(funnel: Funnel, since: str) -> bool:
    """Whether a row behind a pointer that criteria follow changed: a campaign was renamed, say. That is everybody's."""
    pointers = {pointer for stage in funnel for leaf in leaves(stage.rule) for pointer in _pointers(leaf)} - FOLLOWED
    with connection.cursor() as cursor:
        for table in sorted({BEHIND[pointer] for pointer in pointers if pointer in BEHIND}):
            if table == "team_territory":
                continue  # the structure of the house: a change of it waits for the night
            cursor.execute(f"SELECT EXISTS (SELECT FROM {table} WHERE changed_xid >= '{int(since)}'::xid8)")
            if cursor.fetchone()[0]:
                return True
    return False


def _pointers(leaf: Rule) -> list[str]:
    paths = (
        [leaf["field"]]
        if "field" in leaf
        else [one["field"] for one in leaves(leaf["where"])]
        if leaf.get("where")
        else []
    )
    return [part for path in paths if not path.startswith("custom.") for part in path.split(".")[:-1]]
