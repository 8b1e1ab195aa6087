"""The number of unread notices, on every page."""

from typing import Any

from django import template

from notify.queries import count_unread
from team.models import User

register = template.Library()


@register.inclusion_tag("notify/bell.html", takes_context=True)
def bell(context: template.Context, user: User, position: str) -> dict[str, Any]:
    """Show how many notices wait: {% bell user "side" %}; the position tells the two bells of a page apart."""
    if "unread" not in context.render_context:  # counted once for both
        context.render_context["unread"] = count_unread(user)
    return {"unread": context.render_context["unread"], "place": position}
