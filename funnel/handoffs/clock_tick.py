"""One tick of all clocks: note what happened, then act on it and send alerts. Safe at any time and repeatedly."""

import logging
from collections.abc import Callable
from datetime import datetime

from django.utils import timezone

from funnel.handoffs.deadline_alerts import end_unanswered, send_due_alerts
from funnel.handoffs.opening import open_handoffs
from funnel.handoffs.pauses import resume_due
from funnel.handoffs.rerouting import assign_unowned, pass_on_absent, pass_on_late
from funnel.handoffs.tracking import measure_responses, note_gone_on, note_responses
from funnel.verdicts.actions import return_recycled, settle_verdicts
from team.models import Company

logger = logging.getLogger(__name__)
Step = Callable[[datetime], int]


def note_outcomes(now: datetime) -> int:
    """Note what became of the open hand-offs."""
    return note_responses(now) + note_gone_on(now)


STEPS: tuple[tuple[str, Step], ...] = (
    ("settled", settle_verdicts),
    ("returned", return_recycled),
    ("resumed", resume_due),
    ("followed", note_outcomes),
    ("opened", lambda now: open_handoffs(now, between=note_outcomes)),
    ("absent", pass_on_absent),
    ("assigned", assign_unowned),
    ("rang", send_due_alerts),
    ("late", pass_on_late),
    ("lapsed", end_unanswered),
    ("measured", lambda now: measure_responses()),
)


def tick_clocks(now: datetime | None = None) -> dict[str, int]:
    """Run every step once; return how many rows each one changed.

    A step that fails is logged and does not stop the others; the first error is raised at the end.
    """
    now = now or timezone.now()
    done: dict[str, int] = {}
    faults: list[Exception] = []
    with Company.cached():
        for name, step in STEPS:
            try:
                done[name] = step(now)
            except Exception as fault:
                logger.exception("The step “%s” of the clock tick failed.", name)
                faults.append(fault)
    if faults:
        raise faults[0]
    return done
