"""What happened, and who is notified. Events are rows that never change; the apps above write and read them."""

from typing import ClassVar

import pgtrigger
from django.db import models
from django.utils import timezone

from team.models import User

APPEND_ONLY = pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)


class Event(models.Model):
    """Something that happened once. The unique `key` makes publishing it twice impossible."""

    key = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=60, db_index=True, help_text="room.verb, like agreements.signed")
    title = models.CharField(max_length=300)
    link = models.CharField(max_length=500, blank=True, default="")
    details = models.JSONField(default=dict, blank=True)
    happened_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-happened_at", "-pk"]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [APPEND_ONLY]

    def __str__(self) -> str:
        return self.title


class Notice(models.Model):
    """One event shown to one person in the app; read once they have seen it."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="notices")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notices")
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-event__happened_at", "-pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["event", "user"], name="notice_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["user"], name="notice_unread", condition=models.Q(read_at=None))
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.event}"
