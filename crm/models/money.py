"""What was invoiced and paid."""

from typing import ClassVar

from django.db import models

from crm.models.base import Record, currency, money, reference, text


class Invoice(Record):
    """An invoice, or a credit note, which takes away."""

    OWNED_THROUGH: ClassVar[tuple[str, ...]] = ("account__owner", "opportunity__owner")

    class Kind(models.TextChoices):
        INVOICE = "invoice", "Invoice"
        CREDIT = "credit", "Credit note"

    number = text()
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.INVOICE, db_default="invoice")
    account = reference("crm.Account", related_name="invoices")
    opportunity = reference("crm.Opportunity", related_name="invoices")
    product = reference("crm.Product", related_name="invoices")
    issued_on = models.DateField(null=True, blank=True)
    due_on = models.DateField(null=True, blank=True)
    amount = money(help_text="Positive for both kinds; a credit note is subtracted.")
    cost = money(help_text="Cost of what was sold.")
    currency = currency()
    is_new_business = models.BooleanField(null=True, blank=True)


class Payment(Record):
    OWNED_THROUGH: ClassVar[tuple[str, ...]] = ("invoice__account__owner",)

    invoice = reference("crm.Invoice", related_name="payments")
    paid_on = models.DateField(null=True, blank=True)
    amount = money()
    currency = currency()
