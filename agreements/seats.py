"""Tell the accounts of people who signs and who arbitrates."""

from agreements.models import Dispute, Seat, Signatory
from agreements.seat_actions import apply_seat
from agreements.signing import seat_holder
from team.accounts import consents
from team.models import ConsentRequest, User
from team.seats import SeatRegistry, register_seats


def holders_by_label() -> dict[str, User | None]:
    return {Seat(seat).label: seat_holder(seat) for seat in Seat.values}


def write_down_holder(label: str, person: User, by: User) -> None:
    """Name the person for the seat, where they held it by their role alone."""
    seat = next((seat for seat in Seat if seat.label == label), None)
    if seat and not Signatory.objects.filter(seat=seat).exists():
        Signatory.objects.create(seat=seat, holder=person, named_by=by)


def arbiters_of_open_disputes() -> set[int]:
    """Return the ids of those who are to decide an open dispute."""
    return set(Dispute.objects.filter(decided_at=None).values_list("arbiter_id", flat=True))


register_seats(
    SeatRegistry(
        holders=holders_by_label,
        arbiter=lambda: seat_holder(Seat.ARBITER),
        protected_ids=arbiters_of_open_disputes,
        keep_holder=write_down_holder,
    )
)
consents.register_applier(ConsentRequest.Kind.SEAT, apply_seat)
