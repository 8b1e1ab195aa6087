"""The side navigation for templates."""

from typing import Any

from django import template

from team import navigation
from team.models import Company
from team.navigation import LinkGroup, navigation_links

register = template.Library()


@register.simple_tag(takes_context=True)
def navigation_groups(context: template.Context) -> list[LinkGroup]:
    """Return the links of the side navigation: {% navigation_groups as groups %}."""
    request = context["request"]
    return navigation_links(request.user, request.path)


@register.simple_tag
def company() -> Company:
    """Return the company of this Accord: {% company as ours %}."""
    return Company.get()


@register.filter
def may_open_page(user: Any, url_name: str) -> bool:
    """Tell whether the reader may open a page: {% if user|may_open_page:"rounds" %}."""
    return navigation.may_open_page(user, url_name)


@register.filter
def initials(name: Any) -> str:
    """Mona Maier → MM."""
    names = str(name).split()
    return "".join(word[0] for word in names[:1] + names[1:][-1:]).upper()
