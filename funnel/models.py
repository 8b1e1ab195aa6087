"""Where each buyer stands: append-only moves, hand-offs with their clocks, and the verdicts of Sales.

What is stored is what happened. A stage, the state of a clock, the compliance of a side are derived from these
rows, for today or for any day before.
"""

from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from agreements.models import Version
from crm.models import Account, Lead, Owner
from facts.models import Recorded
from team.models import User


class Move(Recorded):
    """A buyer entered a stage: when, from where, by whom or which run, under which signed version, and why.

    `entered_at` is when it became true, `recorded_at` when Accord learned of it. A move by hand against failing
    criteria carries the reason of the override.
    """

    class By(models.TextChoices):
        IMPORT = "import", "The source's history"
        RULE = "rule", "The stage's criteria"
        HAND = "hand", "A person"

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, null=True, blank=True, related_name="moves")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, null=True, blank=True, related_name="moves")
    stage = models.CharField(max_length=40)
    from_stage = models.CharField(max_length=40, blank=True, default="", db_default="")
    entered_at = models.DateTimeField()
    recorded_at = models.DateTimeField(default=timezone.now, db_default=Now())
    by = models.CharField(max_length=8, choices=By, default=By.RULE, db_default="rule")
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    evidence: Any = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()), blank=True)
    override = models.TextField(blank=True, default="", db_default="", help_text="Why, where the criteria failed.")

    class Meta(Recorded.Meta):
        ordering: ClassVar[list[str]] = ["entered_at", "pk"]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            *Recorded.Meta.triggers,
            pgtrigger.Protect(name="keep_moves", operation=pgtrigger.Update),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(lead=None) ^ Q(account=None), name="move_of_one_buyer"),
            models.CheckConstraint(condition=~Q(by="hand") | Q(actor__isnull=False), name="move_by_hand_names_who"),
            # These also serve the look-up of a buyer's moves in the order of time
            models.UniqueConstraint(fields=["lead", "entered_at", "stage"], name="move_of_lead_once"),
            models.UniqueConstraint(
                fields=["account", "entered_at", "stage"],
                condition=Q(account__isnull=False),
                name="move_of_account_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lead or self.account} entered {self.stage}"


class Classification(models.Model):
    """One run over the facts that writes what moves follow from them; it goes on where it was killed.

    `since` parts the rows that this run looks at: whoever depends on a row stamped with it or later. The next
    run's `since` is this run's `horizon`. Empty, everybody is asked.
    """

    moment = models.DateTimeField(help_text="The run's time: when undated entries became true.")
    snapshot = models.BigIntegerField()
    since = models.CharField(max_length=20, blank=True, default="")
    horizon = models.CharField(max_length=20)
    digest = models.CharField(max_length=64, help_text="Of the definitions that were asked.")
    local_day = models.DateField()
    reached: Any = models.JSONField(default=dict)  # {"lead": the last id done, "account": …}
    asked = models.BigIntegerField(default=0)
    written = models.BigIntegerField(default=0)
    seconds = models.FloatField(default=0)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-pk"]

    def __str__(self) -> str:
        return f"the classification of {self.moment:%Y-%m-%d %H:%M} UTC"


class HandOff(Recorded):
    """A lead changed hands: from a side to an owner, with the signed SLA that then started to run.

    `due_at` and `warn_at` are derived from the signed terms when the clock starts and are moved only by a pause.
    """

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="handoffs")
    move = models.ForeignKey(Move, on_delete=models.CASCADE, null=True, blank=True, related_name="handoffs")
    to_owner = models.ForeignKey(Owner, on_delete=models.SET_NULL, null=True, blank=True, related_name="handoffs")
    from_side = models.CharField(max_length=12, default="marketing")
    to_side = models.CharField(max_length=12, default="sales")
    why = models.CharField(max_length=300, help_text="Why this owner: the routing rule in words.")
    sla = models.ForeignKey(Version, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    started_at = models.DateTimeField(default=timezone.now)
    warn_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_seconds = models.FloatField(default=0)
    warned_at = models.DateTimeField(null=True, blank=True)
    breached_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True, help_text="The first response.")
    attempts = models.PositiveIntegerField(default=0)
    ended_at = models.DateTimeField(null=True, blank=True)
    end = models.CharField(max_length=12, blank=True, default="", help_text="accepted, rejected, rerouted, withdrawn")
    score = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True, help_text="As it stood.")

    class Meta(Recorded.Meta):
        ordering: ClassVar[list[str]] = ["due_at", "pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["lead"], condition=Q(ended_at=None), name="one_open_handoff"),
            models.CheckConstraint(
                condition=Q(ended_at=None, end="") | Q(ended_at__isnull=False) & ~Q(end=""), name="handoff_end"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["to_owner", "due_at"], condition=Q(ended_at=None), name="handoff_open"),
            models.Index(fields=["due_at"], condition=Q(ended_at=None, breached_at=None), name="handoff_ticking"),
        ]

    def __str__(self) -> str:
        return f"{self.lead} → {self.to_owner}"


class Verdict(Recorded):
    """What Sales said of a lead: accepted, or rejected by a criterion of the signed definition, with a rating."""

    class Answer(models.TextChoices):
        ACCEPTED = "accepted", "Accepted"
        REJECTED = "rejected", "Rejected"

    class After(models.TextChoices):
        NONE = "", "–"
        RECYCLED = "recycled", "Back to nurture"
        DISQUALIFIED = "disqualified", "Disqualified"

    handoff = models.ForeignKey(HandOff, on_delete=models.CASCADE, related_name="verdicts")
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="verdicts")
    answer = models.CharField(max_length=10, choices=Answer)
    criterion = models.CharField(max_length=300, blank=True, default="", help_text="Which criterion failed.")
    rating = models.PositiveSmallIntegerField(null=True, blank=True, help_text="1 to 5")
    note = models.TextField(blank=True, default="")
    after = models.CharField(max_length=12, choices=After, blank=True, default="")
    return_on = models.DateField(null=True, blank=True)
    given_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="verdicts")
    given_at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta(Recorded.Meta):
        ordering: ClassVar[list[str]] = ["-given_at"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["handoff"], condition=Q(undone_at=None), name="one_verdict_a_handoff"),
            models.CheckConstraint(condition=Q(rating=None) | Q(rating__range=(1, 5)), name="verdict_rating"),
            models.CheckConstraint(
                condition=Q(answer="accepted") | ~Q(criterion="") | ~Q(note=""), name="rejection_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_answer_display()}: {self.lead}"


class Answer(models.Model):
    """What Marketing did about a verdict, or why it contests it; the rep who gave it is told."""

    verdict = models.ForeignKey(Verdict, on_delete=models.CASCADE, related_name="answers")
    is_contest = models.BooleanField(default=False)
    words = models.TextField()
    given_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField(default=timezone.now)
    ruling = models.TextField(blank=True, default="")
    ruled_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    ruled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["given_at"]

    def __str__(self) -> str:
        return self.words[:60]
