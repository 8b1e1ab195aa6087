"""How every deal stood, from when on: its amount, currency, close date, stage and outcome, one row for each state.

Three things are read together: the stage history that the CRM brought, the changes that Accord recorded with each write, and
the deal as it is now. What no source tells of a moment is taken from the state before it, else from the first one that is
told; `is_assumed` marks the amounts and close dates of the latter.
"""

from datetime import date
from typing import Any, Protocol

import ibis

CENTS = "decimal(18,2)"
OPENED, HISTORY, RECORDED, PRESENT = range(4)  # what tells of a state; of one moment, the later one counts last
START_OF_DAY, TIMED, END_OF_DAY = range(3)  # where a state without a time belongs on its day
DIGITS = 6  # of the number of a state among those of its deal
NO_DAY = date(9999, 12, 31)  # stands for a close date that is known to be empty
CARRIED = ("pipeline", "stage", "amount", "currency", "close_on")


class Tables(Protocol):
    """What gives the fact tables: the facts, or a question's scope."""

    def table(self, name: str) -> Any: ...


class DealsClosedSince:
    """The tables without deals whose last close is before a day: most deals of a company are long over."""

    def __init__(self, tables: Tables, first: date, today: date) -> None:
        deals = tables.table("opportunities")
        closed_on = ibis.coalesce(deals.closed_on, deals.closed_at.date(), ibis.literal(today))
        self._tables = tables
        self._deals = deals.filter((deals.outcome == "open") | (closed_on >= ibis.literal(first)))

    def table(self, name: str) -> Any:
        if name == "opportunities":
            return self._deals
        rows = self._tables.table(name)
        return rows.semi_join(self._deals, rows.opportunity_id == self._deals.id)


def deal_states(tables: Tables, today: date, *, closed_since: date | None = None) -> Any:
    """Return the states of all deals up to `today`, one row each; with `closed_since` without deals that closed before.

    `number` counts the states of a deal from 0; `until_on` is the day of the next one, NULL for the last. An amount is never
    NULL. `close_on` is the day on which an open deal is expected to close, and on which a closed one closed. Columns that
    begin with `old_` hold the state before, NULL for the first.
    """
    if closed_since:
        tables = DealsClosedSince(tables, closed_since, today)
    parts = (
        _opened_states(tables),
        _history_states(tables),
        _recorded_states(tables),
        _present_states(tables, today),
    )
    states = ibis.union(*parts)
    return _with_neighbours(_carry_values(_in_order(states.filter(states.on <= ibis.literal(today)))))


def _state(rows: Any, rank: int, **columns: Any) -> Any:
    unknown: dict[str, Any] = {  # a moment is kept in seconds
        "turn": ibis.literal(TIMED, type="int8"), "at": _null("int64"), "row_id": ibis.literal(0, type="int64"),
        "pipeline": _null("string"), "stage": _null("string"), "outcome": ibis.literal("open"), "amount": _null(CENTS),
        "currency": _null("string"), "close_on": _null("date"),
    }  # fmt: skip
    return rows.select(**{"rank": ibis.literal(rank, type="int8"), **unknown, **columns})


def _null(kind: str) -> Any:
    return ibis.literal(None, type=kind)


def _opened_states(tables: Tables) -> Any:
    """Return each deal as it was opened; no source tells what it was worth then."""
    deals = tables.table("opportunities")
    on = ibis.coalesce(deals.opened_on, deals.created_at.date())
    states = _state(deals, OPENED, deal_id=deals.id, on=on, turn=ibis.literal(START_OF_DAY, type="int8"))
    return states.filter(states.on.notnull())


def _history_states(tables: Tables) -> Any:
    rows = tables.table("stage_changes")
    rows = rows.filter(
        rows.opportunity_id.notnull() & rows.entered_at.notnull() & (rows.track.fill_null("deal") == "deal")
    )
    return _state(
        rows, HISTORY, deal_id=rows.opportunity_id, on=rows.entered_at.date(), at=rows.entered_at.epoch_seconds().cast("int64"), row_id=rows.id,
        pipeline=rows.pipeline.nullif(""), stage=rows.stage.nullif(""), amount=rows.amount.cast(CENTS),
        outcome=ibis.coalesce(rows.ended_as.nullif(""), "open"), currency=rows.currency.nullif(""),
        close_on=rows.expected_close_on,
    )  # fmt: skip


def _recorded_states(tables: Tables) -> Any:
    rows = tables.table("deal_changes")
    known = _known_columns(rows, rows.closed_on)
    return _state(
        rows, RECORDED, deal_id=rows.opportunity_id, on=rows.counts_at.date(), at=rows.counts_at.epoch_seconds().cast("int64"), row_id=rows.id, **known
    )  # fmt: skip


def _present_states(tables: Tables, today: date) -> Any:
    """Return each deal as it is now: a closed one since its close, an open one since its last change."""
    deals = tables.table("opportunities")
    closed_on = ibis.coalesce(deals.closed_on, deals.closed_at.date())
    is_closed, now = deals.outcome != "open", ibis.literal(today)
    is_timed = deals.closed_at.notnull() & (deals.closed_at.date() == closed_on) & is_closed
    return _state(
        deals, PRESENT, deal_id=deals.id, on=ibis.least(is_closed.ifelse(closed_on, _null("date")).fill_null(now), now),
        turn=is_timed.ifelse(TIMED, END_OF_DAY).cast("int8"), at=is_timed.ifelse(deals.closed_at.epoch_seconds().cast("int64"), _null("int64")),
        **_known_columns(deals, closed_on),
    )  # fmt: skip


def _known_columns(rows: Any, closed_on: Any) -> dict[str, Any]:
    """Return the values of a row that tells all of a deal: what it leaves empty is empty, not unknown."""
    close_on = (rows.outcome == "open").ifelse(rows.expected_close_on, ibis.coalesce(closed_on, rows.expected_close_on))
    return {
        "pipeline": rows.pipeline.fill_null(""), "stage": rows.stage.fill_null(""), "outcome": rows.outcome,
        "amount": rows.amount.cast(CENTS).fill_null(0).cast(CENTS), "currency": rows.currency.fill_null(""),
        "close_on": close_on.fill_null(ibis.literal(NO_DAY)),
    }  # fmt: skip


def _in_order(states: Any) -> Any:
    """Number the states of each deal, without those that a closed deal has after its close."""
    of_deal = {"group_by": "deal_id"}
    present = states.rank == PRESENT
    is_closed = (present & (states.outcome != "open")).any().over(**of_deal)
    # The present state of an open deal comes last, whatever the day of the others.
    is_last = (present & (states.outcome == "open")).cast("int8")
    states = states.mutate(is_closed=is_closed, is_last=is_last)
    order = [
        states[name] if name != "at" else states["at"].asc(nulls_first=True)
        for name in ("is_last", "on", "turn", "at", "rank", "row_id")
    ]
    states = states.mutate(number=ibis.row_number().over(group_by="deal_id", order_by=order))
    end = (states.rank == PRESENT).ifelse(states.number, _null("int64")).max().over(**of_deal)
    states = states.mutate(end=end)
    return states.filter(~states.is_closed | states.end.isnull() | (states.number <= states.end))


def _carry_values(states: Any) -> Any:
    """Fill what a state does not tell from the one before it, else from the first that tells it."""
    up_to = ibis.window(group_by="deal_id", order_by="number", preceding=None, following=0)
    whole = ibis.window(group_by="deal_id")
    # A value behind its number: the largest is the last one that is told, on every engine and by one sort for all columns.
    prefix = states.number.cast("string").lpad(DIGITS, "0")
    keyed = states.mutate(**{name: prefix + states[name].cast("string") for name in CARRIED})
    last = {f"last_{name}": keyed[name].max().over(up_to) for name in CARRIED}
    first = {f"first_{name}": keyed[name].min().over(whole) for name in CARRIED}
    # The day of an open deal's present state is that of its last change: the deal itself does not tell it.
    others = (keyed.is_last == 0).ifelse(keyed.on, _null("date")).max().over(whole)
    filled = keyed.mutate(**last, **first, on=(keyed.is_last == 1).ifelse(ibis.coalesce(others, keyed.on), keyed.on))
    values = {
        name: ibis.coalesce(filled[f"last_{name}"], filled[f"first_{name}"]).substr(DIGITS).cast(states[name].type())
        for name in CARRIED
    }
    values |= {"currency": values["currency"].nullif(""), "close_on": values["close_on"].nullif(ibis.literal(NO_DAY))}
    is_assumed = filled.last_amount.isnull() | filled.last_close_on.isnull()
    return filled.select("deal_id", "number", "on", "outcome", "rank", **values, is_assumed=is_assumed)


def _with_neighbours(states: Any) -> Any:
    """Add the state before and the day of the next one."""
    in_order = ibis.window(group_by="deal_id", order_by="number")
    before = {
        f"old_{name}": states[name].lag().over(in_order)
        for name in ("on", "outcome", "stage", "pipeline", "amount", "currency", "close_on")
    }
    return states.mutate(**before, until_on=states.on.lead().over(in_order))


def with_progress(states: Any) -> Any:
    """Add to each state how often the deal was pushed until then, since when it is in its stage, and what the state changed."""
    up_to = ibis.window(group_by="deal_id", order_by="number", preceding=None, following=0)
    is_first = states.old_outcome.isnull()
    both_open = (states.outcome == "open") & (states.old_outcome == "open")
    is_push = (both_open & (states.close_on > states.old_close_on)).fill_null(False)
    enters = is_first | (states.stage.fill_null("") != states.old_stage.fill_null("")) | ~both_open.fill_null(False)
    changes = (
        enters
        | (states.amount != states.old_amount)
        | (states.close_on.fill_null(date(1900, 1, 1)) != states.old_close_on.fill_null(date(1900, 1, 1)))
        | (states.currency.fill_null("") != states.old_currency.fill_null(""))
    )
    return states.mutate(
        pushes=is_push.cast("int64").sum().over(up_to),
        stage_since=enters.ifelse(states.on, ibis.literal(None, type="date")).max().over(up_to),
        enters_stage=enters,
        is_change=changes,
    )
