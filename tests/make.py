"""One maker per model: sensible values, overridden by keyword."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from typing import Any

from django.db import models

from crm import models as crm
from crm.record_kind import RecordKind
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


def example(kind: RecordKind, others: Iterable[models.Model]) -> Any:
    """Make a record of a kind with a value in every field that its declaration names, tied to the other records."""
    by_model = {type(other): other for other in others}
    return record(
        kind.model, **{name: _example_value(kind.model._meta.get_field(name), by_model) for name in kind.fields}
    )


def _example_value(field: Any, by_model: dict[Any, Any]) -> Any:
    if field.is_relation:
        return by_model.get(field.related_model)
    if field.choices:
        return field.choices[0][0]
    values: dict[str, Any] = {
        "DateField": date(2025, 3, 31), "DateTimeField": datetime(2025, 3, 31, 12, tzinfo=UTC), "DecimalField": Decimal(1),
        "BooleanField": True, "IntegerField": 1, "BigIntegerField": 1,
    }  # fmt: skip
    return values.get(field.get_internal_type(), "EUR" if field.name == "currency" else f"{field.name} {next(numbers)}")


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
