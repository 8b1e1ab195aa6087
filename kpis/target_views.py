"""Set goals and benchmarks, each from the page of its metric."""

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from facts.engine import open_facts
from kpis import actions
from kpis.forms import BenchmarkForm, GoalForm
from kpis.models import Benchmark, Goal
from kpis.pace import PACE_RULE, list_paces
from kpis.permissions import SET_BENCHMARK, SET_GOAL
from kpis.registry import Metric, UnknownMetric, all_metrics, get_metric
from team.models import Company, User

RELATED = ("set_by", "marketing_owner", "sales_owner")


@login_required
@require_GET
def goals(request: HttpRequest) -> HttpResponse:
    """List the goals that were set, and the metrics that a goal may be set on."""
    user = cast(User, request.user)
    context = {
        "goals": list_paces(Goal.objects.select_related(*RELATED), Company.today(), user, open_facts()),
        "rule": PACE_RULE,
        "metrics": [metric for metric in all_metrics() if metric.may_be_goal],
        "may_set_goal": SET_GOAL.allows(request.user),
    }
    return render(request, "kpis/metric_goals.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def goal(request: HttpRequest, key: str, pk: int | None = None) -> HttpResponse:
    """Set, change or drop a goal of the metric."""
    metric = _metric_or_404(key)
    SET_GOAL.require(cast(User, request.user))
    saved = get_object_or_404(Goal, pk=pk, metric=key) if pk else None
    if not metric.may_be_goal:
        return render(request, "kpis/metric_goal.html", {"metric": metric}, status=409)
    if saved and "drop" in request.POST:
        actions.drop_goal(actor=request.user, goal=saved)  # type: ignore[arg-type]
        messages.success(request, "The goal is deleted.")
        return redirect("goals")
    form = GoalForm(request.POST or None, instance=saved, metric=metric)
    if form.is_valid() and _is_set(request, form):
        messages.success(request, f"The goal for {metric.name} is set.")
        return redirect("goals")
    return _render_form(request, "kpis/metric_goal.html", {"metric": metric, "form": form, "known": saved})


def _is_set(request: HttpRequest, form: GoalForm) -> bool:
    try:
        actions.set_goal(actor=request.user, goal=form.save(commit=False))  # type: ignore[arg-type]
    except actions.NoGoal as error:
        form.add_error(None, str(error))
        return False
    return True


@login_required
@require_http_methods(["GET", "POST"])
def benchmark(request: HttpRequest, key: str, pk: int | None = None) -> HttpResponse:
    """Add, change or drop a benchmark of the metric."""
    metric = _metric_or_404(key)
    SET_BENCHMARK.require(cast(User, request.user))
    saved = get_object_or_404(Benchmark, pk=pk, metric=metric.benchmark_key) if pk else None
    if saved and "drop" in request.POST:
        actions.drop_benchmark(actor=request.user, benchmark=saved)  # type: ignore[arg-type]
        messages.success(request, "The benchmark is deleted.")
        return redirect("metric", key)
    form = BenchmarkForm(request.POST or None, instance=saved, metric=metric)
    if form.is_valid():
        actions.set_benchmark(actor=request.user, benchmark=form.save(commit=False))  # type: ignore[arg-type]
        messages.success(request, f"The benchmark for {metric.name} is saved.")
        return redirect("metric", key)
    return _render_form(request, "kpis/metric_benchmark.html", {"metric": metric, "form": form, "known": saved})


def _render_form(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    return render(request, template, context, status=422 if context["form"].errors else 200)


def _metric_or_404(key: str) -> Metric:
    try:
        return get_metric(key)
    except UnknownMetric as error:
        raise Http404(str(error)) from None
