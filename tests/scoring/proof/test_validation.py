"""A proof as work: what asks for it, what it is attached to, what the API says of it."""

from typing import Any

import pytest
from django.test import Client

from agreements.actions import draft_version, propose_version
from core.work import State, run_claimed
from facts.refresh import refresh
from scoring.models import Proof
from scoring.proof.nightly import prove_in_force
from scoring.proof.score_files import has_scores
from scoring.proof.validation import request_proof, requeue_proof
from team.models import User
from tests.scoring.proof.conftest import BY_SIZE, History, proven

API = "/api/v1/score-models/leads/proof/"


def silent(done: int, total: int, words: str) -> None:
    """Say nothing of how far it is."""


def test_the_night_proves_what_is_active_once_for_the_same_facts(history: History, signed: Any) -> None:
    history(30)
    version = signed(BY_SIZE)
    refresh()
    assert prove_in_force(silent) == 1
    proof = Proof.objects.get(version=version)
    assert (proof.state, has_scores(proof)) == (State.DONE, True)
    assert prove_in_force(silent) == 0


def test_who_signs_sees_what_was_proven_when_it_was_proposed(
    history: History, cmo: User, cro: User, client: Client
) -> None:
    history()
    version = draft_version(by=cmo, kind="score", key="leads", title="Score", text="Points.", terms=BY_SIZE)
    made = proven(version)
    proposed = propose_version(by=cmo, version=version)
    figures = proposed.evidence["proof"]
    assert (figures["kind"], figures["n"], figures["auc"]) == ("works", made.evidence["n"], made.evidence["auc"])
    client.force_login(cro)
    page = client.get(f"/agreements/{version.agreement_id}/").content.decode()
    assert "When it was proposed: This score works" in page
    assert "/scores/leads/proof/?version=1" in page


def test_a_proposal_without_a_proof_asks_for_one(history: History, cmo: User, cro: User) -> None:
    history(30)
    refresh()
    version = draft_version(by=cmo, kind="score", key="leads", title="Score", text="Points.", terms=BY_SIZE)
    assert propose_version(by=cmo, version=version).evidence == {}
    assert Proof.objects.get(version=version).state == State.QUEUED


def test_a_proof_whose_scores_are_gone_from_the_disk_is_made_again(
    history: History, signed: Any, settings: Any
) -> None:
    history(30)
    version = signed(BY_SIZE)
    made = proven(version)
    settings.PROOFS_DIR = f"{settings.PROOFS_DIR}-elsewhere"
    found = request_proof(version)
    assert found == made
    assert found.state == State.QUEUED


def test_a_model_that_cannot_be_computed_has_no_proof_and_a_failed_one_can_be_tried_again(
    history: History, signed: Any, cmo: User
) -> None:
    history(30)
    version = signed(BY_SIZE)
    broken = draft_version(by=cmo, kind="score", key="other", title="Other", text="x", terms={"threshold": "much"})
    refresh()
    assert request_proof(broken) is None
    proof = request_proof(version)
    assert proof
    Proof.objects.filter(pk=proof.pk).update(state=State.FAILED, last_error="the disk was full")
    requeue_proof(proof)
    assert run_claimed(Proof, proof.pk, budget=1e9)
    proof.refresh_from_db()
    assert (proof.state, proof.last_error) == (State.DONE, "")


def test_the_api_answers_the_same(history: History, signed: Any, cmo: User, rep: User, client: Client) -> None:
    history()
    version = signed(BY_SIZE)
    client.force_login(cmo)
    refresh()
    waiting = client.get(API).json()
    assert (waiting["state"], waiting["evidence"]) == ("making", None)
    made = proven(version)
    found = client.get(API, {"by": "source"}).json()
    assert (found["state"], found["version"]) == ("made", 1)
    assert found["evidence"]["auc"] == made.evidence["auc"]
    assert found["verdict"]["kind"] == "works"
    assert {one["value"] for one in found["segments"]} == {"Fair", "Web"}
    part = client.get(API, {"by": "source", "is": "Web"}).json()
    assert part["evidence"]["n"] == sum(one["n"] for one in found["segments"] if one["value"] == "Web")
    assert client.get(API, {"version": 7}).status_code == 404
    assert client.get(API, {"colour": "red"}).status_code == 400
    assert client.get("/api/v1/score-models/unknown/proof/").status_code == 404
    client.force_login(rep)
    assert client.get(API).status_code == 403


@pytest.mark.usefixtures("company")
def test_without_facts_nothing_is_asked_for(cmo: User) -> None:
    assert (
        request_proof(draft_version(by=cmo, kind="score", key="leads", title="Score", text="x", terms=BY_SIZE)) is None
    )
