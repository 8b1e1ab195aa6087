"""The cost of misalignment and the lead calculator over HTTP, for those who are signed in; nothing is stored."""

from dataclasses import asdict
from typing import Any

from django.http import QueryDict
from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from alignment.cost.forms import CostForm, LeadForm
from alignment.cost.rules import Cost
from alignment.cost.views import BENCHMARK_METRIC, default_currency, make_forms, read_cost, read_plan
from core.api.views import ApiResponseMixin, refuse_strange_parameters
from kpis.models import Benchmark


class CostSerializer(serializers.Serializer[Any]):
    """SMROI on both bases and both gaps to the benchmark; rates are fractions, amounts in `currency`."""

    currency = serializers.CharField()
    revenue = serializers.FloatField()
    spend = serializers.FloatField()
    benchmark = serializers.FloatField()
    smroi = serializers.FloatField(help_text="On revenue: (revenue − spend) ÷ spend.")
    gross_profit = serializers.FloatField(allow_null=True)
    smroi_gross_profit = serializers.FloatField(allow_null=True, help_text="On gross profit; not for the benchmark.")
    extra_revenue = serializers.FloatField(help_text="More revenue at the same spend; negative above the benchmark.")
    spend_saved = serializers.FloatField(help_text="Less spend for the same revenue; negative above the benchmark.")
    share_of_revenue = serializers.FloatField(help_text="Spend ÷ revenue.")


class LeadStepSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    count = serializers.IntegerField()
    rate = serializers.FloatField(allow_null=True, help_text="The share that comes to the next stage; null for deals.")


class LeadPlanSerializer(serializers.Serializer[Any]):
    """How many of each stage a revenue goal needs, and the day by which the leads must have arrived."""

    leads_by = serializers.DateField()
    won_by = serializers.DateField()
    steps = LeadStepSerializer(many=True)


def describe_parameters(form: type[CostForm] | type[LeadForm], optional: set[str]) -> list[OpenApiParameter]:
    return [
        OpenApiParameter(name, OpenApiTypes.STR, description=str(field.label), required=name not in optional)
        for name, field in form.base_fields.items()
    ]


class CostViewSet(ApiResponseMixin, ViewSet):
    """What the distance to a benchmark is worth."""

    @extend_schema(
        operation_id="cost_of_misalignment_retrieve",
        parameters=describe_parameters(CostForm, {"currency", "benchmark", "gross_profit"}),
        responses=forced_singular_serializer(CostSerializer),
    )
    def list(self, request: Request) -> Response:
        """Compute SMROI and gaps; without a benchmark the published one counts, without a currency the company's."""
        cost_form, _ = read_forms(request, CostForm)
        cost = read_cost(cost_form)
        if cost is None:
            raise serializers.ValidationError(faults_of(cost_form))
        return Response(_cost_json(cost))


class LeadPlanViewSet(ApiResponseMixin, ViewSet):
    """How many leads a revenue goal needs."""

    @extend_schema(
        operation_id="lead_calculator_retrieve",
        parameters=describe_parameters(LeadForm, {"currency", "won_by"}),
        responses=forced_singular_serializer(LeadPlanSerializer),
    )
    def list(self, request: Request) -> Response:
        """Go from a revenue goal back to the leads; without a day the goal is for the end of this year."""
        _, lead_form = read_forms(request, LeadForm)
        plan = read_plan(lead_form)
        if plan is None:
            raise serializers.ValidationError(faults_of(lead_form))
        steps = [
            {"name": step.name, "count": step.count, "rate": None if step.rate is None else float(step.rate)}
            for step in plan.steps
        ]
        return Response({"leads_by": plan.leads_by, "won_by": plan.won_by, "steps": steps})


def read_forms(request: Request, form: type[CostForm] | type[LeadForm]) -> tuple[CostForm, LeadForm]:
    """Return the page's forms over the parameters; the one that is asked is checked also where all are missing."""
    refuse_strange_parameters(request, set(form.base_fields))
    query = QueryDict(mutable=True)
    query.update(request.query_params.dict())
    query.setdefault("revenue" if form is CostForm else "revenue_goal", "")
    return make_forms(query, Benchmark.published_for(BENCHMARK_METRIC), default_currency(request))


def faults_of(form: CostForm | LeadForm) -> dict[str, list[str]]:
    return {name: [str(fault) for fault in faults] for name, faults in form.errors.items()}


def _cost_json(cost: Cost) -> dict[str, Any]:
    numbers = asdict(cost)
    currency = numbers.pop("currency")
    return {"currency": currency, **{name: None if value is None else float(value) for name, value in numbers.items()}}
