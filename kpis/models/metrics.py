"""What a metric is held against, and what it was on each day."""

from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import models
from django.db.models import F, Q

from team.models import currency_code

PUBLISHED_ON = date(2014, 12, 31)  # the day of the figures that Accord comes with (migration 0002)


class Benchmark(models.Model):
    """A figure of others: dated, with its source named, and to be changed by anyone who knows a better one.

    Rates are fractions (1.52 is 152 %). With `upper` it is a range. The newest reference of a metric is what gaps
    are computed against; the others are shown beside it as peers.
    """

    metric = models.CharField(max_length=80, db_index=True)
    value = models.DecimalField(max_digits=18, decimal_places=6)
    upper = models.DecimalField(max_digits=18, decimal_places=6, null=True, blank=True)
    label = models.CharField(max_length=200)
    source = models.CharField(max_length=300, blank=True)
    url = models.CharField(max_length=500, blank=True, validators=[URLValidator(schemes=["http", "https"])])
    note = models.CharField(max_length=500, blank=True)
    dated_on = models.DateField(help_text="The day, or the last day of the year, that the figure speaks of.")
    is_reference = models.BooleanField(default=True)
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    edited_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["metric", "-is_reference", "-dated_on", "label"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(upper__isnull=True) | Q(upper__gte=F("value")), name="benchmark_range"),
        ]

    def __str__(self) -> str:
        return f"{self.label} ({self.dated_on.year})"

    @classmethod
    def reference_for(cls, metric: str) -> Self | None:
        return cls.objects.filter(metric=metric, is_reference=True).order_by("-dated_on", "-pk").first()

    @classmethod
    def published_for(cls, metric: str) -> Self | None:
        """Return the newest reference delivered with Accord that the company has not changed: it may be public."""
        rows = cls.objects.filter(metric=metric, is_reference=True, edited_by=None, dated_on=PUBLISHED_ON)
        return rows.order_by("-pk").first()


class Goal(models.Model):
    """What both sides want a metric to be in a period; money in `currency`, rates as fractions.

    A person of each side owns it. A side has no owner where the person was deleted since.
    """

    metric = models.CharField(max_length=80)
    target = models.DecimalField(max_digits=18, decimal_places=4)
    currency = models.CharField(max_length=3, blank=True, validators=[currency_code])
    starts_on = models.DateField()
    ends_on = models.DateField()
    marketing_owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    sales_owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    set_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-starts_on", "metric"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="goal_period"),
            models.UniqueConstraint(fields=["metric", "starts_on", "ends_on"], name="goal_once_per_period"),
        ]

    def __str__(self) -> str:
        return f"{self.metric} {self.target} {self.currency} until {self.ends_on}".replace("  ", " ")

    def clean(self) -> None:
        if self.starts_on and self.ends_on and self.ends_on < self.starts_on:
            raise ValidationError({"ends_on": "The goal ends before it starts. Swap the two dates."})


class SnapshotSet(models.Model):
    """All figures taken from one state of the facts. It appears whole, in one transaction, or not at all."""

    facts_snapshot_id = models.BigIntegerField(null=True, unique=True)
    as_of = models.DateTimeField()
    local_day = models.DateField(help_text="The company's day; the last set of each day is kept.")
    run_id = models.BigIntegerField(null=True, blank=True)
    taken_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-as_of"]
        get_latest_by = "as_of"


class MetricSnapshot(models.Model):
    """A metric as it was known on a day: for a period, for the company (no dimension) or one part of it."""

    set = models.ForeignKey(SnapshotSet, on_delete=models.CASCADE, related_name="figures")
    metric = models.CharField(max_length=80)
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    dimension = models.CharField(max_length=80, blank=True)
    part = models.CharField(max_length=255, blank=True)
    label = models.CharField(max_length=255, blank=True)
    value = models.DecimalField(max_digits=28, decimal_places=10, null=True)
    numerator = models.DecimalField(max_digits=28, decimal_places=6, null=True)
    denominator = models.DecimalField(max_digits=28, decimal_places=6, null=True)
    n = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3, blank=True)
    quartiles = models.JSONField(null=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["metric", "dimension", "starts_on", "ends_on"])]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["set", "metric", "starts_on", "ends_on", "dimension", "part"],
                name="metric_snapshot_once",
                nulls_distinct=False,
            ),
        ]

    @staticmethod
    def to_stored(value: Any) -> Decimal | None:
        """Return a figure as the database keeps it."""
        return None if value is None else round(Decimal(str(value)), 10)
