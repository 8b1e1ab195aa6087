"""Tells the owner of an alarm what happened to it."""

from datetime import datetime
from typing import Literal

from django.urls import reverse

from alarms.models import Alarm
from notify.actions import publish_event

News = Literal["opened", "worsened", "assigned"]
TITLES: dict[News, str] = {"opened": "Alarm", "worsened": "Worse", "assigned": "Alarm given to you"}


def tell_owner(alarm: Alarm, news: News, moment: datetime | None = None) -> None:
    """Publish the event once; its notice goes to the owner of the alarm."""
    moment = moment or (alarm.worsened_at if news == "worsened" else alarm.opened_at)
    assert moment
    publish_event(
        key=f"alarms.{news}:{alarm.pk}:{moment.isoformat()}",
        kind=f"alarms.{news}",
        title=f"{TITLES[news]}: {alarm.name}"[:300],
        to=[alarm.owner] if alarm.owner else [],
        link=reverse("alarm", args=[alarm.pk]),
        alarm=alarm.pk,
        detector=alarm.detector,
    )
