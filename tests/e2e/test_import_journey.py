"""From a CRM's export to numbers one can trust, as an ops admin does it: look, correct, import, correct, take back."""

import csv
import io
import re
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visit
from tests.e2e.uploads import PATIENCE, hand_in

ROWS = 18_000  # with their notes several blocks of the reader, so that there is a bar to move
NOTES = "Met at the fair, asked for prices, wants a visit. " * 45
HEADER = ["Id", "LastName", "Company", "Status", "Rating", "Email", "IsConverted", "Notes__c"]


def export(folder: Path) -> Path:
    """Write what Salesforce would export: leads, one of them without an id, and accounts."""
    leads = io.StringIO()
    writer = csv.writer(leads, quoting=csv.QUOTE_ALL)
    writer.writerow(HEADER)
    for number in range(ROWS):
        key = "" if number == 7 else f"00QJ{number:011d}"
        writer.writerow([key, f"Journey {number}", "Journey Ltd", "New", "Hot", "", "0", NOTES])
    path = folder / "journey.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("Lead.csv", leads.getvalue())
        archive.writestr("Account.csv", '"Id","Name","BillingCity"\n"001J00000000001","Journey Ltd","Kiel"\n')
    return path


def bar(page: Page) -> list[int]:
    """Watch the bar of an import until it is over; return all that it showed."""
    shown: list[int] = []
    until = time.monotonic() + PATIENCE / 1000
    while not page.locator(".sentence", has_text="read:").is_visible():
        assert time.monotonic() < until, page.locator("main").inner_text()
        for value in page.evaluate("[...document.querySelectorAll('#live progress[value]')].map(one => one.value)"):
            shown += [value] if value not in shown else []
        page.wait_for_timeout(100)
    return shown


def undo(page: Page) -> None:
    page.get_by_role("link", name="Undo import").click()
    page.get_by_role("button", name="Undo import").click()
    expect(page.locator("main")).to_contain_text(re.compile("undone", re.IGNORECASE), timeout=PATIENCE)


def test_an_ops_admin_imports_a_crm_corrects_mends_and_takes_it_back(
    visit: Callable[..., Visit], tmp_path: Path
) -> None:
    visitor = visit()
    visitor.sign_in("Ops")
    page = visitor.page
    visitor.open("/imports/")
    hand_in(page, export(tmp_path))
    first = page.url

    row = page.get_by_role("row").filter(has_text="Lead.csv").filter(has=page.get_by_role("link", name="Columns"))
    row.get_by_role("link", name="Columns").click()
    page.get_by_label("Rating", exact=True).select_option(label="Persona")
    expect(page.locator("#reading-4")).to_have_text("Hot")
    assert not visitor.axe()
    page.get_by_role("button", name="Use this mapping").click()
    expect(page.locator("#live")).to_contain_text("All 18,001 rows are counted", timeout=PATIENCE)
    expect(page.locator("main")).to_contain_text("The id is missing")
    expect(page.locator(".would")).to_contain_text("18,000")
    assert not visitor.axe()

    page.get_by_role("button", name=re.compile("^Import .*row")).click()
    moved = bar(page)
    assert len(moved) > 1, moved
    assert moved == sorted(moved)
    expect(page.locator(".sentence")).to_contain_text("18,001 rows read: 18,000 new; 1 row was refused")

    page.get_by_role("link", name="View refused rows").click()
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("CSV")).first.click()
    rows = list(csv.reader(io.StringIO(Path(download.value.path()).read_text("utf-8-sig"))))
    rows[1][0] = "00QJMENDED00000"
    mended = tmp_path / "corrected.csv"
    with mended.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    visitor.open("/imports/")
    hand_in(page, mended)
    page.get_by_role("button", name=re.compile("^Import .*row")).click()
    expect(page.locator(".sentence")).to_contain_text("1 row read: 1 new", timeout=PATIENCE)
    undo(page)

    page.goto(first)
    undo(page)


def test_ad_spend_from_a_report_that_no_mapping_knows_is_mapped_by_hand_and_seen(
    visit: Callable[..., Visit], tmp_path: Path
) -> None:
    visitor = visit()
    visitor.sign_in("Ops")
    page = visitor.page
    report = tmp_path / "q1.csv"
    rows = "".join(
        f"2025-01-{day:02},Journey ads,{'click' if day % 2 else 'total'},900,12.50,1000,30\n" for day in range(1, 21)
    )
    report.write_text(f"Day,Campaign name,Row,Revenue,Media cost,Impressions,Link clicks\n{rows}")
    visitor.open("/imports/")
    hand_in(page, report)
    page.get_by_role("link", name=re.compile("Map columns")).click()
    expect(page.get_by_label("Each row is one of these")).to_have_value("spend")
    expect(page.get_by_label("Media cost", exact=True)).to_have_value("field:amount")
    expect(page.locator("#always-0-value, #always-1-value").first).to_have_value("marketing")

    page.get_by_role("button", name="Add a condition").click()
    page.locator("#only-0-column").select_option(label="Row")
    page.locator("#only-0-value").fill("click")
    page.keyboard.press("Tab")
    expect(page.locator("#outcome")).to_contain_text("10 are read and 10 are left out")
    assert not visitor.axe()
    page.get_by_role("button", name="Use this mapping").click()
    page.get_by_role("button", name=re.compile("^Import .*row")).click()
    expect(page.locator(".sentence")).to_contain_text("20 rows read: 10 new", timeout=PATIENCE)
    first, until = (
        page.url,
        time.monotonic() + 10 * PATIENCE / 1000,
    )  # the run that follows an import computes every number
    while True:
        visitor.open("/metrics/sm_spend/records/?campaign=Journey+ads&from=2025-01-01&to=2025-01-31")
        if page.get_by_text("Journey ads").count() >= 10:
            break
        assert time.monotonic() < until, page.locator("main").inner_text()
        page.wait_for_timeout(1000)
    page.goto(first)
    undo(page)
