"""Rules on a deal's row that several metrics share: when it opened and closed, how it ended, how it stood on a day."""

from datetime import date
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


def deal_amount(row: Row) -> Any:
    return row.money("amount")


def cycle_days(row: Row) -> Any:
    """Return calendar days from the first contact, else from the opening, to the close."""
    begun = ibis.coalesce(row["first_contact_on"], row["lead.first_contact_on"], row["opened_on"])
    return closed_day(row).delta(begun, unit="day")


def weighted_amount(row: Row) -> Any:
    """Return amount × probability; four places of each are kept, which is all that they have."""
    product = row["amount"].cast("decimal(18,4)") * row["probability"].cast("decimal(18,4)")
    return product.cast(EXACT)


def count_one(row: Row) -> Any:
    return ibis.literal(1, type="int64")


NO_AMOUNT = Check(lambda row: row["amount"].isnull(), "Deals without an amount: {n}. They count as 0.")


def open_deals(scope: Scope) -> Any:
    """Return the deals open on each evening that is asked for, with amount, stage and probability as they stood then.

    A deal comes once for each evening, which `counted_on` names. For an evening that has passed, the last stage change
    up to it speaks: a deal that had ended by it was not open, though it was opened again since. A deal without one keeps
    its present amount, but a deal closed since has no probability then: its outcome must not be known beforehand.
    """
    past = tuple(day for day in scope.evenings if day < scope.today)
    pieces = [_deals_open_on(scope, past)] if past else []
    if len(past) < len(scope.evenings):
        deals = scope.table("opportunities")
        pieces.append(deals.filter(deals.outcome == "open").mutate(counted_on=ibis.literal(scope.today)))
    return pieces[0] if len(pieces) == 1 else ibis.union(*pieces)


def _deals_open_on(scope: Scope, evenings: tuple[date, ...]) -> Any:
    deals = scope.table("opportunities")
    each = deals.mutate(counted_on=_repeat_for_evenings(evenings))
    opened = ibis.coalesce(each.opened_on, each.created_at.date())
    closed = ibis.coalesce(each.closed_on, each.closed_at.date())
    is_open = each.outcome == "open"
    then = each.filter((opened <= each.counted_on) & (is_open | (closed > each.counted_on)))
    return _with_past_values(then, _last_changes(scope, evenings))


def _repeat_for_evenings(evenings: tuple[date, ...]) -> Any:
    """Return a column that repeats a row for every evening."""
    return ibis.array([ibis.literal(day) for day in evenings]).unnest()


def _last_changes(scope: Scope, evenings: tuple[date, ...]) -> Any:
    changes = scope.table("stage_changes").mutate(then_on=_repeat_for_evenings(evenings))
    changes = changes.filter(changes.entered_at.date() <= changes.then_on)
    latest = [changes.entered_at.desc(), changes.id.desc()]
    turn = ibis.row_number().over(group_by=[changes.opportunity_id, changes.then_on], order_by=latest)
    ranked = changes.mutate(turn=turn)
    last = ranked.filter(ranked.turn == 0)
    return last.select(
        then_id=last.opportunity_id,
        then_on=last.then_on,
        then_pipeline=last.pipeline.nullif(""),
        then_stage=last.stage,
        then_ended_as=last.ended_as,
        then_amount=last.amount,
        then_probability=last.probability,
    )


def _with_past_values(deals: Any, last: Any) -> Any:
    both = deals.left_join(last, [deals.id == last.then_id, deals.counted_on == last.then_on])
    both = both.filter(both.then_ended_as.isnull() | both.then_ended_as.isin(["", "open"]))
    has_change, still_open = both.then_id.notnull(), both.outcome == "open"
    columns = both.mutate(
        amount=ibis.coalesce(both.then_amount, both.amount),
        pipeline=ibis.coalesce(both.then_pipeline, both.pipeline),
        stage=has_change.ifelse(both.then_stage, still_open.ifelse(both.stage, None)),
        probability=has_change.ifelse(both.then_probability, still_open.ifelse(both.probability, None)),
        outcome=ibis.literal("open"),
    )
    return columns.select(*deals.columns)
