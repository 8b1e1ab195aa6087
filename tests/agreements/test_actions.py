"""Agreements: nothing binds without both signatures or the arbiter, and the story tells who did what."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, transaction
from django.utils import timezone

from agreements import actions
from agreements.models import Agreement, Dispute, Entry, Seat, Signatory, Signature, Version, company_today
from agreements.queries import history_entries
from agreements.seat_actions import name_signatory
from agreements.signing import held_seats, seat_holder
from notify.models import Event, Notice
from team.models import Role, User
from tests import make


@pytest.fixture
def cast(cmo: User, cro: User, cfo: User, ops: User) -> dict[str, User]:
    return {"cmo": cmo, "cro": cro, "cfo": cfo, "ops": ops}


def drafted(by: User, points: int = 65, **fields: Any) -> Version:
    return actions.draft_version(
        by=by,
        kind="threshold",
        key="mql",
        title="MQL threshold",
        text=f"A lead is an MQL from {points} points.",
        terms={"points": points},
        **fields,
    )


def agreed(by: User, other: User, points: int = 60, **fields: Any) -> Version:
    version = actions.propose_version(by=by, version=drafted(by, points, **fields))
    return actions.sign_version(by=other, version=version)


def test_it_is_active_once_both_sides_have_signed(cast: dict[str, User]) -> None:
    version = actions.propose_version(by=cast["cmo"], version=drafted(cast["cmo"]))
    assert (version.state, version.unsigned) == ("proposed", ["sales"])
    assert version.agreement.in_force() is None
    version = actions.sign_version(by=cast["cro"], version=version)
    assert version.state == "in_force"
    assert version.agreement.in_force() == version


def test_who_guesses_the_key_of_another_sides_draft_does_not_learn_its_title(cast: dict[str, User]) -> None:
    hidden = drafted(cast["cmo"])
    theirs = {"kind": "threshold", "key": "mql", "title": "Ours", "text": "Ours."}
    with pytest.raises(ValidationError, match="is drafting an agreement with this key"):
        actions.draft_version(by=cast["cro"], **theirs)
    actions.withdraw_version(by=cast["cmo"], version=hidden)
    made = actions.draft_version(by=cast["cro"], **theirs)
    assert made.agreement.title == "Ours"
    assert not any("MQL threshold" in entry.words for entry in history_entries(made.agreement, cast["cro"]))
    assert any("MQL threshold" in entry.words for entry in history_entries(made.agreement, cast["cmo"]))


@pytest.mark.parametrize("who", ["ops", "cfo"])
def test_no_one_signs_for_another_side(cast: dict[str, User], who: str) -> None:
    version = actions.propose_version(by=cast["cmo"], version=drafted(cast["cmo"]))
    with pytest.raises(PermissionDenied, match="Rob CRO"):
        actions.sign_version(by=cast[who], version=version)


def test_a_signatory_signs_once(cast: dict[str, User]) -> None:
    version = actions.propose_version(by=cast["cmo"], version=drafted(cast["cmo"]))
    with pytest.raises(ValidationError, match="already signed this version"):
        actions.sign_version(by=cast["cmo"], version=version)
    assert version.signatures.count() == 1


def test_what_ops_proposes_needs_both(cast: dict[str, User]) -> None:
    version = actions.propose_version(by=cast["ops"], version=drafted(cast["ops"]))
    assert version.unsigned == ["marketing", "sales"]
    actions.sign_version(by=cast["cro"], version=version)
    assert actions.sign_version(by=cast["cmo"], version=version).state == "in_force"


def test_a_new_version_supersedes_the_old_only_when_signed(cast: dict[str, User]) -> None:
    first = agreed(cast["cmo"], cast["cro"])
    second = actions.propose_version(by=cast["cro"], version=drafted(cast["cro"], 70))
    assert first.agreement.in_force() == first
    actions.sign_version(by=cast["cmo"], version=second)
    first.refresh_from_db()
    assert (first.state, first.agreement.in_force()) == ("superseded", second)


def test_a_dispute_goes_to_the_cfo_who_decides(cast: dict[str, User]) -> None:
    version = actions.propose_version(by=cast["cmo"], version=drafted(cast["cmo"]))
    found = actions.dispute_version(by=cast["cro"], version=version, reason="Sales cannot take so many.")
    assert (found.arbiter, found.decide_by, version.state) == (
        cast["cfo"],
        company_today() + timedelta(days=14),
        "disputed",
    )
    with pytest.raises(PermissionDenied):
        actions.decide_dispute(by=cast["cro"], dispute=found, decision="against", ruling="No.")
    decided = actions.decide_dispute(
        by=cast["cfo"], dispute=found, decision="for", ruling="The proof page says that it works."
    )
    assert decided.state == "in_force"
    with pytest.raises(ValidationError, match="already been decided"):
        actions.decide_dispute(by=cast["cfo"], dispute=found, decision="against", ruling="Changed my mind.")


def test_a_ruling_against_leaves_the_old_version_active(cast: dict[str, User]) -> None:
    first = agreed(cast["cmo"], cast["cro"])
    second = actions.propose_version(by=cast["cmo"], version=drafted(cast["cmo"], 20))
    found = actions.dispute_version(by=cast["cro"], version=second, reason="Too low.")
    assert (
        actions.decide_dispute(by=cast["cfo"], dispute=found, decision="against", ruling="Too low indeed.").state
        == "rejected"
    )
    assert first.agreement.in_force() == first


def test_anyone_who_disputed_may_still_sign(cast: dict[str, User]) -> None:
    version = actions.propose_version(by=cast["cmo"], version=drafted(cast["cmo"]))
    actions.dispute_version(by=cast["cro"], version=version, reason="Let me think.")
    assert actions.sign_version(by=cast["cro"], version=version).state == "in_force"
    assert not Dispute.objects.filter(decided_at=None).exists()


def test_a_pilot_binds_one_team_until_its_day(cast: dict[str, User], rep: User) -> None:
    company = agreed(cast["cmo"], cast["cro"])
    pilot = agreed(
        cast["cmo"], cast["cro"], 50, pilot_manager=cast["cro"], expires_on=company_today() + timedelta(days=30)
    )
    agreement = company.agreement
    assert agreement.in_force() == company
    assert agreement.in_force_for(rep) == pilot
    assert agreement.in_force_for(make.user(Role.REP)) == company
    assert agreement.in_force(company_today() + timedelta(days=31)) == company
    assert not agreement.versions.in_force(company_today() + timedelta(days=31)).filter(pk=pilot.pk).exists()


def test_a_pilot_without_an_end_is_refused(cast: dict[str, User]) -> None:
    with pytest.raises(ValidationError, match="end date"):
        drafted(cast["cmo"], pilot_manager=cast["cro"])


def test_a_stage_of_support_needs_a_third_signature(cast: dict[str, User]) -> None:
    helper = make.user(Role.SUPPORT)
    version = actions.draft_version(
        by=cast["cmo"], kind="stage", key="live", title="Live", text="The customer uses it.", third_side="support"
    )
    version = actions.propose_version(by=cast["cmo"], version=version)
    actions.sign_version(by=cast["cro"], version=version)
    assert version.agreement.in_force() is None
    assert actions.sign_version(by=helper, version=version).state == "in_force"


def test_one_chief_over_both_sides_must_name_a_deputy(cast: dict[str, User]) -> None:
    with pytest.raises(ValidationError, match="deputy"):
        name_signatory(by=cast["ops"], seat="marketing", person=cast["cro"])
    deputy = make.user(Role.MARKETER)
    name_signatory(by=cast["ops"], seat="marketing", person=deputy)
    assert seat_holder("marketing") == deputy
    with pytest.raises(PermissionDenied):
        actions.sign_version(
            by=cast["cmo"], version=actions.propose_version(by=cast["cro"], version=drafted(cast["cro"]))
        )


def test_two_people_of_a_role_leave_the_seat_empty_until_one_is_named(cast: dict[str, User]) -> None:
    make.user(Role.CMO)
    with pytest.raises(ValidationError, match="No signatory is named for Marketing"):
        actions.propose_version(by=cast["cro"], version=drafted(cast["cro"]))


def test_a_rep_does_not_propose(rep: User, cast: dict[str, User]) -> None:
    with pytest.raises(PermissionDenied):
        drafted(rep)


def test_the_database_refuses_force_without_signatures(cast: dict[str, User]) -> None:
    version = actions.propose_version(by=cast["cmo"], version=drafted(cast["cmo"]))
    for fields in [{"in_force_at": timezone.now()}, {"in_force_at": timezone.now(), "sides": []}]:
        with pytest.raises(DatabaseError), transaction.atomic():
            Version.objects.filter(pk=version.pk).update(**fields)
    with pytest.raises(DatabaseError), transaction.atomic():
        Version.objects.create(
            agreement=version.agreement,
            number=9,
            text="x",
            drafted_by=cast["ops"],
            proposed_at=timezone.now(),
            in_force_at=timezone.now(),
            sides=["sales", "marketing"],
        )


def test_the_database_keeps_what_was_proposed_signed_and_told(cast: dict[str, User]) -> None:
    version = agreed(cast["cmo"], cast["cro"])
    attempts = [
        lambda: Version.objects.filter(pk=version.pk).update(terms={"points": 1}),
        lambda: Signature.objects.update(signed_by=cast["ops"]),
        lambda: Signature.objects.all().delete(),
        lambda: Entry.objects.update(words="Nothing happened."),
        lambda: Entry.objects.all().delete(),
        lambda: Event.objects.update(title="Nothing happened."),
    ]
    for attempt in attempts:
        with pytest.raises(DatabaseError), transaction.atomic():
            attempt()


def test_the_story_reads_as_it_went(cast: dict[str, User]) -> None:
    agreed(cast["cmo"], cast["cro"])
    words = list(Entry.objects.values_list("words", flat=True))
    assert words == [
        "Mona CMO opened “MQL threshold”.",
        "Mona CMO drafted version 1.",
        "Mona CMO proposed version 1.",
        "Mona CMO signed version 1 for Marketing.",
        "Rob CRO signed version 1 for Sales.",
        "Both sides have signed: version 1 is active.",
    ]


def test_the_other_side_is_told_once(cast: dict[str, User]) -> None:
    actions.propose_version(by=cast["cmo"], version=drafted(cast["cmo"]))
    assert [notice.user for notice in Notice.objects.all()] == [cast["cro"]]


def test_an_expired_version_ends_and_a_late_dispute_escalates_once(cast: dict[str, User], ceo: User) -> None:
    version = agreed(cast["cmo"], cast["cro"], expires_on=company_today())
    Version.objects.filter(pk=version.pk).update(expires_on=company_today() - timedelta(days=1))
    assert version.agreement.in_force() is None
    assert (actions.end_expired_versions(), actions.end_expired_versions()) == (1, 0)
    second = actions.propose_version(by=cast["cmo"], version=drafted(cast["cmo"], 70))
    found = actions.dispute_version(by=cast["cro"], version=second, reason="No.")
    Dispute.objects.filter(pk=found.pk).update(decide_by=company_today() - timedelta(days=1))
    assert (actions.escalate_late_disputes(), actions.escalate_late_disputes()) == (1, 0)
    assert Notice.objects.filter(user=ceo, event__kind="agreements.late").count() == 1


def test_the_proposer_may_withdraw(cast: dict[str, User]) -> None:
    version = actions.propose_version(by=cast["cmo"], version=drafted(cast["cmo"]))
    with pytest.raises(PermissionDenied):
        actions.withdraw_version(by=cast["cro"], version=version)
    assert actions.withdraw_version(by=cast["cmo"], version=version).state == "withdrawn"
    assert not Agreement.objects.get().versions.open().exists()


def test_a_person_holds_the_seats_that_seat_holder_gives_them(cmo: User, cro: User, ceo: User, cfo: User) -> None:
    seats = list(Seat.values)

    def expected(user: User) -> list[str]:
        return [seat for seat in seats if seat_holder(seat) == user]

    people = [cmo, cro, ceo, cfo]
    assert [held_seats(user, seats) for user in people] == [expected(user) for user in people]
    assert held_seats(cfo, seats) == [Seat.FINANCE, Seat.ARBITER]
    Signatory.objects.create(seat=Seat.MARKETING, holder=ceo, named_by=cfo)
    make.user(Role.CRO, email="second@example.com")  # two of a role: the seat of Sales is no one's
    assert [held_seats(user, seats) for user in people] == [expected(user) for user in people]
    assert (held_seats(ceo, seats), held_seats(cmo, seats), held_seats(cro, seats)) == ([Seat.MARKETING], [], [])
