"""What was sold, invoiced, paid and subscribed to."""

from typing import ClassVar

from django.db import models

from crm.models.base import Record, currency_field, money_field, reference_field, text_field


class Invoice(Record):
    """An invoice, or a credit note, which takes away."""

    OWNED_THROUGH: ClassVar[tuple[str, ...]] = ("account__owner", "opportunity__owner")

    class Kind(models.TextChoices):
        INVOICE = "invoice", "Invoice"
        CREDIT = "credit", "Credit note"

    number = text_field()
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.INVOICE, db_default="invoice")
    account = reference_field("crm.Account", related_name="invoices")
    opportunity = reference_field("crm.Opportunity", related_name="invoices")
    product = reference_field("crm.Product", related_name="invoices")
    issued_on = models.DateField(null=True, blank=True)
    due_on = models.DateField(null=True, blank=True)
    amount = money_field(help_text="Positive for both kinds; a credit note is subtracted.")
    cost = money_field(help_text="Cost of what was sold.")
    currency = currency_field()
    is_new_business = models.BooleanField(null=True, blank=True)


class Payment(Record):
    OWNED_THROUGH: ClassVar[tuple[str, ...]] = ("invoice__account__owner",)

    invoice = reference_field("crm.Invoice", related_name="payments")
    paid_on = models.DateField(null=True, blank=True)
    amount = money_field()
    currency = currency_field()


class LineItem(Record):
    """One product on an opportunity, an order or an invoice."""

    OWNED_THROUGH: ClassVar[tuple[str, ...]] = (
        "opportunity__owner", "account__owner", "invoice__account__owner", "invoice__opportunity__owner",
    )  # fmt: skip

    name = text_field()
    opportunity = reference_field("crm.Opportunity", related_name="line_items")
    invoice = reference_field("crm.Invoice", related_name="line_items")
    account = reference_field("crm.Account", related_name="line_items")
    product = reference_field("crm.Product", related_name="line_items")
    sold_on = models.DateField(
        null=True, blank=True, help_text="Order or service date. Empty: the day of the invoice or opportunity."
    )
    quantity = models.DecimalField(max_digits=16, decimal_places=4, null=True, blank=True)
    unit_price = models.DecimalField(max_digits=16, decimal_places=4, null=True, blank=True)
    discount = money_field(help_text="Taken off the whole line, in money.")
    amount = money_field(help_text="The total of the line, after discount, net of tax.")
    currency = currency_field()


class Subscription(Record):
    """A product that an account pays for by the period."""

    OWNED_THROUGH: ClassVar[tuple[str, ...]] = ("account__owner", "opportunity__owner")

    class Period(models.TextChoices):
        WEEK = "week", "Week"
        MONTH = "month", "Month"
        QUARTER = "quarter", "Quarter"
        HALF_YEAR = "half_year", "Half year"
        YEAR = "year", "Year"

    name = text_field()
    account = reference_field("crm.Account", related_name="subscriptions")
    opportunity = reference_field("crm.Opportunity", related_name="subscriptions")
    product = reference_field("crm.Product", related_name="subscriptions")
    plan = text_field()
    status = text_field()
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True, help_text="The last day. Empty: no end date.")
    period = models.CharField(max_length=10, choices=Period, default=Period.MONTH, db_default="month")
    amount = money_field(help_text="What is paid for one period, net of tax.")
    currency = currency_field()
