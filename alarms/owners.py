"""Who acts on the alarms of a detector."""

from alarms.judges import Watch
from team.access import LEADERS
from team.models import User


def owner_of(watch: Watch) -> User | None:
    """Return the person whom the company named, else the first with the role, else a leader; None where there is nobody."""
    if watch.setup and watch.setup.owner and watch.setup.owner.is_active:
        return watch.setup.owner
    people = User.objects.filter(is_active=True).order_by("pk")
    return people.filter(role=watch.detector.owner).first() or people.filter(role__in=LEADERS).first()
