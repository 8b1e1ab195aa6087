"""Cost drivers over HTTP: the effort on accounts that are unlikely to buy; the drivers themselves are metrics."""

from typing import Any, cast

from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from core.api.views import ApiResponseMixin, refuse_strange_parameters
from core.periods import BadPeriod
from facts.engine import open_facts
from kpis.api import DAYS
from kpis.content.views import read_period
from kpis.cost_drivers.low_probability import TYPES
from kpis.cost_drivers.queries import CostReport, read_costs
from kpis.cost_drivers.sentences import describe_effort, describe_segment
from team.access import has_right
from team.models import User


def _cost(**options: Any) -> serializers.DecimalField:
    return serializers.DecimalField(18, 2, allow_null=True, **options)


class EffortAmountsSerializer(serializers.Serializer[Any]):
    """Effort on all accounts and on the lowest fifth; where accounts of one rate are divided, in proportion."""

    name = serializers.CharField()
    activities = serializers.FloatField()
    low_activities = serializers.FloatField()
    hours = serializers.FloatField()
    low_hours = serializers.FloatField()
    low_cost = _cost(help_text="Null without the right to see spend, or where an hour has no cost.")


class EffortSegmentSerializer(serializers.Serializer[Any]):
    segment = serializers.CharField()
    adjusted_win_rate = serializers.FloatField()
    won = serializers.IntegerField()
    ended = serializers.IntegerField()
    activities = serializers.FloatField()
    hours = serializers.FloatField()


class CostDriversSerializer(serializers.Serializer[Any]):
    sentence = serializers.CharField()
    period = serializers.CharField()
    currency = serializers.CharField(allow_blank=True)
    as_of = serializers.DateTimeField(allow_null=True)
    cost_per_hour = _cost(help_text="Spend of Sales on people ÷ working hours of those who logged an activity.")
    total = EffortAmountsSerializer()
    types = EffortAmountsSerializer(many=True)
    segments = EffortSegmentSerializer(many=True)
    without_account = serializers.IntegerField(help_text="Activities that belong to no account and are not judged.")
    unjudged = serializers.IntegerField(help_text="Activities in months before which too few deals had ended.")


class CostDriversViewSet(ApiResponseMixin, ViewSet):
    """What goes to accounts that are unlikely to buy."""

    @extend_schema(
        operation_id="cost_drivers_retrieve",
        parameters=DAYS,
        responses=forced_singular_serializer(CostDriversSerializer),
    )
    def list(self, request: Request) -> Response:
        """Return the effort on the fifth of accounts that was least likely to buy, by what was known on the day."""
        refuse_strange_parameters(request, {"from", "to", "period"})
        user = cast(User, request.user)
        if not has_right(user, "see_cost_drivers"):
            raise PermissionDenied("You cannot read cost drivers. Only those who may see every buyer can.")
        try:
            period = read_period(request.query_params)
        except BadPeriod as error:
            raise ValidationError({"period": str(error)}) from None
        report, sees_money = read_costs(period, open_facts()), has_right(user, "see_spend")
        answer = {
            "sentence": describe_effort(report, sees_money=sees_money), "period": period.label, "currency": report.currency,
            "as_of": report.as_of, "cost_per_hour": report.cost_of(1) if sees_money else None,
            "total": _amounts_as_json(report, "All", report.effort.total, sees_money=sees_money),
            "types": [
                _amounts_as_json(report, label, report.effort.by_type[name], sees_money=sees_money)
                for name, label in TYPES.items()
            ],
            "segments": [
                {"segment": describe_segment(line), "adjusted_win_rate": line.rate, "won": line.won, "ended": line.decided,
                 "activities": line.activities, "hours": line.hours}
                for line in report.effort.lines
            ],
            "without_account": report.without_account, "unjudged": report.effort.unjudged,
        }  # fmt: skip
        return Response(CostDriversSerializer(answer).data)


def _amounts_as_json(report: CostReport, name: str, amounts: Any, *, sees_money: bool) -> dict[str, Any]:
    return {
        "name": name, "activities": amounts.activities, "low_activities": amounts.low_activities, "hours": amounts.hours,
        "low_hours": amounts.low_hours, "low_cost": report.cost_of(amounts.low_hours) if sees_money else None,
    }  # fmt: skip
