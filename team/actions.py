"""Every deliberate change to the company, its people and their tokens; each says who acted and asks whether they may."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from team import seats, tokens
from team.access import RIGHTS, has_right, reports_of
from team.accounts import consents, reauthentication
from team.accounts.consents import ProposedChange
from team.accounts.history import record_change, record_seats, recording_actor
from team.models import ApiToken, Company, ConsentRequest, Territory, User
from team.permissions import (
    ADD_PERSON,
    CHANGE_COMPANY,
    CHANGE_PERSON,
    CHANGE_PROFILE,
    ISSUE_TOKEN,
    MANAGE_TERRITORIES,
    RESET_TWO_FACTOR,
    REVOKE_TOKEN,
)

PERSON_FIELDS = {"name", "email", "role", "territory", "manager", "time_zone", "is_active"}
GUARDED_FIELDS = {"email", "role", "is_active", "is_superuser", "is_staff"}  # who can act as a person, and as what
Kind = ConsentRequest.Kind
FISCAL_FIELDS = {"fiscal_first_month", "fiscal_week_start", "fiscal_week_end", "fiscal_year_name"}
ATTRIBUTION_FIELDS = {"attribution_model", "journey_basis", "attribution_half_life", "counts_incoming_activities"}
CASH_FIELDS = {"invoice_within_days", "payment_term_days", "live_within_days"}
COMPANY_FIELDS = FISCAL_FIELDS | ATTRIBUTION_FIELDS | CASH_FIELDS | {
    "name", "currency", "time_zone", "number_format", "foreign_amounts", "visibility", "achievement", "nightly_at",
}  # fmt: skip


@transaction.atomic
def add_person(*, by: User, **fields: Any) -> User:
    """Add a person, who has no password until they follow their invitation.

    A person who would sign or decide is added deactivated, and becomes active once the appointment is consented to.
    """
    ADD_PERSON.require(by)
    fields = dict(_require_known_fields(PERSON_FIELDS, fields))
    person = User(**{**fields, "email": fields["email"].lower()})
    _refuse_taken_address(person)
    person.set_unusable_password()
    gained = _find_gained_seats(person)
    person.pk = None
    person._state.adding = True
    changes: dict[str, list[Any]] = {"role": ["", person.role], "email": ["", person.email], "is_active": [False, True]}
    asking = ProposedChange(by, Kind.ACCOUNT, "account:new", person, changes, None, gained, is_appointment=True)
    waits = bool(gained) and consents.is_needed(asking)
    person.is_active = not waits
    held = seats.seats_held()
    person.save()
    record_seats(held, by=by)
    if waits:
        consents.open_request(replace(asking, key=f"account:{person.pk}"))
    return person


@transaction.atomic
def change_person(*, by: User, person: User, **fields: Any) -> ConsentRequest | None:
    """Change a person's name, territory or state; a new address replaces the old one everywhere, a deactivation ends all.

    Of people who sign or decide, address, role and state change only with a consent, and so does what gives a person
    a seat: the request for it is returned, the rest is saved.
    """
    CHANGE_PERSON.require(by, person)
    return _apply_changes(by, person, _require_known_fields(PERSON_FIELDS, fields))


@transaction.atomic
def change_account(*, by: User, person: User, **fields: Any) -> ConsentRequest | None:
    """Change what only an owner changes too, in the back office: who is an owner, and who enters it."""
    if not (by.is_superuser and by.is_active):
        raise PermissionDenied("Only an owner can change this.")
    return _apply_changes(by, person, fields)


def _apply_changes(by: User, person: User, fields: Mapping[str, Any]) -> ConsentRequest | None:
    before = User.objects.select_for_update().get(pk=person.pk)
    for name, value in fields.items():
        setattr(person, name, value)
    person.email = person.email.lower()
    _refuse_reporting_cycle(person)
    _require_remaining_admin(before, person)
    changes = {name: [getattr(before, name), getattr(person, name)] for name in GUARDED_FIELDS}
    changes = {name: pair for name, pair in changes.items() if pair[0] != pair[1]}
    if "email" in changes and by.pk == person.pk:
        raise ValidationError({"email": "Change your own address on your account page, where you confirm it."})
    if "email" in changes:
        _refuse_taken_address(person)
    request = _request_consent_if_needed(by, before, person, changes) if changes else None
    if request:
        for name, (old, _) in changes.items():
            setattr(person, name, old)
    _save_person(before, person, by=by)
    return request


def _request_consent_if_needed(
    by: User, before: User, person: User, changes: dict[str, list[Any]]
) -> ConsentRequest | None:
    gained = _find_gained_seats(person)
    if not gained and not seats.is_protected(before):
        return None
    owner = None if gained else before
    is_new = bool(gained) and not (seats.is_protected(before) and seats.can_sign_in(before))
    return consents.request_consent(
        ProposedChange(by, Kind.ACCOUNT, f"account:{person.pk}", before, changes, owner, gained, is_new)
    )


def _find_gained_seats(person: User) -> list[str]:
    """Return who would gain which seat if the person were saved; saves in a transaction that is rolled back."""
    held, gained = seats.seats_held(), []
    with suppress(_Rollback), transaction.atomic():
        person.save()
        gained = [f"{User.objects.get(pk=pk)}: {label}" for label, pk in sorted(seats.seats_held() - held)]
        raise _Rollback
    return gained


class _Rollback(Exception):
    """Rolls a trial transaction back."""


def _save_person(
    before: User, person: User, *, by: User | None, via: str = "", consent: ConsentRequest | None = None
) -> None:
    held = seats.seats_held()
    with recording_actor(by=by, via=via, consent=consent):
        person.save()
    follow_up(before, person)
    record_seats(held, by=by, via=via, consent=consent)


def _apply_account(request: ConsentRequest) -> None:
    """Make the change to an account that was consented to."""
    before = User.objects.select_for_update().get(pk=request.person_id)
    person = User.objects.get(pk=request.person_id)
    for name, (_, value) in request.changes.items():
        setattr(person, name, value)
    _refuse_taken_address(person)
    _require_remaining_admin(before, person)
    _save_person(before, person, by=request.asked_by, consent=request)


@transaction.atomic
def change_on_server(*, person: User, via: str, **fields: Any) -> None:
    """Change an account by a command on the server, which needs no consent: it is written and mailed all the same."""
    before = User.objects.get(pk=person.pk)
    for name, value in _require_known_fields(GUARDED_FIELDS, fields).items():
        setattr(person, name, value)
    _refuse_taken_address(person)
    _save_person(before, person, by=None, via=via)


@transaction.atomic
def reset_two_factor(*, by: User, person: User) -> ConsentRequest | None:
    """Reset the second factor of a person who has lost it; of people who sign or decide only with a consent."""
    RESET_TWO_FACTOR.require(by, person)
    if not Authenticator.objects.filter(user=person).exists():
        raise ValidationError(f"{person} has no two-factor sign-in.")
    if seats.is_protected(person):
        changes = {"Two-factor sign-in": ["on", "reset"]}
        asking = ProposedChange(by, Kind.TWO_FACTOR, f"two_factor:{person.pk}", person, changes, person)
        if request := consents.request_consent(asking):
            return request
    remove_two_factor(person=person, by=by)
    return None


def remove_two_factor(
    *, person: User, by: User | None = None, via: str = "", consent: ConsentRequest | None = None
) -> None:
    Authenticator.objects.filter(user=person).delete()
    record_change(person=person, field="two_factor", old="on", new="reset", by=by, via=via, consent=consent)


consents.register_applier(Kind.ACCOUNT, _apply_account)
consents.register_applier(
    Kind.TWO_FACTOR,
    lambda request: remove_two_factor(person=request.person, by=request.asked_by, consent=request),
)


def follow_up(before: User, person: User) -> None:
    """Do what a saved change implies: an old address no longer signs in, a deactivated person loses access at once."""
    if before.email != person.email:
        EmailAddress.objects.filter(user=person).delete()
    if before.is_active and not person.is_active:
        end_access(person)


def end_access(person: User) -> None:
    """End every session and token of a person at once."""
    person.api_tokens.filter(revoked_at=None).update(revoked_at=timezone.now())
    for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator():
        if session.get_decoded().get(SESSION_KEY) == str(person.pk):
            session.delete()


@transaction.atomic
def change_company(*, by: User, **fields: Any) -> Company:
    CHANGE_COMPANY.require(by)
    Company.get()
    company = Company.objects.select_for_update().get()
    for name, value in _require_known_fields(COMPANY_FIELDS, fields).items():
        setattr(company, name, value)
    company.save()
    return company


@transaction.atomic
def save_territory(*, by: User, territory: Territory) -> Territory:
    """Add a territory or change its name or place; a territory cannot be within itself."""
    MANAGE_TERRITORIES.require(by)
    above = territory.parent
    while above:
        if above.pk == territory.pk:
            raise ValidationError({"parent": f"“{territory}” cannot be part of itself. Choose another territory."})
        above = above.parent
    territory.save()
    return territory


def remove_territory(*, by: User, territory: Territory) -> None:
    """Remove a territory that nothing is within; its people then have none."""
    MANAGE_TERRITORIES.require(by)
    territory.delete()


def change_profile(*, by: User, name: str, time_zone: str) -> User:
    CHANGE_PROFILE.require(by)
    by.name, by.time_zone = name, time_zone
    by.save(update_fields=["name", "time_zone"])
    return by


def issue_token(*, by: User, name: str, scopes: list[str], days: int) -> tuple[ApiToken, str]:
    """Make a token of one's own, after the password was entered again; the secret is in the answer alone."""
    ISSUE_TOKEN.require(by)
    reauthentication.require(by)
    return tokens.create_token(owner=by, name=name, scopes=scopes, lifetime=timedelta(days=days))


def revoke_token(*, by: User, token: ApiToken) -> None:
    """End a token of one's own, or of anybody's for those who manage the company."""
    REVOKE_TOKEN.require(by, token)
    ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())


def _require_known_fields(names: set[str], fields: Mapping[str, Any]) -> Mapping[str, Any]:
    unknown = set(fields) - names
    if unknown:
        raise TypeError(f"You cannot set {', '.join(sorted(unknown))} here.")
    return fields


def _refuse_taken_address(person: User) -> None:
    if User.objects.filter(email__iexact=person.email).exclude(pk=person.pk).exists():
        raise ValidationError({"email": "This address cannot be used. Choose another."})


def _refuse_reporting_cycle(person: User) -> None:
    if person.manager and (person.manager_id == person.pk or person.manager_id in reports_of(person)):
        raise ValidationError({"manager": f"{person.manager} reports to {person}. Choose another manager."})


def _require_remaining_admin(before: User, person: User) -> None:
    if not has_right(before, "manage_company") or has_right(person, "manage_company"):
        return
    others = User.objects.filter(is_active=True).exclude(pk=person.pk)
    if not others.filter(Q(is_superuser=True) | Q(role__in=RIGHTS["manage_company"])).exists():
        raise ValidationError(
            f"{person} is the last person who can manage people. Make another person an ops admin first."
        )
