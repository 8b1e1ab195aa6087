"""Who decides and signs. Later apps register their seats; this module knows only the CEOs, who replace a missing arbiter."""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings

from team.models import Company, Role, User

DECIDING_ROLES = {Role.CEO, Role.CMO, Role.CRO, Role.CFO}
CEO_SEAT = "Consents in place of the arbiter"


@dataclass(frozen=True)
class SeatRegistry:
    """The seats that a later app defines.

    `holders` returns who holds which seat, by label; `arbiter` who arbitrates; `protected_ids` which other accounts
    change only with a consent; `keep_holder` names a person for the seat that they held by their role alone.
    """

    holders: Callable[[], dict[str, User | None]]
    arbiter: Callable[[], User | None]
    protected_ids: Callable[[], set[int]]
    keep_holder: Callable[[str, User, User], None]


_registers: list[SeatRegistry] = []


def register_seats(registry: SeatRegistry) -> None:
    _registers.append(registry)


def seats_held() -> set[tuple[str, int]]:
    """Return every seat with the id of who holds it now."""
    ceos = User.objects.filter(role=Role.CEO, is_active=True).values_list("pk", flat=True)
    held = {(label, person.pk) for registry in _registers for label, person in registry.holders().items() if person}
    return held | {(CEO_SEAT, pk) for pk in ceos}


def consent_authorities(*, for_person: User) -> list[User]:
    """Return who may consent in a person's place: the arbiter, or a CEO where there is none or it is the person."""
    arbiters = [registry.arbiter() for registry in _registers]
    able = [person for person in arbiters if person and can_sign_in(person) and person.pk != for_person.pk]
    if able:
        return able
    ceos = User.objects.filter(role=Role.CEO, is_active=True).exclude(pk=for_person.pk)
    return [person for person in ceos if can_sign_in(person)]


def is_protected(person: User) -> bool:
    """Tell whether an account signs or decides, so that it changes only with a consent."""
    if person.role in DECIDING_ROLES or person.is_superuser:
        return True
    return person.pk in {pk for _, pk in seats_held()} or any(
        person.pk in registry.protected_ids() for registry in _registers
    )


def protected_people() -> list[User]:
    """Return everyone who signs or decides and can sign in."""
    held = {pk for _, pk in seats_held()}
    return [
        person
        for person in User.objects.filter(is_active=True)
        if (person.role in DECIDING_ROLES or person.pk in held) and can_sign_in(person)
    ]


def can_sign_in(person: User) -> bool:
    """Tell whether a person is active and has a password; in the demo company everyone signs in without one."""
    return person.is_active and (person.has_usable_password() or is_demo())


def is_demo() -> bool:
    """Tell whether this is the demo company, where visitors may sign in as its people."""
    return bool(settings.DEMO and settings.DEMO_OPEN and Company.get().is_demo)


def keep_holders(before: set[tuple[str, int]], *, by: User) -> None:
    """Let those who held a seat keep it where a change would leave it empty: a second CMO takes no seat from the first."""
    now = {label for label, _ in seats_held()}
    for label, pk in sorted(before):
        person = User.objects.filter(pk=pk, is_active=True).first()
        if label != CEO_SEAT and label not in now and person:
            for registry in _registers:
                registry.keep_holder(label, person, by)
