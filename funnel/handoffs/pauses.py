"""A clock stands still while the lead waits for a date, or its owner is away; then every deadline moves by as much."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from django.db import transaction

from funnel.handoffs.hours import OwnersHours, grouped, moments, seconds, table_for
from funnel.models import HandOff

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
        table = table_for(shared, alike, *(until[one.pk] for one in alike))
        begun = [one.paused_at or until[one.pk] for one in alike]
        stood = table.opened_until(seconds(until[one.pk] for one in alike)) - table.opened_until(seconds(begun))
        for name in MOVED:
            ahead = [place for place, one in enumerate(alike) if (getattr(one, name) or begun[place]) > begun[place]]
            if not ahead:
                continue
            due = seconds(getattr(alike[place], name) for place in ahead)
            reached = moments(table.deadlines(due, np.asarray(stood)[ahead]))
            for place, moment in zip(ahead, reached, strict=True):
                setattr(alike[place], name, moment)
        for one, begin, stopped in zip(alike, begun, stood.tolist(), strict=True):
            if one.track_until:
                one.track_until += until[one.pk] - begin
            one.paused_seconds += stopped
            one.paused_at = one.paused_until = None
            one.pause_reason = ""
    HandOff.objects.bulk_update(
        handoffs,
        [*MOVED, "track_until", "paused_seconds", "paused_at", "paused_until", "pause_reason"],
        batch_size=2000,
    )
