"""Campaigns over HTTP: the figures of the page, with the model that they hold under."""

from decimal import Decimal
from typing import Any, cast

from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from attribution.campaigns.queries import model_names, read_report
from attribution.campaigns.report import Line
from attribution.campaigns.sentences import describe_finding, describe_firmness
from attribution.campaigns.views import BadModel, read_model, read_period
from core import periods
from core.api.views import ApiResponseMixin, refuse_strange_parameters
from core.periods import BadPeriod
from team.access import has_right
from team.models import User


def _money(**options: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=20, decimal_places=2, **options)


class CampaignLineSerializer(serializers.Serializer[Any]):
    """A campaign under the model. Leads and orders can be parts of one; rates are fractions; null where the data do not say."""

    campaign = serializers.IntegerField()
    name = serializers.CharField()
    leads = serializers.FloatField()
    leads_rank = serializers.IntegerField()
    orders = serializers.FloatField(help_text="Won deals of the period.")
    revenue = _money(help_text="Amount of these deals.")
    revenue_low = _money(allow_null=True, help_text="80 % interval, from resampling companies.")
    revenue_high = _money(allow_null=True)
    revenue_rank = serializers.IntegerField()
    rank_low = serializers.IntegerField(allow_null=True, help_text="80 % interval of the rank by revenue.")
    rank_high = serializers.IntegerField(allow_null=True)
    cannot_be_told_apart_from = serializers.ListField(
        child=serializers.CharField(),
        help_text="Neighbours by revenue that change places in more than 20 % of resamples.",
    )
    open_pipeline = _money(help_text="Amount of the deals that are open now.")
    lead_spend = _money(allow_null=True, help_text="Spend on lead generation. Null without the right to see spend.")
    spend = _money(allow_null=True)
    lead_cost_per_revenue = serializers.FloatField(allow_null=True, help_text="Lead spend ÷ revenue.")
    cost_per_order = serializers.FloatField(allow_null=True, help_text="Spend ÷ won amount.")
    campaign_return = serializers.FloatField(allow_null=True, help_text="(Revenue − spend) ÷ spend.")
    verdicts = serializers.IntegerField(help_text="Verdicts of Sales on its leads.")
    accepted = serializers.IntegerField()


class CampaignReportSerializer(serializers.Serializer[Any]):
    model = serializers.ChoiceField(choices=[])
    model_name = serializers.CharField()
    period = serializers.CharField()
    currency = serializers.CharField(allow_blank=True)
    sentence = serializers.CharField()
    firmness = serializers.CharField(allow_blank=True, help_text="How sure the order by revenue is.")
    top_holds = serializers.FloatField(
        allow_null=True, help_text="Share of resamples in which the first three by revenue keep their order."
    )
    won_revenue = _money()
    no_campaign = _money(help_text="Credited to touches without a campaign.")
    no_touch = _money(help_text="Of deals without a touch before they closed.")
    campaigns = CampaignLineSerializer(many=True, help_text="By revenue.")
    as_of = serializers.DateTimeField(allow_null=True)

    def get_fields(self) -> dict[str, Any]:
        return super().get_fields() | {"model": serializers.ChoiceField(choices=list(model_names()))}


PARAMETERS = [
    OpenApiParameter("model", OpenApiTypes.STR, description="Attribution model; without it the company's."),
    OpenApiParameter("period", OpenApiTypes.STR, enum=list(periods.PRESETS)),
    OpenApiParameter("from", OpenApiTypes.DATE),
    OpenApiParameter("to", OpenApiTypes.DATE, description="Included."),
]


class CampaignsViewSet(ApiResponseMixin, ViewSet):
    """What campaigns brought and cost."""

    @extend_schema(
        operation_id="campaign_credits_retrieve",
        parameters=PARAMETERS,
        responses=forced_singular_serializer(CampaignReportSerializer),
    )
    def list(self, request: Request) -> Response:
        """Return leads, revenue, cost and return of each campaign under one model, with 80 % intervals and ranks."""
        refuse_strange_parameters(request, {"model", "period", "from", "to"})
        user = cast(User, request.user)
        if not has_right(user, "see_campaigns"):
            raise PermissionDenied("You cannot read campaign credits. Only those who may see every buyer can.")
        try:
            period, model = read_period(request.query_params), read_model(request.query_params)
        except (BadPeriod, BadModel) as error:
            raise serializers.ValidationError(str(error)) from None
        report = read_report(user, period, model)
        return Response(
            {
                "model": model, "model_name": model_names()[model], "period": period.label, "currency": report.currency,
                "sentence": describe_finding(report, model_names()[model]), "firmness": describe_firmness(report),
                "top_holds": report.top_holds, "won_revenue": _as_text(report.won), "no_campaign": _as_text(report.no_campaign),
                "no_touch": _as_text(report.no_touch), "campaigns": [_line_json(line) for line in report.lines],
                "as_of": report.as_of,
            }
        )  # fmt: skip


def _line_json(line: Line) -> dict[str, Any]:
    return {
        "campaign": line.key, "name": line.name, "leads": float(line.leads), "leads_rank": line.leads_rank,
        "orders": float(line.orders), "revenue": _as_text(line.revenue), "revenue_low": _as_text(line.low), "revenue_high": _as_text(line.high),
        "revenue_rank": line.revenue_rank, "rank_low": line.rank_low, "rank_high": line.rank_high,
        "cannot_be_told_apart_from": list(line.alike), "open_pipeline": _as_text(line.pipeline), "lead_spend": _as_text(line.lead_spend),
        "spend": _as_text(line.spend), "lead_cost_per_revenue": _as_float(line.lead_cost_per_revenue),
        "cost_per_order": _as_float(line.cost_per_order), "campaign_return": _as_float(line.roi),
        "verdicts": line.verdicts.n, "accepted": line.verdicts.accepted,
    }  # fmt: skip


def _as_float(value: Any) -> float | None:
    return None if value is None else float(value)


def _as_text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:.2f}"  # exact, as all money of the API
