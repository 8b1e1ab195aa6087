"""The alignment index as it was known on each day."""

from functools import cached_property
from typing import Any, ClassVar

from django.db import models

from alignment.index.rules import Index, Part


class IndexSnapshot(models.Model):
    """The index of one day. Days that are before the first snapshot are computed from the dates of records."""

    local_day = models.DateField(unique=True)
    score = models.DecimalField(max_digits=4, decimal_places=1, null=True, blank=True)
    parts: Any = models.JSONField(default=list)
    facts_as_of = models.DateTimeField(
        null=True, blank=True, help_text="The moment up to which the facts knew records."
    )
    is_reconstructed = models.BooleanField(
        default=False, help_text="Computed later, from the dates of records, and not stored on that day."
    )
    taken_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-local_day"]
        get_latest_by = "local_day"

    def __str__(self) -> str:
        return f"Alignment index of {self.local_day}"

    @cached_property
    def index(self) -> Index:
        return Index(self.local_day, tuple(Part.from_json(part) for part in self.parts))
