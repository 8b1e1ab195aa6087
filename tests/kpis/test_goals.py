"""Joint goals have an owner on each side, on the page and over the API."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from kpis.actions import NoGoal, set_goal
from kpis.models import Goal
from team.models import Company, Role, User
from tests import make
from tests.kpis.test_pace import paced

BODY = {"metric": "revenue", "target": "1000", "starts_on": "2026-01-01", "ends_on": "2026-12-31"}


def new_goal(**fields: Any) -> Goal:
    days = {"starts_on": date(2026, 1, 1), "ends_on": date(2026, 12, 31)}
    return Goal(**{"metric": "revenue", "target": Decimal(1000), **days, **fields})


def test_the_leaders_own_a_goal_unless_others_are_named(cmo: User, cro: User) -> None:
    goal = set_goal(actor=cmo, goal=new_goal())
    assert (goal.marketing_owner, goal.sales_owner) == (cmo, cro)
    marketer, rep = make.user(Role.MARKETER), make.user(Role.REP)
    goal.marketing_owner, goal.sales_owner = marketer, rep
    set_goal(actor=cro, goal=goal)
    goal.refresh_from_db()
    assert (goal.marketing_owner, goal.sales_owner) == (marketer, rep)


def test_a_goal_of_one_side_is_refused_with_the_remedy(cmo: User) -> None:
    with pytest.raises(NoGoal, match="Sales has none: choose a person of Sales"):
        set_goal(actor=cmo, goal=new_goal())
    with pytest.raises(NoGoal, match="does not work in Sales"):
        set_goal(actor=cmo, goal=new_goal(sales_owner=cmo))
    left = make.user(Role.CRO, is_active=False)
    with pytest.raises(NoGoal, match="does not work in Sales"):
        set_goal(actor=cmo, goal=new_goal(sales_owner=left))
    assert not Goal.objects.exists()


def test_owners_are_chosen_on_the_form_and_shown_on_the_page(as_user: Any, cmo: User, cro: User) -> None:
    client, marketer = as_user(cmo), make.user(Role.MARKETER, name="Nadia Karim")
    form = client.get("/metrics/revenue/goal/").content.decode()
    assert f'<option value="{cro.pk}" selected>' in form
    client.post("/metrics/revenue/goal/", {**BODY, "marketing_owner": marketer.pk})
    page = client.get("/goals/").content.decode()
    assert "Nadia Karim" in page
    assert "Rob CRO" in page
    assert "No figure" in page  # the state in words, not by colour alone


def test_goals_are_set_changed_and_deleted_over_the_api(as_user: Any, cmo: User, cro: User, rep: User) -> None:
    client = as_user(cmo)
    made = client.post("/api/v1/goals/", BODY, content_type="application/json")
    assert made.status_code == 201
    goal = made.json()
    assert (goal["marketing_owner"], goal["sales_owner"]) == (cmo.pk, cro.pk)
    assert (goal["state"], goal["value"], goal["currency"]) == ("unknown", None, "EUR")
    address = f"/api/v1/goals/{goal['id']}/"
    changed = client.put(address, BODY | {"target": "2000", "sales_owner": rep.pk}, content_type="application/json")
    assert changed.json()["sales_owner"] == rep.pk
    assert as_user(rep).get("/api/v1/goals/").json()["results"][0]["target"] == "2000.0000"
    for fault in ({"metric": "leads"}, {"metric": "gone"}, {"sales_owner": cmo.pk}, {"sales_owner": 10**9}):
        body = BODY | {"ends_on": "2026-06-30"} | fault
        answer = as_user(cmo).post("/api/v1/goals/", body, content_type="application/json")
        assert answer.status_code == 400, fault
    assert as_user(rep).delete(address).status_code == 403
    assert as_user(cmo).delete(address).status_code == 204
    assert not Goal.objects.exists()


def test_the_state_of_a_goal_follows_its_pace(company: Company) -> None:
    day = date(2026, 7, 19)  # day 200 of 365
    states = [paced("revenue", "36500000", Decimal(value), day).state for value in (20_000_000, 16_000_000, 15_999_999)]
    assert states == ["on_track", "at_risk", "behind"]
    unreadable = paced("revenue", "1", None, day)
    assert (unreadable.state, unreadable.badge.label) == ("unknown", "No figure")
    rate = paced("smroi", "1.52", 1.17, date(2026, 1, 1))
    assert (rate.state, rate.badge.label) == ("behind", "Behind")  # whatever the day: a rate has no pace that adds up
