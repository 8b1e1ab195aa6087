"""Opportunities: what is worth what, with whom, at which stage, and how it ended."""

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q

from crm.models.base import Record, currency_field, money_field, reference_field, text_field
from crm.models.deal_changes import RECORD_DEAL_CHANGES, RECORD_NEW_DEALS


class Outcome(models.TextChoices):
    OPEN = "open", "Open"
    WON = "won", "Won"
    LOST = "lost", "Lost"
    NO_DECISION = "no_decision", "No decision"


class OutcomeBasis(models.TextChoices):
    """What the outcome of a deal rests on, as its source tells it."""

    FLAG = "flag", "A field of the source that says so"
    NAME = "name", "The name of its stage, which is known"
    GUESS = "guess", "Words in the name of its stage"


class StageTrack(models.TextChoices):
    """What a stage is a stage of; a reason for losing is mapped like one."""

    DEAL = "deal", "Deal stage"
    LIFECYCLE = "lifecycle", "Lifecycle stage of a lead"
    STATUS = "status", "Status of a lead"
    REASON = "reason", "Reason lost"


class Opportunity(Record):
    """A deal. Its outcome is one of three, never two; while open it has none."""

    OWNED_THROUGH: ClassVar[tuple[str, ...]] = ("owner", "account__owner", "lead__owner")
    Outcome = Outcome

    name = text_field()
    account = reference_field("crm.Account", related_name="opportunities")
    contact = reference_field("crm.Contact", related_name="opportunities")
    lead = reference_field("crm.Lead", related_name="opportunities")
    owner = reference_field("crm.Owner", related_name="opportunities")
    product = reference_field("crm.Product", related_name="opportunities")
    product_as_written = text_field()
    campaign = reference_field("crm.Campaign", related_name="opportunities")
    territory = reference_field("team.Territory", related_name="opportunities")
    lead_source = text_field()
    pipeline = text_field()
    stage = text_field()
    kind = text_field()
    outcome = models.CharField(max_length=12, choices=Outcome, default=Outcome.OPEN, db_default="open")
    outcome_basis = models.CharField(
        max_length=5, choices=OutcomeBasis, blank=True, default="", db_default="",
        help_text="What the source's outcome rests on. Empty: it was set outright.",
    )  # fmt: skip
    amount = money_field()
    currency = currency_field()
    cost = money_field(help_text="Cost of what was sold, for the basis on gross profit.")
    probability = models.DecimalField(max_digits=5, decimal_places=4, null=True, blank=True, help_text="0 to 1")
    is_new_business = models.BooleanField(null=True, blank=True)
    first_contact_on = models.DateField(null=True, blank=True)
    opened_on = models.DateField(null=True, blank=True)
    expected_close_on = models.DateField(null=True, blank=True)
    closed_on = models.DateField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    next_step = text_field()
    lost_reason = text_field()
    # What the source said, where the company's own stage mapping says otherwise: outcome, probability and days
    told = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()), blank=True)

    class Meta(Record.Meta):
        verbose_name_plural = "opportunities"
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            *Record.Meta.triggers,
            RECORD_NEW_DEALS,
            RECORD_DEAL_CHANGES,
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            *Record.Meta.constraints,
            models.CheckConstraint(
                condition=Q(probability__isnull=True) | Q(probability__gte=0, probability__lte=1),
                name="opportunity_probability",
            ),
        ]


class BuyingRole(Record):
    """What a contact is in the buying group of an opportunity: economic buyer, champion, user …"""

    OWNED_THROUGH: ClassVar[tuple[str, ...]] = ("opportunity__owner", "opportunity__account__owner")

    opportunity = reference_field("crm.Opportunity", related_name="buying_roles")
    contact = reference_field("crm.Contact", related_name="buying_roles")
    role = text_field()
    is_primary = models.BooleanField(default=False, db_default=False)


class StageChange(Record):
    """One entry of the stage history of an opportunity or a lead, as the source kept it."""

    OWNED_THROUGH: ClassVar[tuple[str, ...]] = ("opportunity__owner", "lead__owner")
    Track = StageTrack

    opportunity = reference_field("crm.Opportunity", related_name="stage_changes")
    lead = reference_field("crm.Lead", related_name="stage_changes")
    track = models.CharField(max_length=10, choices=StageTrack, default=StageTrack.DEAL, db_default="deal")
    pipeline = text_field()
    stage = text_field()
    ended_as = models.CharField(
        max_length=12, choices=Outcome, blank=True, default="", db_default="",
        help_text="The outcome of a deal that enters this stage. Empty: open or not known.",
    )  # fmt: skip
    told_by = models.CharField(
        max_length=40, blank=True, default="", db_default="",
        help_text="Where it comes from, if not from the stage history of the source.",
    )  # fmt: skip
    entered_at = models.DateTimeField(null=True, blank=True)
    amount = money_field()
    currency = currency_field()
    probability = models.DecimalField(max_digits=5, decimal_places=4, null=True, blank=True)
    expected_close_on = models.DateField(null=True, blank=True)


class Quota(Record):
    """What an owner is expected to sell in a period, by category and version."""

    OWNED_THROUGH: ClassVar[tuple[str, ...]] = ("owner",)
    PERSONAL: ClassVar[bool] = True

    owner = reference_field("crm.Owner", related_name="quotas")
    category = text_field()
    version = text_field()
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    amount = money_field()
    potential = money_field()
    currency = currency_field()
