"""Telling people."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone

from notify.models import Event, Notice
from team.models import User


@dataclass(frozen=True)
class News:
    """Something to be told once, to whom, and where to look at it."""

    key: str
    kind: str
    title: str
    to: tuple[User, ...] = ()
    link: str = ""
    details: dict[str, Any] = field(default_factory=dict)


@transaction.atomic
def tell(*, key: str, kind: str, title: str, to: Iterable[User] = (), link: str = "", **details: Any) -> Event | None:
    """Write an event and a notice to each active person; None when this key was told before.

    Call it in the transaction of the change it tells of, so that neither is there without the other.
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
def tell_all(news: Sequence[News]) -> int:
    """Tell many things with a constant number of statements for each 2,000; what was told before stays as it was.

    Returns how many were new.
    """
    new = 0
    for place in range(0, len(news), BATCH):
        new += _tell(news[place : place + BATCH])
    return new


def _tell(news: Sequence[News]) -> int:
    named = {one.key: one for one in news}
    told = set(Event.objects.filter(key__in=named).values_list("key", flat=True))
    fresh = [one for key, one in named.items() if key not in told]
    made = Event.objects.bulk_create(
        Event(key=one.key, kind=one.kind, title=one.title[:300], link=one.link, details=one.details) for one in fresh
    )
    Notice.objects.bulk_create(
        Notice(event=event, user_id=pk)
        for event, one in zip(made, fresh, strict=True)
        for pk in dict.fromkeys(user.pk for user in one.to if user and user.is_active)
    )
    return len(made)


def mark_read(*, user: User, notice_ids: Iterable[int] | None = None) -> int:
    """Mark the user's notices (all, or those named) as read; returns how many were unread."""
    unread = Notice.objects.filter(user=user, read_at=None)
    if notice_ids is not None:
        unread = unread.filter(pk__in=list(notice_ids))
    return unread.update(read_at=timezone.now())
