"""Connectors: the CRMs we pull from by their API, and each pull."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from connectors.connector_type import MAX_SOURCE
from connectors.registry import source_choices
from core.encryption import SealedField
from core.work import State, Work
from imports.models.jobs import ImportJob

ACTIVE = [State.QUEUED, State.RUNNING]


class Connector(models.Model):
    """A CRM that we pull from: where it is, how we sign in, what we pull and how far we are."""

    source = models.CharField(
        max_length=MAX_SOURCE, choices=source_choices, unique=True,
        help_text="One connector to a source: two accounts may use one id for different records.",
    )  # fmt: skip
    name = models.CharField(max_length=80, unique=True)
    base_url = models.CharField(max_length=255)
    method = models.CharField(max_length=30, help_text="How it signs in.")
    sign_in = SealedField()
    is_enabled = models.BooleanField(default=True)
    trouble = models.TextField(blank=True, default="", help_text="Why it was switched off automatically.")
    schedule = models.CharField(max_length=40, default="7 * * * *", help_text="A cron line in the company's time zone.")
    scheduled_at = models.DateTimeField(default=timezone.now, help_text="The last scheduled time that was processed.")
    kinds = models.JSONField(default=list, help_text="What is pulled, by the source's own names.")
    cursors = models.JSONField(default=dict, blank=True)  # {kind: {"until": ISO time, "recent": {id: modified}}}
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name

    def pulled_until(self, kind: str) -> datetime | None:
        """Return the source's time up to which everything of a kind is here; None before its first pull."""
        word = self.cursors.get(kind, {}).get("until")
        return datetime.fromisoformat(word) if word else None

    @property
    def complete_until(self) -> datetime | None:
        """The source's time up to which everything that was ever pulled is here; None before the first pull."""
        times = [time for kind in self.kinds if (time := self.pulled_until(kind))]
        return min(times) if times else None

    @property
    def lag(self) -> timedelta | None:
        """How far the records here are behind the source's."""
        return max(timedelta(), timezone.now() - self.complete_until) if self.complete_until else None

    @property
    def active_pull(self) -> "Pull | None":
        return self.pulls.filter(state__in=ACTIVE).first()


class Pull(Work):
    """One run over a connector: page after page to files, the files to an import, then the cursor moves."""

    class Cause(models.TextChoices):
        SCHEDULE = "schedule", "Schedule"
        HAND = "hand", "By hand"
        COMMAND = "command", "Command line"

    connector = models.ForeignKey(Connector, on_delete=models.CASCADE, related_name="pulls")
    cause = models.CharField(max_length=10, choices=Cause, default=Cause.SCHEDULE)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    run = models.ForeignKey(ImportJob, on_delete=models.SET_NULL, null=True, blank=True, related_name="pulls")
    gone = models.PositiveIntegerField(default=0, help_text="Records that the source has deleted since.")
    notes = models.JSONField(default=list, blank=True)  # what was left out, and why, in words

    class Meta(Work.Meta):
        ordering: ClassVar[list[str]] = ["-pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["connector"], condition=models.Q(state__in=["queued", "running"]), name="one_pull_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.connector}, pull {self.pk}"
