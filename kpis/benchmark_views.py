"""All benchmarks and public peers on one page, beside the company's own figures."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core import periods
from core.csv_export import csv_response
from core.periods import Period
from facts.engine import open_facts
from kpis import visibility
from kpis.models import Benchmark
from kpis.registry import Metric, find_metric
from kpis.result import Result
from team.access import has_right
from team.models import Company, User


@dataclass(frozen=True)
class MetricBenchmarks:
    """What others say of a metric, beside the company's own figure of the last full year, else of the last 12 months."""

    metric: Metric
    own: Result
    period: Period
    benchmarks: tuple[Benchmark, ...]


@login_required
@require_safe
def benchmarks_page(request: HttpRequest) -> HttpResponseBase:
    user = cast(User, request.user)
    groups = list_groups(user)
    if request.GET.get("format") == "csv":
        return csv_response("benchmarks", csv_rows(groups))
    context = {"compared": groups, "may_set_benchmark": has_right(user, "set_benchmark")}
    return render(request, "kpis/benchmarks.html", context)


def list_groups(user: User) -> list[MetricBenchmarks]:
    """Return the metrics that have benchmarks; a benchmark that outlived its metric is left out."""
    by_metric: dict[str, list[Benchmark]] = {}
    for benchmark in Benchmark.objects.all():
        by_metric.setdefault(benchmark.metric, []).append(benchmark)
    declared = [(metric, rows) for key, rows in by_metric.items() if (metric := find_metric(key))]
    return [
        MetricBenchmarks(metric, *_read_own(user, metric), tuple(rows))
        for metric, rows in sorted(declared, key=lambda pair: pair[0].name)
    ]


def _read_own(user: User, metric: Metric) -> tuple[Result, Period]:
    """Return the company's own figure with its period; some records do not go back to the last full year."""
    facts, calendar, today = open_facts(), Company.get().fiscal_calendar, Company.today()
    periods_to_try = [periods.preset_period(name, today, calendar) for name in (periods.DEFAULT, "last_12_months")]
    for period in periods_to_try:
        result = visibility.compute_for(user, metric, period, facts=facts)
        if result.value is not None:
            break
    return result, period


def csv_rows(groups: Iterable[MetricBenchmarks]) -> Iterator[list[Any]]:
    """Yield each benchmark with the company's own figure beside it."""
    yield [
        "Metric", "Key", "Whose", "Figure", "Up to", "Unit", "Dated", "Source", "Address", "Note", "Compared with", "Own figure",
        "Own figure from", "To",
    ]  # fmt: skip
    for group in groups:
        for benchmark in group.benchmarks:
            yield [
                group.metric.name, group.metric.key, benchmark.label, benchmark.value, benchmark.upper, group.metric.unit,
                benchmark.dated_on, benchmark.source, benchmark.url, benchmark.note, benchmark.is_reference, group.own.value,
                group.period.start, group.period.end,
            ]  # fmt: skip
