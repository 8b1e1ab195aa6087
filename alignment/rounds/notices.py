"""Tells those who read results that a round has ended, once."""

from datetime import timedelta

from agreements.models import SIGNING_SIDES
from agreements.signing import seat_holder
from alignment.rounds.models import Round
from notify.actions import publish_event
from team.models import Company, Role, User

TOLD_WITHIN = timedelta(days=7)  # rounds that ended before Accord told of it are not told of now


def notify_of_end(ended: Round) -> bool:
    """Tell the CEO and who signs for the two sides that the results are there; return whether anybody was told now."""
    people = {person.pk: person for side in SIGNING_SIDES if (person := seat_holder(side))}
    people |= {person.pk: person for person in User.objects.filter(role=Role.CEO, is_active=True)}
    event = publish_event(
        key=f"alignment.round.{ended.pk}.ended", kind="alignment.round_ended",
        title=f"The round “{ended.name}” has ended. Its results are ready.", to=people.values(),
        link=f"/rounds/{ended.pk}/results/",
    )  # fmt: skip
    return event is not None


def notify_of_ended_rounds() -> int:
    """Tell of each round whose last day is over; return of how many."""
    since = Company.today() - TOLD_WITHIN
    return sum(notify_of_end(ended) for ended in Round.objects.ended().filter(ended_on__gte=since))
