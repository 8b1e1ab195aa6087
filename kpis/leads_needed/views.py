"""The page of leads needed, and its sheet."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, cast

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from core.csv_export import csv_response
from core.htmx import render_live
from core.request_values import BadValue
from kpis.leads_needed.page import NeedPage, build_page
from kpis.leads_needed.question import PERCENT, read_question
from team.access import require_right
from team.models import Company, User


@require_right("see_leads_needed")
@require_safe
def leads_needed_page(request: HttpRequest) -> HttpResponseBase:
    fault = ""
    try:
        question = read_question(request.GET, Company.today())
    except BadValue as error:
        fault, question = str(error), read_question({}, Company.today())
    page = build_page(cast(User, request.user), question)
    if request.GET.get("format") == "csv" and not fault:
        return csv_response("leads-needed", csv_rows(page))
    context = {
        "page": page, "fault": fault, "as_of": page.data.as_of, "stages_between": page.data.stages[1:-1],
        "share_text": _write_percent(question.share), "share_observed": _write_percent(page.share),
    }  # fmt: skip
    return render_live(request, "kpis/leads_needed/leads_needed.html", context, status=400 if fault else 200)


def _write_percent(share: Decimal | None) -> str:
    return "" if share is None else f"{share * PERCENT:.1f}"


def csv_rows(page: NeedPage) -> Iterator[list[Any]]:
    """Yield what each month needs at each stage, with the days in which it is due."""
    yield [
        "Revenue month from", "To", "Revenue from leads", "Currency", "Stage", "Needed", "Due from", "Due to", "Needed by today",
        "Came", "State",
    ]  # fmt: skip
    if page.answer is None:
        return
    for month in page.answer.months:
        for stage, window in zip(page.data.stages, month.windows, strict=True):
            yield [
                month.period.start, month.period.end, month.revenue, page.currency, stage.name, window.needed, window.start,
                window.end, window.needed_by_today, window.arrived, window.state,
            ]  # fmt: skip
