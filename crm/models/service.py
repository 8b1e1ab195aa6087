"""What people did and asked, and how the product was used."""

from typing import ClassVar

from django.db import models

from crm.models.base import Record, reference_field, text_field
from team.models import User


class Activity(Record):
    """Something a rep did: call, mail, visit, demo."""

    OWNED_THROUGH: ClassVar[tuple[str, ...]] = (
        "owner",
        "lead__owner",
        "contact__owner",
        "account__owner",
        "opportunity__owner",
    )

    class Direction(models.TextChoices):
        OUTGOING = "outgoing", "Outgoing"
        INCOMING = "incoming", "Incoming"
        INTERNAL = "internal", "Internal"

    kind = text_field()
    direction = models.CharField(
        max_length=8, choices=Direction, blank=True, default="", db_default="",
        help_text="The recipient. Empty: not in the source.",
    )  # fmt: skip
    is_undelivered = models.BooleanField(
        default=False, db_default=False, help_text="It came back, or never went out: bounced, failed, a draft."
    )
    subject = text_field(500)
    notes = models.TextField(blank=True, default="", db_default="")
    status = text_field()
    outcome = text_field()
    owner = reference_field("crm.Owner", related_name="activities")
    logged_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        help_text="Who logged it in Accord. Empty: it comes from the source.",
    )  # fmt: skip
    lead = reference_field("crm.Lead", related_name="activities")
    contact = reference_field("crm.Contact", related_name="activities")
    account = reference_field("crm.Account", related_name="activities")
    opportunity = reference_field("crm.Opportunity", related_name="activities")
    happened_at = models.DateTimeField(null=True, blank=True)
    due_on = models.DateField(null=True, blank=True)
    seconds = models.IntegerField(null=True, blank=True)

    class Meta(Record.Meta):
        verbose_name_plural = "activities"


class Enquiry(Record):
    """A question a customer asked: a case, a ticket."""

    OWNED_THROUGH: ClassVar[tuple[str, ...]] = ("owner", "account__owner", "contact__owner")

    name = text_field(500)
    description = models.TextField(blank=True, default="", db_default="")
    kind = text_field()
    status = text_field()
    priority = text_field()
    channel = text_field()
    pipeline = text_field()
    owner = reference_field("crm.Owner", related_name="enquiries")
    account = reference_field("crm.Account", related_name="enquiries")
    contact = reference_field("crm.Contact", related_name="enquiries")
    opened_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta(Record.Meta):
        verbose_name_plural = "enquiries"


class EnquiryHandover(Record):
    """An enquiry passed from one hand to the next."""

    OWNED_THROUGH: ClassVar[tuple[str, ...]] = ("enquiry__owner", "from_owner", "to_owner")

    enquiry = reference_field("crm.Enquiry", related_name="handovers")
    from_owner = reference_field("crm.Owner", related_name="enquiries_handed_over")
    to_owner = reference_field("crm.Owner", related_name="enquiries_received")
    handed_at = models.DateTimeField(null=True, blank=True)


class UsageEvent(Record):
    """Something a lead or customer did in the product."""

    OWNED_THROUGH: ClassVar[tuple[str, ...]] = ("lead__owner", "contact__owner", "account__owner")

    name = text_field()
    quantity = models.DecimalField(max_digits=16, decimal_places=4, null=True, blank=True)
    lead = reference_field("crm.Lead", related_name="usage_events")
    contact = reference_field("crm.Contact", related_name="usage_events")
    account = reference_field("crm.Account", related_name="usage_events")
    product = reference_field("crm.Product", related_name="usage_events")
    happened_at = models.DateTimeField(null=True, blank=True)
