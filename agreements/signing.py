"""Who signs for which side: one named person for each side, and never for another side."""

from collections.abc import Iterable

from agreements.models import Agreement, Seat, Signatory, Version
from team.models import Role, User

ROLE_OF_SEAT = {
    Seat.MARKETING: Role.CMO,
    Seat.SALES: Role.CRO,
    Seat.SUPPORT: Role.SUPPORT,
    Seat.FINANCE: Role.CFO,
    Seat.ARBITER: Role.CFO,
}


def seat_holder(seat: str) -> User | None:
    """Return who holds a seat: the person named for it, else the only active one whose role goes with it."""
    signatory = Signatory.objects.select_related("holder").filter(seat=seat, holder__is_active=True).first()
    if signatory:
        return signatory.holder
    people = list(User.objects.filter(role=ROLE_OF_SEAT[Seat(seat)], is_active=True)[:2])
    return people[0] if len(people) == 1 else None


def held_seats(user: User, seats: Iterable[str]) -> list[str]:
    """Return the seats that the user holds, in two queries at most however many seats are asked for."""
    named = dict(
        Signatory.objects.filter(seat__in=list(seats), holder__is_active=True).values_list("seat", "holder_id")
    )
    by_role = [seat for seat in seats if seat not in named and ROLE_OF_SEAT[Seat(seat)] == user.role]
    if by_role and not _is_only_one_of_role(user):
        by_role = []
    return [seat for seat in seats if named.get(seat) == user.pk or seat in by_role]


def _is_only_one_of_role(user: User) -> bool:
    return user.is_active and not User.objects.filter(role=user.role, is_active=True).exclude(pk=user.pk).exists()


def signatories(agreement: Agreement) -> dict[str, User | None]:
    """Return each side whose signature the agreement needs, with the person who gives it."""
    return {side: seat_holder(side) for side in agreement.sides}


def side_of(user: User, agreement: Agreement) -> str | None:
    """Return the side that the user signs for, or None."""
    return next((side for side, person in signatories(agreement).items() if person == user), None)


def signable_side(user: User, version: Version) -> str | None:
    """Return the side whose missing signature this user can give now, or None."""
    if version.state not in {"proposed", "disputed"}:
        return None
    side = side_of(user, version.agreement)
    return side if side in version.unsigned else None
