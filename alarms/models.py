"""Detectors as the company has set them, their state, and the alarms that they opened."""

from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, Self

import pgtrigger
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from alarms.marks.models import DayNote as DayNote
from alarms.marks.models import DayNoteEntry as DayNoteEntry
from alarms.restated.models import ComparedSet as ComparedSet
from alarms.restated.models import Restatement as Restatement
from alarms.visibility import colleague_dimensions, sees_achievement
from team.access import can_see_all_buyers
from team.models import User


class Condition(models.TextChoices):
    """The state of a detector. `pending` is worth a look, and no alarm: what chance may have done, or what is held."""

    NORMAL = "normal", "Normal"
    PENDING = "pending", "Pending"
    ALERTING = "alerting", "Alerting"
    RECOVERING = "recovering", "Recovering"
    NO_DATA = "no_data", "No data"
    ERROR = "error", "Error"


class RuleKind(models.TextChoices):
    LIMIT = "limit", "Passes a limit"
    CHANGE = "change", "Changes for the worse over weeks"
    LEVEL = "level", "Differs from the same weekday"


WORSE = [("up", "Higher is worse"), ("down", "Lower is worse")]


class DetectorSetup(models.Model):
    """What the company has set about a detector of Accord, or a detector of its own on a metric."""

    class Strictness(models.TextChoices):
        NORMAL = "normal", "Normal"
        STRICT = "strict", "Strict"
        STRICTEST = "strictest", "Strictest"

    key = models.CharField(max_length=80, unique=True)
    is_on = models.BooleanField(default=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+",
        help_text="Who acts on its alarms. Empty: whoever has the role.",
    )  # fmt: skip
    limit = models.DecimalField(max_digits=18, decimal_places=6, null=True, blank=True)
    strictness = models.CharField(max_length=10, choices=Strictness, default=Strictness.NORMAL)
    baseline_from = models.DateField(
        null=True, blank=True, help_text="The new normal: what was before is no longer usual."
    )
    # Of a detector of the company's own:
    is_own = models.BooleanField(default=False)
    name = models.CharField(max_length=120, blank=True)
    metric = models.CharField(max_length=80, blank=True)
    where: Any = models.JSONField(default=dict, blank=True)
    rule = models.CharField(max_length=8, choices=RuleKind, blank=True)
    bad = models.CharField(max_length=4, choices=WORSE, blank=True)
    days = models.PositiveSmallIntegerField(default=90)
    minimum_n = models.PositiveIntegerField(default=20)
    relative_floor = models.DecimalField(max_digits=6, decimal_places=4, default=Decimal("0.15"))
    remedy = models.CharField(max_length=500, blank=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    made_at = models.DateTimeField(default=timezone.now)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["key"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(is_own=False) | (~Q(metric="") & ~Q(rule="") & ~Q(name="")), name="own_detector_whole"
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.key


class AlarmSettings(models.Model):
    """What holds for all detectors together: one row."""

    false_alarms_per_quarter = models.DecimalField(
        max_digits=4, decimal_places=1, default=Decimal("1.0"),
        validators=[MinValueValidator(Decimal("0.1")), MaxValueValidator(Decimal("20"))],
        help_text="How many alarms chance alone may raise in a quarter, over all detectors together.",
    )  # fmt: skip

    class Meta:
        verbose_name_plural = "alarm settings"

    def __str__(self) -> str:
        return f"{self.false_alarms_per_quarter} false alarms a quarter"

    @classmethod
    def get(cls) -> Self:
        """Return the settings; the default ones where nobody has changed them."""
        return cls.objects.first() or cls(pk=1)


class DetectorState(models.Model):
    """How a detector stands: one row each, written by the evaluation alone."""

    key = models.CharField(max_length=80, unique=True)
    condition = models.CharField(max_length=10, choices=Condition, default=Condition.NORMAL)
    since = models.DateTimeField(default=timezone.now)
    bucket = models.DateField(null=True, blank=True, help_text="The last day that was judged.")
    calm_buckets = models.PositiveSmallIntegerField(default=0, help_text="Judged buckets back inside, in a row.")
    is_alerting = models.BooleanField(default=False, help_text="Past its limit, also while there are no data.")
    reason = models.CharField(max_length=500, blank=True, help_text="Why there is no data, or what went wrong.")
    judged: Any = models.JSONField(default=dict, blank=True, help_text="The last judgement.")
    evaluated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar[list[str]] = ["key"]

    def __str__(self) -> str:
        return f"{self.key}: {self.condition}"


class AlarmQuerySet(models.QuerySet["Alarm"]):
    def visible_to(self, user: User) -> Self:
        """Alarms whose figures the person may read: `alarms.visibility.may_read_figures` as a query."""
        if not can_see_all_buyers(user):
            return self.filter(owner=user)
        if sees_achievement(user):
            return self
        return self.filter(Q(owner=user) | ~Q(where__has_any_keys=colleague_dimensions()))

    def open(self) -> Self:
        """Alarms that nobody closed and that have not ended by themselves."""
        return self.filter(closed_at=None, ended_at=None)

    def calling(self, today: date) -> Self:
        """Open alarms that are not snoozed."""
        return self.open().filter(Q(snoozed_until=None) | Q(snoozed_until__lte=today))

    def snoozed(self, today: date) -> Self:
        """Open alarms that wait for a day after today."""
        return self.open().filter(snoozed_until__gt=today)

    def without_verdict(self) -> Self:
        """Alarms that have ended by themselves, and of which nobody has said whether they were real."""
        return self.filter(closed_at=None).exclude(ended_at=None)


class Alarm(models.Model):
    """An incident: from the evaluation that opened it until it ended and somebody said whether it was real."""

    class Verdict(models.TextChoices):
        REAL = "real", "Real"
        NOT_REAL = "not_real", "Not real"
        KNOWN = "known", "Known"

    detector = models.CharField(max_length=80, db_index=True)
    name = models.CharField(max_length=120)
    sentence = models.CharField(max_length=500, blank=True, help_text="Empty: it is written from the figures.")
    metric = models.CharField(max_length=80, blank=True)
    where: Any = models.JSONField(default=dict, blank=True)
    opened_at = models.DateTimeField(default=timezone.now)
    opened_bucket = models.DateField(null=True, blank=True, help_text="The last day that was judged when it opened.")
    since = models.DateField(null=True, blank=True, help_text="When the change began, as the test sees it.")
    value = models.FloatField(null=True)
    expected = models.FloatField(null=True, help_text="What is usual, or the limit.")
    worst = models.FloatField(null=True, help_text="The worst value of the incident.")
    n = models.BigIntegerField(default=0)
    p_value = models.FloatField(null=True)
    cost_low = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    cost = models.DecimalField(max_digits=18, decimal_places=2, null=True, help_text="Money a year.")
    cost_high = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    currency = models.CharField(max_length=3, blank=True)
    is_overall_cost = models.BooleanField(
        default=False, help_text="It contains what other alarms cost, and is not added to them."
    )
    evidence: Any = models.JSONField(default=list, blank=True)
    details: Any = models.JSONField(default=dict, blank=True, help_text="The judgement, and why the figure moved.")
    updated_at = models.DateTimeField(default=timezone.now)
    worsened_at = models.DateTimeField(null=True, blank=True)
    owner = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="alarms")
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    snoozed_until = models.DateField(null=True, blank=True)
    snooze_reason = models.CharField(max_length=300, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True, help_text="When the figure was back inside.")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    verdict = models.CharField(max_length=10, choices=Verdict, blank=True)

    objects = AlarmQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-opened_at", "-pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            # However often an evaluation is killed and run again, one incident of a detector is open at a time.
            models.UniqueConstraint(
                fields=["detector"], name="one_open_alarm", condition=Q(closed_at=None, ended_at=None)
            ),
            models.CheckConstraint(condition=Q(closed_at=None) | ~Q(verdict=""), name="closed_alarm_has_verdict"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        return self.closed_at is None and self.ended_at is None

    def is_snoozed(self, today: date) -> bool:
        return self.snoozed_until is not None and self.snoozed_until > today


class AlarmEvent(models.Model):
    """What happened to an alarm; rows that never change."""

    class Verb(models.TextChoices):
        OPENED = "opened", "Opened"
        WORSENED = "worsened", "Worsened"
        ACKNOWLEDGED = "acknowledged", "Acknowledged"
        SNOOZED = "snoozed", "Snoozed"
        WOKEN = "woken", "Snooze ended"
        NEW_NORMAL = "new_normal", "Taken as the new normal"
        ENDED = "ended", "Back to normal"
        CLOSED = "closed", "Closed"
        REOPENED = "reopened", "Reopened"
        NOTED = "noted", "Note"
        ASSIGNED = "assigned", "Given to another owner"

    alarm = models.ForeignKey(Alarm, on_delete=models.CASCADE, related_name="events")
    verb = models.CharField(max_length=12, choices=Verb)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    value = models.FloatField(null=True)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["at", "pk"]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="keep_alarm_events", operation=pgtrigger.Update)
        ]
