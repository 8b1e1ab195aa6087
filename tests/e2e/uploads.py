"""Handing in a file on the page of imports, as journeys of several pages do."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

PATIENCE = 30_000  # milliseconds


def hand_in(page: Page, file: Path) -> None:
    """Upload the file and wait for its preview; the page of imports is open."""
    page.set_input_files("input[type=file]", file)
    page.get_by_role("button", name="Preview import").click()
    page.wait_for_url(re.compile(r"/imports/\d+/"), timeout=PATIENCE)
    expect(page.get_by_text("Waiting for you")).to_be_visible(timeout=PATIENCE)
