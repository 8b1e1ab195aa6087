"""What happens to accounts: every change that decides who can act as a person, and requests that wait for a consent."""

from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils import timezone

PERSON = "team.User"

RECORD_CHANGES = pgtrigger.Trigger(
    name="record_account_changes",
    level=pgtrigger.Row,
    when=pgtrigger.After,
    operation=pgtrigger.Update,
    condition=pgtrigger.Condition(
        "((OLD.email, OLD.password, OLD.role, OLD.is_active, OLD.is_superuser, OLD.is_staff) IS DISTINCT FROM "
        "(NEW.email, NEW.password, NEW.role, NEW.is_active, NEW.is_superuser, NEW.is_staff))"
    ),
    declare=[("is_rehash", "boolean"), ("is_new_password", "boolean")],
    func="""
        is_rehash := COALESCE(current_setting('accord.rehash', true), '') = '1';
        is_new_password := OLD.password IS DISTINCT FROM NEW.password AND NOT is_rehash
            AND NOT (NEW.password LIKE '!%' AND (OLD.password = '' OR OLD.password LIKE '!%'));
        INSERT INTO team_accountchange (person_id, field, old, new, mail_to, by_id, via, consent_id, changed_at)
        SELECT NEW.id, changes.field, changes.old, changes.new, OLD.email,
               NULLIF(current_setting('accord.actor', true), '')::bigint,
               COALESCE(current_setting('accord.via', true), ''),
               NULLIF(current_setting('accord.consent', true), '')::bigint,
               clock_timestamp()
          FROM (VALUES
            ('email', OLD.email, NEW.email, OLD.email IS DISTINCT FROM NEW.email),
            ('password',
             CASE WHEN OLD.password LIKE '!%' THEN 'none' ELSE 'set' END,
             CASE WHEN NEW.password LIKE '!%' THEN 'none' ELSE 'set' END, is_new_password),
            ('role', OLD.role, NEW.role, OLD.role IS DISTINCT FROM NEW.role),
            ('is_active', OLD.is_active::text, NEW.is_active::text, OLD.is_active IS DISTINCT FROM NEW.is_active),
            ('is_superuser', OLD.is_superuser::text, NEW.is_superuser::text, OLD.is_superuser IS DISTINCT FROM NEW.is_superuser),
            ('is_staff', OLD.is_staff::text, NEW.is_staff::text, OLD.is_staff IS DISTINCT FROM NEW.is_staff)
          ) AS changes(field, old, new, is_changed)
         WHERE changes.is_changed;
        IF is_new_password OR (OLD.is_active AND NOT NEW.is_active) THEN
            UPDATE team_apitoken SET revoked_at = now() WHERE owner_id = NEW.id AND revoked_at IS NULL;
        END IF;
        RETURN NEW;
    """,
)


class ConsentRequest(models.Model):
    """A change to an account or a seat that waits until the person or the arbiter consents.

    Where there is no one to consent it takes effect by itself after a waiting period, in which every signatory may refuse it.
    """

    class Kind(models.TextChoices):
        ACCOUNT = "account", "Account"
        SEAT = "seat", "Seat"
        TWO_FACTOR = "two_factor", "Two-factor sign-in"

    class Decision(models.TextChoices):
        GRANTED = "granted", "Consented"
        REFUSED = "refused", "Refused"
        WITHDRAWN = "withdrawn", "Withdrawn"
        EXPIRED = "expired", "Expired"
        ELAPSED = "elapsed", "In effect after the waiting period"

    kind = models.CharField(max_length=12, choices=Kind)
    key = models.CharField(max_length=60, help_text="What it is about; one request about it waits at a time.")
    person = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="consent_requests")
    owner = models.ForeignKey(
        PERSON, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        help_text="Whose account or seat it is now, who may consent; empty: only the arbiter.",
    )  # fmt: skip
    changes: Any = models.JSONField(default=dict, help_text='{"field": [old, new]}')
    seats = models.JSONField(default=list, blank=True, help_text="The seats that the person would gain.")
    asked_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    takes_effect_at = models.DateTimeField(null=True, blank=True)
    decision = models.CharField(max_length=10, choices=Decision, blank=True, default="")
    decided_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-asked_at", "-pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["key"], condition=Q(decided_at=None), name="one_open_consent"),
            models.CheckConstraint(
                condition=Q(decision="", decided_at=None) | ~Q(decision="") & Q(decided_at__isnull=False),
                name="consent_decided",
            ),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.ReadOnly(
                name="keep_consents", exclude=["decision", "decided_by", "decided_at", "mailed_at"],
            ),
            pgtrigger.Protect(
                name="keep_consent_decisions", operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "(OLD.decided_at IS NOT NULL AND (OLD.decision, OLD.decided_by_id, OLD.decided_at) "
                    "IS DISTINCT FROM (NEW.decision, NEW.decided_by_id, NEW.decided_at))"
                ),
            ),
            pgtrigger.Protect(name="no_consent_removed", operation=pgtrigger.Delete),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.person}"


class AccountChange(models.Model):
    """One change that decides who can act as a person: address, password, role, seat, second factor, rights, tokens.

    The database writes it for every change of a person's row, whatever made it. Only whether it was mailed changes.
    """

    person = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="account_changes")
    field = models.CharField(max_length=20)
    old = models.CharField(max_length=254, blank=True, default="")
    new = models.CharField(max_length=254, blank=True, default="")
    mail_to = models.CharField(max_length=254, blank=True, default="", help_text="The address before the change.")
    by = models.ForeignKey(PERSON, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    via = models.CharField(max_length=60, blank=True, default="", help_text="The command, where no page made it.")
    consent = models.ForeignKey(ConsentRequest, on_delete=models.PROTECT, null=True, blank=True, related_name="applied")
    changed_at = models.DateTimeField(default=timezone.now)
    mailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["changed_at", "pk"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["person", "changed_at"], name="account_change_person"),
            models.Index(fields=["changed_at"], name="account_change_unsent", condition=Q(mailed_at=None)),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.ReadOnly(name="keep_account_changes", exclude=["mailed_at"]),
            pgtrigger.Protect(name="no_account_change_removed", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.field}"
