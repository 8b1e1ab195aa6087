"""The nightly run: when it was, why, and how each of its steps went."""

from datetime import timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models

from core.work import State, Work


class RunKind(models.TextChoices):
    NIGHTLY = "nightly", "Nightly"
    IMPORT = "import", "After an import"
    SIGNED = "signed", "After a signature"
    DEMAND = "demand", "On demand"


class NightlyRun(Work):
    """One walk through the chain of steps, from records to numbers: at night, after imports, or because one asked.

    Its key names its cause once and for all: `nightly:2026-11-22`, `import:17`, `signed:40`, `demand:…`.
    """

    Kind = RunKind

    kind = models.CharField(max_length=8, choices=RunKind, default=RunKind.NIGHTLY)
    local_day = models.DateField(help_text="The company's day on which it fell due.")
    import_ids = models.JSONField(default=list, blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta(Work.Meta):
        ordering: ClassVar[list[str]] = ["-pk"]
        indexes: ClassVar[list[models.Index]] = [*Work.Meta.indexes]

    def __str__(self) -> str:
        return self.key

    def extend_lease(self, until: Any) -> bool:
        """Keep the claim through a long step; False when another worker has it now. No proof of progress."""
        return bool(self._claimed_rows().update(lease_until=until))

    @property
    def rows(self) -> int:
        return sum(step.rows for step in self.steps.all())

    @property
    def fault(self) -> str:
        """What went wrong and still stands: the error of a step, or the end of all attempts."""
        error = next((step.error for step in self.steps.all() if step.state == "failed"), "")
        return error or (self.last_error if self.state == State.FAILED else "")

    @property
    def duration(self) -> timedelta | None:
        """From the first claim to the end; None while it waits or runs."""
        return self.finished_at - self.started_at if self.started_at and self.finished_at else None


class RunStep(models.Model):
    """How one step of a run went; done again after a failure it is the same row."""

    run = models.ForeignKey(NightlyRun, on_delete=models.CASCADE, related_name="steps")
    name = models.CharField(max_length=40)
    label = models.CharField(max_length=120)
    position = models.PositiveIntegerField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    tries = models.PositiveIntegerField(default=0)
    seconds = models.FloatField(default=0)
    rows = models.BigIntegerField(default=0)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    doing = models.CharField(max_length=120, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["run", "position"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["run", "name"], name="run_step_once"),
        ]

    def __str__(self) -> str:
        return f"{self.run}: {self.name}"

    @property
    def took(self) -> timedelta | None:
        """Time at work over all its tries; None before the first."""
        return timedelta(seconds=self.seconds) if self.started_at else None

    @property
    def state(self) -> str:
        """One of waiting, running, failed, done."""
        if self.error:
            return "failed"
        if self.finished_at:
            return "done"
        return "running" if self.started_at else "waiting"
