"""A clock stands still while the lead waits for a date, or its owner is away; then every deadline moves by as much."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from funnel.handoffs.business_hours import OwnersHours, grouped, moments, seconds, table_for
from funnel.models import HandOff
from team.calendars.business_time import BusinessTime

LET_RUN = ("track_until", "paused_seconds", "paused_at", "paused_until", "pause_reason")
MOVED = ("warn_at", "due_at", "accept_due_at", "attempts_due_at", "reroute_at")


def pause_clocks(handoffs: Sequence[HandOff], now: datetime, until: datetime, reason: str) -> int:
    """Let the clocks stand still until a moment; those that stand already, or have ended, are left alone."""
    found = HandOff.objects.open().filter(pk__in=[one.pk for one in handoffs], paused_at=None)
    return found.update(paused_at=now, paused_until=until, pause_reason=reason[:300])


def resume_due(now: datetime) -> int:
    """Let every clock go on whose pause is over, from the moment at which it was over."""
    with transaction.atomic():
        found = HandOff.objects.open().filter(paused_at__isnull=False, paused_until__lte=now)
        over = list(found.select_related("to_owner").select_for_update(of=("self",), skip_locked=True))
        resume_clocks(over, [one.paused_until or now for one in over])
    return len(over)


def resume_clocks(handoffs: Sequence[HandOff], ends: Sequence[datetime]) -> None:
    """Move every deadline that was still ahead by the business time that the clock stood still, and let it run."""
    until = {one.pk: end for one, end in zip(handoffs, ends, strict=True)}
    for shared, alike in grouped(handoffs, OwnersHours()).items():
        stops = [until[one.pk] for one in alike]
        table = table_for(shared, alike, *stops)
        begun = [one.paused_at or stop for one, stop in zip(alike, stops, strict=True)]
        stood = table.opened_until(seconds(stops)) - table.opened_until(seconds(begun))
        for name in MOVED:
            _move(name, alike, table, begun, stood)
        for one, begin, stop, stopped in zip(alike, begun, stops, stood.tolist(), strict=True):
            _let_run(one, stop - begin, stopped)
    HandOff.objects.bulk_update(handoffs, [*MOVED, *LET_RUN], batch_size=2000)


def _move(
    name: str, alike: Sequence[HandOff], table: BusinessTime, begun: Sequence[datetime], stood: NDArray[np.float64]
) -> None:
    """Move one kind of deadline; what had passed when the clock was stopped stays passed."""
    ahead = [place for place, one in enumerate(alike) if (getattr(one, name) or begun[place]) > begun[place]]
    if not ahead:
        return
    due = seconds(getattr(alike[place], name) for place in ahead)
    for place, moment in zip(ahead, moments(table.deadlines(due, stood[ahead])), strict=True):
        setattr(alike[place], name, moment)


def _let_run(one: HandOff, on_the_wall: timedelta, stood: float) -> None:
    if one.track_until:
        one.track_until += on_the_wall
    one.paused_seconds += stood
    one.paused_at = one.paused_until = None
    one.pause_reason = ""
