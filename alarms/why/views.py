"""Why a metric moved: a section of its page, loaded when it comes into view, and a page of its own."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_GET

from alarms.why import page
from alarms.why.explain import Explanation, explain_change
from alarms.why.sentences import describe_change
from core import periods
from core.csv_export import csv_response
from core.htmx import render_live
from core.periods import BadPeriod
from kpis import metric_page, url_params
from kpis.dashboard import Question
from kpis.dimensions import get_dimension
from kpis.grains import GRAINS
from kpis.registry import BadCut, Metric, UnknownMetric, get_metric
from team.models import Company


@login_required
@require_GET
def metric_why(request: HttpRequest, key: str) -> HttpResponseBase:
    """Explain the change of one metric between the period of the address and another; a bad address is explained."""
    try:
        metric = get_metric(key)
    except UnknownMetric as error:
        raise Http404(str(error)) from None
    today, fault = timezone.now().astimezone(Company.get().zone).date(), ""
    against, by = ("year" if request.GET.get("against") == "year" else ""), request.GET.get("why", "")
    try:
        question = url_params.read_question(request.GET, today)
        explanation = _explain(request, metric, question, against, by)
    except (BadPeriod, BadCut) as error:
        fault, by = str(error), ""
        question = Question(periods.preset_period(periods.DEFAULT, today, Company.get().fiscal_calendar))
        explanation = _explain(request, metric, question, against, by)
    dimension = explanation.dimension(by) if explanation else None
    if request.GET.get("format") == "csv" and explanation and not fault:
        name = f"{key}-why-{dimension.name}" if dimension else f"{key}-why"
        return csv_response(name, page.csv_rows(explanation, dimension))
    context = _base_context(request, metric, question, against, fault)
    if explanation:
        context |= _explanation_context(explanation, question, by)
    return render_live(request, "alarms/why.html", context, region="why", status=400 if fault else 200)


def _explain(request: HttpRequest, metric: Metric, question: Question, against: str, by: str) -> Explanation | None:
    """Return the explanation; None where the period has no other one to be compared with."""
    before = page.period_before(question.period, against)
    if before is None:
        return None
    return explain_change(metric, question.period, before, user=request.user, where=question.where, by=by)


def _base_context(request: HttpRequest, metric: Metric, question: Question, against: str, fault: str) -> dict[str, Any]:
    return {
        "metric": metric,
        "period": question.period,
        "presets": periods.PRESETS,
        "fault": fault,
        "against": against,
        "filters": metric_page.filter_labels(question, request.user),
        "metric_link": url_params.metric_url(metric.key, question, by=None),
        "year_before": page.period_before(question.period, "year") if page.has_year_before(question.period) else None,
        "before": page.period_before(question.period, ""),
    }


def _explanation_context(explanation: Explanation, question: Question, by: str) -> dict[str, Any]:
    dimension = explanation.dimension(by)
    return {
        "explanation": explanation,
        "sentence": describe_change(explanation, dimension),
        "table": page.build_table(explanation, dimension, question) if dimension else None,
        "choices": [(row.name, row.label) for row in explanation.dimensions] or _median_choices(explanation),
        "asked_alone": [(name, get_dimension(name).label) for name in explanation.asked_alone],
        "chosen": dimension.name if dimension else explanation.median_dimension,
        "own_label": {"percent": "Own rate", "money": "Own average"}.get(explanation.metric.unit, "Own figure"),
        "links": page.link_rows(explanation, question),
        "movements": page.movement_rows(explanation),
        "median_label": get_dimension(explanation.median_dimension).label if explanation.medians else "",
        "as_of": explanation.now.as_of,
    }


def _median_choices(explanation: Explanation) -> list[tuple[str, str]]:
    if not explanation.metric.is_spread:
        return []
    return [(name, label) for name, label in explanation.metric.dimensions.items() if name not in GRAINS]
