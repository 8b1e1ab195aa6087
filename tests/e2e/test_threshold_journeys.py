"""A threshold is dragged, its consequences read, proposed, signed by the other side; inbox and funnel follow."""

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visit

MINUTE = 60.0  # in which what was signed must be seen
LOWER = 8  # points
WHY = "Eight points less, and no one waits for a call."


def test_the_cmo_drags_the_threshold_the_cro_signs_and_inbox_and_funnel_follow(visit: Callable[..., Visit]) -> None:
    cmo = visit()
    cmo.sign_in("CMO")
    cmo.open("/scores/leads/?version=1")
    points = int(cmo.page.locator("#threshold").input_value()) - LOWER
    drag_to(cmo.page, points)
    expect(cmo.page.locator("#consequence")).to_contain_text(f"From {points} points")
    expect(cmo.page.locator("#consequence")).to_contain_text("more than now")
    expect(cmo.page.locator("#coming-title")).to_contain_text(re.compile(r"over it now: [1-9]"))
    assert not cmo.axe()
    cmo.page.locator("#id_reason").fill(WHY)
    cmo.page.get_by_role("button", name="Propose to both sides").click()
    expect(cmo.page.locator("#messages")).to_contain_text("Proposed")

    cro = visit()
    cro.sign_in("CRO")
    cro.open("/scores/leads/")
    expect(cro.page.locator("#consequence")).to_contain_text(f"From {points} points")
    proposed = cro.page.locator(".version.is-pending").filter(has_text=WHY)
    begun = datetime.now(UTC)
    proposed.get_by_role("button", name="Sign for Sales").click()
    expect(cro.page.locator("#messages")).to_contain_text("The version is active")
    cro.open("/scores/leads/")
    expect(cro.page.locator("#threshold")).to_have_value(str(points))
    moves = wait_for(cro, f"moves/?stage=mql&entered_at_from={begun:%Y-%m-%dT%H:%M:%SZ}&limit=5")
    handed = wait_for(cro, f"handoffs/?started_at_from={begun:%Y-%m-%dT%H:%M:%SZ}&limit=5")
    assert (datetime.now(UTC) - begun).total_seconds() < MINUTE
    assert moves
    assert handed


def test_the_cmo_proposes_a_threshold_the_cro_disputes_it_and_the_cfo_decides(visit: Callable[..., Visit]) -> None:
    """After the other journey: from here on the MQL asks for points of its own, whatever the model's threshold."""
    cmo = visit()
    cmo.sign_in("CMO")
    cmo.open("/funnel/stages/mql/")
    condition = cmo.page.get_by_role("group", name="Condition 1").first
    condition.get_by_label("Field, or what is counted").select_option(label="the score")
    condition.get_by_label("Comparison", exact=True).select_option(label="is at least")
    condition.get_by_label("Value", exact=True).fill("65")
    cmo.page.get_by_label(re.compile("^Why")).fill("Sales sends half of them back")
    cmo.page.get_by_role("button", name="Propose to both sides").click()
    expect(cmo.page.locator("main")).to_contain_text("score is at least 65")
    place = cmo.page.url.removeprefix(cmo.url)

    cro = visit()
    cro.sign_in("CRO")
    cro.open(place)
    cro.page.locator(".answers summary").first.click()
    cro.page.get_by_label(re.compile("^Reason for the dispute")).fill("Then we have too few to call")
    cro.page.get_by_role("button", name="Dispute it").click()
    expect(cro.page.locator(".version").first).to_contain_text("disputes it")
    cro.open("/funnel/stages/")
    assert "score is at least 65" not in cro.page.locator("#stage-mql").inner_text()

    cfo = visit()
    cfo.sign_in("CFO")
    cfo.open(place)
    cfo.page.get_by_label("The version comes into force").check()
    cfo.page.get_by_label(re.compile("reason for the ruling")).fill("Fewer and better; we look again in May")
    cfo.page.get_by_role("button", name="Save the ruling").click()
    expect(cfo.page.locator(".sentence")).to_contain_text(re.compile(r"Version \d+ has been active"))
    expect(cfo.page.locator(".versions")).to_contain_text("Version 1")
    story = cfo.page.locator(".story")
    for words in ("Then we have too few to call", "Fewer and better"):
        expect(story).to_contain_text(words)
    cfo.open("/funnel/stages/")
    expect(cfo.page.locator("#stage-mql")).to_contain_text("score is at least 65")


def drag_to(page: Page, points: int) -> None:
    """Move the slider with the keyboard, as a person without a mouse does."""
    slider = page.locator("#threshold-slider")
    slider.focus()
    for _ in range(abs(int(slider.input_value()) - points)):
        page.keyboard.press("ArrowLeft")


def wait_for(reader: Visit, address: str) -> list[Any]:
    """Ask the API until it answers with rows, a minute at most."""
    until = time.monotonic() + MINUTE
    while True:
        answer = reader.page.request.get(f"{reader.url}/api/v1/{address}")
        assert answer.ok, answer.text()
        found: list[Any] = answer.json()["results"]
        if found or time.monotonic() > until:
            return found
        time.sleep(2)
