"""The ledger of restated history: settled figures that changed later, and which sets of figures were compared."""

from typing import Any, ClassVar

from django.db import models


class ComparedSet(models.Model):
    """A set of figures that was compared with the one before; what a cause can only be known by is kept with it."""

    as_of = models.DateTimeField(unique=True)
    local_day = models.DateField()
    horizon = models.CharField(max_length=20, blank=True, help_text="Rows stamped with it or later are not in the set.")
    code = models.CharField(max_length=16, help_text="The version of Accord that computed it.")
    figures: Any = models.JSONField(
        default=list, blank=True, help_text="The months of the newest: of a day only the last set of figures is kept."
    )
    compared_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-as_of"]
        get_latest_by = "as_of"

    def __str__(self) -> str:
        return f"Figures as of {self.as_of:%Y-%m-%d %H:%M}"


class Restatement(models.Model):
    """The figure of a settled month that differs from what it was in the set before."""

    metric = models.CharField(max_length=80)
    starts_on = models.DateField()
    ends_on = models.DateField()
    before = models.DecimalField(max_digits=28, decimal_places=10, null=True)
    after = models.DecimalField(max_digits=28, decimal_places=10, null=True)
    n_before = models.BigIntegerField(default=0)
    n_after = models.BigIntegerField(default=0)
    currency_before = models.CharField(max_length=3, blank=True)
    currency_after = models.CharField(max_length=3, blank=True)
    before_as_of = models.DateTimeField()
    after_as_of = models.DateTimeField()
    causes: Any = models.JSONField(default=list, blank=True, help_text="What changed between the two sets.")
    detected_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-after_as_of", "metric", "-starts_on"]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["metric", "starts_on"])]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            # However often the step is killed and run again, a change of a set is listed once.
            models.UniqueConstraint(
                fields=["metric", "starts_on", "ends_on", "after_as_of"], name="restated_once_a_set"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.metric} of {self.starts_on} was restated"
