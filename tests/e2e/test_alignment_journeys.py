"""What both sides sign about working together: the matrix, a term, and the update of the plan, in the browser."""

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.e2e.conftest import Visit

DECISION = "Price list of the year"
TERM, DEFINITION = "Metric", "A number with a unit, a formula on screen and an owner."


def test_the_matrix_is_edited_without_javascript_and_signed(visit: Callable[..., Visit]) -> None:
    cmo = visit(width=360, javascript=False)
    cmo.sign_in("CMO")
    cmo.open("/accountability/edit/")
    row = (
        cmo.page.locator("tr")
        .filter(has=cmo.page.get_by_placeholder("Recurring decision"))
        .filter(has=cmo.page.locator('input[value=""]'))
    )
    row.first.get_by_placeholder("Recurring decision").fill(DECISION)
    row.first.get_by_label(re.compile("CFO$")).select_option("A")
    cmo.page.get_by_role("button", name="Propose to both sides").click()
    expect(cmo.page.locator("[role=alert]")).to_contain_text(f"{DECISION} has no responsible role.")
    row = cmo.page.locator("tr.has-fault")
    row.get_by_label(re.compile("CRO$")).select_option("R")
    row.get_by_label(re.compile("metric$")).select_option("average_revenue_per_transaction")
    cmo.page.get_by_role("button", name="Propose to both sides").click()
    expect(cmo.page.locator("main")).to_contain_text(f"{DECISION}: row added, CFO accountable")

    cro = visit()
    cro.sign_in("CRO")
    cro.open("/alignment/")
    cro.page.locator(".awaiting").get_by_role("link", name="Accountability matrix").click()
    cro.page.get_by_role("button", name="Sign for Sales").click()
    expect(cro.page.locator("#messages")).to_contain_text("The version is active")
    cro.open("/accountability/")
    expect(cro.page.locator("tr").filter(has_text=DECISION)).to_contain_text("Average revenue per transaction")
    assert not cro.axe()


def test_a_term_is_proposed_signed_and_seen_underlined(visit: Callable[..., Visit]) -> None:
    cmo = visit()
    cmo.sign_in("CMO")
    cmo.open("/lexicon/")
    cmo.page.get_by_role("link", name="Propose a term").click()
    cmo.page.get_by_label("Title").fill(TERM)
    cmo.page.get_by_label("What is agreed").fill(DEFINITION)
    cmo.page.get_by_role("button", name="Propose to both sides").click()
    address = cmo.page.url.removeprefix(cmo.url)
    cmo.open("/metrics/")
    expect(cmo.page.locator("h1 .term")).to_have_count(0)

    cro = visit()
    cro.sign_in("CRO")
    cro.open(address)
    cro.page.get_by_role("button", name="Sign for Sales").click()
    cro.open("/metrics/")
    term = cro.page.locator("h1 .term")
    expect(term.locator("dfn")).to_have_attribute("title", DEFINITION)
    assert not cro.axe()
    term.focus()
    cro.page.keyboard.press("Enter")
    expect(cro.page.locator(".entry:target")).to_contain_text(DEFINITION)
    assert not cro.axe()


def test_the_update_of_the_plan_is_presented_by_both(visit: Callable[..., Visit]) -> None:
    cmo, cro = visit(), visit(width=360, scheme="dark")
    for one, role, text in ((cmo, "CMO", "Leads from partners are up."), (cro, "CRO", "Two large deals slipped.")):
        one.sign_in(role)
        one.open("/plan/")
        one.page.get_by_role("button", name=re.compile("update")).click()
        one.page.get_by_label("Text").fill(text)
        one.page.get_by_role("button", name="Save").click()
        expect(one.page.locator("#messages")).to_contain_text("Saved.")
        assert not one.axe()
    cmo.page.get_by_role("button", name="Present for Marketing").click()
    expect(cmo.page.locator(".sentence")).to_contain_text("The other side has not presented it yet")
    cro.page.reload()
    cro.page.get_by_role("button", name="Present for Sales").click()
    expect(cro.page.locator("#messages")).to_contain_text("The figures of today are kept with it")
    expect(cro.page.locator("#figures")).to_be_visible()
    expect(cro.page.locator("main")).to_contain_text("Leads from partners are up.")
    assert not cro.axe()
    cro.open("/plan/")
    expect(cro.page.locator(".updates")).to_contain_text(re.compile("Update 2 presented by"))
    assert not cro.axe()
