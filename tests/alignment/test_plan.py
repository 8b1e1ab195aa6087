"""The joint plan: goals with their pace, rewards on money alone, and updates that both sides present."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, transaction

from agreements import actions as agreeing
from agreements.models import Version
from alignment.plan import actions
from alignment.plan.models import PlanUpdate
from alignment.plan.queries import read_plan
from facts.refresh import refresh
from kpis.models import Goal
from notify.models import Notice
from team.models import Company, User
from tests import make

MONTH = timedelta(days=30)


def goal_terms(**changes: Any) -> dict[str, Any]:
    start = (Company.today() - timedelta(days=14)).isoformat()
    return {
        "horizon": "30_days",
        "metric": "revenue",
        "target": "1000",
        "currency": "EUR",
        "starts_on": start,
    } | changes


def sign(by: User, other: User, kind: str, key: str, terms: dict[str, Any]) -> Version:
    draft = agreeing.draft_version(by=by, kind=kind, key=key, title=key.capitalize(), text="Agreed.", terms=terms)
    return agreeing.sign_version(by=other, version=agreeing.propose_version(by=by, version=draft))


def sign_goal(cmo: User, cro: User, key: str = "revenue", **changes: Any) -> Version:
    return sign(cro, cmo, "goal", key, goal_terms(**changes))


def invoice(amount: int) -> None:
    make.invoice(amount=Decimal(amount), currency="EUR", issued_on=Company.today() - timedelta(days=1))


def test_a_goal_is_proposed_on_the_form_with_rates_in_percent(as_user: Any, cmo: User, cro: User) -> None:
    fields = {
        "title": "Return", "text": "We earn more.", "horizon": "12_months", "metric": "smroi", "target": "150",
        "starts_on": "2026-01-01",
    }  # fmt: skip
    as_user(cmo).post("/agreements/new/?kind=goal", fields)
    version = Version.objects.get()
    assert version.terms == {"horizon": "12_months", "metric": "smroi", "target": "1.5", "starts_on": "2026-01-01"}
    page = as_user(cro).get(f"/agreements/{version.agreement_id}/").content.decode()
    assert "Marketing, 12 months: Jan 1, 2026 to Dec 31, 2026" in page
    change = as_user(cro).get(f"/agreements/{version.agreement_id}/propose/").content.decode()
    assert 'value="150"' in change


def test_a_signed_goal_takes_its_place_on_the_dashboard(cmo: User, cro: User) -> None:
    version = sign_goal(cmo, cro)
    goal = Goal.objects.get()
    assert (goal.metric, goal.target, goal.currency, goal.set_by) == ("revenue", Decimal(1000), "EUR", cro)
    assert goal.ends_on - goal.starts_on == timedelta(days=29)
    sign_goal(cmo, cro, target="2000", starts_on=Company.today().isoformat())
    assert Goal.objects.get().target == Decimal(2000)  # and the one of the version before is gone
    assert Version.objects.get(pk=version.pk).state == "superseded"


def test_a_goal_on_records_is_a_goal_of_the_plan_alone(cmo: User, cro: User) -> None:
    sign_goal(cmo, cro, metric="leads", target="100", currency="")
    assert not Goal.objects.exists()
    assert len(read_plan(cro).goals) == 1


@pytest.mark.django_db(transaction=True)
def test_goals_show_their_pace_and_rewards_what_they_pay(as_user: Any, cmo: User, cro: User) -> None:
    sign_goal(cmo, cro)
    terms = {"goals": ["revenue"], "roles": ["cmo", "cro"], "amount": "5000", "currency": "EUR", "pays_from": "0.9",
             "capped_at": "1.5", "consequence": "Both review the plan."}  # fmt: skip
    sign(cmo, cro, "reward", "bonus", terms)
    invoice(300)
    refresh()
    plan = read_plan(cro)
    goal, payout = plan.goals[0], plan.rewards[0].payouts[0]
    assert goal.pace is not None
    assert goal.pace.projected == Decimal(600)  # half of the days brought 300
    assert (goal.state, payout.amount) == ("behind", Decimal("0.00"))
    invoice(300)
    refresh()
    payout = read_plan(cro).rewards[0].payouts[0]
    assert payout.amount == Decimal("6000.00")  # 1,200 of 1,000 at this pace
    client = as_user(cro)
    page = client.get("/plan/").content.decode()
    assert "No goal of the plan is behind." in page
    assert "Where the goal is missed: Both review the plan." in page
    answer = client.get("/api/v1/plan/").json()
    assert answer["goals"][0]["projected"] == 1200
    assert answer["rewards"][0]["payouts"] == [{"goal": "revenue", "amount": "6000.00", "is_final": False}]


def test_a_reward_on_records_is_refused_with_the_reason(as_user: Any, cmo: User, cro: User) -> None:
    sign_goal(cmo, cro, "leads", metric="leads", target="100", currency="")
    sign_goal(cmo, cro)
    fields = {
        "title": "Bonus", "text": "A bonus.", "goals": ["leads", "revenue"], "roles": ["cmo"], "amount": "5000",
        "pays_from": "90", "capped_at": "150", "consequence": "Both review the plan.",
    }  # fmt: skip
    answer = as_user(cmo).post("/agreements/new/?kind=reward", fields)
    assert answer.status_code == 422
    assert "Leads is a number of records, not money: it can be raised without earning." in answer.content.decode()
    as_user(cmo).post("/agreements/new/?kind=reward", {**fields, "goals": ["revenue"]})
    terms = Version.objects.get(agreement__kind="reward").terms
    assert (terms["pays_from"], terms["capped_at"], terms["currency"]) == ("0.9", "1.5", "EUR")
    body = {"kind": "reward", "key": "b", "title": "B", "text": "B.", "terms": {**terms, "goals": ["leads"]}}
    answer = as_user(cmo).post("/api/v1/versions/", body, content_type="application/json")
    assert "not money" in str(answer.json())


def present(cmo: User, cro: User) -> PlanUpdate:
    update = actions.draft_update(by=cmo)
    actions.present_update(by=cmo, update=update)
    return actions.present_update(by=cro, update=update)


def test_an_update_is_written_and_presented_by_both(as_user: Any, cmo: User, cro: User, ceo: User) -> None:
    sign_goal(cmo, cro)
    due = (Company.today() + MONTH).isoformat()
    page = as_user(cmo).post("/plan/updates/", follow=True).content.decode()
    assert "Both sides write their part" in page
    as_user(cmo).post("/plan/updates/1/write/", {"text": "Leads are up.", "next_due_on": due})
    as_user(cro).post("/plan/updates/1/write/", {"text": "Deals are up.", "next_due_on": due})
    page = as_user(cmo).post("/plan/updates/1/present/", follow=True).content.decode()
    assert "Mona CMO has presented it. The other side has not presented it yet." in page
    assert PlanUpdate.objects.get().figures == []
    page = as_user(cro).post("/plan/updates/1/present/", follow=True).content.decode()
    assert "Presented by Mona CMO and Rob CRO" in page
    assert "Leads are up." in page
    assert "Deals are up." in page
    update = PlanUpdate.objects.get()
    assert [figure["goal"] for figure in update.figures] == ["revenue"]
    assert Notice.objects.filter(user=ceo, event__kind="alignment.update_presented").count() == 1


def test_a_changed_text_is_presented_again(cmo: User, cro: User) -> None:
    sign_goal(cmo, cro)
    update = actions.present_update(by=cmo, update=actions.draft_update(by=cmo))
    update = actions.write_update(by=cro, update=update, text="Other.", next_due_on=Company.today() + MONTH)
    assert update.marketing_by is None
    assert not actions.present_update(by=cro, update=update).is_presented
    with pytest.raises(ValidationError, match="presented it already"):
        actions.present_update(by=cro, update=update)


def test_a_presented_update_does_not_change(cmo: User, cro: User) -> None:
    sign_goal(cmo, cro)
    update = present(cmo, cro)
    with pytest.raises(ValidationError, match="does not change any more"):
        actions.write_update(by=cro, update=update, text="Better.", next_due_on=Company.today() + MONTH)
    with pytest.raises(DatabaseError), transaction.atomic():
        PlanUpdate.objects.filter(pk=update.pk).update(sales_text="Better.")


@pytest.mark.django_db(transaction=True)
def test_the_next_update_is_drafted_from_what_moved(cmo: User, cro: User) -> None:
    sign_goal(cmo, cro)
    invoice(100)
    refresh()
    first = present(cmo, cro)
    assert first.figures[0]["value"] == "100.00"
    assert "No goal of this side has moved" in first.marketing_text
    invoice(500)
    refresh()
    assert PlanUpdate.objects.get().figures[0]["value"] == "100.00"  # frozen
    second = actions.draft_update(by=cro)
    assert second.number == 2
    assert "Revenue: " in second.sales_text
    assert "→" in second.sales_text
    assert "now on track" in second.sales_text
    assert actions.draft_update(by=cmo) == second  # one is open at a time


def test_no_one_else_writes_or_presents(cmo: User, cro: User, ceo: User, ops: User, rep: User) -> None:
    sign_goal(cmo, cro)
    update = actions.draft_update(by=cmo)
    for user in (ceo, ops, rep):
        with pytest.raises(PermissionDenied):
            actions.draft_update(by=user)
        with pytest.raises(PermissionDenied):
            actions.present_update(by=user, update=update)


def test_without_a_goal_there_is_nothing_to_tell(as_user: Any, cmo: User) -> None:
    assert "Propose a goal first." in as_user(cmo).post("/plan/updates/", follow=True).content.decode()


def test_an_overdue_update_is_told_once_and_shown(as_user: Any, cmo: User, cro: User, ceo: User) -> None:
    version = sign_goal(cmo, cro)
    assert actions.remind_of_update() is False
    assert "The next update is due on" in as_user(cmo).get("/plan/").content.decode()
    assert version.in_force_at
    local = version.in_force_at.astimezone(
        Company.get().zone
    )  # on the same hour there, whether or not the clocks changed since
    Version.objects.filter(pk=version.pk).update(in_force_at=local - 2 * MONTH)
    assert actions.remind_of_update() is True
    assert actions.remind_of_update() is False
    assert Notice.objects.filter(event__kind="alignment.update_overdue").count() == 3
    assert "The update of the plan was due on" in as_user(ceo).get("/plan/").content.decode()
    assert as_user(ceo).get("/api/v1/plan/").json()["days_overdue"] == 30


def test_updates_go_by_api_and_hide_figures_from_those_who_may_not_see_them(
    as_user: Any, cmo: User, cro: User, rep: User
) -> None:
    sign_goal(cmo, cro)
    client = as_user(cmo)
    made = client.post("/api/v1/plan-updates/", content_type="application/json").json()
    body = {"text": "Secret figures.", "next_due_on": (Company.today() + MONTH).isoformat()}
    address = f"/api/v1/plan-updates/{made['id']}"
    assert client.post(f"{address}/write/", body, content_type="application/json").status_code == 200
    assert client.post(f"{address}/present/", content_type="application/json").status_code == 200
    assert as_user(rep).post(f"{address}/present/", content_type="application/json").status_code == 403
    assert as_user(rep).get(f"{address}/").json()["marketing_text"] == "Secret figures."
    Company.objects.update(visibility=Company.Visibility.RESTRICTED)
    assert as_user(rep).get(f"{address}/").json()["marketing_text"] == ""
    assert "Secret" not in as_user(rep).get("/plan/updates/1/").content.decode()


def test_the_day_of_the_next_update_lies_ahead(cmo: User, cro: User) -> None:
    sign_goal(cmo, cro)
    update = actions.draft_update(by=cmo)
    for days in (0, 400):
        with pytest.raises(ValidationError, match="within the next six months"):
            actions.write_update(by=cmo, update=update, text="x", next_due_on=Company.today() + timedelta(days=days))
