"""The side navigation: which pages a person sees, in which order. A page without a URL is not shown."""

from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.urls import NoReverseMatch, reverse

from team.access import has_right
from team.models import User


@dataclass(frozen=True)
class Page:
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


PAGES = (
    Page("Inbox", "inbox", "inbox-arrow-down", right="work_leads"),
    Page("Dashboard", "dashboard", "presentation-chart-line"),
    Page("Funnel", "funnel", "funnel"),
    Page("Scores", "scores", "scale", right="see_scores"),
    Page("Verdicts", "verdicts", "hand-thumb-up"),
    Page("SLAs", "slas", "clock"),
    Page("Routing", "routing", "arrows-pointing-out", right="route"),
    Page("Metrics", "metrics", "calculator"),
    Page("Agreements", "agreements", "document-check"),
    Page("Accountability", "matrix", "table-cells"),
    Page("Imports", "imports", "arrow-up-tray", right="import"),
    Page("Connectors", "connectors", "arrows-right-left", right="import"),
    Page("Nightly runs", "runs", "moon", right="recompute"),
    Page("People", "people", "users", right="manage_company"),
    Page("Company", "company", "building-office", right="manage_company"),
)


def navigation_links(user: User | AnonymousUser, path: str) -> list[Link]:
    """Return the pages that the user may open and that exist; the one whose URL is the longest prefix of `path` is current."""
    page_urls = [
        (page, _reverse_or_empty(page.url_name))
        for page in PAGES
        if user.is_authenticated and (not page.right or has_right(user, page.right))
    ]
    current = max((url for _, url in page_urls if url and path.startswith(url)), key=len, default="")
    return [Link(page.label, url, page.icon, url == current) for page, url in page_urls if url]


def _reverse_or_empty(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
