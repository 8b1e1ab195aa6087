"""From the detector into a new workspace, and a round from its invitations to the page of its gaps."""

import re
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from alignment.rounds.questionnaire import statements
from tests.e2e.conftest import Product, Visit, running

MARKETING, SALES = 5, 6


@pytest.fixture
def unclaimed() -> Iterator[Product]:
    """Accord as it is before a company has set it up."""
    with TemporaryDirectory(prefix="accord-unclaimed-") as folder:
        yield from running(Path(folder), demo="0")


def test_a_ceo_goes_from_the_detector_into_a_workspace(unclaimed: Product, browser: Browser) -> None:
    with_scripts = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    _ask_detector(with_scripts, unclaimed.url)
    with_scripts.get_by_role("link", name="Set up your workspace").click()
    expect(with_scripts.get_by_role("heading", name="Set up your workspace")).to_be_visible()
    with_scripts.context.close()

    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 800})
    page = context.new_page()
    page.set_default_timeout(20_000)
    _ask_detector(page, unclaimed.url)
    result = page.url
    page.get_by_role("link", name="Set up your workspace").click()
    _set_up(page, _printed_token(unclaimed))
    expect(page).to_have_url(f"{unclaimed.url}/alignment/")
    expect(page.locator("#messages")).to_contain_text("The detector’s result was “Blaze”.")
    expect(page.locator(".dimension.is-missing")).to_have_count(14)
    page.get_by_role("link", name="Read what to do next").click()
    expect(page).to_have_url(result)
    page.goto(f"{unclaimed.url}/alignment/")
    expect(page.locator("#messages")).to_be_empty()
    context.close()


def _ask_detector(page: Page, url: str) -> None:
    page.goto(f"{url}/")
    for question in ("plan", "people", "reward"):
        page.locator(f"label:has(input[name={question}][value=no])").click()
    page.get_by_role("button", name="Show me the result").click()
    expect(page.locator(".degree-name")).to_have_text("Blaze")


def _printed_token(product: Product) -> str:
    lines = product.log.read_text().splitlines()
    return next(after for line, after in pairwise(lines) if "with this token" in line).strip()


def _set_up(page: Page, token: str) -> None:
    values = {
        "token": token, "company_name": "Nordlicht AG", "currency": "EUR", "name": "Clara Weiss", "email": "clara@nordlicht.example",
        "password": "five quiet words walk home", "password_again": "five quiet words walk home",
    }  # fmt: skip
    for name, value in values.items():
        page.locator(f"input[name={name}]").fill(value)
    page.get_by_role("button", name="Set up and sign in").click()


def test_a_round_goes_from_its_invitations_to_the_page_of_its_gaps(visit: Callable[..., Visit]) -> None:
    ceo = visit()
    ceo.sign_in("CEO")
    ceo.open("/rounds/new/")
    ceo.page.get_by_label("Name").fill("Journey")
    people = ceo.page.locator("input[name$=_people]")
    people.evaluate_all(
        "boxes => boxes.forEach(box => { box.checked = false })"
    )  # only the names typed below are asked
    ceo.page.get_by_label("Ask Sales about the five disciplines").check()
    for side, count in (("marketing", MARKETING), ("sales", SALES)):
        names = "\n".join(f"{side} person {number}" for number in range(count))
        ceo.page.locator(f"[name={side}_others]").fill(names)
    ceo.page.get_by_role("button", name="Open the round and invite").click()
    links = re.findall(r"https?://[^\s\"<]+/answer/[^\s\"<]+/", ceo.page.content())
    links = list(dict.fromkeys(links))
    assert len(links) == MARKETING + SALES
    assert not ceo.axe()
    for link in links[:MARKETING]:
        _answer(ceo.url, link, score=2)
    for link in links[MARKETING:-1]:
        _answer(ceo.url, link, score=4)
    _answer_on_a_phone(visit(width=360, scheme="dark"), links[-1])

    ceo.open("/rounds/")
    ceo.page.get_by_role("link", name="Journey").first.click()
    expect(ceo.page.locator(".round-progress").first).to_contain_text("6 of 6 answered")
    ceo.page.locator("summary", has_text="Close the round early").click()
    ceo.page.get_by_role("button", name="Close the round").click()
    ceo.page.get_by_role("link", name="Results").click()
    expect(ceo.page.locator(".sentence")).to_contain_text("see 14 of 14 dimensions differently")
    expect(ceo.page.locator(".widest li")).to_have_count(3)
    expect(ceo.page.locator(".heat tbody tr")).to_have_count(14)
    expect(ceo.page.locator(".group-line")).to_contain_text(re.compile(r"5 answered.*6 answered"))
    assert not ceo.axe()


def _answer(url: str, link: str, score: int) -> None:
    """Answer as a browser would send it."""
    fields = {statement.key: str(score) for statement in statements()}
    connection = HTTPConnection(urlsplit(url).netloc, timeout=60)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", urlsplit(link).path, urlencode(fields), headers)
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("Location")) == (302, f"{urlsplit(link).path}done/")
    connection.close()


def _answer_on_a_phone(phone: Visit, link: str) -> None:
    phone.open(urlsplit(link).path)
    expect(phone.page.get_by_role("heading", name="Who sees what")).to_be_visible()
    assert not phone.axe()
    for statement in statements():
        phone.page.locator(f'label:has(input[name="{statement.key}"][value="4"])').click()
    phone.page.get_by_role("button", name="Send my answers").click()
    expect(phone.page.locator("#code")).to_have_text(re.compile(r"^[A-Z0-9-]{19}$"))
    assert not phone.axe()
    phone.page.get_by_role("link", name="Change my answers").click()
    expect(phone.page.locator("main")).to_contain_text("These are the answers you gave.")
