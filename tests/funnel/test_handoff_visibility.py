"""In a company that restricts who reads whom, a lead is read by anyone who it was handed to, as long as they have it."""

from datetime import timedelta

from django.test import Client

from crm.models import Lead, Touch
from funnel.handoffs.clock_tick import tick_clocks
from funnel.models import HandOff
from funnel.verdicts import actions
from team.models import Company, User
from tests import make
from tests.funnel.handoff_factory import BERLIN, handed, later, local, now, seller, signed

MONDAY = local("2026-11-16T09:00:00")


def restrict() -> None:
    company = Company.get()
    company.visibility = Company.Visibility.RESTRICTED
    company.save()


def sees(user: User | None, lead: Lead) -> bool:
    assert user
    return bool(Lead.objects.visible_to(user).filter(pk=lead.pk).exists())


def test_a_rep_reads_a_lead_handed_to_them_until_it_goes_to_another_person(
    cmo: User, cro: User, client: Client
) -> None:
    ada, bob = seller("Ada", cro), seller("Bob", cro)
    signed(cmo, cro, since=local("2026-11-01T00:00:00"))
    restrict()
    found = handed(MONDAY)
    touch = make.record(Touch, lead=found.lead)
    first, second = (ada, bob) if found.to_owner == ada else (bob, ada)
    assert sees(first.user, found.lead)
    assert Touch.objects.visible_to(first.user).filter(pk=touch.pk).exists()
    assert not sees(second.user, found.lead)

    assert found.reroute_at
    tick_clocks(later(found.reroute_at, minutes=1))
    assert HandOff.objects.open().get().to_owner == second
    assert not sees(first.user, found.lead)
    assert sees(second.user, found.lead)
    assert first.user
    client.force_login(first.user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(f"/leads/{found.lead_id}/").status_code == 404


def test_a_lead_taken_on_stays_readable_and_a_rejected_one_does_not(cmo: User, cro: User) -> None:
    ada = seller("Ada", cro)
    assert ada.user
    signed(cmo, cro, since=local("2026-11-01T00:00:00"))
    restrict()
    taken, refused = handed(now().astimezone(BERLIN)), handed(now().astimezone(BERLIN))
    actions.accept_lead(by=ada.user, handoff=taken)
    actions.reject_lead(by=ada.user, handoff=refused, note="A student")
    tick_clocks(now() + timedelta(seconds=11))
    assert sees(ada.user, taken.lead)
    assert not sees(ada.user, refused.lead)
