"""Who owns, who sells what where, who may buy."""

from typing import ClassVar

from django.db import models

from crm.models.base import Record, currency_field, money_field, reference_field, text_field


class Owner(Record):
    """A person of the company who owns records in the CRM; a user of Accord once the two are linked."""

    name = text_field()
    first_name = text_field()
    last_name = text_field()
    email = text_field()
    manager = reference_field("crm.Owner", related_name="reports")
    territory = reference_field("team.Territory", related_name="owners")
    user = reference_field("team.User", related_name="owners")
    is_active = models.BooleanField(default=True, db_default=True)


class Vertical(Record):
    """An industry that is sold to as such."""

    name = text_field()


class Product(Record):
    name = text_field()
    family = text_field()
    list_price = money_field()
    currency = currency_field()


class Account(Record):
    """A company that buys or may buy."""

    OWNED_THROUGH: ClassVar[tuple[str, ...]] = ("owner",)

    name = text_field()
    domain = text_field()
    website = text_field()
    phone = text_field()
    kind = text_field()
    parent = reference_field("crm.Account", related_name="children")
    owner = reference_field("crm.Owner", related_name="accounts")
    territory = reference_field("team.Territory", related_name="accounts")
    vertical = reference_field("crm.Vertical", related_name="accounts")
    country = text_field()
    region = text_field()
    city = text_field()
    employees = models.BigIntegerField(null=True, blank=True)
    annual_revenue = money_field()
    currency = currency_field()
    founded_year = models.IntegerField(null=True, blank=True)

    class Meta(Record.Meta):
        indexes: ClassVar[list[models.Index]] = [*Record.Meta.indexes, models.Index(fields=["source", "domain"])]


class Contact(Record):
    """A person at an account."""

    OWNED_THROUGH: ClassVar[tuple[str, ...]] = ("owner", "account__owner")

    name = text_field()
    first_name = text_field()
    last_name = text_field()
    email = text_field()
    phone = text_field()
    title = text_field()
    department = text_field()
    persona = text_field()
    account = reference_field("crm.Account", related_name="contacts")
    owner = reference_field("crm.Owner", related_name="contacts")
    lead_source = text_field()
    lifecycle_stage = text_field()
    status = text_field()
    country = text_field()

    class Meta(Record.Meta):
        indexes: ClassVar[list[models.Index]] = [*Record.Meta.indexes, models.Index(fields=["source", "email"])]


class Lead(Record):
    """A person who may buy."""

    OWNED_THROUGH: ClassVar[tuple[str, ...]] = ("owner", "account__owner")

    name = text_field()
    first_name = text_field()
    last_name = text_field()
    email = text_field()
    phone = text_field()
    title = text_field()
    company_name = text_field()
    persona = text_field()
    account = reference_field("crm.Account", related_name="leads")
    contact = reference_field("crm.Contact", related_name="leads")
    owner = reference_field("crm.Owner", related_name="leads")
    campaign = reference_field("crm.Campaign", related_name="leads")
    product = reference_field("crm.Product", related_name="leads")
    territory = reference_field("team.Territory", related_name="leads")
    vertical = reference_field("crm.Vertical", related_name="leads")
    lead_source = text_field()
    status = text_field()
    lifecycle_stage = text_field()
    rating = text_field()
    country = text_field()
    region = text_field()
    city = text_field()
    employees = models.BigIntegerField(null=True, blank=True)
    annual_revenue = money_field()
    currency = currency_field()
    first_contact_on = models.DateField(null=True, blank=True)
    is_converted = models.BooleanField(default=False, db_default=False)
    converted_on = models.DateField(null=True, blank=True)

    class Meta(Record.Meta):
        indexes: ClassVar[list[models.Index]] = [*Record.Meta.indexes, models.Index(fields=["source", "email"])]
