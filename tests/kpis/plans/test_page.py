"""The replay page, its CSV and API, the form of a pay plan, and the link from the proposal."""

import csv
import io
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from agreements import actions
from agreements.models import Version
from crm import models as crm
from facts.refresh import refresh
from kpis.agreements import PAY_PLAN
from kpis.plans.forms import PayPlanTerms
from kpis.plans.queries import last_full_year, list_spans, read_replay_data
from kpis.plans.terms import PayPlan
from team.models import Company, Role, User
from tests import make

TERMS = {
    "variable_pay": "50000",
    "currency": "EUR",
    "period": "quarter",
    "accelerator": "1",
    "weight_volume": "100",
    "credit": "net",
}
NOON = "2026-06-10 12:00:00+00:00"


@pytest.fixture
def sold(company: Company, rep: User, time_machine: Any) -> list[crm.Owner]:
    """Two reps with quotas of 1,000 in each quarter of 2025: Rita won 1,500 at the end of March, Sam 400 in May."""
    time_machine.move_to(NOON, tick=False)
    owners = [make.owner(name="Rita", user=rep), make.owner(name="Sam")]
    for owner in owners:
        for start, end in list_spans(last_full_year(date(2026, 6, 10)))["quarter"]:
            make.record(
                crm.Quota, owner=owner, category="Volume", version="1", amount=Decimal(1000), currency="EUR", starts_on=start, ends_on=end,
            )  # fmt: skip
    make.opportunity(owner=owners[0], name="Big", outcome="won", amount=Decimal(1500), closed_on=date(2025, 3, 31))
    make.opportunity(owner=owners[1], name="Small", outcome="won", amount=Decimal(400), closed_on=date(2025, 5, 15))
    make.opportunity(owner=owners[1], outcome="won", amount=Decimal(9999), closed_on=date(2026, 1, 1))
    refresh()
    return owners


def propose(by: User, *, text: str = "Pay.", **changes: Any) -> Version:
    draft = actions.draft_version(
        by=by, kind=PAY_PLAN, key="sales", title="Pay of Sales", text=text, terms=TERMS | changes
    )
    return actions.propose_version(by=by, version=draft)


@pytest.fixture
def plans(sold: list[crm.Owner], cmo: User, cro: User) -> list[Version]:
    """A plan in force with a cap, and a proposal without one that pays double above quota."""
    first = propose(cro, cap="100")
    actions.sign_version(by=cmo, version=first)
    return [first, propose(cro, text="Pay more.", accelerator="2")]


def text_of(client: Client, address: str = "/pay-plans/", status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def test_the_proposal_is_replayed_beside_the_plan_in_force(plans: list[Version], as_user: Any, cfo: User) -> None:
    text = text_of(as_user(cfo))
    assert "On 2025 the proposed plan pays €30.0K instead of €17.5K" in text
    assert "1 gain, 0 lose" in text
    for label in (
        "Rita",
        "Sam",
        "Loopholes: proposed plan",
        "Loopholes: current plan",
        "No cap",
        "What the search tries",
    ):
        assert label in text


def test_csv_and_api_have_the_numbers_of_the_page(plans: list[Version], as_user: Any, cfo: User) -> None:
    client = as_user(cfo)
    content = b"".join(client.get("/pay-plans/?format=csv")).decode("utf-8-sig")  # type: ignore[arg-type]
    rows = list(csv.DictReader(io.StringIO(content)))
    assert [(row["Rep"], row["Current plan"], row["Proposed plan"]) for row in rows if row["Kind"] == "pay"] == [
        ("Rita", "12500.00", "25000.00"), ("Sam", "5000.00", "5000.00"),
    ]  # fmt: skip
    answer = client.get("/api/v1/pay-plan-replay/").json()
    assert (answer["current_cost"], answer["proposed_cost"], answer["fault"]) == ("17500.00", "30000.00", "")
    assert [rep["change"] for rep in answer["reps"]] == ["12500.00", "0.00"]
    assert (answer["version"], answer["current_version"]) == (plans[1].pk, plans[0].pk)
    current = [leak for leak in answer["loopholes"] if leak["plan"] == "current"]
    assert [(leak["name"], leak["amount"], leak["rule"]) for leak in current] == [("Rita", "6250.00", "the cap")]


def test_a_plan_can_be_replayed_alone(plans: list[Version], as_user: Any, cfo: User) -> None:
    text = text_of(as_user(cfo), f"/pay-plans/?version={plans[0].pk}")
    assert "On 2025 this plan pays €17.5K to 2 reps" in text


def test_only_who_may_see_the_pay_of_all_can_replay(plans: list[Version], as_user: Any, rep: User, cro: User) -> None:
    client = as_user(rep)
    text_of(client, status=403)
    assert client.get("/api/v1/pay-plan-replay/").status_code == 403
    assert "Who gains and who loses" not in text_of(client, f"/agreements/{plans[1].agreement_id}/")
    link = f"/pay-plans/?version={plans[1].pk}"
    assert link in text_of(as_user(cro), f"/agreements/{plans[1].agreement_id}/")
    text_of(as_user(cro), link)


@pytest.mark.parametrize("version", ["0", "99999999", "x"])
def test_a_version_that_does_not_exist_is_not_there(
    plans: list[Version], as_user: Any, cfo: User, version: str
) -> None:
    client = as_user(cfo)
    text_of(client, f"/pay-plans/?version={version}", 404)
    assert client.get(f"/api/v1/pay-plan-replay/?version={version}").status_code == 404


def test_without_a_plan_the_page_says_to_propose_one(company: Company, as_user: Any, cfo: User) -> None:
    client = as_user(cfo)
    assert "No pay plan" in text_of(client)
    assert client.get("/api/v1/pay-plan-replay/").json()["fault"] == "There is no pay plan."


def test_a_plan_in_another_currency_is_not_compared(sold: list[crm.Owner], as_user: Any, cmo: User, cro: User) -> None:
    propose(cro, currency="USD")
    assert "The plan pays in USD, and quotas and deals are in EUR" in text_of(as_user(cro))


def test_growth_needs_the_deals_of_the_year_before(sold: list[crm.Owner], as_user: Any, cmo: User, cro: User) -> None:
    propose(cro, weight_volume="50", weight_growth="50")
    assert "do not reach back to the year before" in text_of(as_user(cro))


def test_a_rep_without_a_quota_that_the_plan_pays_for_is_left_out_and_named(
    plans: list[Version], sold: list[crm.Owner], as_user: Any, cro: User
) -> None:
    propose(cro, text="Margin.", weight_volume="50", weight_margin="50")
    make.record(
        crm.Quota, owner=sold[0], category="Margin", amount=Decimal(100), currency="EUR", starts_on=date(2025, 1, 1), ends_on=date(2025, 12, 31),
    )  # fmt: skip
    refresh()
    text = text_of(as_user(cro), f"/pay-plans/?version={Version.objects.latest('pk').pk}")
    assert "1 reps without a quota in a category that a plan pays for (Sam)" in text


def test_deals_in_the_hands_of_two_records_of_one_person_are_one_year(sold: list[crm.Owner], rep: User) -> None:
    second = make.owner(name="rita@example.com", user=rep)
    make.opportunity(owner=second, outcome="won", amount=Decimal(70), closed_on=date(2025, 7, 1))
    refresh()
    data = read_replay_data([PayPlan.of(TERMS)])
    assert [sum(event.amount for event in year.events) for year in data.reps] == [1570, 400]
    assert [len(spans) for spans in data.spans.values()] == [12, 4, 1]


def test_the_discount_of_a_deal_is_that_of_its_lines(sold: list[crm.Owner]) -> None:
    deal = crm.Opportunity.objects.get(name="Big")
    make.line_item(opportunity=deal, amount=Decimal(1500), discount=Decimal(500))
    refresh()
    data = read_replay_data([PayPlan.of(TERMS | {"discount_limit": "20", "discount_factor": "50"})])
    assert [event.listed for event in data.reps[0].events] == [2000]
    assert sum(data.left_out.values()) == 1


def test_the_form_wants_shares_that_add_up_and_keeps_money_exact(company: Company) -> None:
    form = PayPlanTerms(TERMS | {"weight_volume": "90"})
    assert form.errors["weight_volume"] == ["The shares add up to 90%. They must add up to 100%."]
    form = PayPlanTerms(TERMS | {"variable_pay": "50000.50", "discount_limit": "20"})
    assert "discount_factor" in form.errors
    form = PayPlanTerms(TERMS | {"variable_pay": "50000.50"})
    assert form.is_valid(), form.errors
    assert form.terms()["variable_pay"] == "50000.5"


@pytest.mark.parametrize("role", [Role.CEO, Role.CMO, Role.OPS])
def test_leaders_and_ops_can_replay(plans: list[Version], as_user: Any, role: str) -> None:
    person = User.objects.filter(role=role).first() or make.user(role)
    text_of(as_user(person))
