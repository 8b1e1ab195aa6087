"""Publish events and notify people of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone

from notify.models import Event, Notice
from team.models import User


@dataclass(frozen=True)
class NewEvent:
    """An event to be published once, whom it notifies, and the page that shows it."""

    key: str
    kind: str
    title: str
    to: tuple[User, ...] = ()
    link: str = ""
    details: dict[str, Any] = field(default_factory=dict)


@transaction.atomic
def publish_event(
    *, key: str, kind: str, title: str, to: Iterable[User] = (), link: str = "", **details: Any
) -> Event | None:
    """Write an event and a notice to each active person; None when this key was published before.

    Call it in the transaction of the change that it reports, so that neither is stored without the other.
    """
    event, is_new = Event.objects.get_or_create(
        key=key, defaults={"kind": kind, "title": title, "link": link, "details": details}
    )
    if not is_new:
        return None
    people = {user.pk: user for user in to if user and user.is_active}
    Notice.objects.bulk_create(Notice(event=event, user=user) for user in people.values())
    return event


BATCH = 2000


@transaction.atomic
def publish_events(news: Sequence[NewEvent]) -> int:
    """Publish many events with a constant number of statements for each 2,000; events published before stay as they were.

    Returns the number of new ones.
    """
    new = 0
    for start in range(0, len(news), BATCH):
        new += _publish_batch(news[start : start + BATCH])
    return new


def _publish_batch(news: Sequence[NewEvent]) -> int:
    news_by_key = {new_event.key: new_event for new_event in news}
    published = set(Event.objects.filter(key__in=news_by_key).values_list("key", flat=True))
    unpublished = [new_event for key, new_event in news_by_key.items() if key not in published]
    events = Event.objects.bulk_create(
        Event(
            key=new_event.key,
            kind=new_event.kind,
            title=new_event.title[:300],
            link=new_event.link,
            details=new_event.details,
        )
        for new_event in unpublished
    )
    Notice.objects.bulk_create(
        Notice(event=event, user_id=pk)
        for event, new_event in zip(events, unpublished, strict=True)
        for pk in dict.fromkeys(user.pk for user in new_event.to if user and user.is_active)
    )
    return len(events)


def mark_read(*, user: User, notice_ids: Iterable[int] | None = None) -> int:
    """Mark the user's notices (all, or those named) as read; returns how many were unread."""
    unread = Notice.objects.filter(user=user, read_at=None)
    if notice_ids is not None:
        unread = unread.filter(pk__in=list(notice_ids))
    return unread.update(read_at=timezone.now())
