"""Content over HTTP: the figures of the pages Content and Find content."""

from typing import Any, cast

from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from core.api.views import ApiResponseMixin, refuse_strange_parameters
from core.periods import BadPeriod
from facts.engine import open_facts
from kpis.api import DAYS
from kpis.content.coverage import REASONS, STATES, Asset
from kpis.content.finder import Search, find_content
from kpis.content.queries import read_content
from kpis.content.sentences import describe_content
from kpis.content.views import read_period
from team.models import User


class AssetSerializer(serializers.Serializer[Any]):
    """One asset; an empty stage, persona or industry serves all."""

    asset = serializers.IntegerField(source="key")
    name = serializers.CharField()
    kind = serializers.CharField(allow_blank=True)
    stage = serializers.CharField(allow_blank=True)
    persona = serializers.CharField(allow_blank=True)
    vertical = serializers.CharField(allow_blank=True)
    url = serializers.CharField(allow_blank=True)
    is_used = serializers.BooleanField(help_text="By Sales in the last 180 days.")
    last_use = serializers.DateField(allow_null=True)
    reasons = serializers.SerializerMethodField()

    @extend_schema_field(serializers.DictField(child=serializers.IntegerField()))
    def get_reasons(self, asset: Asset) -> dict[str, int]:
        """How often it was passed over in the period, by reason."""
        return {name: asset.count_reason(name) for name in REASONS}


class CellSerializer(serializers.Serializer[Any]):
    """A stage of the journey for a persona."""

    stage = serializers.CharField()
    persona = serializers.CharField()
    state = serializers.ChoiceField(choices=list(STATES))
    own = serializers.IntegerField(help_text="Assets that name both.")
    general = serializers.IntegerField(help_text="Assets that leave stage or persona open.")
    used = serializers.IntegerField(help_text="Of both, those that Sales used in the last 180 days.")
    value = serializers.DecimalField(18, 2, help_text="Of the deals that are open there.")
    deals = serializers.IntegerField()


class ContentReportSerializer(serializers.Serializer[Any]):
    """All assets, and the coverage of the journey in the order of the sale."""

    sentence = serializers.CharField(allow_blank=True)
    period = serializers.CharField()
    currency = serializers.CharField(allow_blank=True)
    as_of = serializers.DateTimeField(allow_null=True)
    assets = AssetSerializer(many=True)
    coverage = CellSerializer(many=True)
    without_persona = serializers.IntegerField(
        help_text="Open deals without a stage or a persona, which no cell counts."
    )
    readable_only = serializers.BooleanField(help_text="True: deals and uses that the reader may read.")


class MatchSerializer(serializers.Serializer[Any]):
    asset = serializers.IntegerField(source="asset.pk")
    name = serializers.CharField(source="asset.name")
    kind = serializers.CharField(source="asset.kind", allow_blank=True)
    stage = serializers.CharField(source="asset.stage", allow_blank=True)
    persona = serializers.CharField(source="asset.persona", allow_blank=True)
    vertical = serializers.CharField(source="asset.vertical.name", default="")
    url = serializers.CharField(source="asset.url", allow_blank=True)
    won_deals = serializers.IntegerField(
        source="record.won", help_text="Won deals on which it was used before they closed."
    )
    closed_deals = serializers.IntegerField(source="record.closed")


class MatchesSerializer(serializers.Serializer[Any]):
    count = serializers.IntegerField()
    results = MatchSerializer(many=True)


class ContentViewSet(ApiResponseMixin, ViewSet):
    """Which content is used, where it is missing, and what fits a buyer."""

    @extend_schema(
        operation_id="content_report_retrieve",
        parameters=DAYS,
        responses=forced_singular_serializer(ContentReportSerializer),
    )
    def list(self, request: Request) -> Response:
        """Return all assets with their use, and each stage of the journey and persona with content and open value."""
        refuse_strange_parameters(request, {"from", "to", "period"})
        try:
            period = read_period(request.query_params)
        except BadPeriod as error:
            raise ValidationError({"period": str(error)}) from None
        report = read_content(cast(User, request.user), period, open_facts())
        answer = {
            "sentence": describe_content(report) if report.assets else "", "period": period.label,
            "currency": report.currency, "as_of": report.as_of, "assets": report.assets,
            "coverage": report.coverage.cells, "without_persona": report.without_persona,
            "readable_only": report.is_limited,
        }  # fmt: skip
        return Response(ContentReportSerializer(answer).data)

    @extend_schema(
        operation_id="content_find",
        parameters=[
            OpenApiParameter("q", OpenApiTypes.STR, description="Words in its name or kind."),
            OpenApiParameter("stage", OpenApiTypes.STR),
            OpenApiParameter("persona", OpenApiTypes.STR),
            OpenApiParameter("vertical", OpenApiTypes.STR, description="The industry, by name."),
        ],
        responses=forced_singular_serializer(MatchesSerializer),
    )
    @action(detail=False)
    def find(self, request: Request) -> Response:
        """Find content that fits, used on most won deals first; what leaves a part open fits every value of it."""
        refuse_strange_parameters(request, {"q", "stage", "persona", "vertical"})
        search = Search.from_query(request.query_params)
        matches = find_content(cast(User, request.user), search, open_facts())
        return Response(MatchesSerializer({"count": len(matches), "results": matches}).data)
