"""Telling people."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone

from notify.models import Event, Notice
from team.models import User


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


def mark_read(*, user: User, notice_ids: Iterable[int] | None = None) -> int:
    """Mark the user's notices (all, or those named) as read; returns how many were unread."""
    unread = Notice.objects.filter(user=user, read_at=None)
    if notice_ids is not None:
        unread = unread.filter(pk__in=list(notice_ids))
    return unread.update(read_at=timezone.now())
