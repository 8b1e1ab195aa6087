"""The page of the CEO over HTTP, for the CEO and the CFO."""

from typing import Any, cast

from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from alignment.overview.queries import DUE_KINDS, DueItem, Money, Overview, read_overview
from alignment.overview.sentences import headline
from alignment.plan.queries import PlanGoal
from core.api.views import ApiResponseMixin, refuse_strange_parameters
from kpis.goal_states import STATE_CHOICES
from team.access import has_right
from team.models import User


class OverviewMoneySerializer(serializers.Serializer[Any]):
    """The return of a period and what its distance to the benchmark is worth; rates are fractions."""

    currency = serializers.CharField(allow_blank=True)
    starts_on = serializers.DateField(allow_null=True)
    ends_on = serializers.DateField(allow_null=True)
    smroi = serializers.FloatField(allow_null=True)
    smroi_gross_profit = serializers.FloatField(allow_null=True, help_text="Not compared with the benchmark.")
    benchmark = serializers.FloatField(allow_null=True)
    extra_revenue = serializers.FloatField(
        allow_null=True, help_text="More revenue at the same spend; negative above the benchmark."
    )
    spend_saved = serializers.FloatField(
        allow_null=True, help_text="Less spend for the same revenue; negative above the benchmark."
    )


class OverviewIndexSerializer(serializers.Serializer[Any]):
    score = serializers.FloatField(allow_null=True)
    change = serializers.FloatField(allow_null=True)
    missing = serializers.ListField(child=serializers.CharField())


class OverviewGoalSerializer(serializers.Serializer[Any]):
    agreement = serializers.IntegerField()
    title = serializers.CharField()
    ends_on = serializers.DateField()
    state = serializers.ChoiceField(choices=STATE_CHOICES)
    sentence = serializers.CharField()


class DueItemSerializer(serializers.Serializer[Any]):
    """A dispute with the day of its decision, or something that is overdue."""

    kind = serializers.ChoiceField(choices=DUE_KINDS)
    title = serializers.CharField()
    due_on = serializers.DateField()
    is_overdue = serializers.BooleanField()


class OverviewAlarmSerializer(serializers.Serializer[Any]):
    """An open alarm, and what it costs in a year."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    cost = serializers.DecimalField(max_digits=18, decimal_places=2, allow_null=True)
    currency = serializers.CharField(allow_blank=True)


class OverviewSerializer(serializers.Serializer[Any]):
    sentence = serializers.CharField(help_text="What is wrong and what it costs.")
    money = OverviewMoneySerializer()
    index = OverviewIndexSerializer(allow_null=True, help_text="Null for the CFO, who reads the part about money.")
    goals = OverviewGoalSerializer(many=True)
    update_due_on = serializers.DateField(allow_null=True)
    alarms = OverviewAlarmSerializer(many=True, help_text="The dearest first.")
    dates = DueItemSerializer(many=True)
    as_of = serializers.DateTimeField(allow_null=True)


class OverviewViewSet(ApiResponseMixin, ViewSet):
    """What the CEO begins with."""

    @extend_schema(operation_id="overview_retrieve", responses=forced_singular_serializer(OverviewSerializer))
    def list(self, request: Request) -> Response:
        """Return what is wrong and what it costs, with the index, the plan, disputes and what is overdue."""
        refuse_strange_parameters(request, set())
        if not has_right(request.user, "see_overview"):
            raise PermissionDenied("You cannot read the overview. Only the CEO and the CFO can.")
        return Response(_overview_json(read_overview(cast(User, request.user))))


def _overview_json(overview: Overview) -> dict[str, Any]:
    history = overview.history
    index = None
    if history is not None:
        index = {
            "score": _number(history.index.score if history.index else None),
            "change": _number(history.change),
            "missing": [part.key for part in history.index.missing] if history.index else [],
        }
    return {
        "sentence": headline(overview),
        "money": _money_json(overview.money),
        "index": index,
        "goals": [_goal_json(goal) for goal in overview.goals],
        "update_due_on": overview.plan.due_on,
        "alarms": [
            {"id": alarm.pk, "name": alarm.name, "cost": alarm.cost, "currency": alarm.currency}
            for alarm in overview.alarms
        ],
        "dates": [_due_json(row) for row in overview.dates],
        "as_of": overview.as_of,
    }


def _money_json(money: Money) -> dict[str, Any]:
    return {
        "currency": money.smroi.currency,
        "starts_on": money.period.start,
        "ends_on": money.period.end,
        "smroi": _number(money.smroi.value),
        "smroi_gross_profit": _number(money.gross.value if money.gross else None),
        "benchmark": _number(money.benchmark.value if money.benchmark else None),
        "extra_revenue": _number(money.cost.extra_revenue if money.cost else None),
        "spend_saved": _number(money.cost.spend_saved if money.cost else None),
    }


def _goal_json(goal: PlanGoal) -> dict[str, Any]:
    return {
        "agreement": goal.version.agreement_id,
        "title": goal.title,
        "ends_on": goal.terms.ends_on,
        "state": goal.state,
        "sentence": goal.sentence,
    }


def _due_json(row: DueItem) -> dict[str, Any]:
    return {"kind": row.kind, "title": row.title, "due_on": row.due_on, "is_overdue": row.is_overdue}


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
