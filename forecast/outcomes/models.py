"""Forecasts as computed, forecasts of the past held against what happened, and what reps have committed to."""

from typing import ClassVar, Self

import pgtrigger
from django.conf import settings
from django.db import models
from django.utils import timezone

from crm.readable import Reader
from notify.models import APPEND_ONLY
from team.access import achievement_ids, own_ids


class ForecastRun(models.Model):
    """The forecast of one day, as the last run of that day computed it. Earlier days stay: they say what was thought then."""

    local_day = models.DateField(unique=True, help_text="The company's day as of which it is.")
    as_of = models.DateTimeField(help_text="The moment up to which the facts were known.")
    computed_at = models.DateTimeField(default=timezone.now)
    currency = models.CharField(max_length=3)
    digest = models.CharField(max_length=64, help_text="Of what it was computed from.")
    result = models.JSONField(help_text="forecast.outcomes.result.ForecastResult")

    class Meta:
        ordering: ClassVar[list[str]] = ["-local_day"]

    def __str__(self) -> str:
        return f"Forecast of {self.local_day}"


class ForecastAsOf(models.Model):
    """A forecast made again as of a past evening, with what was known then, and what happened."""

    day = models.DateField(help_text="The evening as of which it is.")
    ahead = models.PositiveSmallIntegerField(help_text="0: the quarter that was running, 1: the next …")
    quarter_start = models.DateField()
    quarter_end = models.DateField()
    won = models.FloatField(help_text="Won in the quarter by the day.")
    low = models.FloatField()
    median = models.FloatField()
    high = models.FloatField()
    actual = models.FloatField()
    agreed = models.FloatField(null=True)
    commit = models.FloatField(null=True)
    last_year = models.FloatField(null=True)
    crps = models.FloatField()
    interval_score = models.FloatField()
    raw_stretch = models.FloatField()
    is_calibrated = models.BooleanField()

    class Meta:
        ordering: ClassVar[list[str]] = ["day", "ahead"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["day", "ahead"], name="forecast_as_of_day"),
        ]

    def __str__(self) -> str:
        return f"{self.day}, quarter from {self.quarter_start}"

    @property
    def is_inside(self) -> bool:
        return self.low <= self.actual <= self.high


class ForecastCommitQuerySet(models.QuerySet["ForecastCommit"]):
    def visible_to(self, user: Reader) -> Self:
        """One's own, those of one's reports, and those of anyone whose achievement the user may see."""
        if not user.is_authenticated:
            return self.none()
        people = achievement_ids(user)
        return self if people is None else self.filter(rep__in=people | own_ids(user))

    def latest(self) -> Self:  # type: ignore[override]
        """The last commit of each rep for each quarter."""
        return self.order_by("rep_id", "quarter", "-written_at", "-pk").distinct("rep_id", "quarter")


class ForecastCommit(models.Model):
    """What a rep commits to win in a quarter. A new one replaces the one before, which stays on record."""

    rep = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="forecast_commits")
    quarter = models.DateField(help_text="The first day of the quarter.")
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    currency = models.CharField(max_length=3)
    written_at = models.DateTimeField(default=timezone.now)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    objects = ForecastCommitQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-written_at", "-pk"]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [APPEND_ONLY]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["rep", "quarter", "-written_at"])]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=models.Q(amount__gte=0), name="forecast_commit_amount"),
        ]

    def __str__(self) -> str:
        return f"{self.rep}: {self.amount} {self.currency} in the quarter from {self.quarter}"
