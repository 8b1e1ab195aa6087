"""Moves over HTTP: read by everyone who may read the buyer, written by the same action as the screens."""

from typing import Any, cast

import django_filters as filters
from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.fields import Terms, Whole, Words, errors_as_responses, read_body
from crm.api.filters import ChangedSince, Moment, Reference
from crm.api.views import RecordView
from crm.models import Account, Lead
from funnel import actions
from funnel.models import Move
from team.models import User


class MoveSerializer(serializers.ModelSerializer[Move]):
    evidence = Terms(read_only=True)

    class Meta:
        model = Move
        fields = (
            "id", "lead", "account", "stage", "from_stage", "entered_at", "recorded_at", "by", "actor", "version",
            "is_dated", "evidence", "override",
        )  # fmt: skip


class NewMoveSerializer(serializers.Serializer[Any]):
    """A move by hand: of one lead or one account, with a reason where the stage's criteria fail."""

    lead = Whole(min_value=1, max_value=2**63 - 1, required=False)
    account = Whole(min_value=1, max_value=2**63 - 1, required=False)
    stage = Words(max_length=40)
    override = Words(
        max_length=5000, required=False, allow_blank=True, help_text="The reason, if the criteria are not met."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("lead" in attrs) == ("account" in attrs):
            raise serializers.ValidationError("Name one lead or one account.")
        return attrs


class MoveFilter(filters.FilterSet):
    lead = Reference(field_name="lead_id")
    account = Reference(field_name="account_id")
    stage = filters.CharFilter(max_length=40)
    by = filters.ChoiceFilter(choices=Move.By.choices, empty_label=None)
    entered_at_from = Moment(field_name="entered_at", lookup_expr="gte")
    entered_at_to = Moment(field_name="entered_at", lookup_expr="lte")
    changed_since = ChangedSince()


class MoveView(RecordView):
    queryset = Move.objects.all()
    serializer_class = MoveSerializer
    ordering_fields = ("entered_at", "recorded_at")
    filterset_class = MoveFilter

    def get_queryset(self) -> QuerySet[Any]:
        """The moves of the buyers that the reader may see."""
        user = self.request.user
        leads, accounts = Lead.objects.visible_to(user), Account.objects.visible_to(user)
        if not (leads.query.has_filters() or accounts.query.has_filters()):
            return Move.objects.all()
        return Move.objects.filter(Q(lead__in=leads) | Q(account__in=accounts))

    @extend_schema(request=NewMoveSerializer, responses={201: MoveSerializer})
    def create(self, request: Request) -> Response:
        """Move a buyer to a stage by hand, as of now. Where its criteria fail, a reason is needed and recorded."""
        entered, user = read_body(NewMoveSerializer, request.data), cast(User, request.user)
        model, pk = (Lead, entered["lead"]) if "lead" in entered else (Account, entered["account"])
        buyer = cast(Lead | Account, get_object_or_404(model.objects.visible_to(user), pk=pk))
        with errors_as_responses():
            made = actions.move_buyer(
                by=user, buyer=buyer, stage=entered["stage"], override=entered.get("override", "")
            )
        return Response(MoveSerializer(made).data, status=status.HTTP_201_CREATED)
