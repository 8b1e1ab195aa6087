"""Leads needed over HTTP: the figures of the page."""

from datetime import date
from typing import Any, cast

from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from core.api.views import ApiResponseMixin, refuse_strange_parameters
from core.request_values import BadValue
from kpis.leads_needed.calendar import Month
from kpis.leads_needed.chain import Range
from kpis.leads_needed.page import Answer, NeedPage, build_page
from kpis.leads_needed.question import CUT_NAMES, read_question
from team.access import has_right
from team.models import Company, User


def _money(**options: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=20, decimal_places=2, **options)


class NeedIntervalSerializer(serializers.Serializer[Any]):
    """An 80 % interval."""

    low = serializers.FloatField()
    high = serializers.FloatField()


class NeededStageSerializer(serializers.Serializer[Any]):
    stage = serializers.CharField()
    name = serializers.CharField()
    needed = serializers.FloatField(help_text="Leads that must come at least as far, in the days of the goal.")
    interval = NeedIntervalSerializer()
    a_month = serializers.FloatField()
    came_last_year = serializers.IntegerField(help_text="In the last 365 days.")
    cohort = serializers.IntegerField(help_text="Leads of the cohort that came at least as far.")
    rate = serializers.FloatField(allow_null=True, help_text="To the next stage; null for the win.")
    rate_interval = NeedIntervalSerializer(allow_null=True)
    days_to_win = serializers.IntegerField(help_text="Median, of leads won in the last 365 days.")


class NeededWindowSerializer(serializers.Serializer[Any]):
    stage = serializers.CharField()
    due_from = serializers.DateField()
    due_to = serializers.DateField()
    needed = serializers.FloatField()
    needed_by_today = serializers.FloatField()
    came = serializers.IntegerField()


class NeededMonthSerializer(serializers.Serializer[Any]):
    to = serializers.DateField()
    revenue = _money(help_text="The part of the goal that leads must bring in the month.")
    stages = NeededWindowSerializer(many=True)

    def get_fields(self) -> dict[str, Any]:
        """Add `from`, which Python keeps for itself."""
        return super().get_fields() | {"from": serializers.DateField()}


class NeededPartSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    leads = serializers.IntegerField()
    won = serializers.IntegerField()
    leads_per_customer = serializers.FloatField(allow_null=True)
    interval = NeedIntervalSerializer(allow_null=True)
    revenue_per_lead = _money()
    needed = serializers.FloatField(help_text="Its part of the leads needed, in the mix of the cohort.")


class NeedFactorSerializer(serializers.Serializer[Any]):
    label = serializers.CharField()  # type: ignore[assignment]
    value = serializers.FloatField()
    saved = serializers.FloatField(help_text="Leads that one point more (of the revenue: one percent) saves.")
    needed_at_ends = NeedIntervalSerializer(help_text="Leads needed if this factor is at the ends of its interval.")


class LeadsNeededSerializer(serializers.Serializer[Any]):
    """How many leads a revenue goal needs. Without an answer `obstacle` says what is missing and the lists are empty."""

    to = serializers.DateField()
    currency = serializers.CharField(allow_blank=True)
    goal = _money()
    goal_source = serializers.ChoiceField(choices=["asked", "goal", "last_year"])
    share_from_leads = serializers.FloatField()
    sentence = serializers.CharField()
    obstacle = serializers.CharField(allow_blank=True)
    cohort_from = serializers.DateField(allow_null=True)
    cohort_to = serializers.DateField(allow_null=True)
    revenue_per_customer = serializers.FloatField(allow_null=True)
    stages = NeededStageSerializer(many=True)
    months = NeededMonthSerializer(many=True)
    by = serializers.CharField()
    parts = NeededPartSerializer(many=True)
    factors = NeedFactorSerializer(many=True)
    qualified_a_month = serializers.FloatField(allow_null=True)
    signed_a_month = serializers.IntegerField(allow_null=True, help_text="What Marketing signed to hand over.")
    capacity_a_month = serializers.FloatField(allow_null=True, help_text="What Sales can take.")
    as_of = serializers.DateTimeField(allow_null=True)

    def get_fields(self) -> dict[str, Any]:
        """Add `from`, which Python keeps for itself."""
        return super().get_fields() | {"from": serializers.DateField()}


PARAMETERS = [
    OpenApiParameter("goal", OpenApiTypes.DECIMAL, description="Revenue in the company's currency; without it the joint goal's pace."),
    OpenApiParameter("share", OpenApiTypes.DECIMAL, description="Percent of the goal that must come from leads; without it as in the last year."),
    OpenApiParameter("from", OpenApiTypes.DATE, description="First day of the goal; without it the first of the next month."),
    OpenApiParameter("to", OpenApiTypes.DATE, description="Last day; without it twelve months."),
    OpenApiParameter("by", OpenApiTypes.STR, enum=list(CUT_NAMES), description="Breakdown; without it by lead source."),
]  # fmt: skip


class LeadsNeededViewSet(ApiResponseMixin, ViewSet):
    """How many leads a revenue goal needs, and by when."""

    @extend_schema(
        operation_id="leads_needed_retrieve",
        parameters=PARAMETERS,
        responses=forced_singular_serializer(LeadsNeededSerializer),
    )
    def list(self, request: Request) -> Response:
        """Return the leads that a revenue goal needs at the company's own rates, by stage, month and source."""
        refuse_strange_parameters(request, {"goal", "share", "from", "to", "by"})
        user = cast(User, request.user)
        if not has_right(user, "see_leads_needed"):
            raise PermissionDenied("You cannot read the leads needed. Only those who may see every buyer can.")
        try:
            question = read_question(request.query_params, Company.today())
        except BadValue as error:
            raise ValidationError(str(error)) from None
        return Response(page_to_json(build_page(user, question)))


def page_to_json(page: NeedPage) -> dict[str, Any]:
    horizon, cohort, answer = page.question.horizon, page.data.cohort, page.answer
    head = {
        "from": _iso(horizon.start), "to": _iso(horizon.end), "currency": page.currency, "goal": f"{page.basis.amount:.2f}",
        "goal_source": page.basis.source, "share_from_leads": float(page.share), "sentence": page.sentence,
        "obstacle": page.obstacle, "cohort_from": _iso(cohort.period.start) if cohort else None,
        "cohort_to": _iso(cohort.period.end) if cohort else None, "by": page.question.by, "as_of": page.data.as_of,
    }  # fmt: skip
    return head | (_answer_json(page, answer) if answer else NOTHING)


NOTHING: dict[str, Any] = {
    "revenue_per_customer": None, "stages": [], "months": [], "parts": [], "factors": [], "qualified_a_month": None,
    "signed_a_month": None, "capacity_a_month": None,
}  # fmt: skip


def _answer_json(page: NeedPage, answer: Answer) -> dict[str, Any]:
    assert page.data.chain
    return {
        "revenue_per_customer": answer.value,
        "stages": [
            {
                "stage": line.stage.key, "name": line.stage.name, "needed": line.need.number,
                "interval": _range_json(line.need.interval), "a_month": line.a_month, "came_last_year": line.came_last_year,
                "cohort": count, "rate": line.rate.value if line.rate else None,
                "rate_interval": _range_json(line.rate.interval) if line.rate else None, "days_to_win": line.lag_days,
            }
            for line, count in zip(answer.lines, page.data.chain.counts, strict=True)
        ],
        "months": [_month_json(page, month) for month in answer.months],
        "parts": [
            {
                "key": line.part.key, "label": line.part.label, "leads": line.part.counts[0], "won": line.part.counts[-1],
                "leads_per_customer": line.per_customer,
                "interval": _range_json(line.per_customer_range) if line.per_customer_range else None,
                "revenue_per_lead": f"{line.revenue_per_lead:.2f}", "needed": line.needed,
            }
            for line in answer.parts
        ],
        "factors": [
            {
                "label": factor.label, "value": factor.value, "saved": factor.effect.saved,
                "needed_at_ends": _range_json(factor.effect.range),
            }
            for factor in answer.factors
        ],
        "qualified_a_month": answer.handover.a_month, "signed_a_month": answer.handover.signed,
        "capacity_a_month": answer.handover.capacity_a_month,
    }  # fmt: skip


def _month_json(page: NeedPage, month: Month) -> dict[str, Any]:
    return {
        "from": _iso(month.period.start), "to": _iso(month.period.end), "revenue": f"{month.revenue:.2f}",
        "stages": [
            {
                "stage": stage.key, "due_from": _iso(window.start), "due_to": _iso(window.end), "needed": window.needed,
                "needed_by_today": window.needed_by_today, "came": window.arrived,
            }
            for stage, window in zip(page.data.stages, month.windows, strict=True)
        ],
    }  # fmt: skip


def _range_json(interval: Range) -> dict[str, float]:
    return {"low": interval.low, "high": interval.high}


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
