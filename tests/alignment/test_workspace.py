"""The agreements by dimension: agreed, stale, disputed or missing; what waits for a signature; what an arbiter decided."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from agreements import actions, kinds
from agreements.models import Version, company_today
from alignment.workspace.dimensions import DIMENSIONS, dimension_state
from notify.models import Notice
from team.models import User


@pytest.mark.parametrize(
    ("states", "state"),
    [
        ([], "missing"),
        (["draft"], "missing"),
        (["proposed"], "missing"),
        (["in_force", "proposed"], "agreed"),
        (["in_force", "expired"], "stale"),
        (["in_force", "stale"], "stale"),
        (["stale", "disputed"], "disputed"),
    ],
)
def test_a_dimension_is_what_its_most_urgent_agreement_is(states: list[str], state: str) -> None:
    assert dimension_state(states) == state


def test_there_are_fourteen_dimensions_and_each_has_a_kind_of_agreement() -> None:
    assert len(DIMENSIONS) == 14
    declared = {kind.key for kind in kinds.all_kinds()}
    assert all(declared.intersection(dimension.kinds) for dimension in DIMENSIONS)


def propose(by: User, kind: str = "priority", key: str = "first", **fields: Any) -> Version:
    draft = actions.draft_version(by=by, kind=kind, key=key, title="Pipeline first", text="Pipeline first.", **fields)
    return actions.propose_version(by=by, version=draft)


def states(client: Any) -> dict[str, str]:
    answer = client.get("/api/v1/alignment-dimensions/").json()
    return {row["key"]: row["state"] for row in answer["dimensions"]}


def test_a_dimension_goes_from_missing_over_disputed_to_agreed(as_user: Any, cmo: User, cro: User, cfo: User) -> None:
    assert set(states(as_user(cmo)).values()) == {"missing"}
    version = propose(cmo)
    assert states(as_user(cmo))["priorities"] == "missing"
    dispute = actions.dispute_version(by=cro, version=version, reason="No.")
    assert states(as_user(cmo))["priorities"] == "disputed"
    assert f"{cfo} decides by" in as_user(cmo).get("/alignment/").content.decode()
    actions.decide_dispute(by=cfo, dispute=dispute, decision="for", ruling="Yes.")
    assert states(as_user(cmo))["priorities"] == "agreed"
    assert "agree on 1 of 14 dimensions" in as_user(cmo).get("/alignment/").content.decode()


def test_an_agreement_is_stale_after_its_review_until_a_new_version_is_signed(
    as_user: Any, cmo: User, cro: User
) -> None:
    day = company_today()
    version = actions.sign_version(by=cro, version=propose(cmo, review_on=day))
    assert states(as_user(cmo))["priorities"] == "agreed"  # the day itself is still in time
    Version.objects.filter(pk=version.pk).update(review_on=day - timedelta(days=1))
    assert states(as_user(cmo))["priorities"] == "stale"
    assert "its review was due on" in as_user(cmo).get(f"/agreements/{version.agreement_id}/").content.decode()
    assert actions.remind_of_reviews() == 1
    assert actions.remind_of_reviews() == 0
    assert Notice.objects.filter(event__kind="agreements.review").count() == 2
    actions.sign_version(by=cro, version=propose(cmo, review_on=day + timedelta(days=90)))
    assert states(as_user(cmo))["priorities"] == "agreed"


def test_the_day_of_the_review_lies_ahead(cmo: User) -> None:
    with pytest.raises(ValidationError, match="already passed"):
        propose(cmo, review_on=company_today() - timedelta(days=1))


def test_an_expired_agreement_without_a_successor_is_stale(as_user: Any, cmo: User, cro: User) -> None:
    version = actions.sign_version(by=cro, version=propose(cmo))
    Version.objects.filter(pk=version.pk).update(expires_on=company_today() - timedelta(days=1))
    actions.end_expired_versions()
    assert states(as_user(cmo))["priorities"] == "stale"


def test_what_waits_for_my_signature_is_listed_for_me_alone(as_user: Any, cmo: User, cro: User, rep: User) -> None:
    version = propose(cmo)
    for user, is_listed in ((cro, True), (cmo, False), (rep, False)):
        client = as_user(user)
        assert ("Awaiting your signature" in client.get("/alignment/").content.decode()) is is_listed
        awaiting = client.get("/api/v1/alignment-dimensions/").json()["awaiting_your_signature"]
        assert awaiting == ([version.pk] if is_listed else [])


def test_a_starter_fills_the_form(as_user: Any, cmo: User) -> None:
    page = as_user(cmo).get("/agreements/new/?kind=meeting_rhythm&starter=1").content.decode()
    assert 'value="Weekly lead review"' in page
    assert "Each week both teams go through the leads that were rejected" in page


@pytest.mark.parametrize("kind", [kind for kind in kinds.all_kinds() if kind.starter], ids=lambda kind: kind.key)
def test_what_a_starter_fills_in_is_accepted(kind: kinds.Kind, company: Any) -> None:
    form = kind.form(kind.form.initial_from(kind.starter.terms))  # type: ignore[union-attr]
    form.is_valid()
    codes = {error.code for faults in form.errors.as_data().values() for error in faults}
    assert codes <= {"required"}  # a target and a day are the company's own
    assert codes or kind.in_words(form.terms())


def test_a_decision_leads_to_the_next_version(as_user: Any, cmo: User, cro: User, cfo: User) -> None:
    version = propose(cmo)
    dispute = actions.dispute_version(by=cro, version=version, reason="No.")
    actions.decide_dispute(by=cfo, dispute=dispute, decision="against", ruling="Name the accounts.")
    client = as_user(cmo)
    following = f"/agreements/{version.agreement_id}/propose/?after=1"
    assert following in client.get("/alignment/").content.decode()
    assert following in client.get(f"/agreements/{version.agreement_id}/").content.decode()
    form = client.get(following).content.decode()
    assert "Frank CFO decided on version 1: Name the accounts." in form
    second = propose(cmo)
    link = f"#version-in-list-{second.pk}"
    assert link in client.get("/alignment/").content.decode()
    assert link in client.get(f"/agreements/{version.agreement_id}/").content.decode()


def test_the_page_of_dimensions_does_not_tell_of_drafts_of_others(as_user: Any, cmo: User, cro: User) -> None:
    actions.draft_version(by=cro, kind="priority", key="secret", title="Secret plan", text="Secret plan.")
    assert "Secret" not in as_user(cmo).get("/alignment/").content.decode()


def test_the_review_is_set_by_api(as_user: Any, cmo: User, cro: User) -> None:
    day = (timezone.localdate() + timedelta(days=30)).isoformat()
    body = {"kind": "priority", "key": "first", "title": "First", "text": "First.", "review_on": day}
    answer = as_user(cmo).post("/api/v1/versions/", body, content_type="application/json").json()
    assert answer["review_on"] == day
    assert answer["is_stale"] is False
