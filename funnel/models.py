"""The stage of each buyer: append-only moves, hand-offs with their clocks, and the verdicts of Sales.

What is stored is what happened. A stage, the state of a clock, the compliance of a side are derived from these
rows, for today or for any day before.
"""

from typing import Any, ClassVar, Self

import pgtrigger
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from agreements.models import Version
from crm.models import Account, Lead, Owner
from crm.models.base import RecordQuerySet
from facts.models import BatchRun, Recorded, TransactionId
from team.access import SEES_ALL, can_see_all_buyers, own_ids
from team.models import Role, User


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
    is_dated = models.BooleanField(
        default=True, db_default=True,
        help_text="Whether the time of the entry is known; else `entered_at` is when Accord recorded it.",
    )  # fmt: skip
    by = models.CharField(max_length=8, choices=By, default=By.RULE, db_default="rule")
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    evidence: Any = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()), blank=True)
    override = models.TextField(
        blank=True, default="", db_default="", help_text="The reason, if the criteria were not met."
    )

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
        indexes: ClassVar[list[models.Index]] = [
            # The moves after which a lead is classified again; those that a run wrote itself do not count
            models.Index(
                fields=["changed_xid"],
                name="move_asks_anew",
                condition=Q(by="hand") | Q(by="rule", from_stage="recycled"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lead or self.account} entered {self.stage}"


class Classification(BatchRun):
    """One run over the facts that writes what moves follow from them; undated entries became true at its moment."""

    local_day = models.DateField()

    class Meta(BatchRun.Meta):
        pass

    def __str__(self) -> str:
        return f"the classification of {self.moment:%Y-%m-%d %H:%M} UTC"


class HandedQuerySet(RecordQuerySet):
    """Work lists and verdicts are one's own and one's reports'; leaders and Marketing, whose leads they are, see all.

    In a restricted company Marketing counts them all, and reads those of leads that it may read.
    """

    OWNER: ClassVar[str] = "to_owner"

    def visible_to(self, user: User | AnonymousUser) -> Self:
        rows = self.countable_by(user)
        if isinstance(user, AnonymousUser) or user.role != Role.MARKETER or can_see_all_buyers(user):
            return rows
        return rows.filter(lead__in=Lead.objects.visible_to(user))

    def countable_by(self, user: User | AnonymousUser) -> Self:
        """Return the rows that the user's figures are made of."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.is_superuser or user.role in SEES_ALL | {Role.MARKETER}:
            return self
        return self.filter(**{f"{self.OWNER}__user_id__in": own_ids(user)})


class HandOffQuerySet(HandedQuerySet):
    def open(self) -> Self:
        return self.filter(ended_at=None)

    def running(self) -> Self:
        """Clocks that tick: open, not answered yet, not paused."""
        return self.open().filter(answered_at=None, paused_at=None, due_at__isnull=False)


class HandOff(Recorded):
    """A lead changed hands: from a side to an owner, with the signed SLA that then started to run.

    Every deadline is derived from the signed terms when the clock starts and is moved only by a pause. After a
    breach the clock runs on, so that the true time until the first response is known.
    """

    class End(models.TextChoices):
        OPEN = "", "Open"
        ACCEPTED = "accepted", "Accepted"
        REJECTED = "rejected", "Rejected"
        REROUTED = "rerouted", "Passed on"
        WITHDRAWN = "withdrawn", "Withdrawn"
        LAPSED = "lapsed", "Never answered"

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
    accept_due_at = models.DateTimeField(null=True, blank=True, help_text="By when it must be accepted or rejected.")
    attempts_due_at = models.DateTimeField(null=True, blank=True, help_text="By when all attempts must be made.")
    attempts_needed = models.PositiveSmallIntegerField(default=0)
    reroute_at = models.DateTimeField(null=True, blank=True, help_text="When it goes to another person if unanswered.")
    track_until = models.DateTimeField(null=True, blank=True, help_text="Until when a late answer is counted.")
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_until = models.DateTimeField(null=True, blank=True)
    pause_reason = models.CharField(max_length=300, blank=True, default="")
    paused_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    paused_seconds = models.FloatField(default=0, help_text="Business seconds for which the clock was paused.")
    warned_at = models.DateTimeField(null=True, blank=True)
    breached_at = models.DateTimeField(null=True, blank=True)
    accept_missed_at = models.DateTimeField(null=True, blank=True)
    attempts_missed_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True, help_text="The first response.")
    is_answer_day_only = models.BooleanField(
        default=False, db_default=False,
        help_text="Only the day of the first response is known, so its duration is not.",
    )  # fmt: skip
    response_seconds = models.FloatField(null=True, blank=True, help_text="Business seconds until the first response.")
    attempts = models.PositiveIntegerField(default=0)
    ended_at = models.DateTimeField(null=True, blank=True)
    end = models.CharField(max_length=12, choices=End, blank=True, default="")
    rating = models.PositiveSmallIntegerField(null=True, blank=True, help_text="1 to 5, before a verdict is given.")
    rated_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    score = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True, help_text="As it stood.")

    objects = HandOffQuerySet.as_manager()

    class Meta(Recorded.Meta):
        ordering: ClassVar[list[str]] = ["due_at", "pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["lead"], condition=Q(ended_at=None), name="one_open_handoff"),
            models.CheckConstraint(condition=Q(rating=None) | Q(rating__range=(1, 5)), name="handoff_rating"),
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


class VerdictQuerySet(HandedQuerySet):
    OWNER = "handoff__to_owner"

    def standing(self) -> Self:
        """Those that were not undone."""
        return self.filter(undone_at=None)


class Verdict(Recorded):
    """What Sales said of a lead: accepted, or rejected by a criterion of the signed definition, with a rating.

    It takes effect (the move, the end of the hand-off) when it can no longer be undone: at `settled_at`.
    """

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
    settled_at = models.DateTimeField(null=True, blank=True)
    returned_at = models.DateTimeField(null=True, blank=True, help_text="When the recycled lead came back.")

    objects = VerdictQuerySet.as_manager()

    class Meta(Recorded.Meta):
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["given_at"], condition=Q(settled_at=None, undone_at=None), name="verdict_unsettled"),
            models.Index(
                fields=["return_on"], condition=Q(return_on__isnull=False, returned_at=None), name="verdict_returning"
            ),
        ]
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


class Ruling(models.TextChoices):
    UPHELD = "upheld", "The verdict stands"
    OVERTURNED = "overturned", "The lead goes back to Sales"


class Answer(models.Model):
    """What Marketing did about a verdict, or why it contests it; the rep who gave it is notified.

    A contest is decided by the arbiter before a day; all contests with their rulings are the arbitration log.
    """

    verdict = models.ForeignKey(Verdict, on_delete=models.CASCADE, related_name="answers")
    is_contest = models.BooleanField(default=False)
    words = models.TextField()
    given_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField(default=timezone.now)
    arbiter = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    rule_by = models.DateField(null=True, blank=True, help_text="The last day for the arbiter to decide.")
    decision = models.CharField(max_length=10, choices=Ruling, blank=True, default="")
    ruling = models.TextField(blank=True, default="")
    ruled_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    ruled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["given_at"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["verdict"], condition=Q(is_contest=True), name="one_contest_a_verdict"),
            models.CheckConstraint(
                condition=Q(ruled_at=None, decision="") | ~Q(ruled_at=None) & ~Q(decision=""), name="contest_ruled"
            ),
        ]

    def __str__(self) -> str:
        return self.words[:60]


class RoutingRule(models.Model):
    """Who takes a lead, asked in order: the first rule that finds a present person decides."""

    class How(models.TextChoices):
        ACCOUNT_OWNER = "account_owner", "The owner of its account"
        LEAD_OWNER = "lead_owner", "Its owner in the CRM"
        TERRITORY = "territory", "The people of its territory, by capacity"
        SEGMENT = "segment", "Named people, by capacity, for leads that meet the condition"
        EVERYBODY = "everybody", "All people who take leads, by capacity"

    position = models.PositiveIntegerField(default=10)
    name = models.CharField(max_length=120)
    how = models.CharField(max_length=16, choices=How)
    condition: Any = models.JSONField(null=True, blank=True)
    people = models.ManyToManyField(Owner, through="Named", blank=True, related_name="+")
    is_active = models.BooleanField(default=True)
    changed_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["position", "pk"]

    def __str__(self) -> str:
        return self.name


class Named(models.Model):
    """An owner who takes the leads of a segment."""

    rule = models.ForeignKey(RoutingRule, on_delete=models.CASCADE, related_name="+")
    owner = models.ForeignKey(Owner, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["rule", "owner"], name="named_once"),
        ]

    def __str__(self) -> str:
        return f"{self.owner}: {self.rule}"


class Capacity(models.Model):
    """How many leads an owner can take; leads are assigned in this proportion. Zero a week: takes none."""

    owner = models.OneToOneField(Owner, on_delete=models.CASCADE, related_name="capacity")
    per_day = models.PositiveIntegerField(null=True, blank=True)
    per_week = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "capacities"
        ordering: ClassVar[list[str]] = ["owner__name", "owner_id"]

    def __str__(self) -> str:
        return f"{self.owner}: {self.per_week or '–'} a week"


class Absence(models.Model):
    """An owner is away, both days included; their leads go to others, or wait where there is no other taker."""

    owner = models.ForeignKey(Owner, on_delete=models.CASCADE, related_name="absences")
    starts_on = models.DateField()
    ends_on = models.DateField()
    noted_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering: ClassVar[list[str]] = ["starts_on", "pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(ends_on__gte=models.F("starts_on")), name="absence_ends"),
        ]

    def __str__(self) -> str:
        return f"{self.owner} is away until {self.ends_on}"


class Watched(models.Model):
    """How far the clocks have looked: rows stamped with `horizon` or later are news to them."""

    name = models.CharField(max_length=20, unique=True)
    horizon = TransactionId()
    looked_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.name}: {self.horizon}"
