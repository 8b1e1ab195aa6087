"""A rep clears ten leads by keyboard, and Marketing sees what was said of them."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visit

REASON = "we do not sell to hobby farms"


def waiting(page: Page) -> int:
    return page.locator(".handed-row:visible").count()


def said(page: Page, words: str) -> None:
    expect(page.locator("#said > li").first).to_contain_text(words)


def test_a_rep_clears_ten_leads_by_keyboard_and_the_cmo_sees_it(visit: Callable[..., Visit]) -> None:
    visitor = visit()
    visitor.sign_in("Sales rep")
    page = visitor.page
    expect(page).to_have_url(re.compile("/inbox/"))
    before = waiting(page)
    assert before >= 10

    page.keyboard.press("a")
    said(page, "Accepted")
    expect(page.locator(".handed-row:visible")).to_have_count(before - 1)
    page.keyboard.press("z")
    expect(page.locator(".handed-row:visible")).to_have_count(before)

    page.keyboard.press("4")
    said(page, "is rated 4 of 5")
    page.keyboard.press("r")
    form = page.locator(".handed-form form")
    expect(form).to_be_visible()
    form.get_by_label(re.compile("stage in the CRM")).check()
    form.get_by_label(re.compile("^Note")).fill(REASON)
    form.get_by_role("button", name="Reject the lead").click()
    said(page, "Rejected")
    for left in range(before - 2, before - 11, -1):
        page.keyboard.press("a")
        expect(page.locator(".handed-row:visible")).to_have_count(left)
    expect(page.locator(".handed-row")).to_have_count(before - 10)  # a verdict still on its way keeps a hidden row
    page.reload(wait_until="networkidle")
    assert waiting(page) == before - 10

    marketing = visit()
    marketing.sign_in("CMO")
    marketing.open("/verdicts/?by=criterion&period=this_year")
    rejected = marketing.page.get_by_role("row", name=re.compile("stage in the CRM")).first
    rejected.get_by_role("link", name=re.compile(r"^\d+$")).first.click()  # a term of the lexicon is a link too
    expect(marketing.page.locator("main")).to_contain_text(REASON)
