"""The replay of a pay plan over HTTP: what each rep would have been paid, and the loopholes."""

from typing import Any, cast

from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from core.api.views import ApiResponseMixin, refuse_strange_parameters
from core.request_values import read_id
from kpis.plans.moves import NAMES
from kpis.plans.page import BadVersion, ReplayPage
from kpis.quotas.api import as_text
from team.access import has_right
from team.models import User


def _money(**options: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=20, decimal_places=2, **options)


class RepPaySerializer(serializers.Serializer[Any]):
    owner = serializers.IntegerField()
    name = serializers.CharField()
    current = _money(allow_null=True, help_text="Null: no plan is in force.")
    proposed = _money()
    change = _money(allow_null=True)


class LoopholeSerializer(serializers.Serializer[Any]):
    """The most that one rep gains while the revenue of the company stays as it is."""

    plan = serializers.ChoiceField(choices=["current", "proposed"])
    owner = serializers.IntegerField()
    name = serializers.CharField()
    amount = _money()
    move = serializers.ChoiceField(choices=list(NAMES))
    what = serializers.CharField()
    rule = serializers.CharField(help_text="The rule without which it is smallest.")
    deals = serializers.ListField(child=serializers.IntegerField())


class PlanReplaySerializer(serializers.Serializer[Any]):
    version = serializers.IntegerField(allow_null=True, help_text="Null: there is no pay plan.")
    current_version = serializers.IntegerField(allow_null=True)
    period = serializers.CharField(allow_blank=True)
    currency = serializers.CharField(allow_blank=True)
    sentence = serializers.CharField(allow_blank=True)
    fault = serializers.CharField(allow_blank=True, help_text="Why the plan cannot be replayed.")
    current_cost = _money(allow_null=True)
    proposed_cost = _money(allow_null=True)
    reps = RepPaySerializer(many=True)
    loopholes = LoopholeSerializer(many=True)
    as_of = serializers.DateTimeField(allow_null=True)


class PlanReplayViewSet(ApiResponseMixin, ViewSet):
    """Pay plans on the last full year."""

    @extend_schema(
        operation_id="pay_plan_replay_retrieve",
        parameters=[
            OpenApiParameter(
                "version", OpenApiTypes.INT, description="Id of a version; by default the one that waits."
            ),
        ],
        responses=forced_singular_serializer(PlanReplaySerializer),
    )
    def list(self, request: Request) -> Response:
        """Return what the proposed plan and the one in force pay each rep on the last full year, and the largest loopholes."""
        refuse_strange_parameters(request, {"version"})
        user = cast(User, request.user)
        if not has_right(user, "replay_plans"):
            raise PermissionDenied("You cannot replay pay plans. Leaders, the CFO and ops admins can.")
        asked = request.query_params.get("version")
        try:
            page = ReplayPage(user, read_id(asked) or 0 if asked else None)
        except BadVersion as error:
            raise NotFound(str(error)) from None
        return Response(page_json(page))


def page_json(page: ReplayPage) -> dict[str, Any]:
    fault = "There is no pay plan." if page.proposed is None else page.fault
    answer: dict[str, Any] = {
        "version": page.proposed and page.proposed.pk, "current_version": page.current and page.current.pk, "fault": fault,
        "period": "", "currency": "", "sentence": "", "current_cost": None, "proposed_cost": None, "reps": [], "loopholes": [],
        "as_of": page.book.facts.as_of,
    }  # fmt: skip
    if fault:
        return answer
    replay = page.replay
    return answer | {
        "period": page.data.year.label, "currency": page.currency, "sentence": page.sentence,
        "current_cost": as_text(replay.current_cost), "proposed_cost": as_text(replay.proposed_cost),
        "reps": [
            {
                "owner": line.rep.owner, "name": line.rep.name, "current": as_text(line.current.total if line.current else None),
                "proposed": as_text(line.proposed.total), "change": as_text(line.change),
            }
            for line in replay.reps
        ],
        "loopholes": [
            {
                "plan": "current" if label == "Current plan" else "proposed", "owner": line.leak.rep.owner,
                "name": line.leak.rep.name, "amount": as_text(line.leak.amount), "move": line.leak.move.kind, "what": line.what,
                "rule": line.rule, "deals": list(line.deals),
            }
            for label, _, lines in page.searches for line in lines
        ],
    }  # fmt: skip
