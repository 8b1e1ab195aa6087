"""Routing over HTTP, for those who decide who gets leads: rules in their order, capacities, absences, and a trial."""

from typing import Any, cast

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.fields import Terms, Whole, Words, errors_as_responses, read_body
from core.api.views import ReadOnly
from crm.models import Lead, Owner
from funnel.handoffs.routing_preview import LEAD_RELATIONS, preview_routing
from funnel.models import Absence, Capacity, RoutingRule
from funnel.routing import actions
from funnel.routing.descriptions import describe_routing_rule
from team.access import has_right, own_ids
from team.models import User

KEY: dict[str, Any] = {"min_value": 1, "max_value": 2**63 - 1}


class RoutingRuleSerializer(serializers.ModelSerializer[RoutingRule]):
    condition = Terms(read_only=True, allow_null=True)
    in_words = serializers.SerializerMethodField()

    class Meta:
        model = RoutingRule
        fields = (
            "id", "position", "name", "how", "condition", "people", "is_active", "in_words", "changed_by", "changed_at",
        )  # fmt: skip

    def get_in_words(self, rule: RoutingRule) -> str:
        return describe_routing_rule(rule)


class NewRoutingRuleSerializer(serializers.Serializer[Any]):
    """A rule; `condition` and `people` (ids of owners) belong to a segment alone."""

    name = Words(max_length=120)
    how = serializers.ChoiceField(choices=RoutingRule.How.choices)
    condition = Terms(required=False)
    people = serializers.ListField(child=Whole(**KEY), required=False, max_length=500)
    is_active = serializers.BooleanField(required=False)


class PlaceSerializer(serializers.Serializer[Any]):
    direction = serializers.ChoiceField(choices=["earlier", "later"])


class TrySerializer(serializers.Serializer[Any]):
    lead = Whole(**KEY)


class AnsweredSerializer(serializers.Serializer[Any]):
    rule = serializers.IntegerField(source="rule.pk", help_text="0: Accord's own order, while there are no rules.")
    name = serializers.CharField(source="rule.name")
    owner = serializers.IntegerField(source="owner.pk", allow_null=True, default=None)
    why = serializers.CharField()


class TrialSerializer(serializers.Serializer[Any]):
    """Who would get the lead now and why, and what each rule says of it."""

    lead = serializers.IntegerField(source="lead.pk")
    owner = serializers.IntegerField(source="owner.pk", allow_null=True, default=None)
    why = serializers.CharField()
    rules = AnsweredSerializer(many=True, source="answers")


class CapacitySerializer(serializers.ModelSerializer[Capacity]):
    class Meta:
        model = Capacity
        fields = ("id", "owner", "per_day", "per_week")


class NewCapacitySerializer(serializers.Serializer[Any]):
    """How many leads an owner takes a day and a week; neither leaves it to what is usual."""

    owner = Whole(**KEY)
    per_day = Whole(min_value=0, max_value=10_000, required=False, allow_null=True)
    per_week = Whole(min_value=0, max_value=50_000, required=False, allow_null=True)


class AbsenceSerializer(serializers.ModelSerializer[Absence]):
    class Meta:
        model = Absence
        fields = ("id", "owner", "starts_on", "ends_on", "noted_by")


class NewAbsenceSerializer(serializers.Serializer[Any]):
    owner = Whole(**KEY)
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()


class Routers(ReadOnly):
    """Lists that only those read who decide who gets leads."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if not has_right(cast(User, request.user), "route"):
            raise PermissionDenied("Only ops admins and the CRO can change routing.")


class RoutingRuleView(Routers):
    queryset = RoutingRule.objects.prefetch_related("people")
    serializer_class = RoutingRuleSerializer
    ordering_fields = ("position",)

    @extend_schema(request=NewRoutingRuleSerializer, responses={201: RoutingRuleSerializer})
    def create(self, request: Request) -> Response:
        """Add a rule behind all others. It counts from the next lead."""
        return self._save_rule(request, None, status.HTTP_201_CREATED)

    @extend_schema(request=NewRoutingRuleSerializer, responses=RoutingRuleSerializer)
    def update(self, request: Request, pk: int) -> Response:
        """Change a rule in its place."""
        return self._save_rule(request, get_object_or_404(RoutingRule, pk=pk))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: int) -> Response:
        """Remove a rule."""
        with errors_as_responses():
            actions.remove_rule(by=cast(User, request.user), rule=get_object_or_404(RoutingRule, pk=pk))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=PlaceSerializer, responses=RoutingRuleSerializer)
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: int) -> Response:
        """Let a rule be asked one place earlier or later."""
        entered, rule = read_body(PlaceSerializer, request.data), get_object_or_404(RoutingRule, pk=pk)
        with errors_as_responses():
            actions.move_rule(by=cast(User, request.user), rule=rule, up=entered["direction"] == "earlier")
        rule.refresh_from_db()
        return Response(RoutingRuleSerializer(rule).data)

    @extend_schema(request=TrySerializer, responses=TrialSerializer, filters=False)
    @action(detail=False, methods=["post"], url_path="try", pagination_class=None)
    def ask(self, request: Request) -> Response:
        """Say who would get a lead now, and what each rule says of it. Nothing is written."""
        entered = read_body(TrySerializer, request.data)
        leads = Lead.objects.visible_to(cast(User, request.user)).select_related(*LEAD_RELATIONS)
        return Response(
            TrialSerializer(preview_routing(get_object_or_404(leads, pk=entered["lead"]), timezone.now())).data
        )

    def _save_rule(self, request: Request, rule: RoutingRule | None, code: int = status.HTTP_200_OK) -> Response:
        entered = read_body(NewRoutingRuleSerializer, request.data)
        people = set(entered.pop("people", ()))
        owners = list(Owner.objects.filter(pk__in=people, is_active=True))
        with errors_as_responses():
            if len(owners) < len(people):
                raise ValidationError("Some of these people do not exist or are inactive.")
            saved = actions.save_rule(by=cast(User, request.user), rule=rule, people=owners, **entered)
        return Response(RoutingRuleSerializer(saved).data, status=code)


class CapacityView(Routers):
    queryset = Capacity.objects.all()
    serializer_class = CapacitySerializer
    ordering_fields = ("per_week",)

    @extend_schema(request=NewCapacitySerializer, responses={201: CapacitySerializer, 204: None})
    def create(self, request: Request) -> Response:
        """Say how many leads an owner takes; with neither number it is what is usual, and the answer is empty."""
        entered = read_body(NewCapacitySerializer, request.data)
        owner = get_object_or_404(Owner, pk=entered["owner"], is_active=True)
        with errors_as_responses():
            capacity = actions.set_capacity(
                by=cast(User, request.user),
                owner=owner,
                per_day=entered.get("per_day"),
                per_week=entered.get("per_week"),
            )
        if capacity is None:
            return Response(status=status.HTTP_204_NO_CONTENT)
        return Response(CapacitySerializer(capacity).data, status=status.HTTP_201_CREATED)


class AbsenceView(ReadOnly):
    """Who is away: everyone for those who decide who gets leads, else oneself and one's reports."""

    queryset = Absence.objects.all()
    serializer_class = AbsenceSerializer
    ordering_fields = ("starts_on", "ends_on")

    def get_queryset(self) -> QuerySet[Any]:
        user = cast(User, self.request.user)
        rows = super().get_queryset()
        return rows if has_right(user, "route") else rows.filter(owner__user_id__in=own_ids(user))

    @extend_schema(request=NewAbsenceSerializer, responses={201: AbsenceSerializer})
    def create(self, request: Request) -> Response:
        """Note that a person is away, both days included; what they have not answered goes to others."""
        entered = read_body(NewAbsenceSerializer, request.data)
        owner = get_object_or_404(Owner, pk=entered.pop("owner"), is_active=True)
        with errors_as_responses():
            absence = actions.note_absence(by=cast(User, request.user), owner=owner, **entered)
        return Response(AbsenceSerializer(absence).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: int) -> Response:
        """Take a person back before the absence is over."""
        with errors_as_responses():
            actions.end_absence(by=cast(User, request.user), absence=get_object_or_404(Absence, pk=pk))
        return Response(status=status.HTTP_204_NO_CONTENT)
