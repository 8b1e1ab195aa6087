"""Rounds, who was invited to them, and answers that belong to no one."""

from datetime import date, timedelta
from typing import Any, ClassVar, Self

import pgtrigger
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from alignment.disclosure import LOWEST_MINIMUM, MINIMUM
from core.work import Work
from team.models import Company, Side, User

MINIMUMS = [
    (MINIMUM, "5 people on each side"),
    (LOWEST_MINIMUM, "3 people on each side, for small teams"),
]
SIDES = [(Side.MARKETING.value, Side.MARKETING.label), (Side.SALES.value, Side.SALES.label)]


class RoundQuerySet(models.QuerySet["Round"]):
    def open(self) -> Self:
        return self.filter(closed_at=None, closes_on__gte=Company.today())

    def ended(self) -> Self:
        """Rounds that were closed or whose last day is over, in the order in which they ended."""
        rows = self.filter(Q(closed_at__isnull=False) | Q(closes_on__lt=Company.today()))
        return rows.order_by("ended_on", "pk")


class Round(models.Model):
    """The same questions to both sides. What was said to the people before they answered never changes afterwards."""

    name = models.CharField(max_length=80, unique=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(default=timezone.now)
    closes_on = models.DateField(help_text="The last day on which people can answer.")
    closed_at = models.DateTimeField(null=True, blank=True)
    ended_on = models.DateField(editable=False, help_text="The last day, or the day on which it was closed before.")
    minimum = models.PositiveSmallIntegerField(choices=MINIMUMS, default=MINIMUM)
    has_skills = models.BooleanField(
        default=False, help_text="Asks Sales about the disciplines of sales effectiveness."
    )
    terms = models.JSONField(default=list, blank=True, help_text="Terms of signed SLAs that people are asked about.")
    reminded_at = models.DateTimeField(null=True, blank=True)

    objects = RoundQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-ended_on", "-pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(minimum__in=[MINIMUM, LOWEST_MINIMUM]), name="round_minimum"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.ReadOnly(
                name="round_promises", fields=["minimum", "closes_on", "has_skills", "terms", "opened_at"]
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.ended_on = min(self.closes_on, self._closed_on() or self.closes_on)
        super().save(*args, **kwargs)

    def _closed_on(self) -> date | None:
        return timezone.localdate(self.closed_at, Company.get().zone) if self.closed_at else None

    def get_absolute_url(self) -> str:
        return reverse("round", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return self.closed_at is None and self.closes_on >= Company.today()

    @property
    def days_left(self) -> int:
        return (self.closes_on - Company.today()) // timedelta(days=1)


class Invitation(models.Model):
    """A person who may answer once. It knows that it was used, and neither when nor with which answers."""

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="invitations")
    side = models.CharField(max_length=12, choices=SIDES)
    person = models.CharField(
        max_length=254, help_text="An e-mail address, or a name for those who get a link by hand."
    )
    is_used = models.BooleanField(default=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["side", "person"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["round", "person"], name="invitation_once"),
        ]

    def __str__(self) -> str:
        return self.person

    @property
    def has_address(self) -> bool:
        return "@" in self.person


class InvitationLink(models.Model):
    """A link of an invitation, known by its digest alone; a reminder adds another one."""

    invitation = models.ForeignKey(Invitation, on_delete=models.CASCADE, related_name="links")
    digest = models.CharField(max_length=64, unique=True)

    def __str__(self) -> str:
        return f"Link {self.digest[:8]}"


class AnswerSheet(models.Model):
    """What one respondent answered. `link_secrets` says why it cannot be traced; no time and no order is kept either."""

    key = models.CharField(max_length=64, primary_key=True)
    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="sheets")
    side = models.CharField(max_length=12, choices=SIDES)
    answers = models.JSONField(default=dict, help_text="Statement -> 1 to 5; what is not in it is “don't know”.")
    guesses = models.JSONField(default=dict, help_text="Statement -> what the other team is thought to answer.")
    expectations = models.JSONField(default=dict, help_text="Term -> the number believed to be agreed.")

    def __str__(self) -> str:
        return "Answer sheet"


class SkillSheet(models.Model):
    """How one respondent of Sales rates the disciplines of sales effectiveness."""

    key = models.CharField(max_length=64, primary_key=True)
    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="skill_sheets")
    is_manager = models.BooleanField(default=False)
    ratings = models.JSONField(default=dict)

    def __str__(self) -> str:
        return "Skill sheet"


class Reminder(Work):
    """A reminder to everyone with an address who has not answered yet, mailed by the worker a few at a time.

    `checkpoint` holds the last invitation that was gone through, and no token: the worker draws each link as it mails it.
    """

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="reminders")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    failed = models.PositiveIntegerField(default=0, help_text="Mails that the mail server did not take.")

    class Meta(Work.Meta):
        ordering: ClassVar[list[str]] = ["-queued_at"]

    def __str__(self) -> str:
        return f"Reminder of {self.round}"
