"""The pipeline over HTTP: its waterfall, the deals behind each bar, the deals that need attention, and the history of one."""

from typing import Any, cast

from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from core.api.views import ApiResponseMixin
from core.periods import Period
from crm.models import Opportunity
from facts.engine import open_facts
from forecast.waterfall.movements import LABELS
from kpis.api import (
    BY,
    DAYS,
    DEFAULT_LIMIT,
    MAX_LIMIT,
    WHERE,
    answer_or_400,
    check_parameter_names,
    read_asked_period,
    read_filters,
    read_whole_number,
)
from kpis.pipeline.deal_history import read_history
from kpis.pipeline.risks import LISTS, RiskyDeal, read_risks
from kpis.pipeline.waterfall import CLOSES, CLOSING_INSIDE, PipelineQuestion, build_waterfall, find_movements
from team.models import User

CLOSES_PARAMETER = OpenApiParameter(
    "closes", OpenApiTypes.STR, enum=list(CLOSES),
    description="Which deals count: `period`, those expected to close in it (the default), or `all` open ones.",
)  # fmt: skip
QUESTION = {"from", "to", "period", "where", "closes"}
PAGE = [
    OpenApiParameter("limit", OpenApiTypes.INT, description=f"Deals on a page, {DEFAULT_LIMIT} by default, at most {MAX_LIMIT}."),
    OpenApiParameter("offset", OpenApiTypes.INT, description="Number of deals to skip."),
]  # fmt: skip


class BarSerializer(serializers.Serializer[Any]):
    key = serializers.ChoiceField(choices=list(LABELS))
    label = serializers.CharField()  # type: ignore[assignment]
    value = serializers.DecimalField(18, 2, help_text="What it did to the open pipeline; start and end are its value.")
    deals = serializers.IntegerField()


class WaterfallPartSerializer(serializers.Serializer[Any]):
    key = serializers.CharField(help_text="The value for `where` that selects this part.")
    label = serializers.CharField()  # type: ignore[assignment]
    bars = BarSerializer(many=True)


class WaterfallSerializer(serializers.Serializer[Any]):
    """What moved the open pipeline: start + all changes = end."""

    to = serializers.DateField(allow_null=True)
    closes = serializers.ChoiceField(choices=list(CLOSES))
    currency = serializers.CharField(allow_blank=True)
    as_of = serializers.DateTimeField(allow_null=True)
    bars = BarSerializer(many=True)
    by = serializers.CharField(allow_blank=True)
    parts = WaterfallPartSerializer(many=True)
    assumed = serializers.IntegerField(help_text="Deals whose first or last state is not on record and was assumed.")
    left_out = serializers.DictField(child=serializers.IntegerField(), help_text="Deals by currency without a rate.")
    readable_only = serializers.BooleanField(help_text="True: counted only over the deals that the reader may read.")

    def get_fields(self) -> dict[str, Any]:
        """Add `from`, which Python keeps for itself."""
        return super().get_fields() | {"from": serializers.DateField(allow_null=True)}


class PipelineDealSerializer(serializers.Serializer[Any]):
    opportunity = serializers.IntegerField()
    amount = serializers.DecimalField(18, 2)
    currency = serializers.CharField(allow_blank=True)
    close_on = serializers.DateField(allow_null=True)
    reason = serializers.CharField()


class PipelineDealsSerializer(serializers.Serializer[Any]):
    """The deals behind a bar or in a list, the largest first."""

    count = serializers.IntegerField()
    results = PipelineDealSerializer(many=True)


class DealEventSerializer(serializers.Serializer[Any]):
    day = serializers.DateField()
    changes = serializers.ListField(child=serializers.CharField())
    stage = serializers.CharField(allow_blank=True)
    amount = serializers.DecimalField(18, 2)
    currency = serializers.CharField(allow_blank=True)
    close_on = serializers.DateField(allow_null=True)
    outcome = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    is_assumed = serializers.BooleanField()


class DealHistorySerializer(serializers.Serializer[Any]):
    """What changed of a deal, the latest first."""

    pushes = serializers.IntegerField(help_text="How often its close date moved to a later day.")
    events = DealEventSerializer(many=True)


class PipelineViewSet(ApiResponseMixin, ViewSet):
    """The open pipeline: what moved it, which deals need attention, and how each deal came to what it is."""

    lookup_value_converter = "int"

    @extend_schema(
        operation_id="pipeline_waterfall",
        parameters=[*DAYS, BY, WHERE, CLOSES_PARAMETER],
        responses=forced_singular_serializer(WaterfallSerializer),
    )
    def list(self, request: Request) -> Response:
        """Answer what moved the open pipeline between two days, whole or cut."""
        check_parameter_names(request, {*QUESTION, "by"})
        question = _read_question(request, request.query_params.get("by", ""))
        facts = open_facts()
        waterfall = answer_or_400(lambda: build_waterfall(cast(User, request.user), question, facts))
        if waterfall is None:
            raise ValidationError({"period": "This period has not begun. Choose one that has."})
        answer = {
            "from": question.period.start,
            "to": question.period.end,
            "closes": question.closes,
            "currency": waterfall.currency,
            "as_of": facts.as_of,
            "bars": waterfall.bars,
            "by": question.by,
            "parts": waterfall.parts,
            "assumed": waterfall.assumed,
            "left_out": dict(waterfall.left_out),
            "readable_only": waterfall.is_readable_only,
        }
        return Response(WaterfallSerializer(answer).data)

    @extend_schema(
        operation_id="pipeline_deals",
        parameters=[
            *DAYS, WHERE, CLOSES_PARAMETER, *PAGE,
            OpenApiParameter("bar", OpenApiTypes.STR, enum=[*LABELS], description="The deals behind this bar."),
            OpenApiParameter("list", OpenApiTypes.STR, enum=[*LISTS], description="The open deals in this list, now."),
        ],
        responses=forced_singular_serializer(PipelineDealsSerializer),
    )  # fmt: skip
    @action(detail=False)
    def deals(self, request: Request) -> Response:
        """List the deals behind a bar of the waterfall, or in a list of deals that need attention."""
        check_parameter_names(request, {*QUESTION, "bar", "list", "limit", "offset"})
        question = _read_question(request)
        limit = read_whole_number(request, "limit", DEFAULT_LIMIT, 1, MAX_LIMIT)
        offset = read_whole_number(request, "offset", 0, 0, 10**12)
        lines = answer_or_400(lambda: _read_deals(request, question))
        answer = {"count": len(lines), "results": lines[offset : offset + limit]}
        return Response(PipelineDealsSerializer(answer).data)

    @extend_schema(operation_id="pipeline_deal_history", responses=DealHistorySerializer)
    def retrieve(self, request: Request, pk: int) -> Response:
        """Tell how a deal came to what it is: each change of amount, close date, stage and outcome."""
        check_parameter_names(request, set())
        deal = Opportunity.objects.visible_to(cast(User, request.user)).filter(pk=pk).first()
        if deal is None:
            raise NotFound("This deal does not exist, or you do not have permission to see it.")
        history = read_history(deal)
        return Response(DealHistorySerializer(history).data)


def _read_question(request: Request, by: str = "") -> PipelineQuestion:
    closes = request.query_params.get("closes") or CLOSING_INSIDE
    if closes not in CLOSES:
        raise ValidationError({"closes": f"Use one of: {', '.join(CLOSES)}."})
    period: Period = answer_or_400(lambda: read_asked_period(request))
    return PipelineQuestion(period, read_filters(request), by, closes)


def _read_deals(request: Request, question: PipelineQuestion) -> list[dict[str, Any]]:
    user, facts = cast(User, request.user), open_facts()
    bar, name = request.query_params.get("bar", ""), request.query_params.get("list", "")
    if bool(bar) == bool(name):
        raise ValidationError("Give either bar or list.")
    if name:
        if name not in LISTS:
            raise ValidationError({"list": f"Use one of: {', '.join(LISTS)}."})
        return [_risk_as_json(deal, name) for deal in read_risks(user, question, facts) if name in deal.lists]
    if bar not in LABELS:
        raise ValidationError({"bar": f"Use one of: {', '.join(LABELS)}."})
    lines, currency = find_movements(user, question, bar, facts)
    return [
        {"opportunity": line.deal_id, "amount": line.amount, "currency": currency, "close_on": line.new_close_on,
         "reason": LABELS[bar]}
        for line in lines
    ]  # fmt: skip


def _risk_as_json(deal: RiskyDeal, name: str) -> dict[str, Any]:
    return {
        "opportunity": deal.deal_id, "amount": deal.amount, "currency": deal.currency, "close_on": deal.close_on,
        "reason": deal.describe(name),
    }  # fmt: skip
