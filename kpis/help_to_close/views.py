"""The page of Marketing's help to close, and its sheet."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from core import periods
from core.csv_export import csv_response
from core.htmx import render_live
from core.periods import BadPeriod, Period
from core.request_values import BadValue, quote_text
from kpis.help_to_close.cohort import SEGMENTS
from kpis.help_to_close.page import HelpPage, build_page
from kpis.help_to_close.sentences import ASSOCIATION, write_money_interval
from team.access import require_right
from team.models import Company

DEFAULT_SEGMENT = "vertical"


def read_question(query: QueryDict) -> tuple[Period, str]:
    """Return the days in which deals opened and leads were handed over, all without any, and the segment.

    Raises:
        BadPeriod, BadValue: in words for the reader.
    """
    segment = query.get("segment") or DEFAULT_SEGMENT
    if segment not in SEGMENTS:
        raise BadValue(f"{quote_text(segment)} is not a segment. Use one of: {', '.join(SEGMENTS)}.")
    company = Company.get()
    if not any(query.get(name) for name in ("period", "from", "to")):
        return periods.preset_period("all", Company.today(), company.fiscal_calendar), segment
    return periods.period_from_query(query, Company.today(), company.fiscal_calendar), segment


@require_right("see_campaigns")
@require_safe
def help_page(request: HttpRequest) -> HttpResponseBase:
    fault = ""
    try:
        period, segment = read_question(request.GET)
    except (BadPeriod, BadValue) as error:
        fault = str(error)
        period, segment = read_question(QueryDict())
    page = build_page(period, segment)
    if request.GET.get("format") == "csv" and not fault:
        return csv_response("help-to-close", csv_rows(page))
    context = {
        "page": page, "period": period, "presets": periods.PRESETS, "fault": fault, "as_of": page.as_of, "association": ASSOCIATION,
        "lost": [
            (label, lost, [
                (name, money, write_money_interval(money, page.currency))
                for name, money in (("Total", lost.total), ("Timing", lost.timing), ("Quality", lost.quality))
            ])
            for label, lost in page.answers.lost
        ],
    }  # fmt: skip
    return render_live(request, "kpis/help_to_close/help_to_close.html", context, status=400 if fault else 200)


def csv_rows(page: HelpPage) -> Iterator[list[Any]]:
    """Yield each touched deal with the deals it is compared with."""
    yield ["Touched deal", "Age at the first touch in days", "Compared with"]
    for deal, age, controls in page.help.pairs:
        for control in controls:
            yield [deal, age, control]
