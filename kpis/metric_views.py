"""The glossary of metrics, the page of each, and the records behind its number."""

from collections.abc import Iterator
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from core import periods
from core.csv_export import csv_response
from core.htmx import render_live
from core.periods import BadPeriod
from kpis import csv_rows, metric_page, record_tables, url_params
from kpis.dashboard import Question
from kpis.dimensions import MODEL_LABELS
from kpis.dimensions import get_dimension as dimension
from kpis.drill import Drill
from kpis.drill import find_records as drill_records
from kpis.grains import GRAINS
from kpis.panel_registry import build_panels
from kpis.registry import SECTIONS, BadCut, Metric, UnknownMetric, all_metrics, get_metric
from team.access import has_right
from team.models import Company

PARTS, ROWS, CHUNK = 50, 50, 2000


@login_required
@require_GET
def glossary(request: HttpRequest) -> HttpResponse:
    """List every metric with what it means."""
    metrics = all_metrics()
    sections = [(name, [metric for metric in metrics if metric.section == name]) for name in SECTIONS]
    return render(request, "kpis/metrics.html", {"sections": sections, "count": len(metrics)})


@login_required
@require_GET
def metric(request: HttpRequest, key: str) -> HttpResponseBase:
    """Show one metric for the period, filters and cut of the address; a bad one is explained on the page."""
    declared, today = _metric_or_404(key), _today()
    fault = ""
    try:
        question = url_params.read_question(request.GET, today)
        page = metric_page.build_page(declared, question, request.GET.get("grain", ""), today, request.user)
    except (BadPeriod, BadCut) as error:
        fault, question = (
            str(error),
            Question(periods.preset_period(periods.DEFAULT, today, Company.get().fiscal_calendar)),
        )
        page = metric_page.build_page(declared, question, "", today, request.user)
    if request.GET.get("format") == "csv" and not fault:
        return csv_response(f"{key}-{page.cut.name if page.cut else page.grain}", csv_rows.part_rows(page))
    return render_live(request, "kpis/metric.html", _metric_context(request, page, fault), status=400 if fault else 200)


def _metric_context(request: HttpRequest, page: metric_page.Page, fault: str) -> dict[str, Any]:
    question, declared = page.question, page.metric
    lines = page.cut.lines if page.cut else ()
    return {
        "page": page,
        "metric": declared,
        "fault": fault,
        "period": question.period,
        "presets": periods.PRESETS,
        "as_of": page.now.as_of,
        "filters": metric_page.filter_labels(question, request.user),
        "cuts": [(name, dimension(name).label) for name in declared.dimensions if name not in GRAINS],
        "grains": [(name, grain.label) for name, grain in GRAINS.items()],
        "lines": Paginator(lines, PARTS).get_page(request.GET.get("page")),
        "records_link": url_params.records_url(declared.key, question, by=None),
        "factors": [(get_metric(key), url_params.metric_url(key, question, by=None)) for key in declared.factors],
        "panels": build_panels(request, page),
        "models": list(MODEL_LABELS.items()) if declared.is_credited else [],
        "company_model": Company.get().get_attribution_model_display(),
        "may_set_goal": has_right(request.user, "set_goal") and declared.may_be_goal,
        "may_set_benchmark": has_right(request.user, "set_benchmark"),
    }


@login_required
@require_GET
def records(request: HttpRequest, key: str) -> HttpResponseBase:
    """List the records that were counted, as far as the reader may see them."""
    declared, fault = _metric_or_404(key), ""
    try:
        question = url_params.read_question(request.GET, _today())
        drill = _find_records(request, declared, question, request.GET.get("table") or None)
    except (BadPeriod, BadCut) as error:
        fault, question = (
            str(error),
            Question(periods.preset_period(periods.DEFAULT, _today(), Company.get().fiscal_calendar)),
        )
        drill = _find_records(request, declared, question, None)
    if request.GET.get("format") == "csv" and not fault:
        return csv_response(f"{key}-{drill.table}", csv_rows.record_rows(drill, _record_chunks(drill)))
    page = Paginator(range(drill.visible_count), ROWS).get_page(request.GET.get("page"))
    rows = drill.page(max(0, page.start_index() - 1), page.end_index(), *record_tables.related_paths(drill.columns))
    context = {
        "metric": declared,
        "drill": drill,
        "result": drill.result,
        "fault": fault,
        "period": question.period,
        "when": metric_page.period_in_sentence(question.period),
        "presets": periods.PRESETS,
        "as_of": drill.result.as_of,
        "filters": metric_page.filter_labels(question, request.user),
        "columns": drill.all_columns,
        "rows": [drill.cells_of(row) for row in rows],
        "page": page,
        "metric_link": url_params.metric_url(key, question, by=None),
    }
    return render(request, "kpis/metric_records.html", context, status=400 if fault else 200)


def _find_records(request: HttpRequest, declared: Metric, question: Question, table: str | None) -> Drill:
    return drill_records(declared, question.period, user=request.user, where=question.where, table=table)


def _record_chunks(drill: Drill) -> Iterator[list[Any]]:
    ids = drill.visible_ids
    for first in range(0, len(ids), CHUNK):
        yield drill.load(ids[first : first + CHUNK], *record_tables.related_paths(drill.columns))


def _metric_or_404(key: str) -> Metric:
    try:
        return get_metric(key)
    except UnknownMetric as error:
        raise Http404(str(error)) from None


def _today() -> Any:
    return timezone.now().astimezone(Company.get().zone).date()
