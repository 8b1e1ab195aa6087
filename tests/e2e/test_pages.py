"""Every page that a role can reach: no error, nothing foreign, nothing that axe complains of, no sideways scroll."""

import html
import re
import time
from collections.abc import Callable, Iterator
from urllib.parse import urljoin, urlsplit

import pytest
from playwright.sync_api import Page

from tests.e2e.conftest import Visit

ROLES = ["CEO", "CMO", "CRO", "CFO", "Sales rep", "Marketer", "Ops admin", "Support"]
LEFT_OUT = re.compile(r"^/(admin|api|accounts/logout|static)|\.csv$|download|export")
MOST_PAGES = 200
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 780}


def shape(address: str) -> str:
    """One page of a kind represents all: numbers, keys and tokens become stars, what is asked of it is left out."""
    path = re.sub(r"^/(metrics|funnel/stages|imports/templates)/(?!new/)\w+", r"/\1/*", urlsplit(address).path)
    return re.sub(r"/(\d+|[0-9a-f]{32}|[\w-]{22})(?=/)", "/*", path)


def links(page: Page, path: str) -> list[str]:
    """Return the addresses on our host that a page links to; one that is not open is asked for without being drawn."""
    place, text = (page.url, page.content()) if page.url == urljoin(page.url, path) else asked(page, path)
    found = [urljoin(place, html.unescape(link)) for link in re.findall(r'<a\s[^>]*?href="([^"]+)"', text)]
    return [link.removeprefix(page_root(page)).partition("#")[0] for link in found if link.startswith(page_root(page))]


def asked(page: Page, path: str) -> tuple[str, str]:
    """Ask for a page; one that is offered must open."""
    answer = page.request.get(urljoin(page.url, path))
    assert answer.ok, f"{path} answers {answer.status}"
    return answer.url, answer.text() if "html" in answer.headers.get("content-type", "") else ""


def page_root(page: Page) -> str:
    return urljoin(page.url, "/")[:-1]


def reachable(page: Page) -> Iterator[str]:
    """Walk the links from where one stands, one page of each shape."""
    start = urlsplit(page.url).path
    waiting, seen = [start], {shape(start)}
    while waiting:
        path = waiting.pop(0)
        yield path
        for link in links(page, path):
            if shape(link) not in seen and not LEFT_OUT.search(link):
                seen.add(shape(link))
                waiting.append(link)
        assert len(seen) < MOST_PAGES, f"shape() tells too much apart: {sorted(seen)}"


def scrolls_sideways(page: Page) -> bool:
    """Tell whether the page is wider than its window once its charts had a moment to follow."""
    is_wider = "document.documentElement.scrollWidth > document.documentElement.clientWidth + 1"
    until = time.monotonic() + 3
    while page.evaluate(is_wider):  # waiting for a function would have the page evaluate it, which its policy stops
        if time.monotonic() > until:
            return True
        page.wait_for_timeout(100)
    return False


def faults(visitor: Visit) -> list[str]:
    """Look at a page wide and light, and narrow and dark."""
    page, wrong = visitor.page, []
    for size, scheme in [(PHONE, "dark"), (WIDE, "light")]:
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        wrong += [f"{size['width']} px {scheme}: {fault}" for fault in visitor.axe()]
        if scrolls_sideways(page):
            wrong.append(f"{page.url} scrolls sideways at {size['width']} px")
    return wrong


@pytest.fixture(scope="module")
def looked_at() -> set[str]:
    """The shapes of the pages that a role before this one has shown."""
    return set()


@pytest.mark.parametrize("role", ROLES)
def test_every_page_of_a_role_is_clean(visit: Callable[..., Visit], looked_at: set[str], role: str) -> None:
    visitor = visit()
    visitor.sign_in(role)
    wrong: list[str] = []
    seen = 0
    for path in reachable(visitor.page):
        seen += 1
        if shape(path) in looked_at:
            continue
        if seen > 1:
            answer = visitor.open(path)
            assert answer is None or answer.ok, f"{path} answers {answer.status}"
        if shape(visitor.page.url) not in looked_at:  # one that leads elsewhere may lead where a person was
            wrong += faults(visitor)
        looked_at |= {shape(path), shape(visitor.page.url)}
    assert seen > 1
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/accounts/password/reset/"])
def test_the_public_pages_are_clean(visit: Callable[..., Visit], path: str) -> None:
    visitor = visit()
    visitor.open(path)
    assert not faults(visitor)
