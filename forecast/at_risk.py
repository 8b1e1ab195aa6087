"""Open deals that need attention: slipped, idle, or longer in their stage than those that were won."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import ibis

from forecast.history import Tables
from forecast.states import read_states

PUSHED_TIMES = 3  # a close date moved to a later day so often makes a deal slipped
IDLE_DAYS = 30  # without a change of the deal or an activity
STAGE_SHARE = 0.9  # of the won deals had left the stage after so many days
WON_DAYS = 365  # before an evening: deals won since then say how long a stage takes
FEWEST_WON = 10  # won deals that passed a stage, below which it has no limit


def deals_at_risk(tables: Tables, evenings: Sequence[date], today: date) -> Any:
    """Return the deals open on each evening with what puts them at risk, one row for a deal and evening.

    deal_id, counted_on, pipeline, stage, amount, currency and close_on are those of the evening; `pushes` counts how often the
    close date moved to a later day, `days_past` the days since it passed, `idle_days` those since the last change or
    activity, `stage_days` those in the stage, `stage_limit` what nine of ten won deals took there at most (NULL: too few).
    """
    first = min(evenings) - timedelta(days=WON_DAYS)
    states = read_states(tables, today, closed_since=first)
    each = states.mutate(counted_on=_repeat_for(evenings))
    then = each.filter(
        (each.on <= each.counted_on)
        & (each.until_on.isnull() | (each.until_on > each.counted_on))
        & (each.outcome == "open")
    )
    last = _last_events(tables, states, evenings)
    limits = _stage_limits(states, evenings)
    rows = then.left_join(last, [then.deal_id == last.event_deal, then.counted_on == last.event_evening])
    same_stage = [
        rows.counted_on == limits.limit_evening,
        rows.pipeline == limits.limit_pipeline,
        rows.stage == limits.limit_stage,
    ]
    rows = rows.left_join(limits, same_stage)
    rows = rows.mutate(
        days_past=rows.counted_on.delta(rows.close_on, unit="day"),
        idle_days=rows.counted_on.delta(ibis.coalesce(rows.last_event, rows.on), unit="day"),
        stage_days=rows.counted_on.delta(rows.stage_since, unit="day"),
    )
    return rows.select(
        "deal_id", "counted_on", "pipeline", "stage", "amount", "currency", "close_on", "pushes", "days_past", "idle_days",
        "stage_days", "stage_limit",
        is_slipped=((rows.days_past > 0) | (rows.pushes >= PUSHED_TIMES)).fill_null(False),
        is_pushed=rows.pushes >= PUSHED_TIMES,
        is_idle=rows.idle_days >= IDLE_DAYS,
        is_rotting=(rows.stage_days > rows.stage_limit).fill_null(False),
    )  # fmt: skip


def _repeat_for(evenings: Sequence[date]) -> Any:
    return ibis.array([ibis.literal(day) for day in evenings]).unnest()


def _last_events(tables: Tables, states: Any, evenings: Sequence[date]) -> Any:
    """Return the day of the last change or activity of each deal, up to each evening.

    An activity that names no deal is one of all deals of its account.
    """
    activities = tables.table("activities")
    activities = activities.filter(activities.happened_at.notnull())
    own = activities.filter(activities.opportunity_id.notnull())
    of_account = activities.filter(activities.opportunity_id.isnull() & activities.account_id.notnull())
    of_account = of_account.select(activity_account="account_id", on=of_account.happened_at.date()).distinct()
    deals = tables.table("opportunities").select(account_deal="id", deal_account="account_id")
    through = deals.inner_join(of_account, deals.deal_account == of_account.activity_account)
    changed = states.filter(states.is_change)
    events = ibis.union(
        changed.select(event_deal="deal_id", on="on"),
        own.select(event_deal="opportunity_id", on=own.happened_at.date()),
        through.select(event_deal="account_deal", on="on"),
    )
    each = events.distinct().mutate(event_evening=_repeat_for(evenings))
    before = each.filter(each.on <= each.event_evening)
    return before.group_by("event_deal", "event_evening").aggregate(last_event=before.on.max())


def _stage_limits(states: Any, evenings: Sequence[date]) -> Any:
    """Return for each evening and stage after how many days nine of ten deals won in the year before it had left the stage."""
    won = states.filter(states.outcome == "won")
    won = won.select(won_deal="deal_id", won_on="on", won_until="until_on")
    entries = states.filter(states.enters_stage)
    entries = entries.semi_join(won, entries.deal_id == won.won_deal)
    in_order = ibis.window(group_by="deal_id", order_by="number")
    spans = entries.mutate(left_on=entries.on.lead().over(in_order))
    spans = spans.filter((spans.outcome == "open") & spans.left_on.notnull())
    spans = spans.inner_join(won, spans.deal_id == won.won_deal)
    each = spans.mutate(days=spans.left_on.delta(spans.on, unit="day"), limit_evening=_repeat_for(evenings))
    since = (each.limit_evening - ibis.interval(days=WON_DAYS)).cast("date")
    is_won_then = (each.won_on <= each.limit_evening) & (
        each.won_until.isnull() | (each.won_until > each.limit_evening)
    )
    each = each.filter(is_won_then & (each.won_on > since) & (each.left_on <= each.won_on))
    limits = each.group_by("limit_evening", limit_pipeline=each.pipeline, limit_stage=each.stage).aggregate(
        stage_limit=each.days.quantile(STAGE_SHARE), won=each.count()
    )
    return limits.filter(limits.won >= FEWEST_WON).drop("won")
