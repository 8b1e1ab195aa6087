"""The history of one deal in words: what changed on which day, and what tells of it."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from core.date_formatting import format_day
from core.formatting import format_exact
from crm.models import Opportunity, Outcome
from forecast.history import HISTORY, OPENED, RECORDED
from forecast.one_deal import read_states
from team.models import Company

SOURCES = {OPENED: "Opening date", HISTORY: "Stage history of the CRM", RECORDED: "Recorded by Accord"}
PRESENT_SOURCE = "The deal as it is now"


@dataclass(frozen=True)
class DealEvent:
    """What changed on a day, and how the deal stood after it."""

    day: date
    changes: tuple[str, ...]
    stage: str
    amount: Decimal
    currency: str
    close_on: date | None
    outcome: str
    source: str
    is_assumed: bool


@dataclass(frozen=True)
class DealHistory:
    """The events, latest first, and how often the close date moved to a later day."""

    events: tuple[DealEvent, ...]
    pushes: int

    @property
    def is_assumed(self) -> bool:
        return any(event.is_assumed for event in self.events)


def read_history(deal: Opportunity) -> DealHistory:
    """Return what changed of the deal, from the CRM's history and what Accord recorded."""
    states = read_states(deal)
    currency = Company.get().currency
    events = [_make_event(state, currency) for state in states]
    pushes = sum(map(_is_push, states))
    return DealHistory(tuple(event for event in reversed(events) if event.changes), pushes)


def _is_push(state: dict[str, Any]) -> bool:
    is_open = state["outcome"] == state["old_outcome"] == Outcome.OPEN
    return bool(is_open and state["close_on"] and state["old_close_on"] and state["close_on"] > state["old_close_on"])


def _make_event(state: dict[str, Any], company_currency: str) -> DealEvent:
    currency = state["currency"] or company_currency
    return DealEvent(
        _as_day(state["on"]) or date.min,
        tuple(_describe_changes(state, currency)),
        state["stage"] or "",
        Decimal(str(state["amount"] or 0)),
        currency,
        _as_day(state["close_on"]),
        Outcome(state["outcome"]).label,
        SOURCES.get(state["rank"], PRESENT_SOURCE),
        # A state that the history completes on the same day was never assumed for a whole day.
        bool(state["is_assumed"]) and _as_day(state["until_on"]) != _as_day(state["on"]),
    )


def _describe_changes(state: dict[str, Any], currency: str) -> list[str]:
    if state["old_outcome"] is None:
        return ["Opened"]
    changes = []
    if state["outcome"] != state["old_outcome"]:
        changes.append("Reopened" if state["outcome"] == Outcome.OPEN else Outcome(state["outcome"]).label)
    if (state["stage"] or "") != (state["old_stage"] or ""):
        changes.append(f"Stage: {state['old_stage'] or '–'} → {state['stage'] or '–'}")
    old_currency = state["old_currency"] or currency
    if state["amount"] != state["old_amount"] or currency != old_currency:
        old, new = (
            format_exact(amount, "money", money)
            for amount, money in ((state["old_amount"], old_currency), (state["amount"], currency))
        )
        changes.append(f"Amount: {old} → {new}")
    old_day, new_day = _as_day(state["old_close_on"]), _as_day(state["close_on"])
    if old_day != new_day and state["outcome"] == Outcome.OPEN:
        changes.append(_describe_move(old_day, new_day))
    return changes


def _describe_move(old_day: date | None, new_day: date | None) -> str:
    moved = f"Close date: {format_day(old_day)} → {format_day(new_day)}"
    if not (old_day and new_day):
        return moved
    days = (new_day - old_day).days
    direction = "later" if days > 0 else "earlier"
    return f"{moved} ({abs(days)} {'day' if abs(days) == 1 else 'days'} {direction})"


def _as_day(value: Any) -> date | None:
    return value.date() if hasattr(value, "date") else value
