"""What somebody was told."""

from django.db.models import QuerySet
from django.urls import Resolver404, resolve

from notify.models import Notice
from team.models import User


def notices(user: User) -> QuerySet[Notice]:
    """Return a person's notices with their events, the latest first."""
    return Notice.objects.filter(user=user).select_related("event")


def unread(user: User) -> int:
    return Notice.objects.filter(user=user, read_at=None).count()


def leads_somewhere(link: str) -> bool:
    """Whether a link of an event leads to a page of ours."""
    if not link.startswith("/") or link.startswith("//"):
        return False
    try:
        resolve(link.partition("?")[0].partition("#")[0])
    except Resolver404:
        return False
    return True
