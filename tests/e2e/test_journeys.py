"""What people come for, done as they do it."""

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.e2e.conftest import Product, Visit


def test_the_cro_reads_smroi_changes_the_period_and_drills_to_the_records(visit: Callable[..., Visit]) -> None:
    visitor = visit()
    visitor.sign_in("CRO")
    page = visitor.page
    visitor.open("/dashboard/")
    expect(page.locator("main")).to_contain_text(re.compile(r"117\s?%"), timeout=60_000)
    page.locator("#period-summary").click()
    page.get_by_role("link", name="Last quarter").first.click()
    page.wait_for_url(re.compile("period=last_quarter"))
    page.wait_for_load_state("networkidle")
    assert not re.search(r"117\s%", page.locator("main").inner_text())
    visitor.open("/metrics/close_rate/records/")
    rows = page.locator("main table tbody tr")
    assert rows.count() > 5


def test_a_ceo_without_an_account_and_without_javascript_meets_the_detector(visit: Callable[..., Visit]) -> None:
    visitor = visit(javascript=False)
    visitor.open("/")
    page = visitor.page
    for group in range(3):
        page.locator("fieldset").nth(group).get_by_text("No", exact=True).first.click()
    page.get_by_role("button").last.click()
    page.wait_for_url(re.compile(r"/detector/"))
    assert "blaze" in page.locator("main").inner_text().lower()


def test_the_services_answer(product: Product) -> None:
    assert "smroi" in product.manage("metric", "--list")
