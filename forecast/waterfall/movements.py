"""What changed the open pipeline between two days: the rows of the waterfall, from the states of the deals.

A row is an amount that is added to, or taken from, the open pipeline on a day, with its class. Amounts stay in the currency of
the deal: whoever converts takes the rate of the row's own day. So start + Σ changes = end in every currency and for any cut,
to the cent, whatever is rounded: the end of each row is the beginning of the next.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import ibis

START, END = "start", "end"
CREATED, PULLED_IN, GROWN, REOPENED = "created", "pulled_in", "grown", "reopened"
SHRUNK, PUSHED_OUT, WON, LOST, NO_DECISION, CURRENCY = (
    "shrunk", "pushed_out", "won", "lost", "no_decision", "currency",
)  # fmt: skip
CHANGES = (CREATED, REOPENED, PULLED_IN, GROWN, SHRUNK, PUSHED_OUT, CURRENCY, WON, LOST, NO_DECISION)
LABELS = {
    START: "Start",
    CREATED: "Created",
    REOPENED: "Reopened",
    PULLED_IN: "Pulled in",
    GROWN: "Grown",
    SHRUNK: "Shrunk",
    PUSHED_OUT: "Pushed out",
    CURRENCY: "Currency",
    WON: "Won",
    LOST: "Lost",
    NO_DECISION: "No decision",
    END: "End",
}
DEFINITIONS = {
    START: "Open deals on the evening before the first day.",
    CREATED: "Deals opened, with their first amount.",
    REOPENED: "Deals that were closed and are open again.",
    PULLED_IN: "Open deals whose close date moved into the close period, from a later or an earlier day.",
    GROWN: "Open deals whose amount went up.",
    SHRUNK: "Open deals whose amount went down.",
    PUSHED_OUT: "Open deals whose close date moved out of the close period.",
    CURRENCY: "Exchange rates that moved, and deals put into another currency.",
    WON: "Deals won, with the amount they had.",
    LOST: "Deals lost.",
    NO_DECISION: "Deals that ended without a decision.",
    END: "Open deals on the evening of the last day.",
}


@dataclass(frozen=True)
class Window:
    """The days looked at, and the period in which deals must be expected to close to count; None: all open deals."""

    first: date
    last: date
    closes_from: date | None = None
    closes_to: date | None = None

    @property
    def eve(self) -> date:
        return self.first - timedelta(days=1)

    @property
    def has_close_period(self) -> bool:
        return bool(self.closes_from or self.closes_to)

    def is_inside(self, close_on: Any) -> Any:
        """Whether a close date is in the close period; a deal without one is in none."""
        inside = ibis.literal(True)
        if self.closes_from:
            inside &= close_on >= ibis.literal(self.closes_from)
        if self.closes_to:
            inside &= close_on <= ibis.literal(self.closes_to)
        return inside.fill_null(False) if self.has_close_period else inside


def overlapping_states(states: Any, window: Window) -> Any:
    """Return the states that a deal had on any of the days, or on the evening before them, with what counts of each."""
    near = states.filter(
        (states.on <= ibis.literal(window.last))
        & (states.until_on.isnull() | (states.until_on >= ibis.literal(window.first)))
    )
    existed = near.old_outcome.notnull()
    return near.mutate(
        is_new=near.on >= ibis.literal(window.first),
        existed=existed,
        is_open=near.outcome == "open",
        was_open=existed & (near.old_outcome == "open").fill_null(False),
        is_in=window.is_inside(near.close_on),
        was_in=existed & window.is_inside(near.old_close_on),
    )


def movements(rows: Any, window: Window, company_currency: str, *, converts: bool) -> Any:
    """Return the rows of the waterfall: deal_id, movement, counted_on, amount and currency, with
    the close date before and after.

    `rows` are the overlapping states. With `converts`, what exchange rates did to deals in other currencies comes too.
    """
    parts = [*_stocks(rows, window), *_changes(rows)]
    if converts:
        parts += _rate_changes(rows, window, company_currency)
    return ibis.union(*parts)


def _line(rows: Any, movement: Any, amount: Any, currency: Any, day: Any) -> Any:
    return rows.select(
        deal_id=rows.deal_id,
        movement=ibis.literal(movement) if isinstance(movement, str) else movement,
        counted_on=day,
        amount=amount.cast("decimal(18,2)"),
        currency=currency,
        old_close_on=rows.old_close_on,
        new_close_on=rows.close_on,
        is_assumed=rows.is_assumed,
    )


def _stocks(rows: Any, window: Window) -> list[Any]:
    """Return what was open on the evening before the first day, and what is on the evening of the last."""
    counts = rows.is_open & rows.is_in
    at_start = rows.filter(counts & ~rows.is_new)
    at_end = rows.filter(counts & (rows.until_on.isnull() | (rows.until_on > ibis.literal(window.last))))
    return [
        _line(stock, name, stock.amount, stock.currency, ibis.literal(day))
        for stock, name, day in ((at_start, START, window.eve), (at_end, END, window.last))
    ]


def _changes(rows: Any) -> list[Any]:
    """Return what each event did: first to the currency or the amount, then to the close date, then to the outcome."""
    events = rows.filter(rows.is_new)
    lines = []

    def add(condition: Any, movement: Any, sign: int, is_old: bool = False) -> None:
        chosen = events.filter(condition)
        amount, currency = (chosen.old_amount, chosen.old_currency) if is_old else (chosen.amount, chosen.currency)
        lines.append(
            _line(chosen, movement(chosen) if callable(movement) else movement, amount * sign, currency, chosen.on)
        )

    born, back = ~events.existed, events.existed & ~events.was_open
    add(events.is_open & events.is_in & born, CREATED, 1)
    add(events.is_open & events.is_in & back, REOPENED, 1)
    changed = events.was_open & events.was_in & ~_is_same(events)
    add(changed, _class_of_change, 1)
    add(changed, _class_of_change, -1, is_old=True)
    add(events.was_open & events.was_in & ~events.is_in, PUSHED_OUT, -1)
    add(events.was_open & ~events.was_in & events.is_in, PULLED_IN, 1)
    add(events.was_open & events.is_in & ~events.is_open, lambda chosen: chosen.outcome, -1)
    return lines


def _is_same(events: Any) -> Any:
    same_currency = events.currency.fill_null("") == events.old_currency.fill_null("")
    return same_currency & (events.amount == events.old_amount)


def _class_of_change(events: Any) -> Any:
    other_currency = events.currency.fill_null("") != events.old_currency.fill_null("")
    return ibis.cases((other_currency, CURRENCY), (events.amount > events.old_amount, GROWN), else_=SHRUNK)


def _rate_changes(rows: Any, window: Window, company_currency: str) -> list[Any]:
    """Return each foreign amount as it was when it came into the pipeline, taken away, and as it was when it left, added."""
    foreign = rows.filter(
        rows.is_open & rows.is_in & (rows.currency.fill_null(company_currency) != ibis.literal(company_currency))
    )
    begins = ibis.greatest(foreign.on, ibis.literal(window.eve))
    ends = ibis.least(ibis.coalesce(foreign.until_on, ibis.literal(window.last)), ibis.literal(window.last))
    held = foreign.mutate(begins=begins, ends=ends)
    held = held.filter(held.begins < held.ends)
    return [
        _line(held, CURRENCY, held.amount * -1, held.currency, held.begins),
        _line(held, CURRENCY, held.amount, held.currency, held.ends),
    ]
