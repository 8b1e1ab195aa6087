"""The API's reader works in a real browser, under the strict policy, from our own host."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.e2e.conftest import Visit


def test_a_signed_in_reader_tries_a_request_out(visit: Callable[..., Visit]) -> None:
    visitor = visit()
    visitor.sign_in("CRO")
    visitor.open("/api/docs/")
    page = visitor.page
    operation = page.locator("#operations-leads-leads_list")
    page.locator(".opblock").first.wait_for(timeout=20_000)
    for _ in range(100):  # what is out of sight is not drawn
        if operation.is_visible():
            break
        page.mouse.wheel(0, 600)
        page.wait_for_timeout(100)
    operation.locator(".opblock-summary-control").first.click()
    page.get_by_role("button", name="Try it out").first.click(timeout=20_000)
    page.get_by_role("button", name="Execute").first.click()
    answered = page.locator("#operations-leads-leads_list .live-responses-table")
    expect(answered).to_contain_text("200", timeout=20_000)
