"""Alarms over HTTP: what is open, what became of it, and what people answer."""

from functools import cached_property
from typing import Any, cast

import django_filters as filters
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from alarms import actions
from alarms.judges import Watch
from alarms.models import Alarm, AlarmEvent
from alarms.registry import SECTIONS
from alarms.rows import alarm_sentence
from alarms.setups import all_watches
from core.api.fields import Whole, Words, errors_as_responses, read_body
from core.api.views import ReadOnly
from crm.api.filters import Moment, Reference
from team.models import Company, User

STATES = ("open", "snoozed", "ended", "closed")


class AlarmEventSerializer(serializers.ModelSerializer[AlarmEvent]):
    class Meta:
        model = AlarmEvent
        fields = ("verb", "at", "by", "value", "note")


class AlarmSerializer(serializers.ModelSerializer[Alarm]):
    """An alarm: rates are fractions, costs are money a year with their interval of 95 %."""

    sentence = serializers.SerializerMethodField(help_text="What is wrong, in words with its figures.")
    state = serializers.SerializerMethodField(help_text=f"One of {', '.join(STATES)}.")

    class Meta:
        model = Alarm
        fields = (
            "id", "detector", "name", "sentence", "state", "metric", "where", "opened_at", "since", "value", "expected", "worst",
            "n", "p_value", "cost", "cost_low", "cost_high", "currency", "evidence", "owner", "acknowledged_at",
            "acknowledged_by", "snoozed_until", "snooze_reason", "worsened_at", "ended_at", "closed_at", "closed_by", "verdict",
        )  # fmt: skip

    def get_sentence(self, alarm: Alarm) -> str:
        return alarm_sentence(alarm, self.context["watches"].get(alarm.detector), Company.get().currency)

    def get_state(self, alarm: Alarm) -> str:
        if alarm.closed_at:
            return "closed"
        if alarm.ended_at:
            return "ended"
        return "snoozed" if alarm.is_snoozed(Company.today()) else "open"


class AlarmDetailSerializer(AlarmSerializer):
    """An alarm with its history."""

    events = AlarmEventSerializer(many=True)

    class Meta(AlarmSerializer.Meta):
        fields = (*AlarmSerializer.Meta.fields, "events")  # type: ignore[assignment]


class SnoozeSerializer(serializers.Serializer[Any]):
    until = serializers.DateField(help_text="After today and within a year.")
    reason = Words(max_length=300)


class NewNormalSerializer(serializers.Serializer[Any]):
    since = serializers.DateField(required=False, help_text="Without it: the day on which the change began.")


class CloseSerializer(serializers.Serializer[Any]):
    verdict = serializers.ChoiceField(choices=Alarm.Verdict.choices)
    note = Words(max_length=480, required=False)


class NoteSerializer(serializers.Serializer[Any]):
    note = Words(max_length=500)


class AssignSerializer(serializers.Serializer[Any]):
    owner = Whole(min_value=1, max_value=2**63 - 1, help_text="The id of an active person.")


class AlarmFilter(filters.FilterSet):
    state = filters.ChoiceFilter(choices=[(state, state) for state in STATES], method="in_state")
    section = filters.ChoiceFilter(choices=[(section, section) for section in SECTIONS], method="in_section")
    detector = filters.CharFilter()
    owner = Reference(field_name="owner_id")
    verdict = filters.ChoiceFilter(choices=Alarm.Verdict.choices)
    opened_at_from = Moment(field_name="opened_at", lookup_expr="gte")
    opened_at_to = Moment(field_name="opened_at", lookup_expr="lte")

    def in_state(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        today = Company.today()
        match value:
            case "open":
                return rows.calling(today)  # type: ignore[attr-defined, no-any-return]
            case "snoozed":
                return rows.snoozed(today)  # type: ignore[attr-defined, no-any-return]
            case "ended":
                return rows.without_verdict()  # type: ignore[attr-defined, no-any-return]
        return rows.exclude(closed_at=None)

    def in_section(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        keys = [watch.detector.key for watch in all_watches() if watch.detector.section == value]
        return rows.filter(detector__in=keys)


class AlarmView(ReadOnly):
    """The alarms that you may see."""

    queryset = Alarm.objects.all()
    serializer_class = AlarmSerializer
    ordering_fields = ("opened_at", "closed_at")
    filterset_class = AlarmFilter

    def get_queryset(self) -> QuerySet[Any]:
        rows: Any = super().get_queryset()
        return cast("QuerySet[Any]", rows.visible_to(cast(User, self.request.user)))

    @cached_property
    def watches(self) -> dict[str, Watch]:
        return {watch.detector.key: watch for watch in all_watches()}

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "watches": self.watches}

    @extend_schema(responses=AlarmDetailSerializer)
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return an alarm with its history."""
        return self._respond(self.get_object())

    @extend_schema(request=None, responses=AlarmDetailSerializer)
    @action(detail=True, methods=["post"])
    def acknowledge(self, request: Request, pk: int) -> Response:
        """Take an alarm up; you own it from then on if nobody did."""
        return self._act(request, pk, actions.acknowledge_alarm)

    @extend_schema(request=SnoozeSerializer, responses=AlarmDetailSerializer)
    @action(detail=True, methods=["post"])
    def snooze(self, request: Request, pk: int) -> Response:
        """Leave an alarm out of the open ones until a day; a worse figure brings it back before."""
        return self._act(request, pk, actions.snooze_alarm, SnoozeSerializer)

    @extend_schema(request=NewNormalSerializer, responses=AlarmDetailSerializer)
    @action(detail=True, methods=["post"], url_path="new-normal", url_name="new-normal")
    def new_normal(self, request: Request, pk: int) -> Response:
        """Let what is usual begin with the change, and close the alarm as known; for tests, not for limits."""
        return self._act(request, pk, actions.take_as_new_normal, NewNormalSerializer)

    @extend_schema(request=CloseSerializer, responses=AlarmDetailSerializer)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: int) -> Response:
        """Close an alarm as real, not real or known."""
        return self._act(request, pk, actions.close_alarm, CloseSerializer)

    @extend_schema(request=None, responses=AlarmDetailSerializer)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: int) -> Response:
        """Undo the closing of an alarm, as long as its detector has opened no newer one."""
        return self._act(request, pk, actions.reopen_alarm)

    @extend_schema(request=NoteSerializer, responses=AlarmDetailSerializer)
    @action(detail=True, methods=["post"])
    def note(self, request: Request, pk: int) -> Response:
        """Add a note to the history of an alarm."""
        return self._act(request, pk, actions.note_on_alarm, NoteSerializer)

    @extend_schema(request=AssignSerializer, responses=AlarmDetailSerializer)
    @action(detail=True, methods=["post"])
    def assign(self, request: Request, pk: int) -> Response:
        """Give an alarm to another owner, who is notified and may read its figures."""

        def assign_to(*, alarm: Alarm, user: User, owner: int) -> object:
            person = User.objects.filter(pk=owner, is_active=True).first()
            if person is None:
                raise serializers.ValidationError({"owner": ["Use the id of an active person."]})
            return actions.assign_alarm(alarm=alarm, user=user, owner=person)

        return self._act(request, pk, assign_to, AssignSerializer)

    def _act(self, request: Request, pk: int, act: Any, form: Any = None) -> Response:
        alarm = get_object_or_404(self.get_queryset(), pk=pk)
        entered = read_body(form, request.data) if form else {}
        with errors_as_responses():
            act(alarm=alarm, user=cast(User, request.user), **entered)
        return self._respond(get_object_or_404(self.get_queryset(), pk=pk))

    def _respond(self, alarm: Alarm) -> Response:
        return Response(AlarmDetailSerializer(alarm, context=self.get_serializer_context()).data)
