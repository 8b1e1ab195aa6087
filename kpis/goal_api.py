"""Joint goals over HTTP: with their owners, their pace and their state."""

from typing import Any, cast

from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.fields import Whole, Words, errors_as_responses, read_body
from core.api.views import ReadOnly
from facts.engine import open_facts
from kpis.actions import NoGoal, drop_goal, set_goal
from kpis.goal_states import STATE_CHOICES, UNKNOWN
from kpis.models import Goal
from kpis.pace import Pace, list_paces
from kpis.registry import UnknownMetric, get_metric
from team.models import Company, User


class GoalSerializer(serializers.ModelSerializer[Goal]):
    """A goal and how it stands; its figures are null where there are none or you may not see them."""

    target = serializers.CharField(help_text="A rate is a fraction.")
    state = serializers.SerializerMethodField()
    value = serializers.SerializerMethodField("get_reached")
    projected = serializers.SerializerMethodField(help_text="Where the pace so far leads by the last day.")
    sentence = serializers.SerializerMethodField()

    class Meta:
        model = Goal
        fields = (
            "id", "metric", "target", "currency", "starts_on", "ends_on", "marketing_owner", "sales_owner", "set_by", "set_at",
            "state", "value", "projected", "sentence",
        )  # fmt: skip

    def _pace(self, goal: Goal) -> Pace | None:
        user = cast(User, self.context["request"].user)
        return next(iter(list_paces([goal], Company.today(), user, open_facts())), None)

    def to_representation(self, goal: Goal) -> dict[str, Any]:
        self.pace = self._pace(goal)
        return super().to_representation(goal)

    @extend_schema_field(serializers.ChoiceField(choices=STATE_CHOICES))
    def get_state(self, goal: Goal) -> str:
        return self.pace.state if self.pace else UNKNOWN

    def get_reached(self, goal: Goal) -> float | None:
        return float(self.pace.value) if self.pace and self.pace.is_known else None

    def get_projected(self, goal: Goal) -> float | None:
        pace = self.pace if self.pace and self.pace.is_known else None
        return float(pace.projected) if pace and pace.projected is not None else None

    def get_sentence(self, goal: Goal) -> str:
        return self.pace.sentence if self.pace else "The metric of this goal is not computed any more."


class NewGoalSerializer(serializers.Serializer[Any]):
    """A goal; without owners the leaders of both sides own it."""

    metric = Words(max_length=80, help_text="An amount of money or a rate between two amounts of money.")
    target = serializers.DecimalField(max_digits=18, decimal_places=4, help_text="A rate is a fraction.")
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    marketing_owner = Whole(required=False, min_value=1, max_value=2**63 - 1)
    sales_owner = Whole(required=False, min_value=1, max_value=2**63 - 1)


class GoalView(ReadOnly):
    queryset = Goal.objects.all()
    serializer_class = GoalSerializer
    ordering_fields = ("starts_on", "ends_on")

    @extend_schema(request=NewGoalSerializer, responses={201: GoalSerializer})
    def create(self, request: Request) -> Response:
        """Set a joint goal."""
        return self._save_goal(request, Goal(), status.HTTP_201_CREATED)

    @extend_schema(request=NewGoalSerializer, responses=GoalSerializer)
    def update(self, request: Request, pk: int) -> Response:
        """Change a joint goal as a whole."""
        return self._save_goal(request, get_object_or_404(Goal, pk=pk), status.HTTP_200_OK)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: int) -> Response:
        """Delete a joint goal."""
        with errors_as_responses():
            drop_goal(actor=cast(User, request.user), goal=get_object_or_404(Goal, pk=pk))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _save_goal(self, request: Request, goal: Goal, code: int) -> Response:
        entered = read_body(NewGoalSerializer, request.data)
        with errors_as_responses():
            for name in ("metric", "target", "starts_on", "ends_on"):
                setattr(goal, name, entered[name])
            for name in ("marketing_owner", "sales_owner"):
                setattr(goal, name, _find_owner(entered.get(name)))
            try:
                get_metric(goal.metric)
                set_goal(actor=cast(User, request.user), goal=goal)
            except (NoGoal, UnknownMetric) as error:
                raise ValidationError(str(error)) from None
        return Response(self.get_serializer(goal).data, status=code)


def _find_owner(pk: int | None) -> User | None:
    owner = User.objects.filter(pk=pk).first() if pk else None
    if pk and owner is None:
        raise ValidationError("One of the owners does not exist. Use the id of an active person.")
    return owner
