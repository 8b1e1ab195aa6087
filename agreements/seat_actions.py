"""Who holds a seat: naming a signatory, with the consents that it needs."""

from django.core.exceptions import ValidationError
from django.db import transaction

from agreements.models import Seat, Signatory
from agreements.permissions import NAME_SIGNATORY
from agreements.signing import seat_holder
from team import seats
from team.accounts import consents
from team.accounts.consents import ProposedChange
from team.accounts.history import record_seats
from team.models import ConsentRequest, User
from team.seats import can_sign_in


@transaction.atomic
def name_signatory(*, by: User, seat: str, person: User) -> ConsentRequest | None:
    """Name who holds a seat, or ask for the consent that it needs. One person cannot sign for both sides."""
    NAME_SIGNATORY.require(by)
    _refuse_both_sides(seat, person)
    now, label = seat_holder(seat), Seat(seat).label
    if now == person:
        return None
    owner = now if now and can_sign_in(now) else None
    changes = {label: [str(now or ""), str(person)]}
    asking = ProposedChange(
        by, ConsentRequest.Kind.SEAT, f"seat:{seat}", person, changes, owner, is_appointment=owner is None
    )
    request = consents.request_consent(asking)
    if request is None:
        give_seat(by=by, seat=seat, person=person)
    return request


@transaction.atomic
def give_seat(*, by: User, seat: str, person: User, consent: ConsentRequest | None = None) -> Signatory:
    """Store who holds a seat from now on; the caller has checked whether it needs a consent."""
    _refuse_both_sides(seat, person)
    held = seats.seats_held()
    signatory = Signatory.objects.update_or_create(seat=seat, defaults={"holder": person, "named_by": by})[0]
    record_seats(held, by=by, consent=consent)
    return signatory


def _refuse_both_sides(seat: str, person: User) -> None:
    other = {Seat.MARKETING: Seat.SALES, Seat.SALES: Seat.MARKETING}.get(Seat(seat))
    if other and seat_holder(other) == person:
        raise ValidationError(f"{person} already signs for the other side. Name a deputy for one of the two sides.")


def apply_seat(request: ConsentRequest) -> None:
    """Give the seat that was consented to."""
    give_seat(by=request.asked_by, seat=request.key.removeprefix("seat:"), person=request.person, consent=request)
