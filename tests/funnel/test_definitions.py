"""A definition holds once every side has signed it; until then the one before, or Accord's own, marked unsigned."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from agreements import actions
from agreements.models import Seat, Version
from agreements.seat_actions import name_signatory
from facts.criteria import Draft
from facts.rules import check_rule
from funnel.defaults import STAGES
from funnel.definitions import in_force
from funnel.stages.drafts import Stage
from funnel.stages.forms import StageTerms, faults_of, subjects_of
from team.models import Company, Role, User
from tests import make

MQL = next(stage for stage in STAGES if stage.key == "mql")
HIGHER = replace(MQL, criteria={"field": "score", "is": ">=", "value": 80})


@pytest.fixture
def leaders(cmo: User, cro: User, cfo: User) -> tuple[User, User]:
    return cmo, cro


def proposed(by: User, stage: Stage = HIGHER, **fields: Any) -> Version:
    version = actions.draft_version(
        by=by, kind="stage", key=stage.key, title=stage.name, text=stage.text, terms=stage.terms,
        third_side=stage.third_side, **fields,
    )  # fmt: skip
    return actions.propose_version(by=by, version=version)


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.key)
def test_the_default_criteria_make_sense_on_anyone_who_may_be_in_the_stage(stage: Stage) -> None:
    assert faults_of(stage.rule, stage.buyers) == []
    assert stage.criteria_words


def test_nothing_signed_means_accords_own_marked_unsigned(company: Any) -> None:
    funnel = in_force()
    assert [stage.key for stage in funnel] == [stage.key for stage in STAGES]
    assert not funnel.is_signed
    assert funnel.unsigned == funnel.stages


def test_a_change_holds_only_with_both_signatures(leaders: tuple[User, User]) -> None:
    cmo, cro = leaders
    version = proposed(cmo)
    assert in_force().get("mql") == MQL
    actions.sign_version(by=cro, version=version)
    found = in_force().get("mql")
    assert found is not None
    assert (found.rule, found.is_signed, found.number) == (HIGHER.criteria, True, 1)
    lower = proposed(cro, replace(MQL, criteria={"field": "score", "is": ">=", "value": 50}))
    assert in_force().get("mql") == found
    actions.sign_version(by=cmo, version=lower)
    assert in_force().get("mql").rule["value"] == 50  # type: ignore[union-attr]


def test_support_signs_what_support_owns(leaders: tuple[User, User]) -> None:
    cmo, cro = leaders
    support = make.user(Role.SUPPORT)
    version = proposed(cmo, next(stage for stage in STAGES if stage.key == "live"))
    actions.sign_version(by=cro, version=version)
    assert not in_force().get("live").is_signed  # type: ignore[union-attr]
    actions.sign_version(by=support, version=version)
    assert in_force().get("live").is_signed  # type: ignore[union-attr]


def test_no_other_door_leads_into_force(leaders: tuple[User, User], ops: User, as_user: Any) -> None:
    cmo, _ = leaders
    version = proposed(cmo)
    for values in ({"in_force_at": timezone.now()}, {"terms": HIGHER.terms | {"name": "Hot"}}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Version.objects.filter(pk=version.pk).update(**values)
    with pytest.raises(DatabaseError), transaction.atomic():
        Version.objects.create(
            agreement=version.agreement, number=2, text="x", terms=MQL.terms, drafted_by=ops, proposed_by=ops,
            proposed_at=timezone.now(), in_force_at=timezone.now(), sides=["marketing", "sales"],
        )  # fmt: skip
    client = as_user(ops)
    assert client.get(f"/admin/agreements/version/{version.pk}/change/").status_code == 404
    client.post(f"/agreements/versions/{version.pk}/sign/")
    assert in_force().get("mql") == MQL


def test_a_pilot_binds_its_team_alone(leaders: tuple[User, User], rep: User) -> None:
    cmo, cro = leaders
    version = proposed(cmo, pilot_manager=cro, expires_on=Company.today())
    actions.sign_version(by=cro, version=version)
    assert in_force().get("mql") == MQL
    assert in_force(rep).get("mql").rule == HIGHER.criteria  # type: ignore[union-attr]


def test_the_order_is_signed_too_and_a_stage_left_out_is_no_longer_there(leaders: tuple[User, User]) -> None:
    cmo, cro = leaders
    name_signatory(by=make.user(Role.OPS), seat=Seat.SUPPORT, person=make.user(Role.SUPPORT))
    demo = Stage(
        "demo_held",
        "Demo held",
        35,
        side="sales",
        buyers="leads",
        criteria={"count": "activities", "is": ">=", "value": 1},
        text="Sales has shown the product.",
    )
    actions.sign_version(by=cro, version=proposed(cmo, demo))
    assert in_force().get("demo_held") is None
    order = actions.draft_version(
        by=cmo, kind="funnel", key="funnel", title="Our funnel", text="Fewer stages",
        terms={"stages": ["inquiry", "demo_held", "won"]},
    )  # fmt: skip
    actions.sign_version(by=cro, version=actions.propose_version(by=cmo, version=order))
    assert [stage.key for stage in in_force()] == ["inquiry", "demo_held", "won"]
    assert in_force().is_signed


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.key)
def test_criteria_go_through_the_rows_of_the_form_unchanged(stage: Stage) -> None:
    subject = subjects_of(stage.buyers)[0]
    again = Draft.from_rule(stage.rule, subject).to_rule(subject)
    assert check_rule(again, subject) == []
    assert _said(again) == _said(stage.rule)


def _said(rule: Any) -> Any:
    """A group of one says what its one part says."""
    for join in ("all", "any"):
        if join in rule and len(rule[join]) == 1:
            return _said(rule[join][0])
        if join in rule:
            return {join: [_said(part) for part in rule[join]]}
    return dict(rule)


def test_the_form_adds_and_drops_rows_without_a_script() -> None:
    posted = {
        "criteria-groups": "1", "criteria-g0-rows": "1", "criteria-g0-join": "any", "criteria-g0-r0-what": "score",
        "criteria-g0-r0-compare": ">=", "criteria-g0-r0-value": "65",
    }  # fmt: skip
    more = Draft.from_data({**posted, "criteria-do": "row-0"}, "criteria")
    assert [row.what for row in more.groups[0].rows] == ["score", ""]
    assert Draft.from_data({**posted, "criteria-do": "drop-0-0"}, "criteria").groups == []
    assert len(Draft.from_data({**posted, "criteria-do": "group"}, "criteria").groups) == 2
    form = StageTerms({**posted, **_terms(), "criteria-do": "row-0"})
    assert not form.is_valid()
    assert set(form.errors) == {"criteria"}
    form = StageTerms({**posted, **_terms()})
    assert form.is_valid(), form.errors
    assert form.terms()["criteria"] == {"all": [{"field": "score", "is": ">=", "value": 65}]}


def test_criteria_that_make_no_sense_are_refused_in_words() -> None:
    posted = {
        "criteria-groups": "1", "criteria-g0-rows": "1", "criteria-g0-r0-what": "score", "criteria-g0-r0-compare": ">=",
        "criteria-g0-r0-value": "many",
    }  # fmt: skip
    form = StageTerms({**posted, **_terms()})
    assert not form.is_valid()
    assert form.errors["criteria"] == ["The value must be a number."]


def _terms() -> dict[str, Any]:
    return {name: value for name, value in MQL.terms.items() if name != "criteria"}
