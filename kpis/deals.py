"""Rules on a deal's row that several metrics share: when it opened and closed, how it ended, how it stood on a day."""

from typing import Any

import ibis

from kpis.registry import Check
from kpis.rows import EXACT, Row, Scope


def is_won(row: Row) -> Any:
    return row["outcome"] == "won"


def is_lost(row: Row) -> Any:
    return row["outcome"] == "lost"


def is_no_decision(row: Row) -> Any:
    return row["outcome"] == "no_decision"


def is_closed(row: Row) -> Any:
    return row["outcome"] != "open"


def opened_day(row: Row) -> Any:
    return ibis.coalesce(row["opened_on"], row.day("created_at"))


def closed_day(row: Row) -> Any:
    """Return the day of the outcome; an open deal has none, whatever close date it hopes for."""
    return is_closed(row).ifelse(ibis.coalesce(row["closed_on"], row.day("closed_at")), None)


def amount(row: Row) -> Any:
    return row.money("amount")


def cycle_days(row: Row) -> Any:
    """Return calendar days from the first contact, else from the opening, to the close."""
    begun = ibis.coalesce(row["first_contact_on"], row["lead.first_contact_on"], row["opened_on"])
    return closed_day(row).delta(begun, unit="day")


def weighted(row: Row) -> Any:
    """Return amount × probability; four places of each are kept, which is all that they have."""
    product = row["amount"].cast("decimal(18,4)") * row["probability"].cast("decimal(18,4)")
    return product.cast(EXACT)


def one(row: Row) -> Any:
    return ibis.literal(1, type="int64")


NO_AMOUNT = Check(lambda row: row["amount"].isnull(), "{n} of these deals carry no amount; they count as nothing.")


def open_deals(scope: Scope) -> Any:
    """Return the deals open on the stock day, each with amount, stage and probability as they stood then.

    Now is now. For a day that has passed, the last stage change up to its evening speaks; a deal without one keeps
    its present amount, but a deal closed since has no probability then: its outcome must not be known beforehand.
    """
    deals = scope.facts.table("opportunities")
    day = scope.stock_day
    if day is None:
        return deals.filter(deals.outcome == "open")
    opened = ibis.coalesce(deals.opened_on, deals.created_at.date())
    closed = ibis.coalesce(deals.closed_on, deals.closed_at.date())
    is_open = deals.outcome == "open"
    then = deals.filter((opened <= day) & (is_open | (closed > day)))
    return _as_they_stood(then, _last_changes(scope))


def _last_changes(scope: Scope) -> Any:
    changes = scope.facts.table("stage_changes")
    changes = changes.filter(changes.entered_at.date() <= scope.stock_day)
    latest = [changes.entered_at.desc(), changes.id.desc()]
    ranked = changes.mutate(turn=ibis.row_number().over(group_by=changes.opportunity_id, order_by=latest))
    last = ranked.filter(ranked.turn == 0)
    return last.select(
        then_id=last.opportunity_id, then_stage=last.stage, then_amount=last.amount, then_probability=last.probability
    )


def _as_they_stood(deals: Any, last: Any) -> Any:
    both = deals.left_join(last, deals.id == last.then_id)
    known, still_open = both.then_id.notnull(), both.outcome == "open"
    present = known | still_open
    columns = both.mutate(
        amount=ibis.coalesce(both.then_amount, both.amount),
        stage=known.ifelse(both.then_stage, still_open.ifelse(both.stage, None)),
        probability=known.ifelse(both.then_probability, present.ifelse(both.probability, None)),
        outcome=ibis.literal("open"),
    )
    return columns.select(*deals.columns)
