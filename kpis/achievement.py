"""Who may see what a colleague achieved: the setting that both sides sign, applied to cuts by person."""

from collections.abc import Mapping
from dataclasses import replace

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import Q

from crm.models import Owner
from kpis.asking import ID, record_id
from kpis.dimensions import BLANK
from kpis.result import Result
from team.access import achievement_ids
from team.models import User

PERSONAL = {"owner", "manager", "lead_owner"}


def as_seen_by(user: User | AnonymousUser, result: Result) -> Result:
    """Return the result without the parts of people whose achievement the user may not see; the whole stays."""
    allowed = _owner_ids(user) if result.by in PERSONAL else None
    if allowed is None:
        return result
    parts = tuple(part for part in result.parts if part.key == BLANK or part.key in {f"{ID}{pk}" for pk in allowed})
    hidden = len(result.parts) - len(parts)
    words = (f"People whose figures you may not see: {hidden}.",) if hidden else ()
    return replace(result, parts=parts, warnings=result.warnings + words)


def check(user: User | AnonymousUser, where: Mapping[str, str]) -> None:
    """Refuse a filter that would show what a colleague achieved.

    Raises:
        PermissionDenied: in words for the reader.
    """
    for name in PERSONAL & where.keys():
        allowed = _owner_ids(user) if where[name] != BLANK else None
        if allowed is not None and not _meant(where[name]) <= allowed:
            raise PermissionDenied("You may not see what this colleague achieved.")


def _owner_ids(user: User | AnonymousUser) -> set[int] | None:
    """Return the ids of the owners whose achievement the user may see; None means everybody's."""
    people = achievement_ids(user)
    if people is None:
        return None
    return set(Owner.objects.filter(user_id__in=people).values_list("pk", flat=True))


def _meant(value: str) -> set[int]:
    """Return the owners that a filter names: by part key, by name, or by the source's own id."""
    if number := record_id(value):
        return {number}
    return set(Owner.objects.filter(Q(name=value) | Q(external_id=value)).values_list("pk", flat=True))
