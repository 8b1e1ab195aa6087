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
    """What others say of a metric, beside the company's own figure of the last full year."""

    metric: Metric
    own: Result
    benchmarks: tuple[Benchmark, ...]


@login_required
@require_safe
def benchmarks_page(request: HttpRequest) -> HttpResponseBase:
    user, company = cast(User, request.user), Company.get()
    period = periods.preset_period(periods.DEFAULT, Company.today(), company.fiscal_calendar)
    groups = list_groups(user, period)
    if request.GET.get("format") == "csv":
        return csv_response("benchmarks", csv_rows(groups, period))
    context = {"compared": groups, "period": period, "may_set_benchmark": has_right(user, "set_benchmark")}
    return render(request, "kpis/benchmarks.html", context)


def list_groups(user: User, period: Period) -> list[MetricBenchmarks]:
    """Return the metrics that have benchmarks; one outlives its metric and is left out then."""
    facts, by_metric = open_facts(), dict[str, list[Benchmark]]()
    for benchmark in Benchmark.objects.all():
        by_metric.setdefault(benchmark.metric, []).append(benchmark)
    declared = [(metric, rows) for key, rows in by_metric.items() if (metric := find_metric(key))]
    return [
        MetricBenchmarks(metric, visibility.compute_for(user, metric, period, facts=facts), tuple(rows))
        for metric, rows in sorted(declared, key=lambda pair: pair[0].name)
    ]


def csv_rows(groups: Iterable[MetricBenchmarks], period: Period) -> Iterator[list[Any]]:
    yield [
        "Metric",
        "Key",
        "Whose",
        "Figure",
        "Up to",
        "Unit",
        "Dated",
        "Source",
        "Address",
        "Note",
        "Compared with",
        f"Own, {period.label}",
    ]
    for group in groups:
        for benchmark in group.benchmarks:
            yield [
                group.metric.name, group.metric.key, benchmark.label, benchmark.value, benchmark.upper, group.metric.unit,
                benchmark.dated_on, benchmark.source, benchmark.url, benchmark.note, benchmark.is_reference, group.own.value,
            ]  # fmt: skip
