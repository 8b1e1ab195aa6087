"""Marketing's help to close over HTTP: the figures of the page."""

from typing import Any, cast

from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from core import periods
from core.api.views import ApiResponseMixin, refuse_strange_parameters
from core.periods import BadPeriod
from core.request_values import BadValue
from kpis.help_to_close.answers import LostValue, Money
from kpis.help_to_close.cohort import SEGMENTS
from kpis.help_to_close.matching import Comparison, Estimate
from kpis.help_to_close.page import HelpPage, build_page
from kpis.help_to_close.sentences import ASSOCIATION
from kpis.help_to_close.views import read_question
from team.access import has_right
from team.models import User


class HelpEstimateSerializer(serializers.Serializer[Any]):
    """A figure with its 95 % interval; null where companies are too few."""

    value = serializers.FloatField()
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)


class LostPartSerializer(serializers.Serializer[Any]):
    """Money with its 95 % interval."""

    value = serializers.DecimalField(max_digits=20, decimal_places=2)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)


class HelpBalanceSerializer(serializers.Serializer[Any]):
    trait = serializers.CharField()
    is_matched = serializers.BooleanField()
    before = serializers.FloatField(
        help_text="Share of deals that would have to be of another kind for both mixes to be alike."
    )
    after = serializers.FloatField()


class LostAnswersSerializer(serializers.Serializer[Any]):
    leads = serializers.CharField(help_text="Answered late, or never answered.")
    in_time_leads = serializers.IntegerField()
    in_time_won = serializers.IntegerField()
    late_leads = serializers.IntegerField()
    late_won = serializers.IntegerField()
    total = LostPartSerializer(help_text="timing + quality")
    timing = LostPartSerializer()
    quality = LostPartSerializer()


class HelpToCloseSerializer(serializers.Serializer[Any]):
    """Deals that Marketing touched while open beside like deals, and what late answers lost. Null where deals are too few."""

    period = serializers.CharField()
    segment = serializers.ChoiceField(choices=list(SEGMENTS))
    currency = serializers.CharField(allow_blank=True)
    sentence = serializers.CharField()
    association = serializers.CharField()
    touched_rate = HelpEstimateSerializer(allow_null=True)
    control_rate = HelpEstimateSerializer(allow_null=True)
    difference = HelpEstimateSerializer(allow_null=True)
    touched_days = HelpEstimateSerializer(allow_null=True, help_text="Median days from opening to the win.")
    control_days = HelpEstimateSerializer(allow_null=True)
    naive_difference = serializers.FloatField(
        allow_null=True, help_text="All touched against all untouched deals: misleading."
    )
    deals = serializers.IntegerField()
    touched = serializers.IntegerField()
    matched = serializers.IntegerField()
    unmatched = serializers.IntegerField(help_text="No like deal was open and untouched at the same age.")
    unknown_stage = serializers.IntegerField()
    too_young = serializers.IntegerField()
    balance = HelpBalanceSerializer(many=True)
    lost_value = LostAnswersSerializer(many=True)
    as_of = serializers.DateTimeField(allow_null=True)


PARAMETERS = [
    OpenApiParameter("period", OpenApiTypes.STR, enum=list(periods.PRESETS), description="When deals opened; all without any."),
    OpenApiParameter("from", OpenApiTypes.DATE),
    OpenApiParameter("to", OpenApiTypes.DATE, description="Included."),
    OpenApiParameter("segment", OpenApiTypes.STR, enum=list(SEGMENTS), description="Matched on besides stage, age, amount band and type."),
]  # fmt: skip


class HelpToCloseViewSet(ApiResponseMixin, ViewSet):
    """Marketing's help to close."""

    @extend_schema(
        operation_id="help_to_close_retrieve",
        parameters=PARAMETERS,
        responses=forced_singular_serializer(HelpToCloseSerializer),
    )
    def list(self, request: Request) -> Response:
        """Return win rate and days to the win of touched deals and of like deals, and the lost value of late answers."""
        refuse_strange_parameters(request, {"period", "from", "to", "segment"})
        if not has_right(cast(User, request.user), "see_campaigns"):
            raise PermissionDenied("You cannot read Marketing's help to close. Only those who may see every buyer can.")
        try:
            question = read_question(request.query_params)
        except (BadPeriod, BadValue) as error:
            raise ValidationError(str(error)) from None
        return Response(page_to_json(build_page(*question)))


def page_to_json(page: HelpPage) -> dict[str, Any]:
    outcome = page.help
    return {
        "period": page.period.label, "segment": page.segment, "currency": page.currency, "sentence": page.sentence,
        "association": ASSOCIATION, **_comparison_json(outcome.comparison), "naive_difference": outcome.naive, "deals": outcome.deals,
        "touched": outcome.touched, "matched": outcome.matched, "unmatched": outcome.unmatched, "unknown_stage": outcome.unknown,
        "too_young": outcome.young,
        "balance": [
            {"trait": balance.trait.label, "is_matched": balance.trait.is_matched, "before": balance.before, "after": balance.after}
            for balance in outcome.balances
        ],
        "lost_value": [_lost_json(label, lost) for label, lost in page.answers.lost], "as_of": page.as_of,
    }  # fmt: skip


def _comparison_json(comparison: Comparison | None) -> dict[str, Any]:
    names = ("touched_rate", "control_rate", "difference", "touched_days", "control_days")
    return {name: _estimate_json(getattr(comparison, name)) if comparison else None for name in names}


def _estimate_json(estimate: Estimate | None) -> dict[str, Any] | None:
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high} if estimate else None


def _lost_json(label: str, lost: LostValue) -> dict[str, Any]:
    return {
        "leads": label, "in_time_won": lost.in_time[0], "in_time_leads": lost.in_time[1], "late_won": lost.late[0],
        "late_leads": lost.late[1], "total": _money_json(lost.total), "timing": _money_json(lost.timing),
        "quality": _money_json(lost.quality),
    }  # fmt: skip


def _money_json(money: Money) -> dict[str, Any]:
    return {"value": f"{money.value:.2f}", "low": money.low, "high": money.high}
