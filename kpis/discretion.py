"""What a cut may not tell: a colleague's achievement, and buyers that the reader may not read.

The whole is everybody's; only the parts that name a person or a buyer are held back.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet

from crm.models import Account, Owner
from kpis.asking import ID, record_id
from kpis.dimensions import BLANK
from kpis.result import Result
from team.access import achievement_ids, sees_all_buyers
from team.models import User

PERSONAL = {"owner", "manager", "lead_owner"}
BUYERS = {"account"}
Reader = User | AnonymousUser


def as_seen_by(user: Reader, result: Result) -> Result:
    """Return the result without the parts that the reader may not know; the whole stays."""
    allowed = _allowed(user, result.by)
    if allowed is None:
        return result
    keys = {BLANK, *(f"{ID}{pk}" for pk in allowed.values_list("pk", flat=True))}
    parts = tuple(part for part in result.parts if part.key in keys)
    hidden = len(result.parts) - len(parts)
    words = (f"Parts that you may not see: {hidden:,}.",) if hidden else ()
    return replace(result, parts=parts, warnings=result.warnings + words)


def check(user: Reader, where: Mapping[str, str]) -> None:
    """Refuse a filter that would tell what the reader may not know.

    Raises:
        PermissionDenied: in words for the reader.
    """
    for name, value in where.items():
        allowed = _allowed(user, name) if value != BLANK else None
        if allowed is not None and _meant(name, value).exclude(pk__in=allowed).exists():
            raise PermissionDenied("You may not see the figures of this colleague or buyer.")


def _allowed(user: Reader, dimension: str) -> QuerySet[Any] | None:
    """Return the records whose parts the reader may know; None when the dimension hides nothing from them."""
    if dimension in PERSONAL:
        people = achievement_ids(user)
        return None if people is None else Owner.objects.filter(user_id__in=people)
    if dimension in BUYERS and not sees_all_buyers(user):
        return Account.objects.visible_to(user)
    return None


def _meant(dimension: str, value: str) -> QuerySet[Any]:
    """Return the records that a filter names: by part key, by name, or by the source's own id."""
    records = Owner.objects.all() if dimension in PERSONAL else Account.objects.all()
    number = record_id(value)
    return records.filter(pk=number) if number else records.filter(Q(name=value) | Q(external_id=value))
