"""The side navigation. Each app declares its pages in a module `pages.py`, found when Django starts."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.urls import reverse

from team.access import has_right
from team.models import User

GROUPS = ("Work", "Results", "Agreements", "Leads", "Data", "Settings")  # in the order of the navigation


@dataclass(frozen=True)
class Badge:
    """A number beside a link of the navigation, and what it counts."""

    number: int
    label: str


@dataclass(frozen=True)
class Page:
    """A page of the side navigation, for everyone who is signed in or for those who have the right.

    `icon` is a name of heroicons. Within its group a page stands by `position`, then by its label. `badge` counts what
    waits there for the user; it is asked once for a page, so it makes one query.
    """

    label: str
    url_name: str
    icon: str
    group: str
    position: int = 100
    right: str = ""
    badge: Callable[[User], Badge | None] | None = None


@dataclass(frozen=True)
class Link:
    label: str
    url: str
    icon: str
    is_current: bool
    badge: Badge | None = None


@dataclass(frozen=True)
class LinkGroup:
    label: str
    links: list[Link]


_pages: dict[str, Page] = {}


def register_page(page: Page) -> None:
    """Declare a page of the navigation.

    Raises:
        ValueError: its group is unknown, or another page has its URL name.
    """
    if page.group not in GROUPS:
        raise ValueError(f"{page.label}: there is no group {page.group}. Use one of {', '.join(GROUPS)}.")
    if page.url_name in _pages:
        raise ValueError(f"Two pages are called {page.url_name}.")
    _pages[page.url_name] = page


def registered_pages() -> list[Page]:
    return list(_pages.values())


def navigation_links(user: User | AnonymousUser, path: str) -> list[LinkGroup]:
    """Return the pages that the user may open, by group; the longest address that begins `path` is current."""
    pages = [(page, reverse(page.url_name)) for page in _pages.values() if _may_open(user, page)]
    current = max((url for _, url in pages if path.startswith(url)), key=len, default="")
    groups = []
    for group in GROUPS:
        members = sorted(
            ((page, url) for page, url in pages if page.group == group),
            key=lambda pair: (pair[0].position, pair[0].label),
        )
        if members:
            links = [Link(page.label, url, page.icon, url == current, _read_badge(user, page)) for page, url in members]
            groups.append(LinkGroup(group, links))
    return groups


def _read_badge(user: User | AnonymousUser, page: Page) -> Badge | None:
    return page.badge(user) if page.badge and isinstance(user, User) else None


def may_open_page(user: User | AnonymousUser, url_name: str) -> bool:
    """Tell whether a person who is signed in may open a page; one that is not in the navigation is open to all of them."""
    page = _pages.get(url_name)
    return user.is_authenticated and (page is None or _may_open(user, page))


def _may_open(user: User | AnonymousUser, page: Page) -> bool:
    return user.is_authenticated and (not page.right or has_right(user, page.right))
