"""The joint review: held by both leaders together, with the decisions that it recorded and the figures that it saw."""

from datetime import date
from typing import Any, ClassVar, Self

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils import timezone

from alignment.plan.models import PlanUpdate
from team.models import User


class ReviewQuerySet(models.QuerySet["Review"]):
    def open(self) -> Self:
        return self.filter(closed_at=None)

    def closed(self) -> Self:
        return self.filter(closed_at__isnull=False)


class Review(models.Model):
    """One review of what changed since the last one. It can be left and resumed until it is closed.

    With the closing, the figures that were shown are frozen into it, and the database refuses changes.
    """

    number = models.PositiveIntegerField(unique=True)
    started_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField(default=timezone.now)
    since = models.DateField(help_text="The first day that it looks at: the day of the last review, else 30 days back.")
    position = models.CharField(max_length=30, blank=True, default="", help_text="The step at which it was left.")
    present = models.ManyToManyField(User, related_name="+", blank=True)
    figures: Any = models.JSONField(default=dict, blank=True, help_text="What each step showed when it was closed.")
    plan_update = models.ForeignKey(PlanUpdate, on_delete=models.PROTECT, null=True, blank=True, related_name="reviews")
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-number"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["closed_at"], condition=Q(closed_at=None), nulls_distinct=False, name="one_open_review"
            ),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(
                name="keep_closed_reviews",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__closed_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"Joint review {self.number}"

    @property
    def is_closed(self) -> bool:
        return self.closed_at is not None


class DecisionQuerySet(models.QuerySet["Decision"]):
    def open(self) -> Self:
        return self.filter(status=Decision.Status.OPEN)

    def before(self, review: Review) -> Self:
        """Return the decisions that a review asks about: all of the last review, and those of earlier ones that are open.

        Once the review is closed, they are those that it answered, whatever became of others since.
        """
        last = Review.objects.filter(number__lt=review.number).order_by("-number").values("number")[:1]
        is_asked = Q(answers__review=review) | Q(review__number=models.Subquery(last))
        if not review.is_closed:
            is_asked |= Q(status=Decision.Status.OPEN)
        return self.filter(is_asked, review__number__lt=review.number).distinct()


class Decision(models.Model):
    """What a review decided: who does what until when, and the step and item that it came from."""

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        DONE = "done", "Done"
        DROPPED = "dropped", "Dropped"

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="decisions")
    text = models.CharField(max_length=500)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    due_on = models.DateField()
    step = models.CharField(
        max_length=30, blank=True, default="", help_text="The step of the review that it came from."
    )
    item = models.CharField(
        max_length=200, blank=True, default="", help_text="The goal, campaign or figure it is about."
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(default=timezone.now)
    changed_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    changed_at = models.DateTimeField(null=True, blank=True)

    objects = DecisionQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["due_on", "pk"]

    def __str__(self) -> str:
        return self.text

    def is_overdue(self, today: date) -> bool:
        return self.status == self.Status.OPEN and self.due_on < today


class DecisionAnswer(models.Model):
    """What a later review learnt of a decision. One that is not done goes on with a new day."""

    class Answer(models.TextChoices):
        DONE = "done", "Done"
        NOT_DONE = "not_done", "Not done"
        DROPPED = "dropped", "Dropped"

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="answers")
    decision = models.ForeignKey(Decision, on_delete=models.CASCADE, related_name="answers")
    answer = models.CharField(max_length=10, choices=Answer.choices)
    note = models.CharField(max_length=500, blank=True, default="")
    was_due_on = models.DateField()
    answered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar[list[str]] = ["was_due_on", "pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["review", "decision"], name="one_answer_per_review")
        ]

    def __str__(self) -> str:
        return f"{self.decision}: {self.get_answer_display()}"


class LeadWish(models.Model):
    """Whether both sides want more leads of a campaign, a source or a persona."""

    class Wish(models.TextChoices):
        MORE = "more", "More"
        SAME = "same", "Same"
        LESS = "less", "Less"

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="wishes")
    dimension = models.CharField(max_length=20)
    key = models.CharField(max_length=255)
    name = models.CharField(max_length=255)
    wish = models.CharField(max_length=10, choices=Wish.choices)
    note = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        ordering: ClassVar[list[str]] = ["dimension", "name"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["review", "dimension", "key"], name="one_wish_per_part")
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.get_wish_display()}"
