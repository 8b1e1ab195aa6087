"""Who owns, who sells what where, who may buy."""

from typing import ClassVar

from django.db import models

from crm.models.base import Record, currency, money, reference, text


class Owner(Record):
    """A person of ours who owns records in the CRM; a user of Accord once the two are tied."""

    name = text()
    first_name = text()
    last_name = text()
    email = text()
    manager = reference("crm.Owner", related_name="reports")
    territory = reference("team.Territory", related_name="owners")
    user = reference("team.User", related_name="owners")
    is_active = models.BooleanField(default=True, db_default=True)


class Vertical(Record):
    """An industry that is sold to as such."""

    name = text()


class Product(Record):
    name = text()
    family = text()
    list_price = money()
    currency = currency()


class Account(Record):
    """A company that buys or may buy."""

    OWNED_THROUGH: ClassVar[tuple[str, ...]] = ("owner",)

    name = text()
    domain = text()
    website = text()
    phone = text()
    kind = text()
    parent = reference("crm.Account", related_name="children")
    owner = reference("crm.Owner", related_name="accounts")
    territory = reference("team.Territory", related_name="accounts")
    vertical = reference("crm.Vertical", related_name="accounts")
    country = text()
    region = text()
    city = text()
    employees = models.BigIntegerField(null=True, blank=True)
    annual_revenue = money()
    currency = currency()
    founded_year = models.IntegerField(null=True, blank=True)

    class Meta(Record.Meta):
        indexes: ClassVar[list[models.Index]] = [*Record.Meta.indexes, models.Index(fields=["source", "domain"])]


class Contact(Record):
    """A person at an account."""

    OWNED_THROUGH: ClassVar[tuple[str, ...]] = ("owner", "account__owner")

    name = text()
    first_name = text()
    last_name = text()
    email = text()
    phone = text()
    title = text()
    department = text()
    persona = text()
    account = reference("crm.Account", related_name="contacts")
    owner = reference("crm.Owner", related_name="contacts")
    lead_source = text()
    lifecycle_stage = text()
    status = text()
    country = text()

    class Meta(Record.Meta):
        indexes: ClassVar[list[models.Index]] = [*Record.Meta.indexes, models.Index(fields=["source", "email"])]


class Lead(Record):
    """A person who may buy."""

    OWNED_THROUGH: ClassVar[tuple[str, ...]] = ("owner", "account__owner")

    name = text()
    first_name = text()
    last_name = text()
    email = text()
    phone = text()
    title = text()
    company_name = text()
    persona = text()
    account = reference("crm.Account", related_name="leads")
    contact = reference("crm.Contact", related_name="leads")
    owner = reference("crm.Owner", related_name="leads")
    campaign = reference("crm.Campaign", related_name="leads")
    product = reference("crm.Product", related_name="leads")
    territory = reference("team.Territory", related_name="leads")
    vertical = reference("crm.Vertical", related_name="leads")
    lead_source = text()
    status = text()
    lifecycle_stage = text()
    rating = text()
    country = text()
    region = text()
    city = text()
    employees = models.BigIntegerField(null=True, blank=True)
    annual_revenue = money()
    currency = currency()
    first_contact_on = models.DateField(null=True, blank=True)
    is_converted = models.BooleanField(default=False, db_default=False)
    converted_on = models.DateField(null=True, blank=True)

    class Meta(Record.Meta):
        indexes: ClassVar[list[models.Index]] = [*Record.Meta.indexes, models.Index(fields=["source", "email"])]
