"""Moves, hand-offs and verdicts over HTTP: read by everybody who may see them, written by the same actions as the screens."""

from datetime import timedelta
from typing import Any, cast

import django_filters as filters
from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.fields import Terms, Whole, Words, read, refusals
from crm.api.filters import ChangedSince, Moment, Reference, YesNo
from crm.api.views import RecordView
from crm.models import Account, Lead
from funnel import actions, verdicts
from funnel.models import HandOff, Move, Verdict
from team.models import User

MOST_DAYS = timedelta(days=3650)


class MoveSerializer(serializers.ModelSerializer[Move]):
    evidence = Terms(read_only=True)

    class Meta:
        model = Move
        fields = (
            "id", "lead", "account", "stage", "from_stage", "entered_at", "recorded_at", "by", "actor", "version",
            "evidence", "override",
        )  # fmt: skip


class HandOffSerializer(serializers.ModelSerializer[HandOff]):
    class Meta:
        model = HandOff
        fields = (
            "id", "lead", "move", "to_owner", "from_side", "to_side", "why", "sla", "started_at", "warn_at", "due_at",
            "accept_due_at", "attempts_due_at", "attempts_needed", "reroute_at", "track_until", "paused_at", "paused_until",
            "pause_reason", "paused_seconds", "warned_at", "breached_at", "accept_missed_at", "attempts_missed_at",
            "answered_at", "response_seconds", "attempts", "ended_at", "end", "rating", "score",
        )  # fmt: skip


class VerdictSerializer(serializers.ModelSerializer[Verdict]):
    class Meta:
        model = Verdict
        fields = (
            "id", "handoff", "lead", "answer", "criterion", "rating", "note", "after", "return_on", "given_by", "given_at",
            "undone_at", "settled_at", "returned_at",
        )  # fmt: skip


class NewMoveSerializer(serializers.Serializer[Any]):
    """A move by hand: of one lead or one account, with a reason where the stage's criteria fail."""

    lead = Whole(min_value=1, max_value=2**63 - 1, required=False)
    account = Whole(min_value=1, max_value=2**63 - 1, required=False)
    stage = Words(max_length=40)
    override = Words(max_length=5000, required=False, allow_blank=True, help_text="Why, where the criteria fail.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("lead" in attrs) == ("account" in attrs):
            raise serializers.ValidationError("Name one lead or one account.")
        return attrs


class NewVerdictSerializer(serializers.Serializer[Any]):
    """What Sales says of a lead that was handed over. A rejection has a criterion or a note."""

    handoff = Whole(min_value=1, max_value=2**63 - 1)
    answer = serializers.ChoiceField(choices=Verdict.Answer.choices)
    criterion = Words(
        max_length=300, required=False, allow_blank=True, help_text="In the words of the signed definition."
    )
    note = Words(max_length=5000, required=False, allow_blank=True)
    after = serializers.ChoiceField(
        choices=["recycled", "disqualified"], required=False, help_text="After a rejection."
    )
    return_on = serializers.DateField(required=False, help_text="When a recycled lead comes back.")
    rating = Whole(min_value=1, max_value=5, required=False)


class MoveFilter(filters.FilterSet):
    lead = Reference(field_name="lead_id")
    account = Reference(field_name="account_id")
    stage = filters.CharFilter(max_length=40)
    by = filters.ChoiceFilter(choices=Move.By.choices, empty_label=None)
    entered_at_from = Moment(field_name="entered_at", lookup_expr="gte")
    entered_at_to = Moment(field_name="entered_at", lookup_expr="lte")
    changed_since = ChangedSince()


class HandOffFilter(filters.FilterSet):
    lead = Reference(field_name="lead_id")
    owner = Reference(field_name="to_owner_id")
    is_open = YesNo(method="open_or_not")
    end = filters.ChoiceFilter(choices=[one for one in HandOff.End.choices if one[0]], empty_label=None)
    started_at_from = Moment(field_name="started_at", lookup_expr="gte")
    started_at_to = Moment(field_name="started_at", lookup_expr="lte")
    changed_since = ChangedSince()

    def open_or_not(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(ended_at__isnull=value == "true")


class VerdictFilter(filters.FilterSet):
    lead = Reference(field_name="lead_id")
    handoff = Reference(field_name="handoff_id")
    owner = Reference(field_name="handoff__to_owner_id")
    answer = filters.ChoiceFilter(choices=Verdict.Answer.choices, empty_label=None)
    given_at_from = Moment(field_name="given_at", lookup_expr="gte")
    given_at_to = Moment(field_name="given_at", lookup_expr="lte")
    changed_since = ChangedSince()


class MoveView(RecordView):
    queryset = Move.objects.all()
    serializer_class = MoveSerializer
    parser_classes = [JSONParser]
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
        said, user = read(NewMoveSerializer, request.data), cast(User, request.user)
        model, pk = (Lead, said["lead"]) if "lead" in said else (Account, said["account"])
        buyer = cast(Lead | Account, get_object_or_404(model.objects.visible_to(user), pk=pk))
        with refusals():
            made = actions.move(by=user, buyer=buyer, stage=said["stage"], override=said.get("override", ""))
        return Response(MoveSerializer(made).data, status=status.HTTP_201_CREATED)


class HandOffView(RecordView):
    queryset = HandOff.objects.all()
    serializer_class = HandOffSerializer
    ordering_fields = ("started_at", "due_at")
    filterset_class = HandOffFilter


class VerdictView(RecordView):
    queryset = Verdict.objects.all()
    serializer_class = VerdictSerializer
    parser_classes = [JSONParser]
    ordering_fields = ("given_at",)
    filterset_class = VerdictFilter

    @extend_schema(request=NewVerdictSerializer, responses={201: VerdictSerializer})
    def create(self, request: Request) -> Response:
        """Accept or reject a lead. It takes effect after ten seconds; until then it can be taken back."""
        said, user = read(NewVerdictSerializer, request.data), cast(User, request.user)
        handoff = get_object_or_404(HandOff.objects.visible_to(user), pk=said.pop("handoff"))
        with refusals():
            made = _given(user, handoff, said)
        return Response(VerdictSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=VerdictSerializer)
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: int) -> Response:
        """Take one's own verdict back, within ten seconds."""
        found = get_object_or_404(self.get_queryset(), pk=pk)
        with refusals():
            undone = verdicts.undo(by=cast(User, request.user), verdict=found)
        return Response(VerdictSerializer(undone).data)


def _given(user: User, handoff: HandOff, said: dict[str, Any]) -> Verdict:
    if said.pop("answer") == Verdict.Answer.ACCEPTED:
        strange = sorted({"criterion", "after", "return_on"} & set(said))
        if strange:
            raise serializers.ValidationError(dict.fromkeys(strange, "Only a rejection has it."))
        return verdicts.accept(by=user, handoff=handoff, **said)
    day = said.get("return_on")
    if day and day > timezone.localdate() + MOST_DAYS:
        raise serializers.ValidationError({"return_on": "That is too far away."})
    return verdicts.reject(by=user, handoff=handoff, **said)


HANDED_VIEWS: dict[str, type[RecordView]] = {"moves": MoveView, "handoffs": HandOffView, "verdicts": VerdictView}
