"""The pages of agreements: who may do what, and that what is refused is said."""

from typing import Any

import pytest
from django.test import Client

from agreements import actions
from agreements.models import Agreement, Version
from team.models import User

WORDS = {"title": "MQL", "text": "A lead whose score reached the threshold.", "reason": "So that we mean the same."}


def proposed(by: User) -> Version:
    version = actions.draft_version(by=by, kind="term", key="mql", title="MQL", text=WORDS["text"])
    return actions.propose_version(by=by, version=version)


def page(client: Client, version: Version) -> str:
    return client.get(f"/agreements/{version.agreement_id}/").content.decode()


def answer(client: Client, version: Version, verb: str, **fields: str) -> str:
    return client.post(f"/agreements/versions/{version.pk}/{verb}/", fields, follow=True).content.decode()


def test_the_cmo_proposes_the_cro_signs(as_user: Any, cmo: User, cro: User, cfo: User) -> None:
    as_user(cmo).post("/agreements/new/?kind=term", WORDS)
    version = Version.objects.get()
    assert version.state == "proposed"
    assert "Sign for" not in page(as_user(cmo), version)
    assert "Sign for Sales" in page(as_user(cro), version)
    assert "Signed. The version is active." in answer(as_user(cro), version, "sign")
    assert "has been active since" in page(as_user(cro), version)


def test_a_dispute_is_decided_on_the_page(as_user: Any, cmo: User, cro: User, cfo: User) -> None:
    version = proposed(cmo)
    assert "Say what is wrong" not in answer(as_user(cro), version, "dispute", reason="Too vague.")
    assert "Too vague." in page(as_user(cmo), version)
    assert "Save the ruling" not in page(as_user(cro), version)
    assert "Save the ruling" in page(as_user(cfo), version)
    assert "Decided." in answer(as_user(cfo), version, "decide", decision="for", ruling="Precise enough.")
    version.refresh_from_db()
    assert version.state == "in_force"


@pytest.mark.parametrize(
    ("verb", "fields"),
    [("sign", {}), ("dispute", {"reason": "x"}), ("decide", {"decision": "for", "ruling": "x"}), ("withdraw", {})],
)
def test_an_admin_cannot_answer_for_a_side(
    as_user: Any, cmo: User, cro: User, cfo: User, ops: User, verb: str, fields: dict[str, str]
) -> None:
    version = proposed(cmo)
    actions.dispute_version(by=cro, version=version, reason="Too vague.")
    place = f"/agreements/versions/{version.pk}/{verb}/"
    assert as_user(ops).post(place, fields).status_code == 403
    version.refresh_from_db()
    assert version.state == "disputed"


def test_a_rep_reads_but_does_not_propose(as_user: Any, cmo: User, cro: User, rep: User) -> None:
    version = proposed(cmo)
    client = as_user(rep)
    assert "Propose a change" not in page(client, version)
    assert client.get(f"/agreements/{version.agreement_id}/propose/").status_code == 403
    assert client.post("/agreements/new/?kind=term", WORDS).status_code == 403


def test_a_visitor_is_asked_to_sign_in(client: Client, cmo: User, cro: User) -> None:
    version = proposed(cmo)
    assert client.get(f"/agreements/{version.agreement_id}/").status_code == 302
    assert client.post(f"/agreements/versions/{version.pk}/sign/").status_code == 302


def test_a_name_is_given_once(as_user: Any, cmo: User, cro: User) -> None:
    proposed(cmo)
    answered = as_user(cmo).post("/agreements/new/?kind=term", WORDS)
    assert answered.status_code == 422
    assert "An agreement with this name already exists" in answered.content.decode()
    assert Agreement.objects.count() == 1


def test_a_pilot_without_an_end_keeps_what_was_written(as_user: Any, cmo: User, cro: User, rep: User) -> None:
    answered = as_user(cmo).post("/agreements/new/?kind=term", {**WORDS, "pilot_manager": cro.pk})
    assert answered.status_code == 422
    assert "A pilot needs an end date" in answered.content.decode()
    assert WORDS["text"] in answered.content.decode()


def test_a_draft_is_shown_to_both_but_binds_no_one(as_user: Any, cmo: User, cro: User) -> None:
    as_user(cmo).post("/agreements/new/?kind=term", {**WORDS, "draft": "1"})
    version = Version.objects.get()
    assert version.state == "draft"
    assert "Propose it" in page(as_user(cmo), version)


def test_the_list_is_searched_and_says_its_state(as_user: Any, cmo: User, cro: User) -> None:
    proposed(cmo)
    client = as_user(cro)
    assert "Proposed" in client.get("/agreements/?q=mq").content.decode()
    assert "No agreements found" in client.get("/agreements/?q=zzz").content.decode()
    assert client.get("/agreements/?page=x").status_code == 200


def test_the_list_asks_as_often_for_twenty_as_for_two(
    as_user: Any, cmo: User, cro: User, django_assert_num_queries: Any
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = as_user(cro)

    def asked(upto: int) -> int:
        for number in range(Agreement.objects.count(), upto):
            actions.propose_version(
                by=cmo, version=actions.draft_version(by=cmo, kind="term", key=f"t{number}", text="x")
            )
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get("/agreements/")
        return len(queries)

    asked(2)
    assert asked(2) == asked(20)


def test_ops_names_who_signs(as_user: Any, cmo: User, cro: User, ops: User, rep: User) -> None:
    client = as_user(ops)
    assert "Mona CMO" in client.get("/agreements/signatories/").content.decode()
    client.post("/agreements/signatories/", {"seat": "marketing", "person": rep.pk})
    assert (
        "deputy"
        in client.post(
            "/agreements/signatories/", {"seat": "marketing", "person": cro.pk}, follow=True
        ).content.decode()
    )
    assert as_user(cmo).get("/agreements/signatories/").status_code == 403
