"""What the stages of a source mean here, as the company decided, and the history of those decisions."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from crm.models.base import text_field
from crm.models.deals import Outcome, StageTrack


class StageMapping(models.Model):
    """A stage as a source writes it, and its Accord stage. Only decisions of people are stored here.

    An empty outcome or probability leaves what the source says.
    """

    Track = StageTrack
    DECIDED: ClassVar[tuple[str, ...]] = ("ours", "outcome", "probability")

    source = models.CharField(max_length=40)
    track = models.CharField(max_length=10, choices=StageTrack, default=StageTrack.DEAL)
    pipeline = text_field()
    stage = models.CharField(max_length=255, help_text="As the source writes it.")
    ours = models.CharField(max_length=120, blank=True, default="", help_text="Key of the Accord stage.")
    outcome = models.CharField(max_length=12, choices=Outcome, blank=True, default="")
    probability = models.DecimalField(
        max_digits=5, decimal_places=4, null=True, blank=True, help_text="The agreed chance to win, 0 to 1."
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["source", "track", "pipeline", "stage"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["source", "track", "pipeline", "stage"], name="one_meaning_of_a_stage"),
            models.CheckConstraint(
                condition=Q(probability__isnull=True) | Q(probability__gte=0, probability__lte=1),
                name="stagemapping_probability",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source}: {self.stage}"

    @property
    def decided(self) -> dict[str, Any]:
        chance = None if self.probability is None else str(self.probability)
        return {"ours": self.ours, "outcome": self.outcome, "probability": chance}


class StageDecision(models.Model):
    """One change to a mapping: who, when, from what to what, and how many deals it moved."""

    source = models.CharField(max_length=40)
    track = models.CharField(max_length=10, choices=StageTrack)
    pipeline = text_field()
    stage = models.CharField(max_length=255)
    before = models.JSONField(null=True)  # StageMapping.decided; None where there was none
    after = models.JSONField(null=True)
    moved = models.PositiveIntegerField(default=0)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(auto_now_add=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-pk"]

    def __str__(self) -> str:
        return f"{self.stage}, {self.decided_at:%Y-%m-%d}"
