"""What is done with a lead that was handed over, through the API: the same rights and refusals as on the screens."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from crm.models import ContentAsset, ContentUse, Owner
from funnel.handoffs.clock_tick import tick_clocks
from funnel.models import HandOff, RoutingRule, Verdict
from funnel.verdicts import actions
from team.models import User
from tests import make
from tests.api.conftest import Caller, present
from tests.funnel.handoff_factory import handed, seller, signed

Call = Callable[..., Caller]


@pytest.fixture
def caller(db: None) -> Call:
    return lambda user, scopes=("read", "write"): Caller(user, list(scopes))


@pytest.fixture
def ada(cmo: User, cro: User) -> Owner:
    found = seller("Ada", cro)
    signed(cmo, cro, since=timezone.now() - timedelta(days=1))
    return found


def send(caller: Caller, address: str, body: Any = None, method: str = "post") -> Any:
    return getattr(caller.client, method)(f"/api/v1/{address}", body or {}, content_type="application/json")


def ahead(**by: float) -> str:
    return (timezone.now() + timedelta(**by)).isoformat()


def test_a_clock_is_paused_and_goes_on(caller: Call, ada: Owner, cro: User) -> None:
    found, mine = handed(timezone.now()), caller(ada.user)
    place = f"handoffs/{found.pk}"
    body = {"until": ahead(days=3), "reason": "At the fair until Friday"}
    assert send(caller(make.user()), f"{place}/pause/", body).status_code == 404
    assert send(mine, f"{place}/pause/", {**body, "until": ahead(days=90)}).status_code == 400
    paused = send(mine, f"{place}/pause/", body)
    assert (paused.status_code, paused.json()["pause_reason"]) == (200, "At the fair until Friday")
    assert send(mine, f"{place}/pause/", body).status_code == 400
    assert send(caller(cro), f"{place}/resume/").json()["paused_at"] is None


def test_a_lead_is_rated_called_and_its_criteria_are_named(caller: Call, ada: Owner) -> None:
    found, mine = handed(timezone.now()), caller(ada.user)
    assert send(mine, f"handoffs/{found.pk}/rate/", {"rating": 4}).json()["rating"] == 4
    assert send(mine, f"handoffs/{found.pk}/rate/", {"rating": 6}).status_code == 400
    logged = send(mine, f"handoffs/{found.pk}/calls/", {"kind": "call", "outcome": "Reached"})
    assert (logged.status_code, logged.json()["outcome"]) == (201, "Reached")
    assert mine.get(f"handoffs/{found.pk}/").json()["attempts"] == 1
    named = mine.get(f"handoffs/{found.pk}/criteria/").json()["criteria"]
    assert any("score" in words for words in named)
    body = {"handoff": found.pk, "answer": "rejected", "criterion": named[0]}
    assert send(mine, "verdicts/", body).status_code == 201


def test_a_manager_passes_a_lead_on_and_says_why(caller: Call, ada: Owner, cro: User) -> None:
    bob, found = seller("Bob", cro), None
    while found is None or found.to_owner == bob:
        found = handed(timezone.now())
    place = f"handoffs/{found.pk}/reroute/"
    assert send(caller(ada.user), place, {"reason": "Not mine"}).status_code == 403
    assert send(caller(cro), place, {}).status_code == 400
    assert send(caller(cro), place, {"reason": "Mine", "owner": ada.pk}).status_code == 400
    made = send(caller(cro), place, {"reason": "Bob speaks Czech", "owner": bob.pk})
    assert made.status_code == 201, made.content
    said = made.json()
    assert (said["to_owner"], said["why"]) == (bob.pk, "Passed on from Ada by Rob CRO: Bob speaks Czech")
    assert said["due_at"]
    found.refresh_from_db()
    assert found.end == HandOff.End.REROUTED
    assert send(caller(cro), place, {"reason": "Again"}).status_code == 400


def test_a_rejection_is_answered_contested_and_ruled_on(
    caller: Call, ada: Owner, cmo: User, cro: User, cfo: User
) -> None:
    assert ada.user
    found = handed(timezone.now())
    actions.reject_lead(by=ada.user, handoff=found, note="A student")
    tick_clocks(timezone.now() + timedelta(seconds=11))
    verdict = Verdict.objects.get()
    body = {"verdicts": [verdict.pk], "words": "We left the campus list out."}
    assert send(caller(ada.user), "answers/", body).status_code == 403
    assert send(caller(cmo), "answers/", {**body, "verdicts": [verdict.pk, 10**9]}).status_code == 400
    assert send(caller(cmo), "answers/", body).status_code == 201
    assert [row["words"] for row in caller(ada.user).rows("answers", verdict=verdict.pk)] == [body["words"]]

    contested = send(caller(cmo), f"verdicts/{verdict.pk}/contest/", {"words": "She runs a lab."})
    assert contested.status_code == 201, contested.content
    place = f"contests/{contested.json()['id']}/rule/"
    ruling = {"decision": "overturned", "ruling": "A lab buys."}
    assert send(present(cro), place, ruling).status_code == 403
    assert [row["decision"] for row in caller(cfo).rows("contests", is_ruled="false")] == [""]
    assert send(present(cfo), place, ruling).json()["decision"] == "overturned"
    tick_clocks(timezone.now() + timedelta(seconds=12))
    assert HandOff.objects.open().get().lead == found.lead


def test_content_is_noted_as_used_or_not(caller: Call, rep: User) -> None:
    lead, asset = make.lead(), make.record(ContentAsset, name="Paper")
    body = {"lead": lead.pk, "asset": asset.pk}
    used = send(caller(rep), "content_uses/", body)
    assert used.status_code == 201, used.content
    assert used.json()["used_at"]
    send(caller(rep), "content_uses/", {**body, "reason_unused": "Did not know it"})
    assert list(ContentUse.objects.order_by("pk").values_list("reason_unused", flat=True)) == ["", "Did not know it"]
    assert send(caller(rep), "content_uses/", {**body, "asset": 10**9}).status_code == 404
    assert len(caller(rep).rows("content_uses", lead=lead.pk)) == 2


def test_routing_is_read_changed_and_tried(caller: Call, ada: Owner, cmo: User, ops: User) -> None:
    assert caller(cmo).get("routing_rules/").status_code == 403
    router = caller(ops)
    condition = {"field": "employees", "is": ">=", "value": 500}
    body = {"name": "Large", "how": "segment", "condition": condition, "people": [ada.pk]}
    assert send(router, "routing_rules/", {**body, "people": []}).status_code == 400
    assert send(router, "routing_rules/", {**body, "condition": {"field": 7}}).status_code == 400
    large = send(router, "routing_rules/", body)
    assert large.status_code == 201, large.content
    assert large.json()["in_words"] == "Leads whose employees is at least 500: Ada, by capacity"
    all_of_us = send(router, "routing_rules/", {"name": "Anybody", "how": "everybody"}).json()
    moved = send(router, f"routing_rules/{all_of_us['id']}/move/", {"direction": "earlier"}).json()
    assert moved["position"] < RoutingRule.objects.get(name="Large").position
    send(router, f"routing_rules/{all_of_us['id']}/", {"name": "Anybody", "how": "lead_owner"}, "put")
    lead = make.lead(employees=900)
    said = send(router, "routing_rules/try/", {"lead": lead.pk}).json()
    assert said["owner"] == ada.pk
    assert [rule["why"] for rule in said["rules"]] == [
        "It has no owner in the CRM", "Segment “Large”: Ada's turn by capacity (lead 1 of 20 this week)",
    ]  # fmt: skip
    assert not HandOff.objects.exists()
    assert send(router, f"routing_rules/{large.json()['id']}/", method="delete").status_code == 204


def test_capacities_and_absences_are_set(caller: Call, ada: Owner, cro: User) -> None:
    router = caller(cro)
    assert send(router, "capacities/", {"owner": ada.pk, "per_week": 7}).json()["per_week"] == 7
    assert send(router, "capacities/", {"owner": ada.pk}).status_code == 204
    days = {"starts_on": "2026-01-01", "ends_on": "2099-01-01"}
    away = send(router, "absences/", {"owner": ada.pk, **days})
    assert away.status_code == 201, away.content
    assert send(router, f"absences/{away.json()['id']}/", method="delete").status_code == 204
    assert send(router, "absences/", {"owner": ada.pk, **days, "ends_on": "2026-01-02"}).status_code == 400


def test_an_opportunity_heard_of_goes_to_the_buyers_owner(caller: Call, ada: Owner, cfo: User) -> None:
    account = make.account(owner=ada)
    body = {"account": account.pk, "need": "Two more seats", "person": "Their CFO"}
    said = send(caller(make.user("support")), "enquiries/", body)
    assert said.status_code == 201, said.content
    assert (said.json()["owner"], said.json()["name"]) == (ada.pk, "Two more seats")
    assert send(caller(cfo), "enquiries/", body).status_code == 403
    assert send(caller(ada.user), "enquiries/", {"need": "Nothing"}).status_code == 400


def test_calendars_are_read_by_all_and_kept_by_ops(caller: Call, ops: User, rep: User) -> None:
    body = {
        "name": "Munich",
        "week": {"0": [["09:00", "12:00"]]},
        "country": "DE",
        "closed_days": ["2026-12-24"],
        "people": [rep.pk],
    }
    assert send(caller(rep), "calendars/", body).status_code == 403
    made = send(caller(ops), "calendars/", body)
    assert made.status_code == 201, made.content
    place = f"calendars/{made.json()['id']}/"
    assert caller(rep).get(place).json()["people"] == [rep.pk]
    for wrong in (
        {"week": {}},
        {"week": {"9": []}},
        {"week": {"0": "noon"}},
        {"country": "XX"},
        {"time_zone": "Mars"},
        {"people": [10**9]},
    ):
        assert send(caller(ops), place, {**body, **wrong}, "put").status_code == 400, wrong
    changed = send(caller(ops), place, {**body, "people": [], "is_company": True}, "put").json()
    assert (changed["people"], changed["is_company"]) == ([], True)
    assert send(caller(ops), place, method="delete").status_code == 204
