"""The pipeline: its waterfall and lists, the deals behind each bar, and the history of one deal."""

from collections.abc import Iterable, Iterator
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from core import periods
from core.csv_export import csv_response
from core.htmx import render_live
from core.periods import BadPeriod
from crm.models import Opportunity
from crm.readable import is_limited
from facts.engine import open_facts
from forecast.waterfall.movements import DEFINITIONS, LABELS
from kpis.dashboard import CUTS, Question
from kpis.dimensions import get_dimension
from kpis.metric_page import filter_labels
from kpis.pipeline import deal_history, page
from kpis.pipeline.risks import LISTS, read_risks, total_risks
from kpis.pipeline.url_params import DEFAULT_PERIOD, pipeline_query, read_pipeline_question
from kpis.pipeline.waterfall import CLOSES, Movement, PipelineQuestion, Waterfall, find_movements, scope_for
from kpis.registry import BadCut
from team.access import has_right
from team.models import Company, User

ROWS, CHUNK = 50, 500
PARTS = 25


@login_required
@require_GET
def pipeline_page(request: HttpRequest) -> HttpResponseBase:
    """Show the pipeline for the period, filters and cut of the address; a bad one is explained on the page."""
    user, today = cast(User, request.user), _today()
    fault = ""
    try:
        shown = page.build_page(user, read_pipeline_question(request.GET, today))
    except (BadPeriod, BadCut) as error:
        fault, shown = str(error), page.build_page(user, _default_question(today))
    question = shown.question
    if request.GET.get("format") == "csv" and not fault:
        return csv_response("pipeline", _waterfall_rows(shown.waterfall, question))
    context = {
        "page": shown,
        "fault": fault,
        "period": question.period,
        "presets": periods.PRESETS,
        "closes": CLOSES,
        "filters": filter_labels(Question(question.period, where=dict(question.where)), user),
        "cuts": [(name, get_dimension(name).label) for name in CUTS],
        "cut": get_dimension(question.by) if question.by else None,
        "parts": Paginator(shown.parts, PARTS).get_page(request.GET.get("page")),
        "bar_links": {key: f"{pipeline_query(question, by=None, bar=key)}" for key in LABELS},
        "coverages": [(row, page.describe_coverage(row)) for row in shown.coverages],
        "is_limited": is_limited(user),
        "as_of": shown.facts.as_of,
        "has_deals": Opportunity.objects.visible_to(user).exists(),
        "may_import": has_right(user, "import"),
    }
    return render_live(request, "kpis/pipeline/pipeline.html", context, status=400 if fault else 200)


def _default_question(today: Any) -> PipelineQuestion:
    return PipelineQuestion(periods.preset_period(DEFAULT_PERIOD, today, Company.get().fiscal_calendar))


def _waterfall_rows(waterfall: Waterfall | None, question: PipelineQuestion) -> Iterator[Iterable[Any]]:
    """Yield the bars as rows, or a row for each part and bar."""
    if question.by:
        yield [question.by, "key", "change", "value", "deals", "currency"]
        for part in waterfall.parts if waterfall else ():
            for bar in part.bars:
                yield [part.label, part.key, bar.key, bar.value, bar.deals, waterfall.currency if waterfall else ""]
        return
    yield ["change", "value", "deals", "currency"]
    for bar in waterfall.bars if waterfall else ():
        yield [bar.key, bar.value, bar.deals, waterfall.currency if waterfall else ""]


@login_required
@require_GET
def pipeline_deals(request: HttpRequest) -> HttpResponseBase:
    """List the deals behind a bar of the waterfall, or in one of the lists of deals that need attention."""
    user, today = cast(User, request.user), _today()
    fault = ""
    try:
        question = read_pipeline_question(request.GET, today)
        context = _list_context(request, user, question)
    except (BadPeriod, BadCut) as error:
        fault, question = str(error), _default_question(today)
        context = _list_context(request, user, question)
    if request.GET.get("format") == "csv" and not fault:
        return csv_response(f"pipeline-{context['key']}", _deal_rows(user, context))
    rows = Paginator(context["lines"], ROWS).get_page(request.GET.get("page"))
    context |= {
        "fault": fault,
        "rows": context["load"](user, list(rows.object_list)),
        "page": rows,
        "period": question.period,
        "presets": periods.PRESETS,
        "filters": filter_labels(Question(question.period, where=dict(question.where)), user),
        "query": pipeline_query(question),
        "as_of": open_facts().as_of,
        "is_limited": is_limited(user),
    }
    return render(request, "kpis/pipeline/deals.html", context, status=400 if fault else 200)


def _list_context(request: HttpRequest, user: User, question: PipelineQuestion) -> dict[str, Any]:
    """Return what is listed: the lines, the function that loads their records, and their sum.

    Raises:
        Http404: there is no such bar or list.
    """
    facts = open_facts()
    if (key := request.GET.get("list", "")) in LISTS:
        currency = scope_for(user, question.period, facts).currency
        total = next(
            total for total in total_risks(read_risks(user, question, facts), currency) if total.risk.key == key
        )
        return {
            "key": key, "title": f"{total.risk.label} deals", "definition": total.risk.definition, "lines": total.deals,
            "value": total.value, "currency": total.currency, "is_list": True,
            "load": lambda reader, lines: page.list_deals(reader, lines, key),
        }  # fmt: skip
    key = request.GET.get("bar", "")
    if key not in LABELS:
        raise Http404("The pipeline has no such list. Open it from the page Pipeline.")
    lines, currency = find_movements(user, question, key, facts)
    return {
        "key": key, "title": LABELS[key], "definition": DEFINITIONS[key], "lines": lines,
        "value": sum(line.amount for line in lines), "currency": currency, "is_list": False,
        "load": lambda reader, part: _load_movements(reader, part, currency),
    }  # fmt: skip


def _load_movements(user: User, lines: list[Movement], currency: str) -> list[dict[str, Any]]:
    deals = page.load_deals(user, [line.deal_id for line in lines])
    return [
        {"deal": deals[line.deal_id], "line": line, "currency": currency,
         "has_moved": line.old_close_on and line.new_close_on and line.old_close_on != line.new_close_on}
        for line in lines if line.deal_id in deals
    ]  # fmt: skip


def _deal_rows(user: User, context: dict[str, Any]) -> Iterator[Iterable[Any]]:
    """Yield the deals of a list as rows of a sheet, with the ids they have here and in their source."""
    lines, currency = context["lines"], context["currency"]
    reason = "Reason" if context["is_list"] else "Change"
    yield [
        "Deal",
        "Account",
        "Owner",
        "Stage",
        "Value",
        "Currency",
        reason,
        "Close date",
        "Source",
        "External id",
        "Id",
    ]
    for first in range(0, len(lines), CHUNK):
        chunk = lines[first : first + CHUNK]
        deals = page.load_deals(user, [line.deal_id for line in chunk])
        for line in chunk:
            if deal := deals.get(line.deal_id):
                is_list = context["is_list"]
                yield [
                    deal.name, deal.account and deal.account.name, deal.owner and deal.owner.name, deal.stage, line.amount,
                    line.currency if is_list else currency, line.describe(context["key"]) if is_list else context["title"],
                    line.close_on if is_list else line.new_close_on, deal.source, deal.external_id, deal.pk,
                ]  # fmt: skip


@login_required
@require_GET
def deal_page(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Show how one deal came to what it is now."""
    deals = Opportunity.objects.visible_to(request.user).select_related("owner", "account", "lead")
    deal = get_object_or_404(deals, pk=pk)
    context = {"deal": deal, "history": deal_history.read_history(deal)}
    return render(request, "kpis/pipeline/deal.html", context)


def _today() -> Any:
    return timezone.now().astimezone(Company.get().zone).date()
