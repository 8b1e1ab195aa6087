"""One maker per model: sensible values, overridden by keyword."""

from itertools import count
from typing import Any

from crm import models as crm
from team.models import Role, Territory, User

numbers = count(1)


def user(role: str = Role.REP, **fields: Any) -> User:
    number = next(numbers)
    return User.objects.create_user(
        **{"email": f"{role}{number}@example.com", "name": f"{role.upper()} {number}", "role": role, **fields}
    )


def territory(**fields: Any) -> Territory:
    return Territory.objects.create(**{"name": f"Territory {next(numbers)}", **fields})


def record(model: type[Any], **fields: Any) -> Any:
    return model.objects.create(**{"source": "test", "external_id": f"{model.__name__}-{next(numbers)}", **fields})


def owner(**fields: Any) -> crm.Owner:
    return record(crm.Owner, **{"name": f"Owner {next(numbers)}", **fields})


def account(**fields: Any) -> crm.Account:
    return record(crm.Account, **{"name": f"Account {next(numbers)}", **fields})


def contact(**fields: Any) -> crm.Contact:
    return record(crm.Contact, **{"name": f"Contact {next(numbers)}", **fields})


def lead(**fields: Any) -> crm.Lead:
    return record(crm.Lead, **{"name": f"Lead {next(numbers)}", **fields})


def campaign(**fields: Any) -> crm.Campaign:
    return record(crm.Campaign, **{"name": f"Campaign {next(numbers)}", **fields})


def opportunity(**fields: Any) -> crm.Opportunity:
    return record(crm.Opportunity, **{"name": f"Deal {next(numbers)}", "currency": "EUR", **fields})


def spend(**fields: Any) -> crm.Spend:
    return record(crm.Spend, **{"currency": "EUR", **fields})


def invoice(**fields: Any) -> crm.Invoice:
    return record(crm.Invoice, **{"currency": "EUR", **fields})


def line_item(**fields: Any) -> crm.LineItem:
    return record(crm.LineItem, **{"name": f"Line {next(numbers)}", "currency": "EUR", **fields})


def subscription(**fields: Any) -> crm.Subscription:
    return record(crm.Subscription, **{"name": f"Subscription {next(numbers)}", "currency": "EUR", **fields})


def touch(**fields: Any) -> crm.Touch:
    return record(crm.Touch, **fields)
