"""The page New and existing revenue."""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_GET

from core import periods
from core.csv_export import csv_response
from core.htmx import render_live
from core.periods import BadPeriod
from crm.models import Invoice
from kpis.revenue.page import build_page, sheet_rows
from team.access import has_right, require_right
from team.models import Company, User

SEGMENTS = 25


@login_required
@require_right("see_revenue")
@require_GET
def revenue_page(request: HttpRequest) -> HttpResponseBase:
    """Show revenue, margin and retention for the days of the address; bad ones are explained on the page."""
    user, calendar, fault = cast(User, request.user), Company.get().fiscal_calendar, ""
    try:
        period = periods.period_from_query(request.GET, Company.today(), calendar)
    except BadPeriod as error:
        fault, period = str(error), periods.preset_period(periods.DEFAULT, Company.today(), calendar)
    shown = build_page(user, period)
    if request.GET.get("format") == "csv" and not fault:
        return csv_response("new-and-existing-revenue", sheet_rows(shown))
    context = {
        "shown": shown,
        "fault": fault,
        "period": period,
        "presets": periods.PRESETS,
        "page": Paginator(shown.segments, SEGMENTS).get_page(request.GET.get("page")),
        "as_of": shown.facts.as_of,
        "has_invoices": Invoice.objects.exists(),
        "may_import": has_right(user, "import"),
    }
    return render_live(request, "kpis/revenue/revenue.html", context, status=400 if fault else 200)
