"""The bell of every page."""

from typing import Any

from django import template

from notify.queries import unread
from team.models import User

register = template.Library()


@register.inclusion_tag("notify/bell.html")
def bell(user: User, place: str) -> dict[str, Any]:
    """Show how many notices wait: {% bell user "side" %}; the place tells two bells of a page apart."""
    return {"unread": unread(user), "place": place}
