"""Cost drivers: what a won deal takes against plan, and what goes to accounts that are unlikely to buy."""

from collections.abc import Iterator
from typing import Any, cast

from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from core import periods
from core.csv_export import csv_response
from core.htmx import render_live
from core.periods import BadPeriod, Period
from facts.engine import Facts, open_facts
from kpis import url_params, visibility
from kpis.content.views import read_period
from kpis.cost_drivers.low_probability import TYPES
from kpis.cost_drivers.plan import read_plans
from kpis.cost_drivers.queries import CostReport, read_costs
from kpis.cost_drivers.sentences import describe_effort, describe_segment
from kpis.dashboard import Question
from kpis.registry import get_metric
from team.access import has_right, require_right
from team.models import User

DRIVERS = ("visits_per_won_deal", "site_visits_per_won_deal", "demos_per_won_deal", "hours_per_won_deal")
LISTED = 10


@require_right("see_cost_drivers")
@require_safe
def cost_drivers_page(request: HttpRequest) -> HttpResponseBase:
    user, fault, facts = cast(User, request.user), "", open_facts()
    try:
        period = read_period(request.GET)
    except BadPeriod as error:
        fault, period = str(error), read_period(QueryDict())
    report, sees_money = read_costs(period, facts), has_right(user, "see_spend")
    if request.GET.get("format") == "csv" and not fault:
        return csv_response("cost-drivers", segment_rows(report, sees_money=sees_money))
    lines = report.effort.lines
    context = {
        "period": period, "presets": periods.PRESETS, "fault": fault, "report": report, "as_of": report.as_of,
        "finding": describe_effort(report, sees_money=sees_money), "sees_money": sees_money,
        "drivers": list(_read_drivers(user, period, facts)), "currency": report.currency,
        "types": [
            (label, amounts, report.cost_of(amounts.low_hours))
            for label, amounts in ((label, report.effort.by_type[name]) for name, label in TYPES.items())
        ],
        "months": sorted(report.effort.by_month.items()), "may_import": has_right(user, "import"),
        "segments": [(describe_segment(line), line) for line in lines[:LISTED]], "more": len(lines) > LISTED,
        "most_hours": max((line.hours for line in lines), default=0),
    }  # fmt: skip
    return render_live(request, "kpis/cost_drivers/cost_drivers.html", context, status=400 if fault else 200)


def _read_drivers(user: User, period: Period, facts: Facts) -> Iterator[dict[str, Any]]:
    plans, question = read_plans(), Question(period)
    for key in DRIVERS:
        metric, result = get_metric(key), visibility.compute_for(user, key, period, facts=facts)
        yield {
            "metric": metric, "result": result, "plan": plans.get(key), "href": url_params.metric_url(key, question),
            "by_rep": url_params.metric_url(key, question, by="owner"),
            "over": result.value is not None and key in plans and float(result.value) > plans[key],
        }  # fmt: skip


def segment_rows(report: CostReport, *, sees_money: bool) -> Iterator[list[Any]]:
    """Yield a line for each segment of the lowest fifth, and their total."""
    yield ["Segment", "Adjusted win rate", "Won", "Ended", "Activities", "Hours", "Cost", "Currency"]
    total = report.effort.total
    for line in report.effort.lines:
        cost = report.cost_of(line.hours) if sees_money else None
        yield [
            describe_segment(line), round(line.rate, 4), line.won, line.decided, round(line.activities, 1), round(line.hours, 2),
            cost, report.currency,
        ]  # fmt: skip
    cost = report.money if sees_money else None
    yield ["Total", None, None, None, round(total.low_activities, 1), round(total.low_hours, 2), cost, report.currency]
