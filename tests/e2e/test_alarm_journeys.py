"""A detector is made from the page of a metric, opens an alarm after the next import, and its owner answers it."""

import re
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Visit
from tests.e2e.uploads import PATIENCE, hand_in

MINUTES = 300.0  # seconds in which a run must be over
NAME = "Too few leads in a quarter"


def test_a_detector_from_a_metric_opens_an_alarm_that_its_owner_closes_as_real(
    visit: Callable[..., Visit], tmp_path: Path
) -> None:
    ops = visit()
    ops.sign_in("Ops admin")
    ops.open("/metrics/leads/")
    ops.page.get_by_role("link", name="Make an alarm").click()
    fill_form(ops.page)
    ops.page.get_by_role("button", name="Try it on the past").click()
    expect(ops.page.locator(".trial-headline")).to_contain_text("In the last year it would have opened one alarm")
    assert not ops.axe()
    ops.page.get_by_role("button", name="Save the detector").click()
    expect(ops.page.locator("#messages")).to_contain_text("is saved")
    ops.open("/imports/")
    hand_in(ops.page, write_export(tmp_path))
    ops.page.get_by_role("button", name=re.compile("^Import .*row")).click()
    expect(ops.page.locator(".sentence")).to_contain_text("1 row read: 1 new", timeout=PATIENCE)

    cro = visit()
    cro.sign_in("CRO")
    alarm = wait_for_alarm(cro)
    cro.open("/notices/")
    expect(cro.page.locator("main")).to_contain_text(f"Alarm: {NAME}")
    cro.open(alarm)
    assert not cro.axe()
    cro.page.get_by_role("button", name="Acknowledge").click()
    expect(cro.page.locator("#live")).to_contain_text("You have acknowledged the alarm.")
    open_answer(cro.page, "Snooze").get_by_label("Reason").fill("The fair is in March.")
    cro.page.get_by_role("button", name="Snooze the alarm").click()
    expect(cro.page.locator("#live")).to_contain_text("The alarm is snoozed until")
    open_answer(cro.page, "Close").get_by_label("Real", exact=True).check()
    cro.page.get_by_role("button", name="Close the alarm").click()
    expect(cro.page.locator("#live .story")).to_contain_text(
        re.compile("Closed by .*Snoozed by .*Acknowledged by", re.S)
    )
    cro.open("/alarms/?verdict=real")
    expect(cro.page.locator("#live")).to_contain_text(NAME)


def write_export(folder: Path) -> Path:
    """Write what Salesforce exports of one account."""
    path = folder / "Account.csv"
    path.write_text('"Id","Name","BillingCity"\n"001A00000000001","Alarm Ltd","Kiel"\n')
    return path


def fill_form(page: Page) -> None:
    """Ask for more leads than any company has, so that the next run opens an alarm."""
    page.get_by_label("Name").fill(NAME)
    page.get_by_label("Passes a limit").check()
    page.get_by_label("Lower is worse").check()
    page.get_by_label(re.compile("^Limit")).fill("10000000")
    owner = page.locator("#id_owner")
    owner.select_option(label=owner.locator("option", has_text="Marcus").inner_text())


def open_answer(page: Page, name: str) -> Locator:
    answer = page.locator("details.answer").filter(has=page.locator("summary", has_text=re.compile(f"^{name}$")))
    answer.locator("summary").click()
    return answer


def wait_for_alarm(reader: Visit) -> str:
    """Ask the API until the alarm is open, and return the address of its page."""
    until = time.monotonic() + MINUTES
    while True:
        rows = reader.page.request.get(f"{reader.url}/api/v1/alarms/?state=open&limit=100").json()["results"]
        own = [row for row in rows if row["name"] == NAME]
        if own:
            return f"/alarms/{own[0]['id']}/"
        assert time.monotonic() < until, f"no alarm among {[row['name'] for row in rows]}"
        time.sleep(2)
