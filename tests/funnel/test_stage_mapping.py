"""A stage of a CRM can be mapped to every stage of the company's own funnel, under the name that was signed."""

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from agreements import actions
from crm.models import StageMapping
from funnel.defaults import ORDER, STAGES
from funnel.mapping.decisions import Stage as SourceStage
from funnel.mapping.decisions import decide_meaning
from funnel.stages.crm_stages import with_stage_keys
from funnel.stages.drafts import Stage
from funnel.stages.forms import StageTerms
from imports.mapping.stage_meanings import Meaning
from team.models import User
from tests.funnel.conftest import Run, lead, way

pytestmark = pytest.mark.django_db
DISCOVERY = Stage(
    "discovery", "Discovery call", 27, side="sales", phase="connect", buyers="leads", standing="qualified",
    criteria={"all": [{"field": "crm_stage", "is": "is", "value": "discovery"}]}, text="We spoke with the person.",
)  # fmt: skip
PARKED = Stage(
    "parked", "Parked", 85, way="detour", side="marketing", phase="connect", buyers="leads",
    criteria={"all": [{"field": "crm_stage", "is": "is", "value": "parked"}]}, text="Ask again next year.",
)  # fmt: skip
MQL = next(stage for stage in STAGES if stage.key == "mql")
CALL = SourceStage("test", "status", "", "Call held")
CALL_QUERY = "?source=test&track=status&pipeline=&stage=Call+held"


@pytest.fixture
def signed(cmo: User, cro: User) -> None:
    """The company added two stages and gave MQL another name; both sides signed."""
    for stage in (DISCOVERY, PARKED, replace(MQL, name="Marketing-ready")):
        sign(cmo, cro, kind="stage", key=stage.key, title=stage.name, text=stage.text, terms=stage.terms)
    stages = [*ORDER[:4], "discovery", *ORDER[4:], "parked"]
    sign(cmo, cro, kind="funnel", key="funnel", title="Funnel", text="Our stages.", terms={"stages": stages})


def sign(cmo: User, cro: User, **version: Any) -> None:
    proposed = actions.propose_version(by=cmo, version=actions.draft_version(by=cmo, **version))
    actions.sign_version(by=cro, version=proposed)


def test_a_stage_that_the_company_added_is_offered_and_a_renamed_one_bears_its_signed_name(
    signed: None, client: Client, ops: User
) -> None:
    lead("2026-01-05", status="Call held")
    client.force_login(ops)
    page = client.get(reverse("change_stage") + CALL_QUERY).content.decode()
    assert '<option value="discovery">Discovery call</option>' in page
    assert '<option value="mql">Marketing-ready</option>' in page
    client.post(reverse("change_stage") + CALL_QUERY, {"ours": "mql", "save": "1"})
    assert StageMapping.objects.get().ours == "mql"
    assert "Marketing-ready" in client.get(reverse("stage_mapping")).content.decode()


def test_a_lead_enters_the_added_stage_that_its_crm_stage_is_mapped_to(signed: None, run: Run, ops: User) -> None:
    mapped, by_name = lead("2026-01-05", status="Call held"), lead("2026-01-06", status="discovery call")
    other = lead("2026-01-07", status="Call planned")
    decide_meaning(by=ops, stage=CALL, meaning=Meaning("discovery"))
    run()
    assert [stage for stage, _ in way(mapped)] == ["inquiry", "discovery"]
    assert [stage for stage, _ in way(by_name)] == ["inquiry", "discovery"]
    assert [stage for stage, _ in way(other)] == ["inquiry"]


def test_an_added_way_out_by_the_status_counts_before_the_lifecycle_stage(signed: None, run: Run, ops: User) -> None:
    parked = lead("2026-01-05", status="Next year", lifecycle_stage="Marketing-ready")
    decide_meaning(by=ops, stage=replace_stage(CALL, "Next year"), meaning=Meaning("parked"))
    run()
    assert [stage for stage, _ in way(parked)][-1] == "parked"


def replace_stage(stage: SourceStage, name: str) -> SourceStage:
    return SourceStage(stage.source, stage.track, stage.pipeline, name)


def test_a_mapping_that_would_move_no_lead_says_so(signed: None, client: Client, ops: User) -> None:
    lead("2026-01-05", status="Call held")
    client.force_login(ops)
    for stage, is_warned in (("won", True), ("discovery", False), ("mql", False)):
        page = client.post(reverse("change_stage") + CALL_QUERY, {"ours": stage, "preview": "1"}).content.decode()
        assert ("so this mapping moves no lead" in page) is is_warned, stage


def test_a_stage_that_left_the_funnel_stays_the_choice_until_another_is_made(client: Client, ops: User) -> None:
    lead("2026-01-05", status="Call held")
    StageMapping.objects.create(**CALL.key, ours="discovery")
    client.force_login(ops)
    page = client.get(reverse("change_stage") + CALL_QUERY).content.decode()
    assert '<option value="discovery" selected>Discovery (not in the funnel)</option>' in page
    answer = client.post(reverse("change_stage") + CALL_QUERY, {"ours": "invented", "save": "1"})
    assert "Select a valid choice" in answer.content.decode()
    assert StageMapping.objects.get().ours == "discovery"


def test_criteria_store_stages_by_key_and_refuse_what_is_no_stage(signed: None) -> None:
    rule = {"field": "crm_stage", "is": "one_of", "value": ["Discovery call", "MARKETING-READY", "sal"]}
    terms = {
        **DISCOVERY.terms,
        "name": "Second call",
        "criteria": {"any": [rule, {"not": {**rule, "is": "is", "value": "Second call"}}]},
    }
    form = StageTerms(terms)
    assert form.is_valid(), form.errors
    inner = form.terms()["criteria"]["any"]
    assert inner[0]["value"] == ["discovery", "mql", "sal"]
    assert inner[1]["not"]["value"] == "second_call"
    wrong = StageTerms(
        {**terms, "criteria": {"all": [{"field": "crm_stage", "is": "is", "value": "Working - Contacted"}]}}
    )
    assert not wrong.is_valid()
    assert "“Working - Contacted” is not an Accord stage." in wrong.errors["criteria"][0]


def test_other_conditions_stay_as_they_are() -> None:
    for rule in (
        {"field": "status", "is": "is", "value": "New"},
        {"field": "crm_stage", "is": "starts_with", "value": "d"},
        {"count": "touches", "is": ">=", "value": 3},
    ):
        assert with_stage_keys(rule, {}) == rule
