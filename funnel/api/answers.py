"""What Marketing does with verdicts, over HTTP: answers, contests, and the arbiter's rulings."""

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
from core.api.views import ReadOnly
from crm.api.filters import Moment, Reference, YesNo
from funnel import contests
from funnel.models import Answer, Ruling, Verdict
from funnel.permissions import ANSWER_VERDICT
from team.models import User

MOST = 1000  # verdicts answered at once


class AnswerSerializer(serializers.ModelSerializer[Answer]):
    class Meta:
        model = Answer
        fields = (
            "id", "verdict", "is_contest", "words", "given_by", "given_at", "arbiter", "rule_by", "decision", "ruling",
            "ruled_by", "ruled_at",
        )  # fmt: skip


class NewAnswerSerializer(serializers.Serializer[Any]):
    """What was done about criticism: one text for one verdict or many of a kind."""

    verdicts = serializers.ListField(
        child=Whole(min_value=1, max_value=2**63 - 1), min_length=1, max_length=MOST, help_text="Ids of verdicts."
    )
    words = Words(max_length=5000)


class RulingSerializer(serializers.Serializer[Any]):
    """The arbiter's ruling with its reason."""

    decision = serializers.ChoiceField(choices=Ruling.choices)
    ruling = Words(max_length=5000)


class AnswerFilter(filters.FilterSet):
    verdict = Reference(field_name="verdict_id")
    given_at_from = Moment(field_name="given_at", lookup_expr="gte")
    given_at_to = Moment(field_name="given_at", lookup_expr="lte")


class ContestFilter(AnswerFilter):
    arbiter = Reference(field_name="arbiter_id")
    is_ruled = YesNo(method="ruled_or_not")

    def ruled_or_not(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(ruled_at__isnull=value == "false")


class AnswerView(ReadOnly):
    """What Marketing answered; those who may see a verdict see what became of it."""

    queryset = Answer.objects.filter(is_contest=False)
    serializer_class = AnswerSerializer
    ordering_fields = ("given_at",)
    filterset_class = AnswerFilter

    def get_queryset(self) -> QuerySet[Any]:
        return visible_answers(super().get_queryset(), cast(User, self.request.user))

    # a list as it is: described by its serializer, it would be taken for a page
    @extend_schema(
        request=NewAnswerSerializer,
        responses={201: {"type": "array", "items": {"$ref": "#/components/schemas/Answer"}}},
    )
    def create(self, request: Request) -> Response:
        """Say what was done about verdicts, as Marketing; every rep who gave one is notified once."""
        entered, user = read_body(NewAnswerSerializer, request.data), cast(User, request.user)
        with errors_as_responses():
            ANSWER_VERDICT.require(user)
        wanted = set(entered["verdicts"])
        verdicts = list(Verdict.objects.visible_to(user).standing().filter(pk__in=wanted).select_related("given_by"))
        if len(verdicts) < len(wanted):
            raise serializers.ValidationError({"verdicts": "Some of these verdicts do not exist."})
        with errors_as_responses():
            made = contests.answer_verdicts(by=user, verdicts=verdicts, text=entered["words"])
        return Response(AnswerSerializer(made, many=True).data, status=status.HTTP_201_CREATED)


class ContestView(ReadOnly):
    """The arbitration log: rejections that Marketing contested, with their rulings."""

    queryset = Answer.objects.filter(is_contest=True)
    serializer_class = AnswerSerializer
    ordering_fields = ("given_at", "rule_by")
    filterset_class = ContestFilter

    def get_queryset(self) -> QuerySet[Any]:
        return visible_answers(super().get_queryset(), cast(User, self.request.user))

    @extend_schema(request=RulingSerializer, responses=AnswerSerializer)
    @action(detail=True, methods=["post"])
    def rule(self, request: Request, pk: int) -> Response:
        """Give the arbiter's ruling; an overturned rejection hands the lead back, with a new clock."""
        entered, contested = read_body(RulingSerializer, request.data), get_object_or_404(self.get_queryset(), pk=pk)
        with errors_as_responses():
            ruled = contests.rule_on_contest(by=cast(User, request.user), contested=contested, **entered)
        return Response(AnswerSerializer(ruled).data)


def visible_answers(rows: QuerySet[Any], user: User) -> QuerySet[Any]:
    """Narrow answers to those of verdicts that the reader sees, and contests that are the reader's to rule on."""
    return rows.filter(verdict__in=Verdict.objects.visible_to(user)) | rows.filter(arbiter=user)
