"""What Sales can take in a week, told to the apps below."""

from django.utils import timezone

from funnel.handoffs.routing import Desk
from scoring.capacity import Capacity


def weekly() -> Capacity | None:
    """Add up what everybody takes in a usual week, absences left aside."""
    desk = Desk(timezone.now())
    takers = [desk.dealer.takers[pk] for pk in desk.pool if pk in desk.dealer.takers]
    if not takers:
        return None
    said = {pk for pk, one in desk.capacities.items() if (one.per_day, one.per_week) != (None, None)}
    assumed = sum(taker.owner_id not in said for taker in takers)
    return Capacity(sum(taker.weight for taker in takers), len(takers), assumed)
