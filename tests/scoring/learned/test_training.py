"""What is learned of leads with dates and events, what happens with too few outcomes, and who may ask for it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from agreements.actions import draft_version
from core.work import run_claimed
from crm.models import Lead, Opportunity, Touch
from facts.engine import open_facts
from facts.refresh import refresh
from scoring.learned.scope import list_choices
from scoring.learned.training import split_leads
from scoring.learned.work import request_learning
from scoring.models import Learning, Proof
from scoring.proof.validation import request_proof
from team.models import Role, User
from tests import make
from tests.scoring.learned.test_lead_set import fields_of, learned

FIRST = datetime(2025, 1, 6, 9, tzinfo=UTC)


def given(n: int, won: int, source: str = "shop") -> list[Lead]:
    """Leads of which the first `won` converted two weeks after they came; every other of them is large."""
    return Lead.objects.bulk_create(
        Lead(
            source=source, external_id=str(place), name=f"L {place}", created_at=FIRST + timedelta(hours=9 * (place * 7 % n)),
            is_converted=place < won, employees=500 if (place < won) == (place % 5 > 0) else 5,
            converted_on=(FIRST + timedelta(hours=9 * (place * 7 % n), days=14)).date() if place < won else None,
        )
        for place in range(n)
    )  # fmt: skip


def test_dated_leads_are_learned_from_early_and_proven_late_and_events_become_rules(ops: User, as_user: Any) -> None:
    leads = given(600, 250)
    chance = np.random.default_rng(1)
    Touch.objects.bulk_create(
        Touch(source="shop", external_id=str(place), lead=lead, kind="webinar", happened_at=lead.created_at + timedelta(days=1))
        for place, lead in enumerate(leads)
        if lead.created_at and chance.random() < (0.7 if lead.is_converted else 0.15)
    )  # fmt: skip
    Touch.objects.bulk_create(  # what follows a conversion is not known when it is foretold
        Touch(source="shop", external_id=f"late {lead.pk}", lead=lead, kind="onboarding", happened_at=FIRST + timedelta(days=400))
        for lead in leads
        if lead.is_converted
    )  # fmt: skip
    refresh()
    found = learned(request_learning(by=ops, source="shop"))
    assert found.is_dated
    assert found.learned
    assert found.held_out
    assert found.learned.last <= found.held_out.first
    assert found.works
    assert "employees" in fields_of(found)
    did = found.terms["engagement"]
    assert [rule["where"]["value"] for rule in did.values() if rule["where"]["is"] == "is"] == ["webinar"]
    assert all(isinstance(rule["points"], int) and rule["cap"] >= rule["points"] > 0 for rule in did.values())
    assert found.terms["leads"] == {"field": "source_system", "is": "is", "value": "shop"}
    page = as_user(ops).get(reverse("learned_models")).content.decode()
    assert "came later" in page
    assert "each, at most" in page


def test_below_120_conversions_nothing_is_claimed_and_what_is_missing_is_said(ops: User, as_user: Any) -> None:
    given(300, 110)
    refresh()
    found = learned(request_learning(by=ops))
    assert found.refusal.startswith(
        "There is not enough data to learn from: 110 of the 120 conversions needed are known, 10 are missing."
    )
    client = as_user(ops)
    shown = client.get(reverse("learned_models")).content.decode()
    assert "10 are missing" in shown
    assert "Create a draft" not in shown
    with pytest.raises(CommandError, match="No leads came from “no one”"):
        call_command("learn_score", source="no one")


def test_each_system_is_a_choice_and_all_of_them_together(ops: User) -> None:
    given(30, 10)
    given(20, 5, source="fair")
    refresh()
    found = {one.source: (one.leads, one.outcomes, one.missing) for one in list_choices(open_facts())}
    assert found == {"shop": (30, 10, 110), "fair": (20, 5, 115), "": (50, 15, 105)}


@pytest.mark.usefixtures("company")
@pytest.mark.parametrize(
    ("role", "looks", "starts"),
    [(Role.OPS, True, True), (Role.CMO, True, True), (Role.CRO, True, True), (Role.CEO, True, False), (Role.REP, False, False)],
)  # fmt: skip
def test_who_may_look_and_who_may_have_a_model_learned(role: str, looks: bool, starts: bool, as_user: Any) -> None:
    given(3, 1)
    refresh()
    client = as_user(make.user(role))
    for address in (reverse("learned_models"), "/api/v1/score-models/learned/"):
        assert (client.get(address).status_code == 200) is looks, address
    asked = client.post("/api/v1/score-models/learned/", {"source": "shop"}, content_type="application/json")
    assert (asked.status_code == 202) is starts, asked.content
    assert (client.post(reverse("learn"), {"source": "shop"}).status_code == 302) is starts
    assert Learning.objects.count() == starts  # the second asks for the same, which is under way


def test_the_api_says_what_was_learned_and_refuses_what_there_is_not(ops: User, as_user: Any) -> None:
    given(40, 20)
    refresh()
    learned(request_learning(by=ops, source="shop"))
    client = as_user(ops)
    answer = client.get("/api/v1/score-models/learned/").json()
    assert (answer["state"], answer["verdict"]["kind"], answer["result"]["total"]) == ("done", "few", 40)
    assert client.get("/api/v1/score-models/learned/?run=999999").status_code == 404
    wrong = client.post("/api/v1/score-models/learned/", {"source": "no one"}, content_type="application/json")
    assert wrong.status_code == 400


def test_a_model_of_one_system_is_proven_by_what_that_system_knows(cmo: User) -> None:
    given(60, 20)
    make.record(Opportunity, lead=make.lead(source="crm"), outcome="won", closed_on=FIRST.date())
    refresh()
    large = {"Large": {"rule": {"field": "employees", "is": ">=", "value": 100}, "points": 10}}
    leads = {"field": "source_system", "is": "is", "value": "shop"}
    for rule, goal, n in ((leads, "converted", 60), (None, "won", 61)):
        terms = {"threshold": 10, "position": 0, "leads": rule, "fit": large, "engagement": {}, "groups": {}}
        version = draft_version(by=cmo, kind="score", key=goal, title=goal, text="Points.", terms=terms)
        asked = request_proof(version)
        assert asked
        proof = run_claimed(Proof, asked.pk, budget=1e9)
        assert isinstance(proof, Proof)
        assert (proof.evidence["goal"], proof.evidence["n"] + proof.evidence["too_recent"]) == (goal, n)


def test_the_part_held_out_is_the_later_one_or_drawn_with_a_fixed_number() -> None:
    rows = pd.DataFrame({
        "lead_id": range(100), "won": [place % 2 == 0 for place in range(100)],
        "asked_at": pd.date_range("2026-01-01", periods=100, tz="UTC"),
    })  # fmt: skip
    learned_from, held_out = split_leads(rows, is_dated=True, seed=1)
    assert learned_from["asked_at"].max() < held_out["asked_at"].min()
    assert held_out["won"].sum() == pytest.approx(15, abs=1)
    drawn = [split_leads(rows, is_dated=False, seed=seed)[1]["lead_id"].tolist() for seed in (1, 1, 2)]
    assert len(drawn[0]) == 30
    assert drawn[0] == drawn[1] != drawn[2]
