"""The page of campaigns: leads against revenue, cost and return under the chosen model, and how firm the ranks are."""

from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_safe

from attribution.campaigns.queries import RECORDED, model_names, read_report
from attribution.campaigns.report import CampaignReport
from attribution.campaigns.sentences import (
    describe_finding,
    describe_firmness,
    describe_likeness,
    describe_recorded,
    describe_unattributed,
    list_gaps,
)
from core import periods
from core.csv_export import csv_response
from core.htmx import render_live
from core.periods import BadPeriod, Period
from core.request_values import quote_text
from team.access import has_right, require_right
from team.models import Company, User

# the metrics whose records are behind the leads, the revenue and the open pipeline of a campaign
CREDITED_METRICS = {"leads": "attributed_leads", "revenue": "attributed_revenue", "pipeline": "attributed_pipeline"}
RECORDED_METRICS = {"leads": "leads", "revenue": "won_revenue", "pipeline": "open_pipeline"}


class BadModel(ValueError):
    """There is no model of that name; the message is for the reader."""


def read_model(query: QueryDict) -> str:
    """Return the model that the address names, else the company's."""
    model = query.get("model") or str(Company.get().attribution_model)
    if model not in model_names():
        raise BadModel(f"The model {quote_text(model)} does not exist. Use one of: {', '.join(model_names())}.")
    return model


def read_period(query: QueryDict) -> Period:
    today = timezone.localtime(timezone.now(), Company.get().zone).date()
    return periods.period_from_query(query, today, Company.get().fiscal_calendar)


@require_right("see_campaigns")
@require_safe
def campaigns_page(request: HttpRequest) -> HttpResponseBase:
    user, fault = cast(User, request.user), ""
    try:
        period, model = read_period(request.GET), read_model(request.GET)
    except (BadPeriod, BadModel) as error:
        fault = str(error)
        period, model = read_period(QueryDict()), read_model(QueryDict())
    context: dict[str, Any] = {
        "period": period, "presets": periods.PRESETS, "fault": fault, "models": model_names().items(), "model": model,
        "model_name": model_names()[model], "sees_cost": has_right(user, "see_spend"),
    }  # fmt: skip
    report = read_report(user, period, model)
    if request.GET.get("format") == "csv" and not fault:
        return csv_response("campaigns", csv_rows(report, model_names()[model]))
    recorded = read_report(user, period, RECORDED) if model != RECORDED else None
    context |= _describe_report(report, context) | {"recorded": describe_recorded(recorded)}
    return render_live(request, "attribution/campaigns.html", context, status=400 if fault else 200)


def write_records_query(period: Period, campaign: int, model: str) -> str:
    """Return the query of the records of a campaign: the same days, the same model."""
    params = {"period": period.name} if period.name else {}
    if not period.name:
        params = {name: day.isoformat() for name, day in (("from", period.start), ("to", period.end)) if day}
    params = params or {"period": "all"}
    params["campaign"] = f"id:{campaign}"
    return urlencode(params if model == RECORDED else params | {"model": model})


def _describe_report(report: CampaignReport, context: dict[str, Any]) -> dict[str, Any]:
    return {
        "report": report,
        "rows": [
            (
                line,
                describe_likeness(line),
                write_records_query(context["period"], line.key, context["model"]),
                write_records_query(Period(None, None), line.key, context["model"]),  # open pipeline is that of now
            )
            for line in report.lines
        ],
        "records_of": RECORDED_METRICS if context["model"] == RECORDED else CREDITED_METRICS,
        "finding": describe_finding(report, context["model_name"]),
        "firmness": describe_firmness(report),
        "unattributed": describe_unattributed(report, is_recorded=context["model"] == RECORDED),
        "gaps": list_gaps(report, sees_cost=context["sees_cost"]),
        "as_of": report.as_of,
        "currency_unit": report.currency or "unit of money",
    }


def csv_rows(report: CampaignReport, model: str) -> Iterator[list[Any]]:
    """Yield a line for each campaign; every line names the model."""
    yield [
        "Campaign", "Id", "Model", "Leads", "Rank by leads", "Orders", "Revenue", "Revenue, low", "Revenue, high",
        "Rank by revenue", "Rank, low", "Rank, high", "Cannot be told apart from", "Open pipeline", "Currency", "Lead spend",
        "Spend", "Lead cost ÷ revenue", "Spend ÷ orders", "Return", "Verdicts", "Accepted",
    ]  # fmt: skip
    for line in report.lines:
        yield [
            line.name, line.key, model, line.leads, line.leads_rank, line.orders, line.revenue, line.low, line.high,
            line.revenue_rank, line.rank_low, line.rank_high, "; ".join(line.alike), line.pipeline, report.currency,
            line.lead_spend, line.spend, line.lead_cost_per_revenue, line.cost_per_order, line.roi, line.verdicts.n,
            line.verdicts.accepted,
        ]  # fmt: skip
