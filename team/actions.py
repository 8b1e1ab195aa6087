"""Every deliberate change to the company, its people and their tokens; each says who acted and asks whether they may."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from team import tokens
from team.access import RIGHTS, may, reports_of
from team.models import ApiToken, Company, Territory, User

PERSON_FIELDS = {"name", "email", "role", "territory", "manager", "time_zone", "is_active"}
COMPANY_FIELDS = {"name", "currency", "time_zone", "foreign_amounts", "visibility", "achievement", "nightly_at"}


@transaction.atomic
def add_person(*, by: User, **fields: Any) -> User:
    """Add somebody, who has no password until they follow their invitation."""
    _must_manage(by)
    return User.objects.create_user(password=None, **_only(PERSON_FIELDS, fields))


@transaction.atomic
def change_person(*, by: User, person: User, **fields: Any) -> User:
    """Change somebody's name, place or state; a new address replaces the old one everywhere, a deactivation ends all."""
    _must_manage(by)
    _must_not_touch_owner(by, person)
    before = User.objects.select_for_update().get(pk=person.pk)
    for name, value in _only(PERSON_FIELDS, fields).items():
        setattr(person, name, value)
    person.email = person.email.lower()
    _refuse_circle(person)
    _keep_somebody_in_charge(before, person)
    person.save()
    follow_up(before, person)
    return person


def follow_up(before: User, person: User) -> None:
    """Do what a saved change brings with it: an old address signs nobody in, a deactivated person is out at once."""
    if before.email != person.email:
        EmailAddress.objects.filter(user=person).delete()
    if before.is_active and not person.is_active:
        end_access(person)


def end_access(person: User) -> None:
    """End every session and token of somebody at once."""
    person.api_tokens.filter(revoked_at=None).update(revoked_at=timezone.now())
    for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator():
        if session.get_decoded().get(SESSION_KEY) == str(person.pk):
            session.delete()


@transaction.atomic
def change_company(*, by: User, **fields: Any) -> Company:
    _must_manage(by)
    Company.get()
    company = Company.objects.select_for_update().get()
    for name, value in _only(COMPANY_FIELDS, fields).items():
        setattr(company, name, value)
    company.save()
    return company


@transaction.atomic
def save_territory(*, by: User, territory: Territory) -> Territory:
    """Add a territory or change its name or place; a territory cannot lie within itself."""
    _must_manage(by)
    above = territory.parent
    while above:
        if above.pk == territory.pk:
            raise ValidationError({"parent": f"“{territory}” cannot lie within itself. Choose another."})
        above = above.parent
    territory.save()
    return territory


def remove_territory(*, by: User, territory: Territory) -> None:
    """Remove a territory that nothing lies within; its people then have none."""
    _must_manage(by)
    territory.delete()


def change_profile(*, by: User, name: str, time_zone: str) -> User:
    by.name, by.time_zone = name, time_zone
    by.save(update_fields=["name", "time_zone"])
    return by


def issue_token(*, by: User, name: str, scopes: list[str], days: int) -> tuple[ApiToken, str]:
    """Make a token of one's own; the secret is in nobody's hands but the answer's."""
    return tokens.issue(owner=by, name=name, scopes=scopes, lifetime=timedelta(days=days))


def revoke_token(*, by: User, token: ApiToken) -> None:
    """End a token of one's own, or of anybody's for those who manage the company."""
    if token.owner_id != by.pk:
        _must_manage(by)
    ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())


def _only(names: set[str], fields: Mapping[str, Any]) -> Mapping[str, Any]:
    unknown = set(fields) - names
    if unknown:
        raise TypeError(f"Nobody may set {', '.join(sorted(unknown))} here.")
    return fields


def _must_manage(by: User) -> None:
    if not may(by, "manage_company"):
        raise PermissionDenied("Only an ops admin manages people and the company.")


def _must_not_touch_owner(by: User, person: User) -> None:
    """An owner holds every right, so whoever could change an owner's address could take them all."""
    if person.is_superuser and not by.is_superuser:
        raise PermissionDenied(f"{person} owns this Accord. Only an owner changes an owner.")


def _refuse_circle(person: User) -> None:
    if person.manager and (person.manager_id == person.pk or person.manager_id in reports_of(person)):
        raise ValidationError({"manager": f"{person.manager} reports to {person}. Choose somebody else as manager."})


def _keep_somebody_in_charge(before: User, person: User) -> None:
    if not may(before, "manage_company") or may(person, "manage_company"):
        return
    others = User.objects.filter(is_active=True).exclude(pk=person.pk)
    if not others.filter(Q(is_superuser=True) | Q(role__in=RIGHTS["manage_company"])).exists():
        raise ValidationError(f"{person} is the last who can manage people. Make somebody else an ops admin first.")
