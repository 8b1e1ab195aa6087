"""Whom a run must ask: everyone, or those whose own rows or events changed since the last one."""

import numpy as np

from crm import changed_rows
from crm.changed_rows import changed_ids
from funnel.stages.drafts import Funnel

LEADS = f"""{changed_rows.LEADS}
UNION SELECT lead_id FROM crm_stagechange WHERE {{new}} AND lead_id IS NOT NULL
UNION SELECT deal.lead_id FROM crm_stagechange change JOIN crm_opportunity deal ON deal.id = change.opportunity_id
      WHERE change.{{new}} AND deal.lead_id IS NOT NULL
UNION SELECT lead_id FROM funnel_verdict WHERE {{new}}
UNION SELECT lead_id FROM scoring_score WHERE {{new}}
UNION SELECT lead_id FROM funnel_move WHERE {{new}} AND lead_id IS NOT NULL AND (by = 'hand' OR by = 'rule' AND from_stage = 'recycled')
"""
ACCOUNTS = """
SELECT id FROM crm_account WHERE {new}
UNION SELECT account_id FROM crm_opportunity WHERE {new} AND account_id IS NOT NULL
UNION SELECT account_id FROM crm_usageevent WHERE {new} AND account_id IS NOT NULL
UNION SELECT account_id FROM crm_activity WHERE {new} AND account_id IS NOT NULL
"""
# What people do counts for their accounts, and goes with them when they are found to belong to another.
OF_PEOPLE = """
UNION SELECT account_id FROM crm_{person} WHERE {{new}} AND account_id IS NOT NULL
UNION SELECT person.account_id FROM crm_touch event JOIN crm_{person} person ON person.id = event.{person}_id
      WHERE event.{{new}} AND person.account_id IS NOT NULL
UNION SELECT person.account_id FROM crm_activity event JOIN crm_{person} person ON person.id = event.{person}_id
      WHERE event.{{new}} AND person.account_id IS NOT NULL
"""
CHANGED = {
    "leads": LEADS,
    "accounts": ACCOUNTS + "".join(OF_PEOPLE.format(person=person) for person in ("lead", "contact")),
}


def changed_buyer_ids(subject: str, since: str) -> np.ndarray:
    """Return the ids of the buyers on whom something changed since the horizon, ascending."""
    return changed_ids(CHANGED[subject], since)


def names_changed(funnel: Funnel, since: str) -> bool:
    """Whether a row behind a pointer that criteria follow changed."""
    return changed_rows.names_changed((stage.rule for stage in funnel), since)
