"""The joint plan over HTTP: goals with their pace, rewards, and the updates that both sides present."""

from typing import Any, cast

from django.shortcuts import get_object_or_404
from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from alignment.plan import actions
from alignment.plan.models import PlanUpdate
from alignment.plan.queries import PlanGoal, PlanReward, can_see_figures, read_plan
from alignment.plan.rules import HORIZONS
from core.api.fields import Words, errors_as_responses, read_body
from core.api.views import ApiResponseMixin, ReadOnly, refuse_strange_parameters
from kpis.goal_states import STATE_CHOICES
from team.models import User


class PlanGoalSerializer(serializers.Serializer[Any]):
    agreement = serializers.IntegerField()
    key = serializers.CharField()
    title = serializers.CharField()
    side = serializers.CharField()
    horizon = serializers.ChoiceField(choices=list(HORIZONS))
    metric = serializers.CharField()
    target = serializers.CharField(help_text="A rate is a fraction.")
    currency = serializers.CharField(allow_blank=True)
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    state = serializers.ChoiceField(choices=STATE_CHOICES)
    value = serializers.FloatField(allow_null=True, help_text="Null where there is none, or you may not see it.")
    projected = serializers.FloatField(allow_null=True, help_text="Where the pace so far leads by the last day.")
    sentence = serializers.CharField()


class PayoutSerializer(serializers.Serializer[Any]):
    goal = serializers.CharField()
    amount = serializers.CharField(allow_null=True)
    is_final = serializers.BooleanField(help_text="Whether the horizon is over; else at the pace so far.")


class PlanRewardSerializer(serializers.Serializer[Any]):
    agreement = serializers.IntegerField()
    title = serializers.CharField()
    roles = serializers.ListField(child=serializers.CharField())
    amount = serializers.CharField(help_text="At the target of each goal.")
    currency = serializers.CharField()
    consequence = serializers.CharField()
    payouts = PayoutSerializer(many=True)


class PlanSerializer(serializers.Serializer[Any]):
    goals = PlanGoalSerializer(many=True)
    rewards = PlanRewardSerializer(many=True)
    update_due_on = serializers.DateField(allow_null=True)
    days_overdue = serializers.IntegerField()
    as_of = serializers.DateTimeField(allow_null=True)


class PlanViewSet(ApiResponseMixin, ViewSet):
    """Goals and rewards; they are proposed and signed as agreements of the kinds `goal` and `reward`."""

    @extend_schema(operation_id="plan_retrieve", responses=forced_singular_serializer(PlanSerializer))
    def list(self, request: Request) -> Response:
        """Return the plan with its pace."""
        refuse_strange_parameters(request, set())
        plan = read_plan(cast(User, request.user), waits=False)
        return Response(
            {
                "goals": [_goal_json(goal) for goal in plan.goals],
                "rewards": [_reward_json(reward) for reward in plan.rewards],
                "update_due_on": plan.due_on,
                "days_overdue": plan.days_overdue,
                "as_of": plan.as_of,
            }
        )


def _goal_json(goal: PlanGoal) -> dict[str, Any]:
    pace = goal.pace if goal.pace and goal.pace.is_known else None
    return {
        "agreement": goal.version.agreement_id,
        "key": goal.key,
        "title": goal.title,
        "side": goal.terms.horizon.side,
        "horizon": goal.terms.horizon.key,
        "metric": goal.terms.metric,
        "target": str(goal.terms.target),
        "currency": goal.terms.currency,
        "starts_on": goal.terms.starts_on,
        "ends_on": goal.terms.ends_on,
        "state": goal.state,
        "value": float(pace.value) if pace else None,
        "projected": float(pace.projected) if pace and pace.projected is not None else None,
        "sentence": goal.sentence,
    }


def _reward_json(reward: PlanReward) -> dict[str, Any]:
    return {
        "agreement": reward.version.agreement_id,
        "title": reward.version.agreement.title,
        "roles": reward.terms.roles,
        "amount": str(reward.terms.amount),
        "currency": reward.terms.currency,
        "consequence": reward.terms.consequence,
        "payouts": [
            {
                "goal": payout.goal.key,
                "amount": None if payout.amount is None else str(payout.amount),
                "is_final": payout.is_final,
            }
            for payout in reward.payouts
        ],
    }


class FrozenFigureSerializer(serializers.Serializer[Any]):
    goal = serializers.CharField()
    title = serializers.CharField()
    side = serializers.CharField()
    metric = serializers.CharField()
    target = serializers.CharField()
    ends_on = serializers.DateField()
    value = serializers.CharField(allow_null=True)
    currency = serializers.CharField(allow_blank=True)
    state = serializers.ChoiceField(choices=STATE_CHOICES)
    sentence = serializers.CharField()


class PlanUpdateSerializer(serializers.ModelSerializer[PlanUpdate]):
    """An update; texts and figures are empty for those who may not see the company's figures of single days."""

    figures = FrozenFigureSerializer(many=True, read_only=True)

    class Meta:
        model = PlanUpdate
        fields = (
            "id", "number", "drafted_by", "drafted_at", "due_on", "marketing_text", "sales_text", "marketing_by",
            "marketing_at", "sales_by", "sales_at", "presented_at", "figures", "next_due_on",
        )  # fmt: skip

    def to_representation(self, update: PlanUpdate) -> dict[str, Any]:
        shown = super().to_representation(update)
        if not can_see_figures(self.context["request"].user):
            shown |= {"figures": [], "marketing_text": "", "sales_text": ""}
        return shown


class WritingSerializer(serializers.Serializer[Any]):
    text = Words(max_length=10_000)
    next_due_on = serializers.DateField(help_text="The day by which the next update is due.")


class PlanUpdateView(ReadOnly):
    queryset = PlanUpdate.objects.all()
    serializer_class = PlanUpdateSerializer

    @extend_schema(request=None, responses={201: PlanUpdateSerializer})
    def create(self, request: Request) -> Response:
        """Begin the next update from what moved since the last one; an open one is returned as it is."""
        with errors_as_responses():
            update = actions.draft_update(by=cast(User, request.user))
        return self._answer(update, status.HTTP_201_CREATED)

    @extend_schema(request=WritingSerializer, responses=PlanUpdateSerializer)
    @action(detail=True, methods=["post"])
    def write(self, request: Request, pk: int) -> Response:
        """Write the part of your side; both sides present the new wording again."""
        entered, update = read_body(WritingSerializer, request.data), get_object_or_404(PlanUpdate, pk=pk)
        with errors_as_responses():
            return self._answer(actions.write_update(by=cast(User, request.user), update=update, **entered))

    @extend_schema(request=None, responses=PlanUpdateSerializer)
    @action(detail=True, methods=["post"])
    def present(self, request: Request, pk: int) -> Response:
        """Present the update for your side; with the second side the figures of the day are frozen into it."""
        update = get_object_or_404(PlanUpdate, pk=pk)
        with errors_as_responses():
            return self._answer(actions.present_update(by=cast(User, request.user), update=update))

    def _answer(self, update: PlanUpdate, code: int = status.HTTP_200_OK) -> Response:
        return Response(self.get_serializer(update).data, status=code)
