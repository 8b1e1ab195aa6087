"""The side navigation: which places a person sees, in which order. A place without a page is not shown."""

from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.urls import NoReverseMatch, reverse

from team.access import has_right
from team.models import User


@dataclass(frozen=True)
class Place:
    """A page of the side navigation, for everybody or for those who have the right."""

    label: str
    url_name: str
    icon: str
    right: str = ""


@dataclass(frozen=True)
class Link:
    label: str
    url: str
    icon: str
    is_current: bool


PLACES = (
    Place("Inbox", "inbox", "inbox-arrow-down", right="work_leads"),
    Place("Dashboard", "dashboard", "presentation-chart-line"),
    Place("Funnel", "funnel", "funnel"),
    Place("Scores", "scores", "scale", right="see_scores"),
    Place("Verdicts", "verdicts", "hand-thumb-up"),
    Place("SLAs", "slas", "clock"),
    Place("Routing", "routing", "arrows-pointing-out", right="route"),
    Place("Metrics", "metrics", "calculator"),
    Place("Agreements", "agreements", "document-check"),
    Place("Imports", "imports", "arrow-up-tray", right="import"),
    Place("Connectors", "connectors", "arrows-right-left", right="import"),
    Place("Nightly runs", "runs", "moon", right="recompute"),
    Place("People", "people", "users", right="manage_company"),
    Place("Company", "company", "building-office", right="manage_company"),
)


def links(user: User | AnonymousUser, path: str) -> list[Link]:
    """Return the places that the user may enter and that exist; the one whose address begins `path` is current."""
    found = [(place, _url(place.url_name)) for place in PLACES if _is_for(place, user)]
    current = max((url for _, url in found if url and path.startswith(url)), key=len, default="")
    return [Link(place.label, url, place.icon, url == current) for place, url in found if url]


def _is_for(place: Place, user: User | AnonymousUser) -> bool:
    return user.is_authenticated and (not place.right or has_right(user, place.right))


def _url(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
