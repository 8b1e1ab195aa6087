"""The page of the nightly runs: how fresh the numbers are, what is being computed, what failed."""

from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from core.formatting import format_count
from core.htmx import render_live
from core.tasks import enqueue
from core.work import State
from facts.engine import as_of
from facts.models import SetAside
from kpis.left_out import MAX_SHOWN, set_aside_rows
from kpis.models import NightlyRun, RunStep
from kpis.nightly import ENDED_STATES, ask_for_run, next_due
from team.access import require_right
from team.models import Company, User

RUNS_PER_PAGE = 25
LATE_AFTER = timedelta(hours=26)


@dataclass(frozen=True)
class RunProgress:
    """How far a run is, for a progress bar."""

    run: NightlyRun
    sentence: str
    note: str
    percent: int | None


@require_right("recompute")
@require_http_methods(["GET", "HEAD", "POST"])
def runs(request: HttpRequest) -> HttpResponse:
    """List the runs; a POST asks for one."""
    if request.method == "POST":
        run = ask_for_run(user=cast(User, request.user))
        if run.kind != NightlyRun.Kind.DEMAND or run.asked_by_id != request.user.pk:
            messages.info(request, "A run is already in progress; it computes the same numbers.")
        transaction.on_commit(lambda: enqueue(run), robust=True)
        return redirect("runs")
    page = Paginator(_all_runs(), RUNS_PER_PAGE).get_page(request.GET.get("page"))
    active = _all_runs().exclude(state__in=ENDED_STATES).order_by("pk").first()
    last = _all_runs().filter(state__in=ENDED_STATES).order_by("-finished_at").first()
    facts_as_of, company = as_of(), Company.get()
    left_out = set_aside_rows()
    context = {
        "page": page,
        "standing": _run_progress(active) if active else None,
        "last": last,
        "known": facts_as_of,
        "is_late": facts_as_of is not None and timezone.now() - facts_as_of > LATE_AFTER,
        "set_aside": left_out,
        "set_aside_count": len(left_out) if len(left_out) < MAX_SHOWN else SetAside.objects.count(),
        "next_due": next_due(company),
        "zone": company.zone,
    }
    return render_live(request, "kpis/runs.html", context)


@require_right("recompute")
@require_safe
def run(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one run, step by step."""
    nightly_run = get_object_or_404(_all_runs(), pk=pk)
    progress = None if nightly_run.is_over else _run_progress(nightly_run)
    context = {"run": nightly_run, "standing": progress, "zone": Company.get().zone}
    return render_live(request, "kpis/run.html", context)


def _all_runs() -> QuerySet[NightlyRun]:
    return NightlyRun.objects.select_related("asked_by").prefetch_related("steps")


def _run_progress(run: NightlyRun) -> RunProgress:
    steps = list(run.steps.all())
    current = next((step for step in steps if not step.finished_at), None)
    if current is None or not current.started_at:
        return RunProgress(run, "It waits for a worker.", "", None)
    label = f"{current.label} (step {current.position + 1} of {len(steps)})"
    # How much of all steps is done, each counting the same, 0 to 99.
    part = min(1.0, current.done / current.total) if current.total else 0.0
    finished = sum(step.finished_at is not None for step in steps)
    return RunProgress(run, label, _progress_note(run, current), min(99, int(100 * (finished + part) / len(steps))))


def _progress_note(run: NightlyRun, step: RunStep) -> str:
    if run.state == State.QUEUED and run.last_error:
        return f"The last attempt stopped: {run.last_error}"
    if not step.total:
        return step.doing
    return f"{step.doing}: {format_count(step.done)} of {format_count(step.total)}".removeprefix(": ")
