"""The page of a proof, from an empty Accord to one whose score works."""

from typing import Any

import pytest
from django.test import Client

from agreements.actions import draft_version
from agreements.models import Version
from core.work import State
from imports.models import CustomField
from scoring.models import Proof
from scoring.proof.validation import request_proof
from team.models import User
from tests.scoring.conftest import terms
from tests.scoring.proof.conftest import BY_SIZE, History, proven

PAGE = "/scores/leads/proof/"


@pytest.fixture
def looks(client: Client, cmo: User) -> Any:
    client.force_login(cmo)

    def at(address: str = PAGE) -> str:
        answer = client.get(address)
        assert answer.status_code == 200
        return " ".join(answer.content.decode().split())

    return at


def drafted(by: User, wanted: dict[str, Any], key: str = "leads") -> Version:
    return draft_version(by=by, kind="score", key=key, title="Score of leads", text="Points.", terms=wanted)


def test_without_records_the_page_says_what_to_do_first(looks: Any, cmo: User) -> None:
    drafted(cmo, BY_SIZE)
    assert "Import records" in looks()
    assert not Proof.objects.exists()


def test_a_score_that_works_is_proven_segment_by_segment_down_to_its_leads(
    looks: Any, history: History, cmo: User, signed: Any
) -> None:
    history()
    CustomField.objects.create(kind="lead", key="segment")
    version = signed(BY_SIZE)
    other = drafted(cmo, terms(threshold=10, fit={"Any": {"rule": {"field": "country", "is": "filled"}, "points": 10}}))
    proof, beside = proven(version), proven(other)
    page = looks()
    assert "This score works: the " in page
    assert f"{proof.evidence['won']}</span> of" in page
    assert "In the making" not in page
    assert "Neither" not in page
    compared = looks(f"{PAGE}?version=1&against=2")
    assert "Version 1 tells leads apart better than version 2, beyond chance." in compared
    assert beside.evidence["auc"] == 0.5
    assert "This score does not work" in looks(f"{PAGE}?version=2")
    south = looks(f"{PAGE}?by=custom.segment&is=south")
    assert "Too early to say" in south
    assert "south" in looks(f"{PAGE}?by=custom.segment")
    best = proof.evidence["bands"][-1]
    behind = looks(f"{PAGE}leads/?version=1&from={best['low']}")
    assert f"{best['n']}</span> leads from {best['low']:g} points" in behind
    rest = looks(f"{PAGE}leads/?version=1&from={best['low']}&page=2")
    assert behind.count("is-met") + rest.count("is-met") == best["won"]


def test_with_too_few_wins_it_says_how_many_are_missing(looks: Any, history: History, signed: Any) -> None:
    history(160)
    won = proven(signed(BY_SIZE)).evidence["won"]
    page = looks()
    assert f"{won} of the 120 wins needed are known, {120 - won} are still missing" in page
    assert "AUC" not in page.partition("By lead source")[0]


def test_a_proof_is_made_once_for_the_same_facts_and_again_for_others(history: History, signed: Any) -> None:
    leads = history(30)
    version = signed(BY_SIZE)
    first = proven(version)
    assert request_proof(version) == first
    leads[0].employees = 77
    leads[0].save()
    assert proven(version) != first
    assert Proof.objects.filter(state=State.DONE).count() == 2


def test_who_is_not_let_in_and_what_there_is_not(client: Client, rep: User, cmo: User) -> None:
    drafted(cmo, BY_SIZE)
    client.force_login(rep)
    assert client.get(PAGE).status_code == 403
    client.force_login(cmo)
    assert client.get("/scores/other/proof/").status_code == 404
    assert client.get(f"{PAGE}?version=9").status_code == 404
    assert client.get(f"{PAGE}?by=nothing").status_code == 404
    assert client.get(f"{PAGE}leads/").status_code == 404
