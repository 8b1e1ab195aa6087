"""Leads and deals divided over the touches before them: a row for each touch with a share of the record, by one model.

The weights of a record add up to exactly 1 under every model. A record without a touch has one row with all of it, so
what is credited and what is not is together what the records are worth, also where the credits are older than they.
"""

from decimal import Decimal
from typing import Any

import ibis

from attribution.facts import AMOUNT, SHARE, WEIGHT
from kpis.rows import Row, Scope

NO_TOUCH = "No touch"
OF_TOUCH = {
    "touch_campaign_id": "campaign_id", "touch_asset_id": "asset_id", "touch_channel": "channel",
    "touch_source": "lead_source", "touch_persona": "persona",
}  # fmt: skip


def credited_deals(scope: Scope) -> Any:
    return _with_credits(scope, scope.table("opportunities"), "opportunity_id")


def credited_leads(scope: Scope) -> Any:
    return _with_credits(scope, scope.table("leads"), "lead_id")


def _with_credits(scope: Scope, records: Any, link: str) -> Any:
    credits = scope.table("credits")
    weight = credits[f"{scope.model}_weight"]
    credits = credits.filter(credits[link].notnull() & (weight > 0)).select(
        credit_id="id", credited_id=link, credit_weight=weight, **OF_TOUCH
    )
    rows = records.left_join(credits, records.id == credits.credited_id).drop("credited_id")
    return rows.mutate(credit_weight=rows.credit_weight.fill_null(ibis.literal(Decimal(1), type=WEIGHT)))


def credited_amount(row: Row) -> Any:
    return (row["amount"].cast(AMOUNT) * row["credit_weight"]).cast(SHARE)


def credited_count(row: Row) -> Any:
    return row["credit_weight"]


def has_touch(row: Row) -> Any:
    return row["credit_id"].notnull()
