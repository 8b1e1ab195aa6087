"""Compute ahead what the first reader of a page would wait for; the answers are remembered with their snapshot."""

import time
from collections.abc import Callable
from datetime import date
from functools import partial

from django.http import QueryDict

from attribution.campaigns.queries import RECORDED, read_report
from core import periods
from facts.engine import Facts, open_facts
from facts.refresh import Progress
from kpis.compute import scope_of
from kpis.dashboard import Question, build_dashboard
from kpis.pipeline.page import build_page
from kpis.pipeline.url_params import read_pipeline_question
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
    pages = _list_pages(today, reader, facts)
    for done, (label, prepare) in enumerate(pages.items()):
        if progress:
            progress(done, len(pages), label)
        if seconds is not None and time.monotonic() - started > seconds:
            return None
        prepare()
    return 0


def _list_pages(today: date, reader: User, facts: Facts) -> dict[str, Callable[[], object]]:
    """Return what builds each page, by the words that tell the progress."""
    company = Company.get()

    def span(name: str) -> periods.Period:
        return periods.preset_period(name, today, company.fiscal_calendar)

    pages: dict[str, Callable[[], object]] = {}
    for name, by in FIRST_READ:
        label = f"dashboard {periods.PRESETS[name].lower()} {by}".strip()
        pages[label] = partial(build_dashboard, Question(span(name), by), today, reader, facts)
    if facts.snapshot is None:
        return pages
    pages["pipeline"] = partial(build_page, reader, read_pipeline_question(QueryDict(), today), facts)
    for model in (str(company.attribution_model), RECORDED):
        pages[f"campaigns {model}"] = partial(read_report, reader, span(periods.DEFAULT), model)
    return pages
