"""The case page of one rep: what supports and what refutes the claim that the quota is unfair."""

from collections.abc import Iterator
from typing import Any, cast

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from core.csv_export import csv_response
from core.htmx import render_live
from core.request_values import read_int
from kpis.quotas.case import QuotaCase
from kpis.quotas.sentences import write_attainment
from kpis.quotas.url_params import deals_url
from team.access import require_right
from team.models import User

BADGES = {"for": "is-warning", "against": "", "unknown": ""}


@require_right("see_quotas")
@require_safe
def case_page(request: HttpRequest, owner: int) -> HttpResponseBase:
    """Show the case of a person in a fiscal year; the last full one without a number in the address."""
    case = QuotaCase(cast(User, request.user), owner, read_int(request.GET.get("year")))
    if not case.is_visible:
        raise Http404("This person has no quota, or you do not have permission to see it.")
    if request.GET.get("format") == "csv":
        return csv_response("quota-case", csv_rows(case))
    context = {
        "case": case, "points": [(point, BADGES[point.side]) for point in case.points],
        "rows": [
            (its, deals_url(its.line, its.category.key), write_attainment(its.line.attainment) if case.may_see_achieved else "–")
            for its in case.categories
        ],
        "as_of": case.book.facts.as_of,
    }  # fmt: skip
    return render_live(request, "kpis/quotas/case.html", context)


def csv_rows(case: QuotaCase) -> Iterator[list[Any]]:
    """Yield a line for each point."""
    yield ["Rep", "Id", "Year", "Point", "Says", "Finding", "Source"]
    for point in case.points:
        yield [case.name, case.owner, case.year.label, point.title, point.label, point.finding, point.source]
