"""Who decides and signs. Later apps register the seats they know; here stand only the CEOs, who stand in for an arbiter."""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings

from team.models import Company, Role, User

DECIDING_ROLES = {Role.CEO, Role.CMO, Role.CRO, Role.CFO}
CEO_SEAT = "Consents in place of the arbiter"


@dataclass(frozen=True)
class Register:
    """What a later app tells of its seats.

    `holders` gives who holds which seat, by label; `arbiter` who arbitrates; `also` whom else nobody may take over;
    `keep` writes down that a person keeps a seat that would otherwise be nobody's.
    """

    holders: Callable[[], dict[str, User | None]]
    arbiter: Callable[[], User | None]
    also: Callable[[], set[int]]
    keep: Callable[[str, User, User], None]


_registers: list[Register] = []


def register(known: Register) -> None:
    _registers.append(known)


def holders() -> set[tuple[str, int]]:
    """Return every seat with the id of who holds it now."""
    ceos = User.objects.filter(role=Role.CEO, is_active=True).values_list("pk", flat=True)
    taken = {(label, person.pk) for one in _registers for label, person in one.holders().items() if person}
    return taken | {(CEO_SEAT, pk) for pk in ceos}


def authorities(*, for_person: User) -> list[User]:
    """Return who may consent in a person's place: the arbiter, or, where that is the person or nobody, a CEO."""
    arbiters = [one.arbiter() for one in _registers]
    able = [person for person in arbiters if person and can_sign_in(person) and person.pk != for_person.pk]
    if able:
        return able
    ceos = User.objects.filter(role=Role.CEO, is_active=True).exclude(pk=for_person.pk)
    return [person for person in ceos if can_sign_in(person)]


def is_protected(person: User) -> bool:
    """Tell whether an account signs or decides, so that nobody may take it over without a consent."""
    if person.role in DECIDING_ROLES or person.is_superuser:
        return True
    return person.pk in {pk for _, pk in holders()} or any(person.pk in one.also() for one in _registers)


def protected_people() -> list[User]:
    """Return everybody who signs or decides and can sign in."""
    held = {pk for _, pk in holders()}
    return [
        person
        for person in User.objects.filter(is_active=True)
        if (person.role in DECIDING_ROLES or person.pk in held) and can_sign_in(person)
    ]


def can_sign_in(person: User) -> bool:
    """Tell whether a person is active and has a password; in the demo company everybody signs in without one."""
    return person.is_active and (person.has_usable_password() or is_demo())


def is_demo() -> bool:
    """Tell whether this is the demo company, and who comes may sign in as its people."""
    return bool(settings.DEMO and settings.DEMO_OPEN and Company.get().is_demo)


def keep(before: set[tuple[str, int]], *, by: User) -> None:
    """Let those who held a seat keep it where a change left it to nobody: a second CMO takes no seat from the first."""
    now = {label for label, _ in holders()}
    for label, pk in sorted(before):
        person = User.objects.filter(pk=pk, is_active=True).first()
        if label != CEO_SEAT and label not in now and person:
            for one in _registers:
                one.keep(label, person, by)
