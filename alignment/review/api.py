"""Joint reviews and their decisions over HTTP."""

from typing import Any, cast

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from alignment.review import actions, queries
from alignment.review.models import Decision, DecisionAnswer, LeadWish, Review
from alignment.review.steps import STEP_CHOICES
from core.api.fields import Whole, Words, errors_as_responses, read_body
from core.api.views import ReadOnly
from team.models import User

MOST = 2**63 - 1


class WishSerializer(serializers.ModelSerializer[LeadWish]):
    class Meta:
        model = LeadWish
        fields = ("dimension", "key", "name", "wish", "note")


class DecisionAnswerSerializer(serializers.ModelSerializer[DecisionAnswer]):
    class Meta:
        model = DecisionAnswer
        fields = ("decision", "answer", "note", "was_due_on", "answered_by", "answered_at")


class ReviewSerializer(serializers.ModelSerializer[Review]):
    """A review. Figures, wishes and answers are empty for those who may not see the company's figures of single days."""

    figures = serializers.DictField(
        read_only=True, help_text="By step, what it showed when the review was closed: exact numbers as text."
    )
    wishes = WishSerializer(many=True, read_only=True)
    answers = DecisionAnswerSerializer(many=True, read_only=True)

    class Meta:
        model = Review
        fields = (
            "id", "number", "started_by", "started_at", "since", "closed_by", "closed_at", "present", "plan_update", "figures",
            "wishes", "answers",
        )  # fmt: skip

    def to_representation(self, review: Review) -> dict[str, Any]:
        shown = super().to_representation(review)
        user = self.context["request"].user
        if not queries.can_see_review(user) or not (review.is_closed or queries.may_hold(user)):
            shown |= {"figures": {}, "wishes": [], "answers": []}
        return shown


class ClosingSerializer(serializers.Serializer[Any]):
    """Who was present, a leader of each side at least, and when both meet again."""

    present = serializers.ListField(child=Whole(min_value=1, max_value=MOST), max_length=50)
    next_due_on = serializers.DateField()


class DecisionSerializer(serializers.ModelSerializer[Decision]):
    class Meta:
        model = Decision
        fields = (
            "id", "review", "text", "owner", "due_on", "step", "item", "status", "recorded_by", "recorded_at", "changed_by",
            "changed_at",
        )  # fmt: skip


class NewDecisionSerializer(serializers.Serializer[Any]):
    """A decision of the open review."""

    review = Whole(min_value=1, max_value=MOST)
    text = Words(max_length=500)
    owner = Whole(min_value=1, max_value=MOST)
    due_on = serializers.DateField()
    step = serializers.ChoiceField(choices=STEP_CHOICES, required=False)
    item = Words(max_length=200, required=False, allow_blank=True)


class DecisionChangeSerializer(serializers.Serializer[Any]):
    """What becomes of a decision; its text does not change."""

    status = serializers.ChoiceField(choices=Decision.Status.choices)
    due_on = serializers.DateField()
    owner = Whole(min_value=1, max_value=MOST)


class ReviewView(ReadOnly):
    queryset = Review.objects.prefetch_related("present", "wishes", "answers")
    serializer_class = ReviewSerializer

    @extend_schema(request=None, responses={201: ReviewSerializer})
    def create(self, request: Request) -> Response:
        """Start the next review; an open one is returned as it is."""
        with errors_as_responses():
            review = actions.start_review(by=cast(User, request.user))
        return Response(self.get_serializer(review).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=ClosingSerializer, responses=ReviewSerializer)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: int) -> Response:
        """Close the review: its figures are frozen, and the update of the joint plan is made from it."""
        entered, review = read_body(ClosingSerializer, request.data), get_object_or_404(Review, pk=pk)
        with errors_as_responses():
            entered["present"] = [_find_person(key) for key in entered["present"]]
            closed = actions.close_review(by=cast(User, request.user), review=review, **entered)
        return Response(self.get_serializer(closed).data)


class DecisionView(ReadOnly):
    queryset = Decision.objects.all()
    serializer_class = DecisionSerializer
    ordering_fields = ("due_on",)

    def get_queryset(self) -> QuerySet[Decision]:
        """Return the decisions of closed reviews; those who hold reviews also read the ones of the open review."""
        if getattr(self, "swagger_fake_view", False):
            return Decision.objects.none()
        user = cast(User, self.request.user)
        rows: QuerySet[Decision] = queries.readable_decisions(user)
        return rows if queries.may_hold(user) else rows.filter(review__closed_at__isnull=False)

    @extend_schema(request=NewDecisionSerializer, responses={201: DecisionSerializer})
    def create(self, request: Request) -> Response:
        """Record a decision in the open review."""
        entered = read_body(NewDecisionSerializer, request.data)
        with errors_as_responses():
            review = Review.objects.filter(pk=entered.pop("review")).first()
            if review is None:
                raise ValidationError("This review does not exist. Use the id of the open one.")
            owner = _find_person(entered.pop("owner"))
            decision = actions.record_decision(by=cast(User, request.user), review=review, owner=owner, **entered)
        return Response(self.get_serializer(decision).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=DecisionChangeSerializer, responses=DecisionSerializer)
    def update(self, request: Request, pk: int) -> Response:
        """Change the state, the day and the owner of a decision."""
        entered = read_body(DecisionChangeSerializer, request.data)
        decision = get_object_or_404(self.get_queryset(), pk=pk)
        with errors_as_responses():
            owner = _find_person(entered.pop("owner"))
            changed = actions.change_decision(by=cast(User, request.user), decision=decision, owner=owner, **entered)
        return Response(self.get_serializer(changed).data)


def _find_person(pk: int) -> User:
    person = User.objects.filter(pk=pk).first()
    if person is None:
        raise ValidationError("One of the people does not exist. Use the id of an active person.")
    return person
