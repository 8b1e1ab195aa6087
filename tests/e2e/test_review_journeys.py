"""The joint review, walked in the browser from its start to the update of the plan."""

import re
from collections.abc import Callable
from datetime import date, timedelta

from playwright.sync_api import expect

from alignment.review.steps import STEPS
from tests.e2e.conftest import Visit

DECISION = "Call every partner lead within a day."


def test_the_review_is_walked_by_both_and_its_update_stands_in_the_plan(visit: Callable[..., Visit]) -> None:
    cmo = visit()
    cmo.sign_in("CMO")
    cmo.open("/reviews/")
    cmo.page.get_by_role("button", name="Start a review").click()
    for answered in range(1, cmo.page.locator(".review-asked > li").count() + 1):
        card = cmo.page.locator(".review-asked > li").filter(
            has=cmo.page.locator(".badge", has_text=re.compile("Overdue|yet"))
        )
        card.first.get_by_label("Done", exact=True).check()
        card.first.get_by_role("button", name="Save").click()
        expect(cmo.page.locator(".review-asked .badge.is-met")).to_have_count(answered)
    for step in STEPS[1:]:  # by the arrow key
        cmo.page.keyboard.press("ArrowRight")
        cmo.page.wait_for_url(f"**/steps/{step.key}/", timeout=60_000)  # its figures are computed the first time
        expect(cmo.page.get_by_role("heading", level=1)).to_have_text(step.title)
        assert not cmo.axe()
        if step.key == "leads":
            cmo.page.get_by_role("button", name="More").first.click()
            expect(cmo.page.locator(".review-wishes [aria-pressed=true]")).to_have_text("More")
        if step.key == "decisions":
            cmo.page.get_by_label("Decision").fill(DECISION)
            cmo.page.get_by_label("Owner").select_option(label="Marcus Oyelaran")
            cmo.page.get_by_label("Due date").fill((date.today() + timedelta(days=7)).isoformat())
            cmo.page.get_by_role("button", name="Record decision").click()
            expect(cmo.page.locator("main")).to_contain_text(DECISION)
            cmo.page.get_by_role("heading", level=1).click()
    for person in ("Priya Raman, CMO", "Marcus Oyelaran, CRO"):
        cmo.page.get_by_label(person).check()
    cmo.page.get_by_role("button", name="Confirm and close").click()
    expect(cmo.page.locator("#messages")).to_contain_text("waits for the leaders who have not presented it yet")
    expect(cmo.page.locator(".sentence").first).to_contain_text("Marcus Oyelaran and Priya Raman")
    assert not cmo.axe()

    cro = visit(width=360, scheme="dark", javascript=False)
    cro.sign_in("CRO")
    cro.open("/plan/")
    cro.page.locator(".updates a").first.click()
    expect(cro.page.locator("main")).to_contain_text(DECISION)
    cro.page.get_by_role("button", name="Present for Sales").click()
    expect(cro.page.locator("#messages")).to_contain_text("Presented by both sides")
    cro.open("/reviews/")
    cro.page.get_by_role("button", name="Start a review").click()
    expect(cro.page.locator(".review-asked")).to_contain_text(DECISION)
    cro.page.get_by_role("link", name=re.compile("^Next")).click()
    expect(cro.page.get_by_role("heading", level=1)).to_have_text(STEPS[1].title)
