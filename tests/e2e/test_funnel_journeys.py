"""What both sides agree about the funnel comes into force as they agreed; a lead that nobody answers goes on to the next."""

import json
import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.e2e.conftest import Product, Visit

OVERDUE = """
import json
from datetime import timedelta
from django.utils import timezone
from funnel.handoffs.rerouting import unanswered
from funnel.handoffs.tick import tick
from funnel.models import HandOff
now = timezone.now()
first = unanswered().filter(to_owner__user__isnull=False, paused_at=None, breached_at=None).earliest('-pk')
HandOff.objects.filter(pk=first.pk).update(warn_at=now - timedelta(hours=3), due_at=now - timedelta(hours=2), reroute_at=now)
tick()
then = HandOff.objects.open().get(lead=first.lead_id)
print(json.dumps([first.lead_id, first.to_owner.user.email, str(first.to_owner), then.to_owner.user.email, str(then.to_owner)]))
"""


def test_the_cmo_proposes_a_definition_the_cro_disputes_it_and_the_cfo_decides(visit: Callable[..., Visit]) -> None:
    cmo = visit()
    cmo.sign_in("CMO")
    cmo.open("/funnel/stages/mql/")
    cmo.page.get_by_label("Value", exact=True).last.fill("400")
    cmo.page.get_by_label(re.compile("^Why")).fill("Sales sends half of them back")
    cmo.page.get_by_role("button", name="Propose to both sides").click()
    expect(cmo.page.locator("main")).to_contain_text("employees is at least 400")
    place = cmo.page.url.removeprefix(cmo.url)

    cro = visit()
    cro.sign_in("CRO")
    cro.open(place)
    cro.page.locator(".answers summary").first.click()
    cro.page.get_by_label(re.compile("^What is wrong")).fill("Then we have too few to call")
    cro.page.get_by_role("button", name="Dispute it").click()
    expect(cro.page.locator(".version").first).to_contain_text("disputes it")
    cro.open("/funnel/stages/")
    assert "employees is at least 400" not in cro.page.locator("#stage-mql").inner_text()

    cfo = visit()
    cfo.sign_in("CFO")
    cfo.open(place)
    cfo.page.get_by_label("The version comes into force").check()
    cfo.page.get_by_label(re.compile("reason for the ruling")).fill("Fewer and better; we look again in May")
    cfo.page.get_by_role("button", name="Give the ruling").click()
    expect(cfo.page.locator(".sentence")).to_contain_text(re.compile(r"Version \d+ is in force"))
    expect(cfo.page.locator(".versions")).to_contain_text("Version 1")
    story = cfo.page.locator(".story")
    for words in ("Then we have too few to call", "Fewer and better"):
        expect(story).to_contain_text(words)
    cfo.open("/funnel/stages/")
    expect(cfo.page.locator("#stage-mql")).to_contain_text("employees is at least 400")


def test_a_breached_lead_goes_on_to_the_next_rep_and_both_see_why(
    visit: Callable[..., Visit], product: Product
) -> None:
    said = product.manage("shell", "-v0", "-c", OVERDUE).strip().splitlines()[-1]
    lead, had, had_name, has, has_name = json.loads(said)
    assert had != has
    first = visit()
    first.sign_in("Sales rep", email=had)
    first.open("/notices/")
    expect(first.page.locator("main")).to_contain_text(f"was passed on from {had_name}")
    first.open(f"/leads/{lead}/?kind=owner")
    expect(first.page.locator(".line")).to_contain_text(f"Passed on: {had_name} did not answer by")
    second = visit()
    second.sign_in("Sales rep", email=has)
    second.open("/inbox/")
    expect(second.page.locator("main")).to_contain_text(f"Passed on: {had_name} did not answer by")
    second.open(f"/leads/{lead}/")
    expect(second.page.locator(".line")).to_contain_text(f"Handed to {has_name}")
