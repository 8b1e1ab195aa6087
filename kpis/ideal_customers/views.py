"""Ideal customers: spend, pipeline and wins by the signed profile."""

from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from core import periods
from core.csv_export import csv_response
from core.htmx import render_live
from core.periods import BadPeriod
from facts.engine import open_facts
from kpis.content.views import read_period
from kpis.ideal_customers.report import as_rows, describe_places, read_places
from scoring.definitions import profile_in_force
from team.access import has_right
from team.models import User


@login_required
@require_safe
def ideal_customers_page(request: HttpRequest) -> HttpResponseBase:
    user, fault = cast(User, request.user), ""
    try:
        period = read_period(request.GET)
    except BadPeriod as error:
        fault, period = str(error), read_period(QueryDict())
    context: dict[str, Any] = {
        "period": period, "presets": periods.PRESETS, "fault": fault, "is_signed": profile_in_force() is not None,
        "sees_spend": has_right(user, "see_spend"), "finding": "",
    }  # fmt: skip
    if context["is_signed"]:
        report = read_places(user, period, open_facts(), sees_spend=context["sees_spend"])
        if request.GET.get("format") == "csv" and not fault:
            return csv_response("ideal-customers", as_rows(report))
        context |= {"report": report, "finding": describe_places(report), "as_of": report.as_of}
    return render_live(request, "kpis/ideal_customers/ideal_customers.html", context, status=400 if fault else 200)
