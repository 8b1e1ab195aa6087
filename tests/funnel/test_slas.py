"""What each side owes the other, what was delivered, and how a pilot does against the rest."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from redis.exceptions import RedisError

from agreements import actions
from agreements.models import Version, company_today
from crm.models import Owner
from facts import result_cache
from facts.refresh import refresh
from funnel.handoffs import marketing_sla
from funnel.handoffs.clock_tick import tick_clocks
from funnel.handoffs.marketing_sla import month_owed
from funnel.models import HandOff
from funnel.slas import views
from funnel.slas.report import by_month, pilot_results
from team.models import Company, Role, User
from tests import make
from tests.funnel.handoff_factory import handed, local, owing, seller, signed

WEDNESDAY = local("2026-11-18T09:00:00")


@pytest.fixture
def ada(cmo: User, cro: User) -> Owner:
    found = seller("Ada", cro)
    signed(cmo, cro, since=local("2026-09-01T00:00:00"))
    return found


def test_an_even_pace_takes_each_day_alike(ada: Owner, cmo: User, cro: User) -> None:
    owing(cmo, cro, "2026-10-20T00:00:00", qualified_leads=30)
    handed(local("2026-11-03T10:00:00"))
    found = month_owed(date(2026, 11, 15), date(2026, 11, 15))
    assert found
    assert (found.elapsed, found.leads_by_now, found.leads_ahead) == (0.5, 15, -14)
    assert found.value_ahead == Decimal(-5000)


def test_the_page_says_what_is_owed_and_what_came(as_user: Any, ada: Owner, cmo: User, cro: User) -> None:
    owing(cmo, cro, "2026-10-20T00:00:00", qualified_leads=30)
    lead = handed(WEDNESDAY).lead
    make.opportunity(lead=lead, amount=Decimal(4000), opened_on=date(2026, 11, 19))
    HandOff.objects.update(answered_at=WEDNESDAY + timedelta(hours=1))
    tick_clocks(local("2026-11-20T09:00:00"))
    with patch.object(views, "company_today", lambda: date(2026, 11, 20)):
        page = as_user(cmo).get("/slas/").content.decode()
    assert "Marketing has handed over 1 of 30 leads it owes this month" in page
    assert "Sales answered the one lead that was due" in page
    assert "19 fewer than an even pace" in page
    leads = as_user(cmo).get("/slas/leads/?month=2026-11").content.decode()
    assert lead.name in leads
    deals = as_user(cmo).get("/slas/deals/?month=2026-11").content.decode()
    assert "4,000" in deals or "4.0" in deals
    assert as_user(cmo).get("/slas/leads/?month=2026-13").status_code == 404
    assert as_user(cmo).get("/slas/money/?month=2026-11").status_code == 404


def test_while_nothing_is_signed_the_page_says_what_to_do(as_user: Any, cmo: User, rep: User) -> None:
    assert "Propose the SLA of Marketing" in as_user(cmo).get("/slas/").content.decode()
    page = as_user(rep).get("/slas/").content.decode()
    assert "No SLA of Marketing is signed yet" in page
    assert "?kind=owed" not in page


def test_a_clock_that_runs_is_neither_met_nor_due(ada: Owner) -> None:
    for _ in range(3):
        handed(WEDNESDAY)
    first = HandOff.objects.order_by("pk")[0]
    HandOff.objects.filter(pk=first.pk).update(answered_at=WEDNESDAY + timedelta(hours=2))
    (month,) = by_month(date(2026, 11, 20))
    assert (month.results.handed, month.results.due, month.results.met, month.results.running, month.results.rate) == (
        3,
        1,
        1,
        2,
        1.0,
    )
    tick_clocks(local("2026-11-18T13:30:00"))
    (month,) = by_month(date(2026, 11, 20))
    assert (month.results.due, month.results.met) == (3, 1)


def test_a_pilot_stands_against_the_rest_of_the_same_time(ada: Owner, cmo: User, cro: User) -> None:
    lead_of_team = make.user(Role.REP, name="Tess", manager=cro)
    bob = seller("Bob", lead_of_team)
    version = signed(
        cmo, cro, since=local("2026-11-02T00:00:00"), response=1, pilot_manager=lead_of_team,
        expires_on=company_today() + timedelta(days=60),
    )  # fmt: skip
    made = [handed(WEDNESDAY) for _ in range(4)]
    assert {one.to_owner for one in made} == {ada, bob}
    tick_clocks(WEDNESDAY + timedelta(hours=2))
    (found,) = pilot_results(cro)
    assert (found.version, found.response) == (version, "First response within 1 business hour of the hand-off")
    assert (found.team.handed, found.team.due, found.team.met) == (2, 2, 0)
    assert (found.rest.handed, found.rest.due) == (2, 0)
    assert ada.user
    assert len(pilot_results(ada.user)) == 1
    Company.objects.update(achievement=Company.Achievement.LEADERS)
    assert pilot_results(ada.user) == []


def test_the_page_asks_the_same_number_of_questions_for_more_leads(as_user: Any, ada: Owner, cro: User) -> None:
    counts = []
    as_user(cro).get("/slas/")
    for many in (5, 15):
        for _ in range(many):
            handed(WEDNESDAY)
        with CaptureQueriesContext(connection) as asked:
            as_user(cro).get("/slas/")
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_a_version_signed_in_the_month_owes_nothing_for_it(as_user: Any, cmo: User, cro: User) -> None:
    version = actions.draft_version(
        by=cro, kind="owed", key="monthly", title="Owed", text="Every month.",
        terms={"qualified_leads": 3, "pipeline_value": "10000.00", "currency": "EUR"},
    )  # fmt: skip
    actions.sign_version(by=cmo, version=actions.propose_version(by=cro, version=version))
    assert Version.objects.in_force().count() == 1
    assert "The SLA was signed during this month" in as_user(cro).get("/slas/").content.decode()


def test_a_pilot_links_to_its_results(as_user: Any, ada: Owner, cmo: User, cro: User) -> None:
    boss = make.user(Role.REP, name="Tess", manager=cro)
    make.user(Role.REP, manager=boss)
    version = signed(cmo, cro, response=1, pilot_manager=boss, expires_on=company_today() + timedelta(days=60))
    page = as_user(cmo).get(f"/agreements/{version.agreement_id}/").content.decode()
    assert 'href="/slas/#pilots"' in page


def test_months_that_are_over_are_counted_while_the_cache_does_not_respond(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    refresh()
    asked: list[str] = []

    def fail(address: str, *_: object) -> None:
        asked.append(address)
        raise RedisError("no Redis")

    monkeypatch.setattr(result_cache.cache, "get", fail)
    delivered = marketing_sla._count_delivered(date(2026, 1, 1), "EUR", is_over=True)
    assert (delivered.leads, delivered.value, delivered.left_out) == (0, 0, 0)
    assert asked
