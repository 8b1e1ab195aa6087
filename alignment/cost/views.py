"""The page of the cost of misalignment and the lead calculator: public, and stored nowhere."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_safe

from alignment.cost.charts import draw_cost
from alignment.cost.forms import (
    COST_FIELDS,
    DEFAULT_CURRENCY,
    LEAD_FIELDS,
    CostForm,
    CurrencyForm,
    LeadForm,
    sent_data,
    year_end,
)
from alignment.cost.rules import Cost, compute_cost
from alignment.cost.sentences import cost_headline, describe_distance, plan_finding
from alignment.lead_calculator import LeadPlan, plan_leads
from alignment.views import hide_from_others
from core.charts import Scale, build_scale
from core.date_formatting import format_day
from core.formatting import format_percent
from kpis.models import Benchmark
from team.models import Company

BENCHMARK_METRIC = "smroi"


@require_safe
def cost_page(request: HttpRequest) -> HttpResponse:
    """Show the forms, and what follows from the figures in the address."""
    published = Benchmark.published_for(BENCHMARK_METRIC)
    cost_form, lead_form = make_forms(request.GET, published, default_currency(request))
    cost = read_cost(cost_form)
    plan = read_plan(lead_form)
    context = {
        "published": published,
        "cost_form": cost_form,
        "lead_form": lead_form,
        "cost_extras": _other_fields(request.GET, lead_form, LEAD_FIELDS),
        "lead_extras": _other_fields(request.GET, cost_form, COST_FIELDS),
        **(describe_cost(cost, published) if cost else {}),
        **(describe_plan(plan, lead_form) if plan else {}),
        "link": f"{settings.SITE_URL}{reverse('cost')}?{request.GET.urlencode()}" if cost or plan else "",
    }
    response = render(request, "alignment/cost.html", context)
    return hide_from_others(request, response) if request.GET else response


def default_currency(request: HttpRequest) -> str:
    """Return the company's currency to those who are signed in; visitors are not told it."""
    currencies = dict(CurrencyForm.base_fields["currency"].choices)  # type: ignore[attr-defined]
    own = Company.get().currency if request.user.is_authenticated else ""
    return own if own in currencies else DEFAULT_CURRENCY


def make_forms(query: QueryDict, published: Benchmark | None, currency: str) -> tuple[CostForm, LeadForm]:
    benchmark = f"{(published.value * 100).normalize():f}" if published else ""
    initial = {"currency": currency, "benchmark": benchmark}
    cost_form = CostForm(sent_data(query, COST_FIELDS, initial), initial=initial)
    cost_form.fields["benchmark"].help_text = describe_benchmark(published)
    initial = {"currency": currency, "won_by": year_end().isoformat()}
    lead_form = LeadForm(sent_data(query, LEAD_FIELDS, initial), initial=initial)
    return cost_form, lead_form


def describe_benchmark(published: Benchmark | None) -> str:
    """Say where the published figure comes from, as HTML."""
    if published is None:
        return "Accord has no published figure. Enter the one that you compare with."
    return format_html(
        "{}, {} (source: {}; figure of {}). Enter another figure if you know a better one.",
        published.label,
        format_percent(published.value),
        published.source,
        published.dated_on.year,
    )


def read_cost(form: CostForm) -> Cost | None:
    return compute_cost(**form.cleaned_data) if form.is_bound and form.is_valid() else None


def read_plan(form: LeadForm) -> LeadPlan | None:
    if not form.is_bound or not form.is_valid():
        return None
    entered = form.cleaned_data
    return plan_leads(
        revenue_goal=entered["revenue_goal"],
        revenue_per_deal=entered["revenue_per_deal"],
        rates=form.rates,
        cycle_days=entered["cycle_days"],
        won_by=entered["won_by"],
    )


def describe_cost(cost: Cost, published: Benchmark | None) -> dict[str, Any]:
    return {
        "cost": cost,
        "headline": cost_headline(cost),
        "distance": describe_distance(cost),
        "scale": draw_smroi_scale(cost),
        "chart": draw_cost(cost),
        "is_published": published is not None and cost.benchmark == published.value,
    }


def draw_smroi_scale(cost: Cost) -> Scale:
    return build_scale(
        cost.smroi,
        cost.benchmark,
        f"SMROI {format_percent(cost.smroi, 0)}",
        f"benchmark {format_percent(cost.benchmark, 0)}",
    )


def describe_plan(plan: LeadPlan, form: LeadForm) -> dict[str, Any]:
    today = timezone.localdate()
    return {
        "plan": plan,
        "plan_finding": plan_finding(plan),
        "won_by": format_day(plan.won_by),
        "leads_by": format_day(plan.leads_by),
        "earliest_win": format_day(today + timedelta(days=form.cleaned_data["cycle_days"])),
        "is_late": plan.leads_by < today,
        "plan_currency": form.cleaned_data["currency"],
    }


def _other_fields(query: QueryDict, other: CostForm | LeadForm, names: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return the fields of the other form, to be sent along, so that one address holds both."""
    return [(name, query.get(name, "")) for name in names if name in query] if other.is_bound else []
