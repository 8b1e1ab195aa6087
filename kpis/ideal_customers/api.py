"""Ideal customers over HTTP: spend, pipeline and wins by the signed profile."""

from typing import Any, cast

from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from core.api.views import ApiResponseMixin, refuse_strange_parameters
from core.periods import BadPeriod
from facts.engine import open_facts
from kpis.api import DAYS
from kpis.content.views import read_period
from kpis.ideal_customers.report import PlaceLine, describe_places, read_places
from scoring.definitions import profile_in_force
from team.access import has_right
from team.models import User


class IdealCustomerLineSerializer(serializers.Serializer[Any]):
    """Inside, near or outside the profile, or not placed; null where there is nothing to count."""

    profile = serializers.CharField()
    accounts = serializers.FloatField(allow_null=True)
    open_pipeline = serializers.DecimalField(18, 2, allow_null=True)
    opportunities_won = serializers.FloatField(allow_null=True)
    won_revenue = serializers.DecimalField(18, 2, allow_null=True)
    close_rate = serializers.FloatField(allow_null=True)
    spend = serializers.DecimalField(18, 2, allow_null=True, help_text="Null without the right to see spend.")


class IdealCustomersSerializer(serializers.Serializer[Any]):
    is_signed = serializers.BooleanField(help_text="False: no profile is signed, so nothing is divided by it.")
    sentence = serializers.CharField(allow_blank=True)
    period = serializers.CharField()
    currency = serializers.CharField(allow_blank=True)
    as_of = serializers.DateTimeField(allow_null=True)
    lines = IdealCustomerLineSerializer(many=True)


class IdealCustomersViewSet(ApiResponseMixin, ViewSet):
    """Spend, pipeline and wins by the ideal customer profile."""

    @extend_schema(
        operation_id="ideal_customers_retrieve",
        parameters=DAYS,
        responses=forced_singular_serializer(IdealCustomersSerializer),
    )
    def list(self, request: Request) -> Response:
        """Return spend, pipeline and wins inside, near and outside the signed profile."""
        refuse_strange_parameters(request, {"from", "to", "period"})
        user, facts = cast(User, request.user), open_facts()
        try:
            period = read_period(request.query_params)
        except BadPeriod as error:
            raise ValidationError({"period": str(error)}) from None
        answer: dict[str, Any] = {
            "is_signed": profile_in_force() is not None, "sentence": "", "period": period.label, "currency": "",
            "as_of": facts.as_of, "lines": [],
        }  # fmt: skip
        if answer["is_signed"]:
            report = read_places(user, period, facts, sees_spend=has_right(user, "see_spend"))
            answer |= {
                "sentence": describe_places(report),
                "currency": report.currency,
                "lines": [_line_as_json(line) for line in (*report.lines, report.unplaced)],
            }
        return Response(IdealCustomersSerializer(answer).data)


def _line_as_json(line: PlaceLine) -> dict[str, Any]:
    values = {key: part.value if part and part.n else None for key, part in line.parts.items()}
    return {"profile": line.label, **values, "spend": line.spend}
