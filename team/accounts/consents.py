"""Requests for a consent: who may give it, and what happens when it is given, refused, or not given in time.

The account of a person who signs or decides, and the seats themselves, change only with a consent: of the person whose
account or seat it is, or of the arbiter; of a CEO where there is no arbiter or the change is the arbiter's own. No one
consents to what they asked for, except for their own account and for an appointment to a seat that no one holds. Where
no one can consent, the change takes effect after a waiting period in which everyone who signs may refuse it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from team import seats
from team.accounts import reauthentication
from team.models import ConsentRequest, Role, User

DAYS_TO_CONSENT = 14
DAYS_OF_WAITING = 7
LABELS = {
    "email": "E-mail",
    "role": "Role",
    "is_active": "May sign in",
    "is_superuser": "Owner",
    "is_staff": "Back office",
}


@dataclass(frozen=True)
class ProposedChange:
    """A change that may need a consent.

    `owner` is whose account or seat it is now and who may consent to it; None where the arbiter alone may. An
    appointment fills a vacant seat with a person whose account no one uses yet to sign.
    """

    by: User
    kind: str
    key: str
    person: User
    changes: dict[str, list[Any]]
    owner: User | None
    seats: Sequence[str] = ()
    is_appointment: bool = False


Apply = Callable[[ConsentRequest], None]
_appliers: dict[str, Apply] = {}


def register_applier(kind: str, apply: Apply) -> None:
    """Name the action that makes a change of a kind once it is consented to."""
    _appliers[kind] = apply


def request_consent(asking: ProposedChange) -> ConsentRequest | None:
    """Open a request; None where the change may be made at once."""
    return open_request(asking) if is_needed(asking) else None


def is_needed(asking: ProposedChange) -> bool:
    """Tell whether another person must consent; a user who may decide alone is asked for the password again."""
    if is_own_decision(asking):
        reauthentication.require(asking.by)
        return False
    return bool(_people_able_to_consent(asking.by, asking.person, asking.owner) or _other_protected_people(asking.by))


def open_request(asking: ProposedChange) -> ConsentRequest:
    """Open a request, also where there is no one to consent.

    Raises:
        ValidationError: another request about the same waits already.
    """
    able = _people_able_to_consent(asking.by, asking.person, asking.owner)
    _close_expired(ConsentRequest.objects.filter(key=asking.key))
    if ConsentRequest.objects.filter(key=asking.key, decided_at=None).exists():
        raise ValidationError(
            "A request for this change is already waiting for a consent. Withdraw it before you send another one."
        )
    now = timezone.now()
    return ConsentRequest.objects.create(
        kind=asking.kind, key=asking.key, person=asking.person, owner=asking.owner, changes=asking.changes,
        seats=list(asking.seats), asked_by=asking.by, asked_at=now, expires_at=now + timedelta(days=DAYS_TO_CONSENT),
        takes_effect_at=None if able else now + timedelta(days=DAYS_OF_WAITING),
    )  # fmt: skip


def is_own_decision(asking: ProposedChange) -> bool:
    """Tell whether who asks may decide alone: about their own account, or whom to appoint to a vacant seat."""
    if asking.owner is not None:
        return asking.owner.pk == asking.by.pk
    return asking.is_appointment and asking.by.pk in {
        person.pk for person in seats.consent_authorities(for_person=asking.person)
    }


def possible_consenters(request: ConsentRequest) -> list[User]:
    """Return who may consent to a request now; empty once it is decided or expired."""
    if not is_open(request):
        return []
    return _people_able_to_consent(request.asked_by, request.person, request.owner)


def possible_refusers(request: ConsentRequest) -> list[User]:
    """Return who may refuse: who may consent, the person, and everyone who signs while it waits for its day."""
    people = [*possible_consenters(request), request.person]
    if request.takes_effect_at:
        people += _other_protected_people(request.asked_by)
    return [person for person in dict.fromkeys(people) if person.pk != request.asked_by_id] if is_open(request) else []


def is_open(request: ConsentRequest) -> bool:
    return request.decided_at is None and request.expires_at > timezone.now()


@transaction.atomic
def grant_request(*, by: User, request: ConsentRequest) -> ConsentRequest:
    """Consent: the change takes effect.

    Raises:
        PermissionDenied: another person may consent.
        ValidationError: it is decided or expired, or the change is not possible any more.
    """
    request = _lock_open_request(request)
    if by.pk not in {person.pk for person in possible_consenters(request)}:
        raise PermissionDenied(f"Only {_join_names(possible_consenters(request))} can consent to this.")
    reauthentication.require(by)
    _close_request(request, ConsentRequest.Decision.GRANTED, by)
    _appliers[request.kind](request)
    return request


@transaction.atomic
def refuse_request(*, by: User, request: ConsentRequest) -> ConsentRequest:
    request = _lock_open_request(request)
    if by.pk not in {person.pk for person in possible_refusers(request)}:
        raise PermissionDenied(f"Only {_join_names(possible_refusers(request))} can refuse this.")
    return _close_request(request, ConsentRequest.Decision.REFUSED, by)


@transaction.atomic
def withdraw_request(*, by: User, request: ConsentRequest) -> ConsentRequest:
    request = _lock_open_request(request)
    if by.pk != request.asked_by_id:
        raise PermissionDenied(f"Only {request.asked_by} can withdraw this.")
    return _close_request(request, ConsentRequest.Decision.WITHDRAWN, by)


def apply_due_requests() -> int:
    """Make the changes whose waiting period has passed, and close what expired. Returns how many took effect."""
    _close_expired(ConsentRequest.objects.all())
    done = 0
    for row in ConsentRequest.objects.filter(decided_at=None, takes_effect_at__lte=timezone.now()):
        with transaction.atomic():
            request = ConsentRequest.objects.select_for_update().get(pk=row.pk)
            if request.decided_at or _people_able_to_consent(request.asked_by, request.person, request.owner):
                continue  # there is a person who can consent by now: wait for them
            _close_request(request, ConsentRequest.Decision.ELAPSED, None)
            try:
                with transaction.atomic():
                    _appliers[request.kind](request)
            except ValidationError:
                continue  # the address was taken, the seat given meanwhile: nothing changes
            done += 1
    return done


def visible_to(user: User) -> QuerySet[ConsentRequest]:
    """Return the requests that a person may see: about them, by them; all for those who sign or decide."""
    rows = ConsentRequest.objects.select_related("person", "owner", "asked_by", "decided_by")
    if seats.is_protected(user):
        return rows
    return rows.filter(Q(person=user) | Q(owner=user) | Q(asked_by=user))


def describe_request(request: ConsentRequest) -> list[str]:
    """Say what would change, a line each."""
    lines = [
        f"{LABELS.get(name, name)}: {_format_value(name, old)} → {_format_value(name, new)}"
        for name, (old, new) in request.changes.items()
    ]
    return [*lines, *request.seats]


def _format_value(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return Role(value).label if name == "role" and value in Role.values else str(value or "–")


def _people_able_to_consent(by: User, person: User, owner: User | None) -> list[User]:
    people = [owner] if owner and owner.pk != by.pk and seats.can_sign_in(owner) else []
    authorities = [authority for authority in seats.consent_authorities(for_person=person) if authority.pk != by.pk]
    if not authorities:
        ceos = User.objects.filter(role=Role.CEO, is_active=True).exclude(pk__in=[by.pk, person.pk])
        authorities = [ceo for ceo in ceos if seats.can_sign_in(ceo)]
    return list(dict.fromkeys([*people, *authorities]))


def _other_protected_people(by: User) -> list[User]:
    return [person for person in seats.protected_people() if person.pk != by.pk]


def _lock_open_request(request: ConsentRequest) -> ConsentRequest:
    row = ConsentRequest.objects.select_for_update().get(pk=request.pk)
    if not is_open(row):
        raise ValidationError("This request is decided or expired. Nothing was changed.")
    return row


def _close_request(request: ConsentRequest, decision: str, by: User | None) -> ConsentRequest:
    request.decision, request.decided_by, request.decided_at = decision, by, timezone.now()
    request.save(update_fields=["decision", "decided_by", "decided_at"])
    return request


def _close_expired(rows: QuerySet[ConsentRequest]) -> None:
    now = timezone.now()
    rows.filter(decided_at=None, expires_at__lte=now).update(decision=ConsentRequest.Decision.EXPIRED, decided_at=now)


def _join_names(people: list[User]) -> str:
    return " or ".join(str(person) for person in people) or "no one"
