"""Agreements, moves, hand-offs and verdicts over HTTP: the same rights as on the screens."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agreements.models import Version
from funnel.handoffs.clock_tick import tick_clocks
from funnel.models import Verdict
from team.models import User
from tests import make
from tests.api.conftest import Caller, present
from tests.funnel.handoff_factory import TERMS, handed, seller, signed

Call = Callable[..., Caller]


@pytest.fixture
def caller(db: None) -> Call:
    return lambda user, scopes=("read", "write"): Caller(user, list(scopes))


def post(caller: Caller, address: str, body: Any = None) -> Any:
    return caller.client.post(f"/api/v1/{address}", body or {}, content_type="application/json")


def proposed(caller: Caller, **fields: Any) -> Any:
    body = {"kind": "sla", "key": "mql", "title": "SLA", "text": "Within four hours.", "terms": TERMS, **fields}
    return post(caller, "versions/", body)


def test_an_sla_takes_effect_with_both_signatures_and_not_with_one(
    caller: Call, cmo: User, cro: User, ops: User
) -> None:
    made = proposed(present(cmo))
    assert made.status_code == 201, made.content
    version = made.json()
    assert (version["state"], version["unsigned"]) == ("proposed", ["sales"])
    assert version["in_words"][0] == "First response within 4 business hours of the hand-off"
    for person, refused in ((cmo, (400, "invalid")), (ops, (403, "permission_denied"))):
        answer = post(present(person), f"versions/{version['id']}/sign/")
        assert (answer.status_code, answer.json()["code"]) == refused
    assert Version.objects.in_force().count() == 0
    assert post(present(cro), f"versions/{version['id']}/sign/").json()["state"] == "in_force"
    (agreement,) = caller(ops).rows("agreements")
    assert agreement["in_force"] == version["id"]
    told = caller(ops).get(f"agreements/{agreement['id']}/story/").json()
    assert [line["verb"] for line in told] == ["opened", "drafted", "proposed", "signed", "signed", "in_force"]


def test_a_stage_is_proposed_with_its_criteria_and_changes_nothing_until_signed(
    caller: Call, cmo: User, cro: User
) -> None:
    from funnel.definitions import in_force

    stage = in_force().get("mql")
    assert stage
    terms = {**stage.terms, "criteria": {"field": "score", "is": ">=", "value": 80}}
    made = proposed(present(cmo), kind="stage", title="MQL", terms=terms)
    assert made.status_code == 201, made.content
    after = in_force().get("mql")
    assert after
    assert after.criteria == stage.criteria
    post(present(cro), f"versions/{made.json()['id']}/sign/")
    now = in_force().get("mql")
    assert now
    assert now.criteria == {"field": "score", "is": ">=", "value": 80}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"terms": {**TERMS, "response": -1}}, "response"),
        ({"terms": {**TERMS, "attempts_within": None}}, "attempts_within"),
        ({"terms": {**TERMS, "secret": 1}}, "secret"),
        ({"kind": "nothing"}, "This kind of agreement does not exist"),
        ({"kind": "stage", "terms": {"name": "MQL", "criteria": {"field": "nothing", "is": ">=", "value": 1}}}, "criteria"),
        ({"kind": "funnel", "terms": {"stages": 7}}, "form of their kind"),
        ({"terms": []}, "object"),
        ({"text": 7}, "text"),
    ],
)  # fmt: skip
def test_terms_are_checked_as_on_the_screens(caller: Call, cmo: User, change: dict[str, Any], words: str) -> None:
    answer = proposed(caller(cmo), **change)
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert not Version.objects.exists()


def test_a_dispute_is_decided_by_the_arbiter(caller: Call, cmo: User, cro: User, cfo: User) -> None:
    pk = proposed(present(cmo)).json()["id"]
    assert post(present(cro), f"versions/{pk}/dispute/", {"reason": "Too soon."}).json()["state"] == "disputed"
    ruling = {"decision": "for", "ruling": "It can be done."}
    assert post(present(cro), f"versions/{pk}/decide/", ruling).status_code == 403
    assert post(present(cfo), f"versions/{pk}/decide/", ruling).json()["state"] == "in_force"
    assert post(caller(cmo), f"versions/{pk}/withdraw/").status_code == 400


def test_a_rep_proposes_nothing(caller: Call, rep: User) -> None:
    assert proposed(caller(rep)).status_code == 403


def test_a_verdict_is_given_and_undone(caller: Call, cmo: User, cro: User) -> None:
    ada = seller("Ada", cro)
    assert ada.user
    signed(cmo, cro, since=timezone.now() - timedelta(days=1))
    found = handed(timezone.now())
    mine, stranger = caller(ada.user), caller(make.user())
    assert [row["id"] for row in mine.rows("handoffs", is_open="true")] == [found.pk]
    assert stranger.rows("handoffs") == []
    body = {"handoff": found.pk, "answer": "rejected", "note": "A student", "after": "disqualified"}
    assert post(stranger, "verdicts/", body).status_code == 404
    assert post(caller(cmo), "verdicts/", body).status_code == 403
    assert post(mine, "verdicts/", {**body, "note": ""}).status_code == 400
    given = post(mine, "verdicts/", body)
    assert given.status_code == 201, given.content
    assert post(mine, f"verdicts/{given.json()['id']}/undo/").json()["undone_at"]
    again = post(mine, "verdicts/", {"handoff": found.pk, "answer": "accepted", "rating": 5}).json()
    tick_clocks(timezone.now() + timedelta(seconds=11))
    assert Verdict.objects.get(pk=again["id"]).settled_at
    assert [move["stage"] for move in mine.rows("moves", lead=found.lead_id)] == ["mql", "sal"]
    answer = mine.client.get("/api/v1/metrics/lead_acceptance_rate/records/")
    assert answer.status_code == 200, answer.content


def test_a_move_by_hand_needs_a_reason_where_the_criteria_fail(caller: Call, rep: User) -> None:
    lead = make.lead(owner=make.owner(user=rep))
    body = {"lead": lead.pk, "stage": "sql"}
    assert "does not meet the criteria of SQL" in post(caller(rep), "moves/", body).content.decode()
    made = post(caller(rep), "moves/", {**body, "override": "She told me"})
    assert (made.status_code, made.json()["override"]) == (201, "She told me")
    assert post(caller(rep), "moves/", {"stage": "sql"}).status_code == 400
    assert post(caller(rep), "moves/", {"lead": 10**9, "stage": "sql"}).status_code == 404


def test_a_token_that_only_reads_writes_nothing(caller: Call, cmo: User) -> None:
    assert proposed(caller(cmo, scopes=["read"])).status_code == 403


def test_the_back_office_has_no_door_to_what_both_sides_sign() -> None:
    from django.contrib import admin

    doors = {model._meta.label for model in admin.site._registry}
    signed_things = {"agreements.Agreement", "agreements.Version", "agreements.Signature", "agreements.Dispute"}
    assert not doors & signed_things
    assert "team.Calendar" in doors
