"""Every page that a role can reach: no error, nothing foreign, nothing that axe complains of, no sideways scroll."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from tests.e2e.conftest import Visit

ROLES = ["CEO", "CMO", "CRO", "CFO", "Sales rep", "Marketer", "Ops admin", "Support"]
LEFT_OUT = re.compile(r"^/(admin|api|accounts/logout|static)|\.csv$|download|export")
MOST_PAGES = 25


def shape(path: str) -> str:
    """One page of a kind stands for all: numbers, keys and tokens become stars."""
    return re.sub(r"/(\d+|[0-9a-f]{32}|[\w-]{22})(?=/)", "/*", path)


def links(page: Page) -> list[str]:
    found = page.eval_on_selector_all(
        "a[href]", "all => all.map(a => new URL(a.getAttribute('href'), location.href).href)"
    )
    own = urlsplit(page.url).netloc
    return [urlsplit(link).path for link in found if urlsplit(link).netloc == own]


def reachable(visitor: Visit, start: str) -> list[str]:
    """Walk the links from a page, one page of each shape."""
    waiting, seen, paths = [start], {shape(start)}, []
    while waiting and len(paths) < MOST_PAGES:
        path = waiting.pop(0)
        paths.append(path)
        visitor.open(path)
        for link in links(visitor.page):
            if shape(link) not in seen and not LEFT_OUT.search(link):
                seen.add(shape(link))
                waiting.append(link)
    return paths


def scrolls_sideways(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth + 1"))


@pytest.mark.crawl
@pytest.mark.parametrize("role", ROLES)
def test_every_page_of_a_role_is_clean(visit: Callable[..., Visit], role: str) -> None:
    visitor = visit()
    visitor.sign_in(role)
    first = urlsplit(visitor.page.url).path
    assert len(reachable(visitor, first)) > 1


@pytest.mark.crawl
@pytest.mark.parametrize("role", ["CMO", "Ops admin"])
@pytest.mark.parametrize(("width", "scheme"), [(1280, "dark"), (360, "light"), (360, "dark"), (1280, "light")])
def test_every_page_passes_axe(visit: Callable[..., Visit], role: str, width: int, scheme: str) -> None:
    visitor = visit(width=width, scheme=scheme)
    visitor.sign_in(role)
    wrong = []
    for path in reachable(visitor, urlsplit(visitor.page.url).path):
        visitor.open(path)
        wrong += visitor.axe()
        if scrolls_sideways(visitor.page):
            wrong.append(f"{path} scrolls sideways at {width} px")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/accounts/password/reset/"])
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_the_public_pages_pass_axe(visit: Callable[..., Visit], path: str, width: int, scheme: str) -> None:
    visitor = visit(width=width, scheme=scheme)
    visitor.open(path)
    assert not visitor.axe()
    assert not scrolls_sideways(visitor.page)
