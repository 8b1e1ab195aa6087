"""New and existing revenue over HTTP, with the same numbers as the page."""

from typing import Any, cast

from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from core.api.views import ApiResponseMixin
from kpis.api import DAYS, answer_or_400, check_parameter_names, read_asked_period
from kpis.revenue.page import build_page
from team.access import has_right
from team.models import User


class MixPartSerializer(serializers.Serializer[Any]):
    key = serializers.ChoiceField(choices=["new", "existing", "unclassified"])
    revenue = serializers.DecimalField(18, 2)
    share = serializers.DecimalField(18, 6, allow_null=True, help_text="Of all invoiced revenue, 0 to 1.")
    agreed_share = serializers.DecimalField(18, 6, allow_null=True, help_text="As signed; null while nothing is.")
    margin = serializers.DecimalField(18, 2, allow_null=True)


class RetentionSerializer(serializers.Serializer[Any]):
    key = serializers.CharField(source="metric.key")
    value = serializers.FloatField(source="result.value", allow_null=True)


class LossSegmentSerializer(serializers.Serializer[Any]):
    dimension = serializers.CharField()
    key = serializers.CharField()
    margin = serializers.DecimalField(18, 2)
    deals = serializers.IntegerField(help_text="New deals opened in the period.")
    cost = serializers.DecimalField(18, 2, help_text="S&M spend × these deals ÷ all deals opened.")
    left = serializers.DecimalField(18, 2, help_text="margin − cost")


class RevenueMixSerializer(serializers.Serializer[Any]):
    """Revenue of new and existing business, retention, and what the new customers of each segment leave."""

    currency = serializers.CharField(allow_blank=True)
    total = serializers.DecimalField(18, 2)
    parts = MixPartSerializer(many=True)
    index = serializers.DecimalField(18, 6, allow_null=True, help_text="Σ(signed weight × margin) ÷ revenue")
    retention = RetentionSerializer(many=True)
    segments = LossSegmentSerializer(many=True)
    notes = serializers.ListField(child=serializers.CharField())


class RevenueMixViewSet(ApiResponseMixin, ViewSet):
    """New and existing revenue: the mix, its margin, retention, and segments whose new customers lose money."""

    @extend_schema(
        operation_id="revenue_mix", parameters=DAYS, responses=forced_singular_serializer(RevenueMixSerializer)
    )
    def list(self, request: Request) -> Response:
        """Answer the mix of revenue in the period."""
        user = cast(User, request.user)
        if not has_right(user, "see_revenue"):
            raise PermissionDenied("You have no permission to see revenue by new and existing business.")
        check_parameter_names(request, {"from", "to", "period"})
        return Response(RevenueMixSerializer(build_page(user, answer_or_400(lambda: read_asked_period(request)))).data)
