"""The inbox, the clock of a hand-off, and what Marketing owes."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.models import Owner
from funnel.handoffs.clock_tick import tick_clocks
from funnel.handoffs.marketing_sla import month_owed
from funnel.handoffs.queries import inbox_handoffs, read_clocks, team_load
from funnel.verdicts import actions
from team.models import User
from tests import make
from tests.funnel.handoff_factory import handed, local, owing, qualified, seller, signed

WEDNESDAY = local("2026-11-18T09:00:00")


@pytest.fixture
def ada(cro: User, cmo: User) -> Owner:
    found = seller("Ada", cro)
    signed(cmo, cro, since=local("2026-09-01T00:00:00"))
    return found


def test_the_inbox_is_ones_own_by_clock_and_a_managers_is_the_teams(ada: Owner, cro: User) -> None:
    assert ada.user
    late, soon = handed(local("2026-11-18T11:00:00"), owner=ada), handed(WEDNESDAY, owner=ada)
    seller("Bob", cro)
    assert list(inbox_handoffs(ada.user)) == [soon, late]
    assert inbox_handoffs(cro).count() == 2
    assert inbox_handoffs(make.user()).count() == 0
    actions.accept_lead(by=ada.user, handoff=soon)
    assert list(inbox_handoffs(ada.user)) == [late]
    assert [(load.waiting, load.overdue) for load in team_load(cro, local("2026-11-18T16:00:00"))] == [(1, 1)]


@pytest.mark.parametrize(
    ("moment", "state", "left", "share"),
    [
        ("2026-11-18T09:00:00", "running", 4 * 3600, 0), ("2026-11-18T12:00:00", "warned", 3600, 0.75),
        ("2026-11-18T14:00:00", "breached", -3600, 1.25), ("2026-11-18T20:00:00", "breached", -4 * 3600, 2),
    ],
)  # fmt: skip
def test_a_clock_says_how_it_stands_in_business_time(
    ada: Owner, moment: str, state: str, left: float, share: float
) -> None:
    found = handed(WEDNESDAY)
    clock = read_clocks([found], local(moment))[found.pk]
    assert (clock.state, clock.left, clock.share) == (state, left, share)


def test_an_answered_clock_is_met_or_missed(ada: Owner) -> None:
    assert ada.user
    found = handed(WEDNESDAY)
    found.answered_at = local("2026-11-18T13:00:00")
    assert read_clocks([found], local("2026-11-18T20:00:00"))[found.pk].words == "Answered in time"
    found.answered_at += timedelta(seconds=1)
    assert read_clocks([found], local("2026-11-18T20:00:00"))[found.pk].words == "Answered late"


def test_ten_clocks_or_thirty_are_shown_with_the_same_questions(ada: Owner) -> None:
    assert ada.user
    counts = []
    for many in (10, 20):
        for _ in range(many):
            qualified(WEDNESDAY)
        tick_clocks(WEDNESDAY)
        with CaptureQueriesContext(connection) as asked:
            read_clocks(inbox_handoffs(ada.user), WEDNESDAY)
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_marketing_owes_leads_and_their_pipeline_in_value(ada: Owner, cmo: User, cro: User) -> None:
    owing(cmo, cro, "2026-09-20T00:00:00")
    leads = [handed(local(f"2026-10-{day:02}T10:00:00")).lead for day in (5, 6, 7)]
    for lead, amount, opened, currency in (
        (leads[0], 9000, date(2026, 10, 9), "EUR"), (leads[1], 4000, date(2026, 10, 1), "EUR"),  # before it was handed over
        (leads[2], 2500, date(2026, 10, 20), "EUR"), (leads[2], 7000, date(2026, 10, 20), "USD"), (make.lead(), 99000, date(2026, 10, 20), "EUR"),
    ):  # fmt: skip
        make.opportunity(lead=lead, amount=Decimal(amount), opened_on=opened, currency=currency)
    found = month_owed(date(2026, 10, 15), date(2026, 11, 22))
    assert found
    assert (found.leads, found.value, found.left_out, found.is_kept) == (3, Decimal(11500), 1, True)
    assert found.value_share == 1.15


def test_a_month_that_runs_is_neither_kept_nor_missed_and_none_is_owed_in_arrears(
    ada: Owner, cmo: User, cro: User
) -> None:
    owing(cmo, cro, "2026-10-02T00:00:00")
    assert month_owed(date(2026, 10, 15), date(2026, 11, 22)) is None
    running = month_owed(date(2026, 11, 15), date(2026, 11, 22))
    assert running
    assert (running.is_kept, running.leads_share) == (None, 0)
