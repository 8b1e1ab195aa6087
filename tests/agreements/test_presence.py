"""Signing, disputing and deciding ask for the password again; a token cannot; the history tells of accounts."""

import time
from typing import Any

import pytest
from django.test import Client

from agreements import actions
from agreements.models import Dispute, Signature, Version
from team import tokens
from team.models import Company, User
from tests import make

pytestmark = pytest.mark.django_db
PASSWORD = "five quiet words walk home"


@pytest.fixture
def people(company: Company) -> dict[str, User]:
    return {
        role: make.user(role, email=f"{role}@example.com", name=role.upper(), password=PASSWORD)
        for role in ("cmo", "cro", "cfo", "rep")
    }


@pytest.fixture
def version(people: dict[str, User]) -> Version:
    drafted = actions.draft_version(by=people["cmo"], kind="term", key="mql", title="MQL", text="A lead worth a call.")
    return actions.propose_version(by=people["cmo"], version=drafted)


def signed_in(user: User) -> Client:
    client = Client()
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    return client


def test_a_session_signs_only_after_the_password(people: dict[str, User], version: Version) -> None:
    client = signed_in(people["cro"])
    asked = client.post(f"/agreements/versions/{version.pk}/sign/")
    assert asked.url.startswith("/accounts/reauthenticate/")
    client.post(asked.url, {"password": "a wrong guess"})
    assert Signature.objects.count() == 1
    page = client.post(asked.url, {"password": PASSWORD}, follow=True)
    assert "Signed. The version is active." in page.content.decode()
    assert Signature.objects.count() == 2


def test_the_proof_lasts_fifteen_minutes(people: dict[str, User], version: Version) -> None:
    client = signed_in(people["cro"])
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    session = client.session
    records = session["account_authentication_methods"]
    session["account_authentication_methods"] = [{**one, "at": time.time() - 15 * 60 - 1} for one in records]
    session.save()
    assert "reauthenticate" in client.post(f"/agreements/versions/{version.pk}/sign/").url
    session["account_authentication_methods"] = [{**one, "at": time.time() - 14 * 60} for one in records]
    session.save()
    assert "reauthenticate" not in client.post(f"/agreements/versions/{version.pk}/sign/").url
    assert Signature.objects.count() == 2


def test_what_was_written_survives_the_password(people: dict[str, User], version: Version) -> None:
    cro = signed_in(people["cro"])
    asked = cro.post(f"/agreements/versions/{version.pk}/dispute/", {"reason": "Too vague."})
    assert not Dispute.objects.exists()
    cro.post(asked.url, {"password": PASSWORD})
    assert Dispute.objects.get().reason == "Too vague."

    cfo = signed_in(people["cfo"])
    asked = cfo.post(f"/agreements/versions/{version.pk}/decide/", {"decision": "for", "ruling": "Clear enough."})
    assert Dispute.objects.get().decision == ""
    cfo.post(asked.url, {"password": PASSWORD})
    assert Dispute.objects.get().ruling == "Clear enough."

    cmo = signed_in(people["cmo"])
    form = {"title": "SQL", "text": "A lead that Sales works on.", "reason": ""}
    asked = cmo.post("/agreements/new/?kind=term", form)
    assert not Version.objects.filter(text=form["text"]).exists()
    cmo.post(asked.url, {"password": PASSWORD})
    assert Version.objects.get(text=form["text"]).signatures.get().signed_by == people["cmo"]


def test_an_htmx_request_is_led_to_the_password_as_a_whole_page(people: dict[str, User], version: Version) -> None:
    asked = signed_in(people["cro"]).post(f"/agreements/versions/{version.pk}/sign/", HTTP_HX_REQUEST="true")
    assert asked.headers["HX-Redirect"].startswith("/accounts/reauthenticate/")


@pytest.mark.parametrize(
    ("role", "verb", "body"),
    [("cro", "sign", {}), ("cro", "dispute", {"reason": "x"}), ("cfo", "decide", {"decision": "for", "ruling": "x"})],
)
def test_a_token_cannot_sign_dispute_or_decide(
    people: dict[str, User], version: Version, role: str, verb: str, body: dict[str, str]
) -> None:
    if verb == "decide":
        actions.dispute_version(by=people["cro"], version=version, reason="Too vague.")
    _, secret = tokens.create_token(owner=people[role], name="script", scopes=["read", "write"])
    state = version.state
    answer = Client().post(
        f"/api/v1/versions/{version.pk}/{verb}/", body, "application/json", HTTP_AUTHORIZATION=f"Bearer {secret}"
    )
    assert answer.status_code == 403
    assert answer.json()["code"] == "reauthentication_required"
    assert "API token cannot" in answer.json()["detail"]
    assert Version.objects.get(pk=version.pk).state == state
    assert Signature.objects.count() == 1


def test_a_session_signs_over_the_api_after_the_password_alone(people: dict[str, User], version: Version) -> None:
    client = signed_in(people["cro"])
    path = f"/api/v1/versions/{version.pk}/sign/"
    assert client.post(path, {}, "application/json").json()["code"] == "reauthentication_required"
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert client.post(path, {}, "application/json").json()["state"] == "in_force"


def test_a_signatory_proposes_unsigned_by_token(people: dict[str, User]) -> None:
    _, secret = tokens.create_token(owner=people["cmo"], name="script", scopes=["read", "write"])
    body = {"kind": "term", "key": "sql", "title": "SQL", "text": "A lead that Sales works on."}
    made = Client().post("/api/v1/versions/", body, "application/json", HTTP_AUTHORIZATION=f"Bearer {secret}")
    assert made.status_code == 201
    assert made.json()["state"] == "proposed"
    assert made.json()["unsigned"] == ["marketing", "sales"]


def test_the_history_tells_of_the_accounts_of_those_who_sign(
    as_user: Any, people: dict[str, User], version: Version
) -> None:
    User.objects.filter(role="rep").update(email="quiet@example.com")
    User.objects.filter(role="cro").update(email="other@example.com")
    client = as_user(people["cmo"])
    page = client.get(f"/agreements/{version.agreement_id}/").content.decode()
    assert "CRO was changed from cro@example.com to other@example.com" in page
    assert "quiet@example.com" not in page
    told = client.get(f"/api/v1/agreements/{version.agreement_id}/story/").json()
    assert [one["words"] for one in told if one["verb"] == "account"]
