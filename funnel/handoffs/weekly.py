"""What Sales can take in a week, told to the rooms below."""

from django.utils import timezone

from funnel.handoffs.routing import Desk
from funnel.models import Capacity as Limit
from scoring.capacity import Capacity


def weekly() -> Capacity | None:
    """Add up what everybody takes in a usual week, absences left aside."""
    desk = Desk(timezone.now())
    takers = [desk.dealer.takers[pk] for pk in desk.pool if pk in desk.dealer.takers]
    if not takers:
        return None
    said = set(Limit.objects.exclude(per_day=None, per_week=None).values_list("owner_id", flat=True))
    assumed = sum(taker.owner_id not in said for taker in takers)
    return Capacity(sum(taker.weight for taker in takers), len(takers), assumed)
