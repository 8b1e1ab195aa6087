"""The morning digest: once a day, what is open, to those who read all alarms and to the owners of others."""

from datetime import date

from django.urls import reverse

from alarms.permissions import ANSWERERS
from alarms.queries import calling_alarms
from alarms.summary import summarize_alarms
from kpis.sentences import count_noun
from notify.actions import publish_event
from team.models import User


def publish_digest(day: date) -> int:
    """Notify people of the alarms that are open on a day, once; return how many people were notified."""
    alarms = calling_alarms()
    if not alarms:
        return 0
    readers = list(User.objects.filter(is_active=True, role__in=ANSWERERS))
    event = publish_event(
        key=f"alarms.digest:{day}", kind="alarms.digest", title=summarize_alarms(alarms), to=readers,
        link=reverse("alarms"),
    )  # fmt: skip
    if event is None:
        return 0
    others = {alarm.owner for alarm in alarms if alarm.owner and alarm.owner not in readers}
    for owner in others:
        own = [alarm for alarm in alarms if alarm.owner == owner]
        publish_event(
            key=f"alarms.digest:{day}:{owner.pk}", kind="alarms.digest", to=[owner], link=reverse("alarms"),
            title=f"{count_noun(len(own), 'alarm')} of yours {'is' if len(own) == 1 else 'are'} open.",
        )  # fmt: skip
    return len(readers) + len(others)
