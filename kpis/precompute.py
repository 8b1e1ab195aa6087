"""Compute ahead what the first reader of the dashboard would wait for; the answers are remembered with their snapshot."""

import time

from core import periods
from facts.engine import open_facts
from facts.refresh import Progress
from kpis.compute import scope_of
from kpis.dashboard import Question, build_dashboard
from team.models import Company, Role, User

FIRST_READ = (
    (periods.DEFAULT, ""),
    (periods.DEFAULT, "owner"),
    (periods.DEFAULT, "campaign"),
    ("this_year", ""),
)


def prepare_dashboards(progress: Progress | None = None, *, seconds: float | None = None) -> int | None:
    """Answer the questions that people open first; None when time ran out, and the next call goes on from there."""
    facts, started = open_facts(), time.monotonic()
    today, reader = scope_of(periods.Period(), facts).today, User(role=Role.CEO)  # reads everything
    for done, (name, by) in enumerate(FIRST_READ):
        if progress:
            progress(done, len(FIRST_READ), f"dashboard {periods.PRESETS[name].lower()} {by}".strip())
        if seconds is not None and time.monotonic() - started > seconds:
            return None
        build_dashboard(
            Question(periods.preset_period(name, today, Company.get().fiscal_calendar), by), today, reader, facts
        )
    return 0
