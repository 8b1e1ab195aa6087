"""How many leads Sales can take in a week, registered with the scoring app."""

from django.utils import timezone

from funnel.handoffs.routing import Router
from scoring.capacity import Capacity


def weekly_capacity() -> Capacity | None:
    """Add up what everyone takes in a usual week, absences left aside."""
    desk = Router(timezone.now())
    takers = [desk.dealer.takers[pk] for pk in desk.pool if pk in desk.dealer.takers]
    if not takers:
        return None
    with_limits = {
        pk for pk, capacity in desk.capacities.items() if (capacity.per_day, capacity.per_week) != (None, None)
    }
    assumed = sum(taker.owner_id not in with_limits for taker in takers)
    return Capacity(sum(taker.weight for taker in takers), len(takers), assumed)
