"""What both sides agree about the funnel comes into force as they agreed; a lead that no one answers goes on to the next."""

import json
from collections.abc import Callable

from playwright.sync_api import expect

from tests.e2e.conftest import Product, Visit

OVERDUE = """
import json
from datetime import timedelta
from django.utils import timezone
from funnel.handoffs.rerouting import unanswered_handoffs
from funnel.handoffs.clock_tick import tick_clocks
from funnel.models import HandOff
now = timezone.now()
first = unanswered_handoffs().filter(to_owner__user__isnull=False, paused_at=None, breached_at=None).earliest('-pk')
HandOff.objects.filter(pk=first.pk).update(warn_at=now - timedelta(hours=3), due_at=now - timedelta(hours=2), reroute_at=now)
tick_clocks()
then = HandOff.objects.open().get(lead=first.lead_id)
print(json.dumps([first.lead_id, first.to_owner.user.email, str(first.to_owner), then.to_owner.user.email, str(then.to_owner)]))
"""


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
