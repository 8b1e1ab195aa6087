"""What the people said."""

import secrets
from datetime import date
from typing import Self

from django.db import models
from django.urls import reverse
from django.utils import timezone

from alignment import detector
from alignment.index.models import IndexSnapshot
from alignment.plan.models import PlanUpdate
from alignment.review.models import Decision, DecisionAnswer, LeadWish, Review
from alignment.rounds.models import AnswerSheet, Invitation, InvitationLink, Reminder, Round, SkillSheet
from core.periods import add_months

__all__ = [
    "AnswerSheet", "Decision", "DecisionAnswer", "DetectorResult", "IndexSnapshot", "Invitation", "InvitationLink", "LeadWish",
    "PlanUpdate", "Reminder", "Review", "Round", "SkillSheet",
]  # fmt: skip
MONTHS_STORED = 24


def new_token() -> str:
    """Draw 128 random bits, written in 22 characters that fit an address."""
    return secrets.token_urlsafe(16)


def oldest_stored_day() -> date:
    """Return the first day whose results are stored; those of the days before are deleted."""
    return add_months(timezone.localdate(), -MONTHS_STORED)


class DetectorResultQuerySet(models.QuerySet["DetectorResult"]):
    def readable(self) -> Self:
        return self.filter(answered_on__gte=oldest_stored_day())

    def outdated(self) -> Self:
        return self.filter(answered_on__lt=oldest_stored_day())


class DetectorResult(models.Model):
    """Three answers behind a link that cannot be guessed. Nothing says who gave them; the day is the finest time kept."""

    token = models.CharField(max_length=22, unique=True, default=new_token, editable=False)
    plan = models.BooleanField()
    people = models.BooleanField()
    reward = models.BooleanField()
    answered_on = models.DateField(default=timezone.localdate)

    objects = DetectorResultQuerySet.as_manager()

    class Meta:
        ordering = ["-answered_on"]

    def __str__(self) -> str:
        return f"{self.verdict.degree.name}, {self.answered_on}"

    def get_absolute_url(self) -> str:
        return reverse("detector_result", args=[self.token])

    @property
    def answers(self) -> dict[str, bool]:
        return {question.key: getattr(self, question.key) for question in detector.QUESTIONS}

    @property
    def verdict(self) -> detector.Verdict:
        return detector.judge(self.answers)
