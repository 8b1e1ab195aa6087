"""Who is judged, when, and what became of them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from crm.models import Opportunity
from facts.engine import open_facts
from facts.refresh import refresh
from funnel.models import HandOff, Verdict
from scoring.proof.outcomes import Outcomes, load_outcomes
from team.models import User
from tests import make

MADE = datetime(2025, 3, 3, 9, tzinfo=UTC)


def lead(**fields: Any) -> Any:
    return make.lead(**{"created_at": MADE, **fields})


def deal(of: Any, opened: date, **fields: Any) -> Opportunity:
    return make.opportunity(lead=of, opened_on=opened, **fields)


def found() -> Outcomes:
    refresh()
    return load_outcomes(open_facts())


def of(known: Outcomes, one: Any) -> Any:
    return known.frame[known.frame["lead_id"] == one.pk].iloc[0]


@pytest.mark.usefixtures("company")
def test_a_lead_is_asked_about_at_its_hand_off_or_earlier_when_a_deal_came_before() -> None:
    handed, late, never = lead(lead_source="Web"), lead(), lead(campaign=make.campaign(name="Spring"))
    HandOff.objects.create(lead=handed, why="x", started_at=MADE + timedelta(days=10))
    HandOff.objects.create(lead=late, why="x", started_at=MADE + timedelta(days=300))
    deal(handed, date(2025, 4, 1), outcome="won", closed_on=date(2025, 5, 1), amount=500)
    deal(late, date(2025, 3, 13), outcome="lost")
    known = found()
    assert of(known, handed)["asked_at"] == MADE + timedelta(days=10)
    assert of(known, late)["asked_at"] == datetime(2025, 3, 12, 23, tzinfo=UTC)  # the local midnight
    usual = pd.Timedelta(days=10) + (pd.Timestamp("2025-03-12T23:00Z") - pd.Timestamp(MADE))
    assert of(known, never)["asked_at"] == pd.Timestamp(MADE) + usual / 2  # the median of two
    assert (of(known, handed)["source"], of(known, never)["campaign"], of(known, never)["source"]) == (
        "Web",
        "Spring",
        "",
    )
    assert [of(known, one)["handed"] for one in (handed, late, never)] == [True, True, False]


@pytest.mark.usefixtures("company")
def test_won_is_a_won_deal_and_revenue_what_the_won_were_worth() -> None:
    one, other = lead(), lead(is_converted=True)
    deal(one, date(2025, 4, 1), outcome="won", closed_on=date(2025, 4, 8), amount=500)
    deal(one, date(2025, 4, 1), outcome="won", closed_on=date(2025, 6, 8), amount="70.50")
    deal(one, date(2025, 4, 1), outcome="lost", amount=900)
    deal(one, date(2025, 4, 1), outcome="won", closed_on=date(2025, 6, 8), amount=40, currency="XXX")  # no rate
    deal(other, date(2025, 4, 1), outcome="open", amount=10)
    known = found()
    assert (known.goal, known.currency) == ("won", "EUR")
    assert (of(known, one)["won"], of(known, one)["revenue"]) == (True, 570.5)
    assert (of(known, other)["won"], of(known, other)["revenue"]) == (False, 0)
    assert of(known, one)["won_at"] == datetime(2025, 4, 7, 22, tzinfo=UTC)


@pytest.mark.usefixtures("company")
def test_where_no_deal_is_tied_to_a_lead_its_conversion_counts_and_dates_may_be_missing() -> None:
    yes, no = make.lead(is_converted=True), make.lead()
    make.opportunity(outcome="won")
    known = found()
    assert known.goal == "converted"
    assert (of(known, yes)["won"], of(known, no)["won"]) == (True, False)
    assert known.frame["asked_at"].isna().all()
    assert not known.has_dates


@pytest.mark.usefixtures("company")
def test_anyone_who_came_too_lately_is_left_out_the_won_too() -> None:
    now = datetime.now(UTC)
    old = lead()
    deal(old, date(2025, 4, 1), outcome="won", closed_on=date(2025, 5, 11), amount=1)  # took 40 days
    quick, young = lead(created_at=now - timedelta(days=9)), lead(created_at=now - timedelta(days=20))
    deal(quick, (now - timedelta(days=8)).date(), outcome="won", closed_on=now.date(), amount=1)
    old_enough = lead()
    known = found()
    assert known.maturity_days == 36  # nine tenths of the way from 8 to 40 days
    assert set(known.frame["lead_id"]) == {old.pk, old_enough.pk}
    assert known.too_recent == 2
    assert young.pk not in set(known.frame["lead_id"])
    assert known.has_dates


@pytest.mark.usefixtures("company")
def test_the_verdict_that_stands_is_what_sales_said(rep: User) -> None:
    one, other = lead(), lead()
    for number, answer in enumerate(("accepted", "rejected")):
        handed = HandOff.objects.create(
            lead=one, why="x", started_at=MADE, ended_at=MADE + timedelta(days=9), end="rerouted"
        )
        Verdict.objects.create(
            handoff=handed, lead=one, answer=answer, given_by=rep, note="too small", rating=4 - number,
            given_at=MADE + timedelta(days=number),
        )  # fmt: skip
    taken_back = HandOff.objects.create(lead=one, why="x", started_at=MADE)
    Verdict.objects.create(
        handoff=taken_back, lead=one, answer="accepted", given_by=rep, given_at=MADE + timedelta(days=9),
        undone_at=MADE + timedelta(days=10),
    )  # fmt: skip
    known = found()
    assert (of(known, one)["verdict"], of(known, one)["accepted"], of(known, one)["rating"]) == ("rejected", False, 3)
    assert pd.isna(of(known, other)["accepted"])


@pytest.mark.usefixtures("company")
def test_of_no_leads_nothing_is_known() -> None:
    known = found()
    assert len(known.frame) == 0
    assert not known.has_dates
