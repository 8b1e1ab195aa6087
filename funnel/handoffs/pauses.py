"""Pause a clock while the lead waits for a date or its owner is away; then every deadline moves by as much."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from funnel.handoffs.business_hours import OwnersHours, from_epoch_seconds, group_by_hours, table_for, to_epoch_seconds
from funnel.models import HandOff
from team.calendars.business_time import BusinessTime

LET_RUN = ("track_until", "paused_seconds", "paused_at", "paused_until", "pause_reason")
MOVED = ("warn_at", "due_at", "accept_due_at", "attempts_due_at", "reroute_at")


def pause_clocks(handoffs: Sequence[HandOff], now: datetime, until: datetime, reason: str) -> int:
    """Pause the clocks until a moment; those that are paused already, or have ended, stay as they are."""
    running = HandOff.objects.open().filter(pk__in=[handoff.pk for handoff in handoffs], paused_at=None)
    return running.update(paused_at=now, paused_until=until, pause_reason=reason[:300])


def resume_due(now: datetime) -> int:
    """Resume every clock whose pause is over, as of the moment at which it was over."""
    with transaction.atomic():
        paused = HandOff.objects.open().filter(paused_at__isnull=False, paused_until__lte=now)
        over = list(paused.select_related("to_owner").select_for_update(of=("self",), skip_locked=True))
        resume_clocks(over, [handoff.paused_until or now for handoff in over])
    return len(over)


def resume_clocks(handoffs: Sequence[HandOff], ends: Sequence[datetime]) -> None:
    """Move every deadline that was still ahead by the business time of the pause, and restart the clock."""
    until = {handoff.pk: end for handoff, end in zip(handoffs, ends, strict=True)}
    for shared, alike in group_by_hours(handoffs, OwnersHours()).items():
        stops = [until[handoff.pk] for handoff in alike]
        table = table_for(shared, alike, *stops)
        begun = [handoff.paused_at or stop for handoff, stop in zip(alike, stops, strict=True)]
        stood = table.opened_until(to_epoch_seconds(stops)) - table.opened_until(to_epoch_seconds(begun))
        for name in MOVED:
            _move_deadlines(name, alike, table, begun, stood)
        for handoff, begin, stop, stopped in zip(alike, begun, stops, stood.tolist(), strict=True):
            if handoff.track_until:
                handoff.track_until += stop - begin
            handoff.paused_seconds += stopped
            handoff.paused_at = handoff.paused_until = None
            handoff.pause_reason = ""
    HandOff.objects.bulk_update(handoffs, [*MOVED, *LET_RUN], batch_size=2000)


def _move_deadlines(
    name: str, alike: Sequence[HandOff], table: BusinessTime, begun: Sequence[datetime], stood: NDArray[np.float64]
) -> None:
    """Move one kind of deadline; what had passed when the clock was stopped stays passed."""
    ahead = [index for index, handoff in enumerate(alike) if (getattr(handoff, name) or begun[index]) > begun[index]]
    if not ahead:
        return
    due = to_epoch_seconds(getattr(alike[index], name) for index in ahead)
    for index, moment in zip(ahead, from_epoch_seconds(table.deadlines(due, stood[ahead])), strict=True):
        setattr(alike[index], name, moment)
