"""The funnel: its diagram, and the leads behind each part of it."""

from collections.abc import Iterable, Iterator
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_GET

from core import periods
from core.csv_export import csv_response
from core.htmx import render_live
from core.periods import BadPeriod
from crm.models import Lead
from crm.readable import is_limited
from facts.engine import Facts, open_facts
from funnel import csv_rows, dimensions, url_params
from funnel.definitions import in_force
from funnel.models import Move
from funnel.patterns import BASES, COHORT, Question
from funnel.sankey import draw_funnel
from funnel.sentences import funnel_headline
from funnel.stages.drafts import Funnel
from funnel.url_params import WIDTHS, View
from funnel.visibility import ReadFunnel
from team.models import Company, User

ROWS = 25
LEADS = 50


@login_required
@require_GET
def funnel_page(request: HttpRequest) -> HttpResponseBase:
    today = timezone.localtime(timezone.now(), Company.get().zone).date()
    view, fault = _read_view(request, today)
    user = cast(User, request.user)
    facts, stages = open_facts(), in_force(user)
    read = ReadFunnel(user, facts, stages, view.question)
    report, rows = read.report(), _cut_rows(read, view) if view.by else []
    if request.GET.get("format") == "csv":
        return csv_response("funnel", csv_rows.step_rows(report, stages))
    context = {
        "river": report,
        "funnel": stages,
        "headline": funnel_headline(report),
        "drawing": draw_funnel(report, stages, view.width == "value"),
        "view": view,
        "query": view.query(),
        "fault": fault,
        "period": view.question.period,
        "presets": periods.PRESETS,
        "bases": BASES,
        "widths": WIDTHS,
        "cuts": dimensions.CUTS.values(),
        "cut": dimensions.CUTS.get(view.by),
        "lines": Paginator(rows, ROWS).get_page(request.GET.get("page")),
        "filters": _active_filters(facts, view),
        "largest": max((step.entered for step in report.steps), default=0),
        "as_of": facts.as_of,
        "is_limited": is_limited(user),
        "has_moves": bool(report.leads) or Move.objects.exists(),
        "has_leads": bool(report.leads) or Lead.objects.exists(),
        "by_event": view.question.basis != COHORT,
    }
    return render_live(request, "funnel/funnel.html", context, status=400 if fault else 200)


def _read_view(request: HttpRequest, today: Any) -> tuple[View, str]:
    try:
        return url_params.read_view(request.GET, today), ""
    except BadPeriod as error:
        return View(Question(periods.preset_period(periods.DEFAULT, today, Company.get().fiscal_calendar))), str(error)


def _cut_rows(read: ReadFunnel, view: View) -> list[Any]:
    has_rate = read.report().conversion is not None
    return [
        {"name": name, "leads": leads, "won": won, "worth": worth,
         "rate": won / leads if leads and has_rate else None,
         "query": view.query(by=None, **{view.by: key})}
        for key, name, leads, won, worth in read.cut_rows(view.by)
    ]  # fmt: skip


def _active_filters(facts: Facts, view: View) -> list[tuple[str, str, str]]:
    return [
        (name, dimensions.CUTS[name].label, dimensions.value_names(facts, name, [value]).get(value, value))
        for name, value in view.question.where.items()
    ]


@login_required
@require_GET
def leads_page(request: HttpRequest) -> HttpResponseBase:
    """The leads behind one part of the diagram, as far as the reader may see them."""
    today = timezone.localtime(timezone.now(), Company.get().zone).date()
    view, fault = _read_view(request, today)
    user = cast(User, request.user)
    stages, facts = in_force(user), open_facts()
    key, part = request.GET.get("stage", ""), request.GET.get("part", "entered")
    try:
        seen, hidden = ReadFunnel(user, facts, stages, view.question).lead_ids(key, part)
    except KeyError:
        raise Http404(f"The funnel has no stage “{key}” with a part “{part}”.") from None
    if request.GET.get("format") == "csv":
        return _leads_csv(seen, stages)
    page = Paginator(seen, LEADS).get_page(request.GET.get("page"))
    context = {
        "stage": stages.get(key),
        "words": _describe_part(stages, key, part),
        "total": len(seen) + hidden,
        "hidden": hidden,
        "page": page,
        "rows": _lead_rows(list(page.object_list), stages),
        "view": view,
        "query": view.query(),
        "filters": _active_filters(facts, view),
        "period": view.question.period,
        "presets": periods.PRESETS,
        "fault": fault,
        "as_of": facts.as_of,
    }
    return render_live(request, "funnel/funnel_leads.html", context)


def _lead_rows(ids: list[int], stages: Funnel) -> list[dict[str, Any]]:
    leads = Lead.objects.select_related("owner", "campaign", "account").in_bulk(ids)
    entries: dict[int, list[Move]] = {}
    for move in Move.objects.filter(lead_id__in=ids).order_by("entered_at", "pk"):
        entries.setdefault(cast(int, move.lead_id), []).append(move)
    return [
        {"lead": leads[pk], "moves": [(stages.name(move.stage), move) for move in entries.get(pk, [])],
         "now": stages.name(entries[pk][-1].stage) if pk in entries else ""}
        for pk in ids if pk in leads
    ]  # fmt: skip


def _leads_csv(ids: list[int], stages: Funnel) -> StreamingHttpResponse:
    def lines() -> Iterator[Iterable[Any]]:
        yield ["Lead", "Company", "Owner", "Campaign", "Stage now", "Since", "Source", "External id", "Id"]
        for start in range(0, len(ids), 500):
            for row in _lead_rows(ids[start : start + 500], stages):
                lead, last = row["lead"], row["moves"][-1][1] if row["moves"] else None
                since = last.entered_at.isoformat() if last else ""
                yield [
                    lead.name, lead.company_name, lead.owner and lead.owner.name, lead.campaign and lead.campaign.name,
                    row["now"], since, lead.source, lead.external_id, lead.pk,
                ]  # fmt: skip

    return csv_response("leads", lines())


def _describe_part(stages: Funnel, key: str, part: str) -> str:
    name = stages.name(key)
    if part.startswith("to-"):
        return f"went from {name} to {stages.name(part[3:])}"
    descriptions = {
        "entered": f"entered {name}", "went-on": f"went on after {name}", "skipped": f"skipped {name}",
        "here": f"reached {name} and are still there", "left": f"left after {name}",
    }  # fmt: skip
    return descriptions.get(part, f"left after {name}: {stages.name(part).lower()}")
