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
WHY = "Eight points less, and nobody waits for a call."


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
    expect(cro.page.locator("#messages")).to_contain_text("It is in force")
    cro.open("/scores/leads/")
    expect(cro.page.locator("#threshold")).to_have_value(str(points))
    moves = wait_for(cro, f"moves/?stage=mql&entered_at_from={begun:%Y-%m-%dT%H:%M:%SZ}&limit=5")
    handed = wait_for(cro, f"handoffs/?started_at_from={begun:%Y-%m-%dT%H:%M:%SZ}&limit=5")
    assert (datetime.now(UTC) - begun).total_seconds() < MINUTE
    assert moves
    assert handed


def drag_to(page: Page, points: int) -> None:
    """Move the slider with the keyboard, as somebody without a mouse does."""
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
