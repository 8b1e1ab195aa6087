"""People's notes on a day: what happened that explains a figure, shown as marks on charts."""

from datetime import date
from typing import ClassVar, Self

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils import timezone

from crm.readable import Reader
from notify.models import APPEND_ONLY
from team.access import LEADERS
from team.models import Role, User

MOST_TEXT = 200
NOTE_EDITORS = frozenset(LEADERS | {Role.OPS})  # who change notes of others


class DayNoteQuerySet(models.QuerySet["DayNote"]):
    def present(self) -> Self:
        """Notes that are not deleted."""
        return self.filter(deleted_at=None)

    def visible_to(self, user: Reader) -> Self:
        """Notes that are not deleted, and deleted ones for those who may restore them."""
        is_editor = user.is_authenticated and user.role in NOTE_EDITORS
        return self if is_editor else self.filter(Q(deleted_at=None) | Q(author_id=user.pk))

    def of_metric(self, key: str, start: date, end: date) -> Self:
        """Notes on days of a period that belong to a metric or to all."""
        return self.present().filter(metric__in=["", key], day__range=(start, end))


class DayNote(models.Model):
    """A note on a day. Everyone who may see the metric reads it, and what it was before is kept."""

    metric = models.CharField(max_length=80, blank=True, help_text="The key of a metric; empty: all metrics.")
    day = models.DateField()
    text = models.CharField(max_length=MOST_TEXT)
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="day_notes")
    written_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = DayNoteQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-day", "-pk"]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["day"])]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=~Q(text=""), name="day_note_has_text"),
        ]

    def __str__(self) -> str:
        return self.text


class DayNoteEntry(models.Model):
    """One entry of a note's history: what it was from then on. Rows that never change."""

    class Verb(models.TextChoices):
        WRITTEN = "written", "Written"
        CHANGED = "changed", "Changed"
        DELETED = "deleted", "Deleted"
        RESTORED = "restored", "Restored"

    note = models.ForeignKey(DayNote, on_delete=models.CASCADE, related_name="entries")
    verb = models.CharField(max_length=8, choices=Verb)
    metric = models.CharField(max_length=80, blank=True)
    day = models.DateField()
    text = models.CharField(max_length=MOST_TEXT)
    actor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar[list[str]] = ["at", "pk"]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"{self.get_verb_display()} by {self.actor}"
