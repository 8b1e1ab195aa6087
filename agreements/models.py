"""What both sides sign: versions, signatures, disputes, arbitration, and the history of each.

A version's state is derived from rows and times that do not change. The database itself guards the core of it:
what was proposed is not rewritten, signatures and history are append-only, and nothing comes into force without
the signature of every required side or the arbiter's ruling, also when SQL is run by hand.
"""

from datetime import date
from typing import Any, ClassVar, Self

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from agreements import kinds
from core.dates import end_of_day
from notify.models import APPEND_ONLY
from team.models import Company, Role, Side, User

SIGNING_SIDES = [Side.MARKETING, Side.SALES]
SIDES_WITHOUT_SIGNATURE = {Side.EXECUTIVE, Side.NEUTRAL}
PROPOSING_FOR_OTHERS = {Role.CMO, Role.CRO}


def company_today() -> date:
    """Return the company's local day."""
    return timezone.localtime(timezone.now(), Company.get().zone).date()


class Seat(models.TextChoices):
    MARKETING = "marketing", "Signs for Marketing"
    SALES = "sales", "Signs for Sales"
    SUPPORT = "support", "Signs for Support"
    FINANCE = "finance", "Signs for Finance"
    ARBITER = "arbiter", "Arbitrates"


class Signatory(models.Model):
    """Who holds a seat. Without a row the seat falls to the one person whose role goes with it."""

    seat = models.CharField(max_length=10, choices=Seat, unique=True)
    holder = models.ForeignKey(User, on_delete=models.PROTECT, related_name="seats")
    named_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    named_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "signatories"

    def __str__(self) -> str:
        return f"{self.get_seat_display()}: {self.holder}"


class AgreementQuerySet(models.QuerySet["Agreement"]):
    def visible_to(self, user: User) -> Self:
        """Return what the user may read: kinds open to their role, or all to a signatory; no other side's first draft."""
        is_signatory = Signatory.objects.filter(holder=user, seat__in=[*SIGNING_SIDES, Seat.ARBITER]).exists()
        rows = self if is_signatory else self.exclude(kind__in=kinds.closed_to(user))
        versions = Version.objects.filter(agreement=OuterRef("pk"))
        return rows.filter(~Exists(versions) | Exists(versions.readable_by(user)))


class Agreement(models.Model):
    """Anything both sides must agree on: a stage, a threshold, an SLA, a goal, a term, a persona …"""

    kind = models.CharField(max_length=40, db_index=True)
    key = models.CharField(max_length=120)
    title = models.CharField(max_length=200)
    third_side = models.CharField(
        max_length=12, choices=Side, blank=True, default="", help_text="Support or Finance, where they own the stage."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = AgreementQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["kind", "title"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["kind", "key"], name="agreement_kind_key"),
            models.CheckConstraint(
                condition=Q(third_side__in=["", Side.SUPPORT, Side.FINANCE]), name="agreement_third_side"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def sides(self) -> list[str]:
        """The sides whose signature a version needs."""
        return [*SIGNING_SIDES, *([self.third_side] if self.third_side else [])]

    def in_force(self, on: date | None = None) -> "Version | None":
        """Return the company-wide version that is active on a day (today by default)."""
        return self.versions.in_force(on).filter(pilot_manager=None).first()

    def in_force_for(self, user: User, on: date | None = None) -> "Version | None":
        """Return the version that binds a person: their team's pilot, else the company's."""
        piloted = (
            self.versions.in_force(on)
            .filter(Q(pilot_manager=user) | Q(pilot_manager=user.manager_id))
            .exclude(pilot_manager=None)
        )
        return piloted.first() or self.in_force(on)


class VersionQuerySet(models.QuerySet["Version"]):
    def in_force(self, on: date | None = None) -> Self:
        """Versions that bind on a day: came into force by then, not ended, not expired, a pilot not over."""
        day = on or company_today()
        lasting = Q(expires_on=None) | Q(expires_on__gte=day)
        if on is None:
            return self.filter(lasting, in_force_at__isnull=False, ended_at=None)
        midnight = end_of_day(day, Company.get().zone)
        return self.filter(lasting, Q(ended_at=None) | Q(ended_at__gte=midnight), in_force_at__lt=midnight)

    def readable_by(self, user: User) -> Self:
        """Versions that were proposed, and the drafts that are the user's own or their side's.

        Drafts by people of no side are shown to the sides' leaders and signatories, who may propose them.
        """
        own_side = [role for role in Role if role.side == Role(user.role).side]
        if user.role in PROPOSING_FOR_OTHERS or Signatory.objects.filter(holder=user).exists():
            own_side += [role for role in Role if role.side in SIDES_WITHOUT_SIGNATURE]
        return self.filter(Q(proposed_at__isnull=False) | Q(drafted_by=user) | Q(drafted_by__role__in=own_side))

    def visible_to(self, user: User) -> Self:
        """Those of agreements that the user may read, without the drafts of other sides."""
        return self.readable_by(user).filter(agreement__in=Agreement.objects.visible_to(user))

    def open(self) -> Self:
        """Versions that wait for a signature or a ruling: proposed, neither active nor ended."""
        return self.filter(proposed_at__isnull=False, in_force_at=None, ended_at=None)

    def disputed(self) -> Self:
        return self.open().filter(Exists(Dispute.objects.filter(version=OuterRef("pk"), decided_at=None)))


class End(models.TextChoices):
    SUPERSEDED = "superseded", "Superseded"
    REJECTED = "rejected", "Rejected"
    WITHDRAWN = "withdrawn", "Withdrawn"
    EXPIRED = "expired", "Expired"
    ENDED = "ended", "Ended"


GUARD_FORCE = pgtrigger.Trigger(
    name="needs_signatures",
    level=pgtrigger.Row,
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update,
    declare=[("unsigned_sides", "integer")],
    func="""
        IF NEW.in_force_at IS NULL OR (TG_OP = 'UPDATE' AND OLD.in_force_at IS NOT DISTINCT FROM NEW.in_force_at) THEN
            RETURN NEW;
        END IF;
        SELECT count(*) INTO unsigned_sides FROM unnest(NEW.sides) AS needed(side)
         WHERE NOT EXISTS (SELECT 1 FROM agreements_signature s WHERE s.version_id = NEW.id AND s.side = needed.side);
        IF cardinality(NEW.sides) < 2 OR (unsigned_sides > 0 AND NOT EXISTS (
            SELECT 1 FROM agreements_dispute d WHERE d.version_id = NEW.id AND d.decision = 'for')) THEN
            RAISE EXCEPTION 'A version comes into force by the signature of every side or by the arbiter.' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    """,
)
KEEP_WORDING = pgtrigger.Trigger(
    name="keep_wording",
    level=pgtrigger.Row,
    when=pgtrigger.Before,
    operation=pgtrigger.Update,
    condition=pgtrigger.Q(old__proposed_at__isnull=False),
    func="""
        IF (OLD.text, OLD.terms, OLD.agreement_id, OLD.number, OLD.sides, OLD.proposed_at, OLD.proposed_by_id, OLD.pilot_manager_id)
           IS DISTINCT FROM
           (NEW.text, NEW.terms, NEW.agreement_id, NEW.number, NEW.sides, NEW.proposed_at, NEW.proposed_by_id, NEW.pilot_manager_id) THEN
            RAISE EXCEPTION 'What was proposed is not rewritten; propose a new version.' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    """,
)


class Version(models.Model):
    """One wording of an agreement with its machine-readable terms."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    text = models.TextField(help_text="The text of the agreement.")
    terms = models.JSONField(default=dict, blank=True, help_text="The terms as data.")
    reason = models.TextField(blank=True, default="", help_text="Why this is proposed.")
    evidence = models.JSONField(default=dict, blank=True, help_text="The figures it was proposed with.")
    drafted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="drafts")
    drafted_at = models.DateTimeField(auto_now_add=True)
    sides = ArrayField(
        models.CharField(max_length=12), default=list, blank=True, help_text="Who must sign, as fixed when proposed."
    )
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="proposals")
    proposed_at = models.DateTimeField(null=True, blank=True)
    in_force_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    end = models.CharField(max_length=12, choices=End, blank=True, default="")
    expires_on = models.DateField(
        null=True, blank=True, help_text="The last day on which it is active. A pilot always has one."
    )
    review_on = models.DateField(
        null=True, blank=True, help_text="The day by which both sides look at it again; it is stale after it."
    )
    pilot_manager = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="pilots",
        help_text="The team of the pilot: the people who report to this manager.",
    )

    objects = VersionQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-number"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["agreement", "number"], name="version_number"),
            models.CheckConstraint(condition=Q(pilot_manager=None) | Q(expires_on__isnull=False), name="pilot_ends"),
            models.CheckConstraint(
                condition=Q(in_force_at=None) | Q(proposed_at__isnull=False), name="force_after_proposal"
            ),
            models.UniqueConstraint(
                fields=["agreement", "pilot_manager"],
                condition=Q(in_force_at__isnull=False, ended_at=None),
                nulls_distinct=False,
                name="one_in_force",
            ),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [GUARD_FORCE, KEEP_WORDING]

    def __str__(self) -> str:
        return f"{self.agreement}, version {self.number}"

    @property
    def state(self) -> str:
        """draft, proposed, disputed, in_force, expired, or how it ended."""
        if self.ended_at:
            return self.end
        if self.in_force_at:
            return "expired" if self.expires_on and self.expires_on < company_today() else "in_force"
        if any(dispute.decided_at is None for dispute in self.disputes.all()):
            return "disputed"
        return "proposed" if self.proposed_at else "draft"

    @property
    def is_stale(self) -> bool:
        """Whether it binds although the day of its review has passed."""
        return self.state == "in_force" and self.review_on is not None and self.review_on < company_today()

    @property
    def unsigned(self) -> list[str]:
        """The sides whose signature is missing, in the order of signing."""
        signed = {signature.side for signature in self.signatures.all()}
        return [side for side in self.sides or self.agreement.sides if side not in signed]


class Signature(models.Model):
    """The signature of one side by a named person. Never changed, never removed."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="signatures")
    side = models.CharField(max_length=12, choices=Side)
    signed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="signatures")
    signed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar[list[str]] = ["signed_at"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["version", "side"], name="signature_once_a_side"),
            models.UniqueConstraint(fields=["version", "signed_by"], name="signature_for_one_side"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"{self.signed_by} for {self.get_side_display()}"


class Decision(models.TextChoices):
    FOR = "for", "The version comes into force"
    AGAINST = "against", "The version is rejected"


class Dispute(models.Model):
    """The refusal of one side with its reason, which the arbiter decides before a date."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="disputes")
    side = models.CharField(max_length=12, choices=Side)
    raised_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="disputes")
    raised_at = models.DateTimeField(default=timezone.now)
    reason = models.TextField()
    arbiter = models.ForeignKey(User, on_delete=models.PROTECT, related_name="arbitrations")
    decide_by = models.DateField()
    decision = models.CharField(max_length=8, choices=Decision, blank=True, default="")
    ruling = models.TextField(blank=True, default="")
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-raised_at"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["version"], condition=Q(decided_at=None), name="one_open_dispute"),
            models.CheckConstraint(
                condition=Q(decision="", decided_at=None) | ~Q(decision="") & Q(decided_at__isnull=False),
                name="dispute_decided",
            ),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(
                name="keep_rulings", operation=pgtrigger.Update, condition=pgtrigger.Q(old__decided_at__isnull=False)
            ),
            pgtrigger.Protect(name="keep_disputes", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.get_side_display()} disputes {self.version}"


class Entry(models.Model):
    """One entry of an agreement's history: who did what, when. Append-only."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="story")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, null=True, blank=True, related_name="story")
    verb = models.CharField(max_length=20)
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    words = models.TextField()
    details: Any = models.JSONField(default=dict, blank=True)
    written_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar[list[str]] = ["written_at", "pk"]
        verbose_name_plural = "entries"
        triggers: ClassVar[list[pgtrigger.Trigger]] = [APPEND_ONLY]

    def __str__(self) -> str:
        return self.words
