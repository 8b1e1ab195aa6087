"""Hand-offs and verdicts over HTTP, with the rights and the actions of the screens."""

from datetime import timedelta
from typing import Any, cast

import django_filters as filters
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.fields import Whole, Words, errors_as_responses, read_body
from crm.api.filters import ChangedSince, Moment, Reference, YesNo
from crm.api.views import RecordView
from crm.models import Activity, Owner
from funnel import contests
from funnel.api.answers import AnswerSerializer
from funnel.handoffs.reassignment import pass_lead_on
from funnel.models import HandOff, Verdict
from funnel.verdicts import actions
from team.models import Company, User

MOST_DAYS = timedelta(days=3650)


class HandOffSerializer(serializers.ModelSerializer[HandOff]):
    class Meta:
        model = HandOff
        fields = (
            "id", "lead", "move", "to_owner", "from_side", "to_side", "why", "sla", "started_at", "warn_at", "due_at",
            "accept_due_at", "attempts_due_at", "attempts_needed", "reroute_at", "track_until", "paused_at", "paused_until",
            "pause_reason", "paused_by", "paused_seconds", "warned_at", "breached_at", "accept_missed_at", "attempts_missed_at",
            "answered_at", "is_answer_day_only", "response_seconds", "attempts", "ended_at", "end", "rating", "rated_by", "score",
        )  # fmt: skip


class VerdictSerializer(serializers.ModelSerializer[Verdict]):
    class Meta:
        model = Verdict
        fields = (
            "id", "handoff", "lead", "answer", "criterion", "rating", "note", "after", "return_on", "given_by", "given_at",
            "undone_at", "settled_at", "returned_at",
        )  # fmt: skip


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


class PauseSerializer(serializers.Serializer[Any]):
    """Until when a clock is paused, and what the lead waits for."""

    until = serializers.DateTimeField()
    reason = Words(max_length=300)


class PassingSerializer(serializers.Serializer[Any]):
    """To whom a lead goes, and why; without an owner the routing rules decide."""

    reason = Words(max_length=200)
    owner = Whole(min_value=1, max_value=2**63 - 1, required=False)


class RatingSerializer(serializers.Serializer[Any]):
    rating = Whole(min_value=1, max_value=5)


class CallSerializer(serializers.Serializer[Any]):
    """A call, mail, meeting or message with the lead, as it was just now."""

    kind = serializers.ChoiceField(choices=list(actions.CALLS.items()))
    outcome = Words(max_length=255, required=False, allow_blank=True)
    notes = Words(max_length=5000, required=False, allow_blank=True)
    seconds = Whole(min_value=0, max_value=2**31 - 1, required=False)


class LoggedSerializer(serializers.ModelSerializer[Activity]):
    class Meta:
        model = Activity
        fields = ("id", "kind", "subject", "owner", "logged_by", "lead", "outcome", "notes", "seconds", "happened_at")


class CriteriaSerializer(serializers.Serializer[Any]):
    """The conditions of the signed definition that a rejection may name."""

    criteria = serializers.ListField(child=serializers.CharField())


class ContestingSerializer(serializers.Serializer[Any]):
    """Why a rejection is wrong, and the last day for the arbiter to rule: two weeks from now by default."""

    words = Words(max_length=5000)
    rule_by = serializers.DateField(required=False)


class HandOffFilter(filters.FilterSet):
    lead = Reference(field_name="lead_id")
    owner = Reference(field_name="to_owner_id")
    is_open = YesNo(method="open_or_not")
    end = filters.ChoiceFilter(choices=[choice for choice in HandOff.End.choices if choice[0]], empty_label=None)
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


class HandOffView(RecordView):
    queryset = HandOff.objects.all()
    serializer_class = HandOffSerializer
    ordering_fields = ("started_at", "due_at")
    filterset_class = HandOffFilter

    @extend_schema(responses=CriteriaSerializer, filters=False)
    @action(detail=True, pagination_class=None)
    def criteria(self, request: Request, pk: int) -> Response:
        """Say which conditions of the signed definition a rejection of this lead may name."""
        return Response({"criteria": actions.criteria_of(self._get_handoff(pk))})

    @extend_schema(request=PauseSerializer, responses=HandOffSerializer)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: int) -> Response:
        """Pause the clock until a moment within 60 days; every deadline ahead moves with it."""
        entered, handoff = read_body(PauseSerializer, request.data), self._get_handoff(pk)
        with errors_as_responses():
            return self._respond(actions.pause_clock(by=cast(User, request.user), handoff=handoff, **entered))

    @extend_schema(request=None, responses=HandOffSerializer)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: int) -> Response:
        """Let the clock go on before its pause is over."""
        with errors_as_responses():
            return self._respond(actions.resume_clock(by=cast(User, request.user), handoff=self._get_handoff(pk)))

    @extend_schema(request=PassingSerializer, responses={201: HandOffSerializer})
    @action(detail=True, methods=["post"])
    def reroute(self, request: Request, pk: int) -> Response:
        """Pass a lead of one's team on, to an owner or by the rules; answers the new hand-off, whose clock restarts."""
        entered, handoff = read_body(PassingSerializer, request.data), self._get_handoff(pk)
        owner = get_object_or_404(Owner, pk=entered["owner"]) if "owner" in entered else None
        with errors_as_responses():
            made = pass_lead_on(by=cast(User, request.user), handoff=handoff, reason=entered["reason"], to=owner)
        return self._respond(made, status.HTTP_201_CREATED)

    @extend_schema(request=RatingSerializer, responses=HandOffSerializer)
    @action(detail=True, methods=["post"])
    def rate(self, request: Request, pk: int) -> Response:
        """Say how good the lead is, 1 to 5, before or after a verdict."""
        entered, handoff = read_body(RatingSerializer, request.data), self._get_handoff(pk)
        with errors_as_responses():
            return self._respond(actions.rate_lead(by=cast(User, request.user), handoff=handoff, **entered))

    @extend_schema(request=CallSerializer, responses={201: LoggedSerializer})
    @action(detail=True, methods=["post"])
    def calls(self, request: Request, pk: int) -> Response:
        """Log a call, mail, meeting or message: an attempt, and the first response when it is the first."""
        entered, handoff = read_body(CallSerializer, request.data), self._get_handoff(pk)
        with errors_as_responses():
            made = actions.log_call(by=cast(User, request.user), handoff=handoff, **entered)
        return Response(LoggedSerializer(made).data, status=status.HTTP_201_CREATED)

    def _get_handoff(self, pk: int) -> HandOff:
        return cast(HandOff, get_object_or_404(self.get_queryset(), pk=pk))

    def _respond(self, handoff: HandOff, code: int = status.HTTP_200_OK) -> Response:
        handoff.refresh_from_db()
        return Response(HandOffSerializer(handoff).data, status=code)


class VerdictView(RecordView):
    queryset = Verdict.objects.all()
    serializer_class = VerdictSerializer
    ordering_fields = ("given_at",)
    filterset_class = VerdictFilter

    @extend_schema(request=NewVerdictSerializer, responses={201: VerdictSerializer})
    def create(self, request: Request) -> Response:
        """Accept or reject a lead. It takes effect after ten seconds; until then it can be undone."""
        entered, user = read_body(NewVerdictSerializer, request.data), cast(User, request.user)
        handoff = get_object_or_404(HandOff.objects.visible_to(user), pk=entered.pop("handoff"))
        with errors_as_responses():
            made = _give_verdict(user, handoff, entered)
        return Response(VerdictSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=VerdictSerializer)
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: int) -> Response:
        """Undo one's own verdict, within ten seconds."""
        verdict = get_object_or_404(self.get_queryset(), pk=pk)
        with errors_as_responses():
            undone = actions.undo_verdict(by=cast(User, request.user), verdict=verdict)
        return Response(VerdictSerializer(undone).data)

    @extend_schema(request=ContestingSerializer, responses={201: AnswerSerializer})
    @action(detail=True, methods=["post"])
    def contest(self, request: Request, pk: int) -> Response:
        """Contest a rejection, as Marketing; the arbiter rules before a day."""
        entered, verdict = read_body(ContestingSerializer, request.data), get_object_or_404(self.get_queryset(), pk=pk)
        with errors_as_responses():
            made = contests.contest_verdict(
                by=cast(User, request.user), verdict=verdict, text=entered.pop("words"), **entered
            )
        return Response(AnswerSerializer(made).data, status=status.HTTP_201_CREATED)


def _give_verdict(user: User, handoff: HandOff, entered: dict[str, Any]) -> Verdict:
    if entered.pop("answer") == Verdict.Answer.ACCEPTED:
        strange = sorted({"criterion", "after", "return_on"} & set(entered))
        if strange:
            raise serializers.ValidationError(dict.fromkeys(strange, "Only for a rejection."))
        return actions.accept_lead(by=user, handoff=handoff, **entered)
    day = entered.get("return_on")
    if day and day > Company.today() + MOST_DAYS:
        raise serializers.ValidationError({"return_on": "This date is too far in the future."})
    return actions.reject_lead(by=user, handoff=handoff, **entered)
