"""Tells the owner of an alarm what happened to it."""

from typing import Literal

from django.urls import reverse

from alarms.models import Alarm
from notify.actions import publish_event

News = Literal["opened", "worsened"]


def tell_owner(alarm: Alarm, news: News) -> None:
    """Publish the event once; its notice goes to the owner of the alarm."""
    moment = alarm.worsened_at if news == "worsened" else alarm.opened_at
    assert moment
    publish_event(
        key=f"alarms.{news}:{alarm.pk}:{moment.isoformat()}",
        kind=f"alarms.{news}",
        title=f"{'Alarm' if news == 'opened' else 'Worse'}: {alarm.name}"[:300],
        to=[alarm.owner] if alarm.owner else [],
        link=reverse("alarm", args=[alarm.pk]),
        alarm=alarm.pk,
        detector=alarm.detector,
    )
