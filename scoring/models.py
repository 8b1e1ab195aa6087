"""Scores now and before: a row changes only when an event or a rule changed something."""

from typing import Any, ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from agreements.models import Version
from core.work import LEASE, LostLease, Work
from crm.models import Lead
from facts.models import BatchRun, Recorded


class Reason(models.TextChoices):
    FIRST = "first", "Scored for the first time"
    VERSION = "version", "Another version of the model is active"
    FIELDS = "fields", "A field of the lead changed"
    EVENTS = "events", "An event occurred or left its time window"
    GONE = "gone", "The model no longer scores this lead"


class State(models.Model):
    """What a lead's score under one model consists of, from a moment on.

    `state` holds the form that time does not change, by pool: scoring.decay makes the score of any moment of it.
    `score` is what it was worth at `since`.
    """

    model = models.CharField(max_length=120, help_text="The key of the agreement.")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="+", db_index=False)
    fit_points = models.FloatField()
    letter = models.CharField(max_length=1, blank=True, default="")
    state: Any = models.JSONField(default=dict)
    score = models.FloatField()
    since = models.DateTimeField(default=timezone.now, db_default=Now())
    reason = models.CharField(max_length=8, choices=Reason, default=Reason.FIRST)

    class Meta:
        abstract = True


class Score(State, Recorded):
    """The score of a lead under one model. Valid until `next_change_at`, when an event enters or leaves."""

    lead = models.ForeignKey(  # found by the constraint's index
        Lead, on_delete=models.CASCADE, related_name="scores", db_index=False
    )
    next_change_at = models.DateTimeField(null=True, blank=True, db_index=True)

    class Meta(Recorded.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["lead", "model"], name="score_of_lead_once")
        ]

    def __str__(self) -> str:
        return f"{self.lead}: {self.score:g}"


class ScoreChange(State):
    """How a score stood from `since` until something else took its place. Together with the score of today, its history."""

    lead = models.ForeignKey(  # found by the index of the history
        Lead, on_delete=models.CASCADE, related_name="score_changes", db_index=False
    )
    until = models.DateTimeField()
    because = models.CharField(max_length=8, choices=Reason, help_text="Why it ended.")

    class Meta:
        ordering: ClassVar[list[str]] = ["since", "pk"]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="keep_score_changes", operation=pgtrigger.Update)
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["lead", "model", "since"])]

    def __str__(self) -> str:
        return f"{self.lead}: {self.score:g} from {self.since:%Y-%m-%d} UTC"


class ScoringRun(BatchRun):
    """One run over the facts that writes the scores.

    `known` says how many rows each table of events had, so that the next run sees when some are gone.
    """

    known: Any = models.JSONField(default=dict)  # {table: [rows, highest id]}

    class Meta(BatchRun.Meta):
        pass

    def __str__(self) -> str:
        return f"the scoring of {self.moment:%Y-%m-%d %H:%M} UTC"


class Exploration(Work):
    """The making of what some terms would mean for all leads of a snapshot; `key` names both."""

    terms: Any = models.JSONField()
    doing = models.CharField(max_length=200, blank=True, default="")

    class Meta(Work.Meta):
        pass

    def __str__(self) -> str:
        return f"what {self.key} would mean"

    def tell(self, message: str) -> None:
        """Say what is being made, and keep the claim.

        Raises:
            LostLease: another worker has it now.
        """
        self.advance(self.checkpoint, doing=message)


class Proof(Work):
    """What speaks for a version and against it, by the facts of one snapshot; `key` names its terms and these facts.

    A draft whose terms change is proven again, and so is every version once the facts say something else.
    """

    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="proofs")
    terms_digest = models.CharField(max_length=64)
    snapshot = models.BigIntegerField(null=True, help_text="The facts it was made of.")
    as_of = models.DateTimeField(null=True)
    evidence: Any = models.JSONField(null=True, help_text="Of all leads: scoring.proof.evidence.Evidence.")
    segments: Any = models.JSONField(default=dict, help_text="By segment, for each of its largest values.")
    suspects: Any = models.JSONField(default=list, help_text="Fields that may contain the outcome.")
    seconds = models.FloatField(default=0)
    doing = models.CharField(max_length=200, blank=True, default="")

    class Meta(Work.Meta):
        ordering: ClassVar[list[str]] = ["-pk"]
        indexes: ClassVar[list[models.Index]] = [
            *Work.Meta.indexes,
            models.Index(fields=["version", "terms_digest"], name="proof_of_terms"),
        ]

    def __str__(self) -> str:
        return f"the proof of {self.version}"

    def tell(self, done: int, total: int, message: str) -> None:
        """Say how far it is, and keep the claim; that is not a proof of progress, so the attempts stay counted.

        Raises:
            LostLease: another worker has it now.
        """
        lease = timezone.now() + LEASE
        if not self._claimed_rows().update(done_units=done, total_units=total, doing=message, lease_until=lease):
            raise LostLease(f"{self._meta.label} {self.pk}")


class Learning(Work):
    """A model being learned from what became of the leads, at the wish of a person; kept with its proof."""

    source = models.CharField(max_length=60, blank=True, default="", help_text="Of the leads; empty for all.")
    put_back: Any = models.JSONField(default=list, help_text="Fields used although they may contain the outcome.")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    snapshot = models.BigIntegerField(null=True, help_text="The facts it was learned from.")
    as_of = models.DateTimeField(null=True)
    result: Any = models.JSONField(null=True, help_text="scoring.learned.result.Result.")
    version = models.ForeignKey(
        Version, on_delete=models.SET_NULL, null=True, related_name="+", help_text="The draft made of it."
    )
    seconds = models.FloatField(default=0)
    doing = models.CharField(max_length=200, blank=True, default="")

    class Meta(Work.Meta):
        ordering: ClassVar[list[str]] = ["-pk"]

    def __str__(self) -> str:
        return f"a model learned from {self.source or 'all leads'}"

    def tell(self, done: int, total: int, message: str) -> None:
        """Say how far it is, and keep the claim; the attempts stay counted.

        Raises:
            LostLease: another worker has it now.
        """
        lease = timezone.now() + LEASE
        if not self._claimed_rows().update(done_units=done, total_units=total, doing=message, lease_until=lease):
            raise LostLease(f"{self._meta.label} {self.pk}")
