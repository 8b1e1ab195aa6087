"""A button is shown exactly to those who may press it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from agreements import permissions as agreeing
from crm.models import ContentAsset
from funnel import permissions as selling
from funnel.definitions import in_force
from team.models import Role, User
from tests import make
from tests.revops.rights import world as records
from tests.revops.rights.conftest import taken_back
from tests.revops.rights.world import OTHER, OWN, TEAM, World

pytestmark = pytest.mark.django_db
RELATIONS = (OWN, TEAM, OTHER)
Shown = dict[str, bool]  # address of a button: whether the person may press it


def buyer(world: World, actor: User, relation: str) -> tuple[str, Shown]:
    make.record(ContentAsset, name="Paper", persona="Boss")
    given = records.handoff(world.owner(world.whose(actor, relation)))
    lead = given.lead
    lead.persona = "Boss"
    lead.save()
    return reverse("buyer", args=["lead", lead.pk]), {
        reverse("move_buyer", args=["lead", lead.pk]): bool(selling.stages_open_to(actor, lead, in_force(), "mql")),
        reverse("spot", args=["lead", lead.pk]): selling.SPOT_OPPORTUNITY.allows(actor, lead),
        reverse("content_use", args=[lead.pk]): selling.NOTE_CONTENT_USE.allows(actor, lead),
        reverse("inbox_form", args=[given.pk, "pass"]): selling.PASS_LEAD_ON.allows(actor, given),
    }


def draft(world: World, actor: User, relation: str) -> tuple[str, Shown]:
    found = records.version(world.colleague(actor, relation))
    return reverse("agreement", args=[found.agreement_id]), {
        reverse("propose_version", args=[found.agreement_id]): agreeing.DRAFT_VERSION.allows(actor, found.agreement),
        reverse("answer_version", args=[found.pk, "propose"]): agreeing.PROPOSE_VERSION.allows(actor, found),
        reverse("answer_version", args=[found.pk, "withdraw"]): agreeing.WITHDRAW_VERSION.allows(actor, found),
    }


def proposal(world: World, actor: User, relation: str) -> tuple[str, Shown]:
    found = records.version(world.colleague(actor, relation), is_proposed=True)
    return reverse("agreement", args=[found.agreement_id]), {
        reverse("answer_version", args=[found.pk, "sign"]): agreeing.SIGN_VERSION.allows(actor, found),
        reverse("answer_version", args=[found.pk, "dispute"]): agreeing.DISPUTE_VERSION.allows(actor, found),
        reverse("answer_version", args=[found.pk, "withdraw"]): agreeing.WITHDRAW_VERSION.allows(actor, found),
    }


def opening(world: World, actor: User, relation: str) -> tuple[str, Shown]:
    may = agreeing.DRAFT_VERSION.is_open_to(actor)
    return reverse("agreements"), {reverse("open_agreement"): may}


PAGES: list[Callable[[World, User, str], tuple[str, Shown]]] = [buyer, draft, proposal, opening]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("role", Role.values)
def test_buttons_are_for_those_who_may_press_them(world: World, page: Any, role: str) -> None:
    actor = world.people[role]
    for relation in RELATIONS:
        with taken_back():
            address, buttons = page(world, actor, relation)
            answer = world.clients[role].get(address)
            if answer.status_code == 404:
                continue
            text = answer.content.decode()
            assert {button: button in text for button in buttons} == buttons, relation


@pytest.mark.parametrize("role", Role.values)
def test_a_form_to_move_a_buyer_names_the_stages_that_are_open(world: World, role: str) -> None:
    actor = world.people[role]
    with taken_back():
        lead = records.lead(world.owner(actor), "inquiry")
        stages = {stage.key for stage in selling.stages_open_to(actor, lead, in_force(), "inquiry")}
        answer = world.clients[role].get(reverse("move_buyer", args=["lead", lead.pk]))
        assert answer.status_code == (200 if stages else 403)
        if stages:
            assert set(dict(answer.context["form"].fields["stage"].choices)) == stages


@pytest.mark.parametrize("role", [Role.MARKETER, Role.CMO])
def test_only_who_may_propose_is_offered_to_propose(world: World, role: str) -> None:
    text = world.clients[role].get(reverse("open_agreement") + "?kind=term").content.decode()
    assert ("Propose to both sides" in text) is (role == Role.CMO)
    assert "Save as draft" in text
