"""What Sales says of a lead: in one step, with a reason, taken back within ten seconds as if it had never been."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from unittest.mock import patch

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404

from crm.models import Activity, Owner
from facts.refresh import refresh
from funnel import contests
from funnel.classify import classify_buyers
from funnel.handoffs.clock_tick import tick_clocks
from funnel.models import HandOff, Move, Verdict
from funnel.queries import stage_of
from funnel.verdicts import actions
from notify.models import Event, Notice
from team.models import Role, User
from tests import make
from tests.funnel.handoff_factory import handed, local, signed

START = local("2026-11-18T15:00:00")
RESPONSES = "the number of touches whose response is yes in the last 90 days is at least 3"


class Clock:
    """The time of day, moved by hand."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def go(self, **by: float) -> None:
        self.moment += timedelta(**by)

    def __call__(self) -> datetime:
        return self.moment


@pytest.fixture
def clock() -> Iterator[Clock]:
    found = Clock(START)
    with patch("django.utils.timezone.now", found):
        yield found


@pytest.fixture
def found(clock: Clock, cmo: User, cro: User, ada: Owner) -> HandOff:
    signed(cmo, cro, since=local("2026-11-01T00:00:00"))
    return handed(START, name="Lena", first_contact_on=date(2026, 11, 2))


def rep(found: HandOff) -> User:
    assert found.to_owner
    assert found.to_owner.user
    return found.to_owner.user


def test_an_accepted_lead_is_sal_from_the_moment_it_was_said(found: HandOff, clock: Clock) -> None:
    clock.go(minutes=30)
    said_at = clock.moment
    verdict = actions.accept_lead(by=rep(found), handoff=found, rating=4)
    assert stage_of(found.lead) == "mql"
    clock.go(seconds=11)
    tick_clocks()
    found.refresh_from_db()
    moved = Move.objects.get(lead=found.lead, stage="sal")
    assert (moved.entered_at, moved.from_stage, moved.actor, moved.by) == (said_at, "mql", rep(found), "hand")
    assert (moved.evidence, moved.override) == ({"verdict": verdict.pk}, "")
    assert (found.end, found.ended_at, found.answered_at, found.response_seconds) == (
        "accepted",
        said_at,
        said_at,
        1800,
    )
    assert found.verdicts.get().rating == 4


def test_an_undo_leaves_no_trace_in_any_number(found: HandOff, clock: Clock) -> None:
    verdict = actions.reject_lead(by=rep(found), handoff=found, criterion=RESPONSES)
    clock.go(seconds=9)
    tick_clocks()
    actions.undo_verdict(by=rep(found), verdict=verdict)
    clock.go(minutes=1)
    tick_clocks()
    found.refresh_from_db()
    assert (found.end, found.answered_at, stage_of(found.lead)) == ("", None, "mql")
    assert actions.accept_lead(by=rep(found), handoff=found).answer == "accepted"


def test_after_ten_seconds_it_stands(found: HandOff, clock: Clock) -> None:
    verdict = actions.accept_lead(by=rep(found), handoff=found)
    clock.go(seconds=10.5)
    with pytest.raises(ValidationError, match="taken effect"):
        actions.undo_verdict(by=rep(found), verdict=verdict)


def test_nothing_rings_while_a_verdict_waits_for_its_ten_seconds(found: HandOff, clock: Clock) -> None:
    assert found.due_at
    clock.moment = found.due_at - timedelta(seconds=5)
    actions.accept_lead(by=rep(found), handoff=found)
    clock.go(seconds=8)
    tick_clocks()
    clock.go(seconds=30)
    tick_clocks()
    found.refresh_from_db()
    assert not Event.objects.filter(kind="funnel.breached").exists()
    assert found.answered_at
    assert found.answered_at < found.due_at


def test_a_rejection_names_the_criterion_that_failed(found: HandOff, clock: Clock) -> None:
    assert RESPONSES in actions.criteria_of(found)
    with pytest.raises(ValidationError, match="Choose the criterion"):
        actions.reject_lead(by=rep(found), handoff=found)
    with pytest.raises(ValidationError, match="does not have this criterion"):
        actions.reject_lead(by=rep(found), handoff=found, criterion="too blue")
    actions.reject_lead(by=rep(found), handoff=found, criterion=RESPONSES, note="A student", after="disqualified")
    clock.go(seconds=11)
    tick_clocks()
    moved = Move.objects.get(lead=found.lead, stage="disqualified")
    assert moved.override == f"{RESPONSES}: A student"
    assert HandOff.objects.get(pk=found.pk).end == "rejected"


def test_a_recycled_lead_comes_back_on_its_day_qualifies_again_and_rings_again(found: HandOff, clock: Clock) -> None:
    from crm.models import Touch

    for day in range(3):
        make.record(Touch, lead=found.lead, has_responded=True, happened_at=START - timedelta(days=day + 1))
    actions.recycle_lead(by=rep(found), handoff=found, until=date(2026, 12, 1))
    clock.go(seconds=11)
    tick_clocks()
    assert stage_of(found.lead) == "recycled"
    refresh()
    classify_buyers()
    clock.moment = local("2026-11-30T23:59:00")
    tick_clocks()
    assert stage_of(found.lead) == "recycled"
    clock.moment = local("2026-12-01T00:00:30")
    tick_clocks()
    assert stage_of(found.lead) == "inquiry"
    clock.go(minutes=1)
    refresh()
    classify_buyers()
    tick_clocks()
    assert stage_of(found.lead) == "mql"
    assert found.lead.handoffs.filter(ended_at=None).count() == 1
    assert Event.objects.filter(kind="funnel.handed_over").count() == 2


def test_who_was_lost_after_being_accepted_comes_back_to_be_judged_again(found: HandOff, clock: Clock) -> None:
    from crm.models import Touch

    actions.accept_lead(by=rep(found), handoff=found)
    clock.go(seconds=11)
    tick_clocks()
    make.opportunity(lead=found.lead, outcome="lost", opened_on=date(2026, 11, 19), closed_on=date(2026, 11, 20))
    clock.go(days=4)
    refresh()
    classify_buyers()
    refresh()
    assert stage_of(found.lead) == "lost"
    clock.go(days=1)
    for hours in range(3):
        make.record(Touch, lead=found.lead, has_responded=True, happened_at=clock.moment - timedelta(hours=hours))
    for _ in range(2):
        refresh()
        classify_buyers()
    assert stage_of(found.lead) == "mql"


def test_only_the_owner_or_those_above_give_a_verdict(found: HandOff, cmo: User, ops: User, cro: User) -> None:
    stranger = make.user(Role.REP)
    for person in (cmo, ops, make.user(Role.MARKETER)):
        with pytest.raises(PermissionDenied):
            actions.accept_lead(by=person, handoff=found)
    with pytest.raises(Http404):
        actions.accept_lead(by=stranger, handoff=found)
    assert actions.accept_lead(by=cro, handoff=found).given_by == cro


def test_one_verdict_a_hand_off(found: HandOff, clock: Clock) -> None:
    actions.accept_lead(by=rep(found), handoff=found)
    with pytest.raises(ValidationError, match="already"):
        actions.reject_lead(by=rep(found), handoff=found, note="No")
    clock.go(seconds=11)
    tick_clocks()
    with pytest.raises(ValidationError, match="has ended: accepted"):
        actions.reject_lead(by=rep(found), handoff=found, note="No")


def test_a_call_that_the_manager_logs_is_the_managers_and_is_a_response(
    found: HandOff, clock: Clock, cro: User, ops: User
) -> None:
    own = make.owner(name="Rob", user=cro)
    clock.go(minutes=10)
    activity = actions.log_call(by=cro, handoff=found)
    assert (activity.logged_by, activity.owner) == (cro, own)
    clock.go(minutes=10)
    tick_clocks()
    found.refresh_from_db()
    assert (found.attempts, found.response_seconds) == (1, 600)
    with pytest.raises(PermissionDenied, match="Only the owner of the lead"):
        actions.log_call(by=ops, handoff=found)
    assert Activity.objects.count() == 1


def test_a_rating_and_a_pause_say_who_gave_them(found: HandOff, cro: User) -> None:
    actions.rate_lead(by=cro, handoff=found, rating=4)
    actions.pause_clock(by=rep(found), handoff=found, until=local("2026-11-20T10:00:00"), reason="On holiday")
    found.refresh_from_db()
    assert (found.rated_by, found.paused_by) == (cro, rep(found))


def test_a_logged_call_is_the_first_response_and_an_attempt(found: HandOff, clock: Clock) -> None:
    clock.go(minutes=10)
    activity = actions.log_call(by=rep(found), handoff=found, outcome="voicemail", notes="No answer", seconds=20)
    clock.go(minutes=10)
    actions.log_call(by=rep(found), handoff=found, kind="email")
    tick_clocks()
    found.refresh_from_db()
    assert (activity.lead, activity.owner, activity.kind) == (found.lead, found.to_owner, "call")
    assert (found.attempts, found.response_seconds, found.end) == (2, 600, "")


def test_too_few_attempts_ring(found: HandOff, clock: Clock) -> None:
    actions.log_call(by=rep(found), handoff=found)
    clock.moment = local("2026-11-25T15:00:30")
    tick_clocks()
    assert Event.objects.get(kind="funnel.attempts_missed").title == "Fewer attempts than agreed: Lena, with Ada"
    assert Event.objects.get(kind="funnel.accept_missed")


def test_a_clock_that_is_paused_rings_nothing_and_goes_on_with_what_was_left(found: HandOff, clock: Clock) -> None:
    clock.go(hours=1)
    actions.pause_clock(
        by=rep(found), handoff=found, until=local("2026-11-20T10:00:00"), reason="On holiday until Friday"
    )
    clock.moment = local("2026-11-19T16:00:00")
    tick_clocks()
    assert not Event.objects.filter(kind__in=["funnel.breached", "funnel.warned"]).exists()
    clock.moment = local("2026-11-20T10:05:00")
    tick_clocks()
    found.refresh_from_db()
    assert (found.paused_at, found.due_at) == (None, local("2026-11-20T13:00:00"))  # three of four hours were left
    assert found.paused_seconds == (1 + 8 + 1) * 3600
    actions.log_call(by=rep(found), handoff=found)
    tick_clocks()
    found.refresh_from_db()
    assert found.response_seconds == 3600 + 300


def test_who_answers_while_the_clock_stands_is_not_charged_for_the_wait(found: HandOff, clock: Clock) -> None:
    clock.go(hours=1)
    actions.pause_clock(
        by=rep(found), handoff=found, until=local("2026-11-20T10:00:00"), reason="On holiday until Friday"
    )
    clock.moment = local("2026-11-19T12:00:00")
    actions.log_call(by=rep(found), handoff=found)
    tick_clocks()
    found.refresh_from_db()
    assert found.response_seconds == 3600


def test_a_clock_that_rang_already_is_not_set_back_by_a_pause(found: HandOff, clock: Clock) -> None:
    due = found.due_at
    clock.moment = local("2026-11-19T12:00:00")
    tick_clocks()
    actions.pause_clock(by=rep(found), handoff=found, until=local("2026-11-20T10:00:00"), reason="Late")
    clock.moment = local("2026-11-20T10:05:00")
    tick_clocks()
    found.refresh_from_db()
    assert found.due_at == due


def test_a_lead_is_rated_before_or_after_the_verdict(found: HandOff, clock: Clock) -> None:
    actions.rate_lead(by=rep(found), handoff=found, rating=2)
    verdict = actions.accept_lead(by=rep(found), handoff=found)
    assert verdict.rating == 2
    clock.go(seconds=11)
    tick_clocks()
    actions.rate_lead(by=rep(found), handoff=found, rating=5)
    verdict.refresh_from_db()
    assert verdict.rating == 5
    with pytest.raises(ValidationError):
        actions.rate_lead(by=rep(found), handoff=found, rating=6)


@pytest.fixture
def rejected(found: HandOff, clock: Clock, cfo: User) -> Verdict:
    verdict = actions.reject_lead(by=rep(found), handoff=found, note="No one knows her")
    clock.go(seconds=11)
    tick_clocks()
    verdict.refresh_from_db()
    return verdict


def test_marketing_answers_and_the_rep_is_told(rejected: Verdict, cmo: User) -> None:
    contests.answer_verdicts(by=cmo, verdicts=[rejected], text="We check the address now.")
    (notice,) = Notice.objects.filter(event__kind="funnel.answered")
    assert (notice.user, notice.event.title) == (
        rejected.given_by,
        "Mona CMO answers your verdict: We check the address now.",
    )
    with pytest.raises(PermissionDenied):
        contests.answer_verdicts(by=rejected.given_by, verdicts=[rejected], text="No")


def test_a_contest_that_is_won_hands_the_lead_back_and_starts_a_new_clock(
    rejected: Verdict, cmo: User, cfo: User, cro: User, clock: Clock
) -> None:
    made = contests.contest_verdict(by=cmo, verdict=rejected, text="She asked for a demo.")
    assert (made.arbiter, made.rule_by) == (cfo, date(2026, 12, 2))
    with pytest.raises(PermissionDenied, match="Frank CFO"):
        contests.rule_on_contest(by=cro, contested=made, decision="upheld", ruling="No")
    clock.go(hours=1)
    contests.rule_on_contest(by=cfo, contested=made, decision="overturned", ruling="A demo is a need.")
    tick_clocks()
    again = rejected.lead.handoffs.get(ended_at=None)
    assert (again.started_at, stage_of(rejected.lead)) == (clock.moment, "mql")
    assert Notice.objects.filter(event__kind="funnel.ruled", user=rejected.given_by).exists()
    with pytest.raises(ValidationError):
        contests.rule_on_contest(by=cfo, contested=made, decision="upheld", ruling="Or not")


def test_a_late_ruling_is_told_once(rejected: Verdict, cmo: User, clock: Clock) -> None:
    contests.contest_verdict(by=cmo, verdict=rejected, text="She asked for a demo.")
    assert contests.notify_late_rulings() == 0
    clock.go(days=20)
    assert (contests.notify_late_rulings(), contests.notify_late_rulings()) == (1, 0)
