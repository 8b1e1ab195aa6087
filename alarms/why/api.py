"""Why a metric moved, over HTTP: the parts of one dimension, the links and the rows, which add up to the change."""

from typing import Any

from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from alarms.why import page
from alarms.why.explain import explain_change
from core.api.views import ApiResponseMixin
from kpis.api import (
    DAYS,
    WHERE,
    answer_or_400,
    check_parameter_names,
    metric_or_404,
    read_asked_period,
    read_filters,
)

AGAINST = {"before": "", "year": "year"}
BY = OpenApiParameter(
    "by", OpenApiTypes.STR, description="The dimension whose parts are wanted. Without it: the one that explains most."
)
COMPARED = OpenApiParameter(
    "against",
    OpenApiTypes.STR,
    enum=list(AGAINST),
    description="What the period is compared with: the period before (the default), or the same a year before.",
)
PART_HELP = "A decimal; the parts add up to `change` exactly."


class ChangePartSerializer(serializers.Serializer[Any]):
    key = serializers.CharField(help_text="The value for `where` that selects this group; `others` has none.")
    label = serializers.CharField()  # type: ignore[assignment]
    before = serializers.FloatField(allow_null=True)
    now = serializers.FloatField(allow_null=True)
    n_before = serializers.IntegerField()
    n = serializers.IntegerField()
    rate = serializers.CharField(allow_null=True, help_text="Of a rate: what the group's own figure did.")
    mix = serializers.CharField(allow_null=True, help_text="Of a rate: what the group's share of all did.")
    part = serializers.CharField(help_text=PART_HELP)


class ChangeLinkSerializer(serializers.Serializer[Any]):
    label = serializers.CharField()  # type: ignore[assignment]
    unit = serializers.CharField()
    before = serializers.FloatField()
    now = serializers.FloatField()
    part = serializers.CharField(help_text=PART_HELP)


class StockMovementSerializer(serializers.Serializer[Any]):
    name = serializers.ChoiceField(choices=["added", "removed", "changed", "same"])
    n = serializers.IntegerField()
    part = serializers.CharField(help_text=PART_HELP)


class GroupMedianSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    before = serializers.FloatField(allow_null=True)
    now = serializers.FloatField(allow_null=True)
    n_before = serializers.IntegerField()
    n = serializers.IntegerField()


class WhySerializer(serializers.Serializer[Any]):
    """Why a metric moved. Without a `change` the sentence says why there is none to explain."""

    key = serializers.CharField()
    name = serializers.CharField()
    unit = serializers.CharField()
    currency = serializers.CharField(allow_blank=True)
    to = serializers.DateField()
    from_before = serializers.DateField()
    to_before = serializers.DateField()
    value = serializers.CharField(allow_null=True)
    value_before = serializers.CharField(allow_null=True)
    change = serializers.CharField(allow_null=True, help_text="A decimal. A rate is a fraction: -0.07 is 7 points.")
    sentence = serializers.CharField()
    dimension = serializers.CharField(allow_blank=True)
    dimensions = serializers.ListField(
        child=serializers.CharField(), help_text="Those that you can ask `by`; the one that explains most is the first."
    )
    asked_alone = serializers.ListField(
        child=serializers.CharField(), help_text="Dimensions with many parts, which only a question `by` them answers."
    )
    parts = ChangePartSerializer(many=True)
    links = ChangeLinkSerializer(many=True)
    rows = StockMovementSerializer(many=True, help_text="Of a stock: records that came, left or changed.")
    medians = GroupMedianSerializer(
        many=True, help_text="Of a median, whose parts do not add up: those of the groups, for information."
    )
    notes = serializers.ListField(child=serializers.CharField())
    readable_only = serializers.BooleanField()
    as_of = serializers.DateTimeField(allow_null=True)

    def get_fields(self) -> dict[str, Any]:
        """Add `from`, which Python keeps for itself."""
        return super().get_fields() | {"from": serializers.DateField()}


class WhyViewSet(ApiResponseMixin, ViewSet):
    """Why a metric moved."""

    @extend_schema(
        operation_id="metrics_why",
        parameters=[*DAYS, BY, WHERE, COMPARED],
        responses=forced_singular_serializer(WhySerializer),
    )
    def list(self, request: Request, key: str) -> Response:
        """Explain the change of a metric from one period to another, in parts that add up to it."""
        metric = metric_or_404(key)
        check_parameter_names(request, {"from", "to", "period", "by", "where", "against"})
        against = request.query_params.get("against") or "before"
        if against not in AGAINST:
            raise ValidationError({"against": f"Use one of: {', '.join(AGAINST)}."})
        period = answer_or_400(lambda: read_asked_period(request))
        before = page.period_before(period, AGAINST[against])
        if before is None:
            raise ValidationError("Give a period with a first and a last day, such as period=last_quarter.")
        by, where = request.query_params.get("by", ""), read_filters(request)
        explanation = answer_or_400(
            lambda: explain_change(metric, period, before, user=request.user, where=where, by=by)
        )
        return Response(WhySerializer(page.as_json(explanation, by)).data)
