"""What the people said."""

import secrets

from django.db import models
from django.urls import reverse
from django.utils import timezone

from alignment import detector


def new_token() -> str:
    """Draw 128 random bits, written in 22 characters that fit an address."""
    return secrets.token_urlsafe(16)


class DetectorResult(models.Model):
    """Three answers behind a link that cannot be guessed. Nothing says who gave them; the day is the finest time kept."""

    token = models.CharField(max_length=22, unique=True, default=new_token, editable=False)
    plan = models.BooleanField()
    people = models.BooleanField()
    reward = models.BooleanField()
    answered_on = models.DateField(default=timezone.localdate)

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
