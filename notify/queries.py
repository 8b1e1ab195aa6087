"""The notices of a person."""

from django.db.models import QuerySet
from django.urls import Resolver404, resolve

from notify.models import Notice
from team.models import User


def notices_for(user: User) -> QuerySet[Notice]:
    """Return a person's notices with their events, the latest first."""
    return Notice.objects.filter(user=user).select_related("event")


def count_unread(user: User) -> int:
    return Notice.objects.filter(user=user, read_at=None).count()


def is_page_link(link: str) -> bool:
    """Tell whether the link of an event leads to a page of Accord."""
    if not link.startswith("/") or link.startswith("//"):
        return False
    try:
        resolve(link.partition("?")[0].partition("#")[0])
    except Resolver404:
        return False
    return True
