"""Reads for the inbox, for the clock of one hand-off, and for what Marketing owes: rows in, dataclasses out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, QuerySet
from django.utils import timezone

from crm.models import Owner
from funnel.handoffs.business_hours import OwnersHours, to_epoch_seconds
from funnel.models import HandOff, Verdict
from team.access import own_ids
from team.models import User


def inbox_handoffs(user: User) -> QuerySet[HandOff]:
    """Return the leads that wait for a verdict of the person or their team: the soonest due first, paused clocks last.

    A lead with a verdict that can still be undone is no longer in it.
    """
    judged = Verdict.objects.standing().values("handoff")
    rows = HandOff.objects.open().filter(to_owner__user_id__in=own_ids(user)).exclude(pk__in=judged)
    by_clock: list[Any] = [F("paused_at").asc(nulls_first=True), F("due_at").asc(nulls_last=True), "pk"]
    return rows.select_related("lead__account", "lead__campaign", "to_owner__user", "move").order_by(*by_clock)


@dataclass(frozen=True)
class Clock:
    """The state of a hand-off's clock at a moment. `left` are business seconds until it is due, negative when past."""

    state: str  # none, running, warned, breached, paused, met, missed, ended
    due_at: datetime | None
    left: float | None
    share: float | None  # of the time allowed that has passed, 0 and up

    @property
    def words(self) -> str:
        return WORDS[self.state]


WORDS: Mapping[str, str] = {
    "none": "No clock runs", "running": "In time", "warned": "Soon due", "breached": "Overdue", "paused": "Stands still",
    "met": "Answered in time", "missed": "Answered late", "ended": "Ended unanswered",
}  # fmt: skip


def state_of(handoff: HandOff, now: datetime) -> str:
    """Return the state of the clock by its events, whether or not a notice was sent yet."""
    if handoff.due_at is None:
        return "none"
    if handoff.answered_at:
        return "met" if handoff.answered_at <= handoff.due_at else "missed"
    if handoff.ended_at:
        return "ended"
    if handoff.paused_at:
        return "paused"
    if now >= handoff.due_at:
        return "breached"
    return "warned" if handoff.warn_at and now >= handoff.warn_at else "running"


def read_clocks(handoffs: Iterable[HandOff], now: datetime | None = None) -> dict[int, Clock]:
    """Return the clocks of many hand-offs (with `to_owner` fetched); a constant number of questions."""
    now = now or timezone.now()
    by_handoff: dict[int, Clock] = {}
    hours = OwnersHours()
    for handoff in handoffs:
        state = state_of(handoff, now)
        left = share = None
        if handoff.due_at and state in {"running", "warned", "breached", "paused"}:
            moment = handoff.paused_at or now
            table = hours.of(handoff.to_owner).table(
                min(handoff.started_at, handoff.due_at, moment), max(handoff.due_at, moment)
            )
            start, due, here = table.opened_until(to_epoch_seconds([handoff.started_at, handoff.due_at, moment]))
            left = float(due - here)
            allowed = float(due - start) - handoff.paused_seconds
            share = (allowed - left) / allowed if allowed > 0 else None
        by_handoff[handoff.pk] = Clock(state, handoff.due_at, left, share)
    return by_handoff


@dataclass(frozen=True)
class Load:
    """What one person of a team has on the table."""

    owner: Owner
    waiting: int
    overdue: int
    paused: int


def team_load(user: User, now: datetime | None = None) -> list[Load]:
    """Return how much waits with each owner of the person's team, the most overdue first."""
    now = now or timezone.now()
    rows: dict[int, dict[str, Any]] = {}
    for handoff in inbox_handoffs(user):
        assert handoff.to_owner
        row = rows.setdefault(handoff.to_owner.pk, {"owner": handoff.to_owner, "waiting": 0, "overdue": 0, "paused": 0})
        row["waiting"] += 1
        row["overdue"] += state_of(handoff, now) == "breached"
        row["paused"] += handoff.paused_at is not None
    return sorted(
        (Load(**row) for row in rows.values()), key=lambda load: (-load.overdue, -load.waiting, str(load.owner))
    )
