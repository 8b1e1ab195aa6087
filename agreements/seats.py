"""What the accounts of people need to know of who signs and who arbitrates."""

from agreements.actions import apply_seat
from agreements.models import Dispute, Seat, Signatory
from agreements.signing import holder
from team.accounts import consents
from team.models import ConsentRequest, User
from team.seats import Register, register


def holders() -> dict[str, User | None]:
    return {Seat(seat).label: holder(seat) for seat in Seat.values}


def keep(label: str, person: User, by: User) -> None:
    """Name the person for the seat, where it was theirs by their role alone."""
    seat = next((seat for seat in Seat if seat.label == label), None)
    if seat and not Signatory.objects.filter(seat=seat).exists():
        Signatory.objects.create(seat=seat, holder=person, named_by=by)


def deciding() -> set[int]:
    """Return the ids of those who are to decide an open dispute."""
    return set(Dispute.objects.filter(decided_at=None).values_list("arbiter_id", flat=True))


register(Register(holders=holders, arbiter=lambda: holder(Seat.ARBITER), also=deciding, keep=keep))
consents.register(ConsentRequest.Kind.SEAT, apply_seat)
