"""The clocks of hand-offs: exactly what was signed, from the day it was signed, each ring once."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.models import Activity, Owner
from funnel.handoffs.clock_tick import tick_clocks
from funnel.models import Absence, HandOff
from notify.models import Event, Notice
from team.models import Calendar, Company, User
from tests import make
from tests.funnel.handoff_factory import enters, handed, local, qualified, seller, signed

WEDNESDAY = local("2026-11-18T15:00:00")
LEAD_ANGEL = {str(day): [["10:00", "18:00"]] for day in range(5)}


@pytest.fixture
def sla(cmo: User, cro: User, ada: Owner) -> Any:
    return signed(cmo, cro, since=local("2026-11-01T00:00:00"))


def events(kind: str = "") -> list[str]:
    return [event.title for event in Event.objects.filter(kind__startswith=kind or "funnel.").order_by("pk")]


def told(kind: str) -> set[str]:
    return {notice.user.name for notice in Notice.objects.filter(event__kind=kind).select_related("user")}


def of_company(week: dict[str, Any] | None = None, **fields: Any) -> None:
    company = Company.get()
    company.calendar = Calendar.objects.create(name="Hours", **({"week": week} if week else {}), **fields)
    company.save()


@pytest.mark.parametrize(
    ("entered", "due"),
    [("2026-11-18T15:00:00", "2026-11-19T17:00:00"), ("2026-11-18T20:00:00", "2026-11-20T12:00:00")],
)
def test_the_published_examples_come_out_exactly(cmo: User, cro: User, ada: Owner, entered: str, due: str) -> None:
    """LeadAngel, 10:00–18:00, Monday to Friday: Wed 15:00 + 10 h = Thu 17:00; Wed 20:00 + 10 h = Fri 12:00."""
    of_company(LEAD_ANGEL)
    signed(cmo, cro, since=local("2026-11-01T00:00:00"), response=10)
    assert handed(local(entered)).due_at == local(due)


def test_every_deadline_follows_from_the_terms(sla: Any) -> None:
    found = handed(WEDNESDAY)  # 9:00 to 17:00
    assert found.due_at == local("2026-11-19T11:00:00")
    assert found.warn_at == local("2026-11-19T10:00:00")
    assert found.reroute_at == local("2026-11-19T13:00:00")
    assert found.accept_due_at == local("2026-11-20T15:00:00")
    assert found.attempts_due_at == local("2026-11-25T15:00:00")
    assert found.sla == sla
    assert "capacity" in found.why


def test_nothing_is_opened_for_what_happened_before_the_signature(sla: Any) -> None:
    before = qualified(local("2026-10-30T12:00:00"))
    tick_clocks(WEDNESDAY)
    assert not before.handoffs.exists()


def test_a_draft_that_one_side_signed_starts_no_clock(cmo: User, cro: User, ada: Owner) -> None:
    from agreements import actions

    version = actions.draft_version(
        by=cmo,
        kind="sla",
        key="mql",
        title="SLA",
        text="Soon.",
        terms={"stage": "mql", "response": 1, "response_unit": "hours"},
    )
    actions.propose_version(by=cmo, version=version)
    found = qualified(WEDNESDAY)
    tick_clocks(WEDNESDAY + timedelta(days=9))
    assert not found.handoffs.exists()


def test_a_clock_keeps_the_terms_under_which_it_started(sla: Any, cmo: User, cro: User) -> None:
    from agreements.models import Version

    first = handed(WEDNESDAY)
    newer = signed(cmo, cro, response=1)
    Version.objects.filter(pk=sla.pk).update(ended_at=local("2026-11-18T16:00:00"))
    Version.objects.filter(pk=newer.pk).update(in_force_at=local("2026-11-18T16:00:00"))
    second = handed(local("2026-11-18T16:00:00"))
    first.refresh_from_db()
    assert (first.sla, first.due_at) == (sla, local("2026-11-19T11:00:00"))
    assert (second.sla, second.due_at) == (newer, local("2026-11-18T17:00:00"))


def test_the_pilot_of_a_team_wins_over_everybodys(sla: Any, cmo: User, cro: User, ada: Owner) -> None:
    boss = make.user("rep", name="Boss")
    bob = seller("Bob", boss)
    pilot = signed(
        cmo, cro, since=local("2026-11-02T00:00:00"), response=1, pilot_manager=boss, expires_on=date(2026, 12, 31)
    )
    theirs = handed(WEDNESDAY, owner=bob)
    others = handed(WEDNESDAY, owner=ada)
    assert (theirs.sla, others.sla) == (pilot, sla)


def test_holidays_and_the_lunch_break_stand_still(sla: Any) -> None:
    week = {str(day): [["09:00", "12:00"], ["13:00", "18:00"]] for day in range(5)}
    of_company(week, closed_days=["2026-11-19"])
    assert handed(local("2026-11-18T11:00:00")).due_at == local("2026-11-18T16:00:00")
    assert handed(local("2026-11-18T17:00:00")).due_at == local("2026-11-20T12:00:00")


def test_each_rep_has_their_own_zone(sla: Any, ada: Owner) -> None:
    assert ada.user
    User.objects.filter(pk=ada.user.pk).update(time_zone="America/New_York")
    assert handed(WEDNESDAY).due_at == local("2026-11-18T19:00:00")  # 9:00 in New York is 15:00 in Berlin


def test_the_hour_that_the_clocks_repeat_counts_twice(cmo: User, cro: User, ada: Owner) -> None:
    of_company({"6": [["00:00", "12:00"]]})
    signed(cmo, cro, since=local("2026-10-01T00:00:00"), response=4)
    assert handed(local("2026-10-25T00:00:00")).due_at == local("2026-10-25T03:00:00")


def test_it_warns_then_breaches_then_goes_to_another_person(sla: Any, ada: Owner, cro: User, cmo: User) -> None:
    found = handed(WEDNESDAY, name="Lena")
    tick_clocks(local("2026-11-19T09:59:00"))
    assert not events("funnel.warned")
    tick_clocks(local("2026-11-19T10:00:00"))
    assert events("funnel.warned") == ["Lena must be answered by Nov 19, 11:00\u202fAM CET"]
    assert told("funnel.warned") == {"Ada"}
    tick_clocks(local("2026-11-19T11:00:00"))
    assert events("funnel.breached") == ["Not answered in time: Lena, due Nov 19, 11:00\u202fAM CET, with Ada"]
    assert told("funnel.breached") == {"Ada", "Rob CRO", "Mona CMO"}
    bob = seller("Bob", cro)
    tick_clocks(local("2026-11-19T13:00:00"))
    found.refresh_from_db()
    assert (found.end, found.ended_at) == ("rerouted", local("2026-11-19T13:00:00"))
    again = found.lead.handoffs.get(ended_at=None)
    assert (again.to_owner, again.started_at, again.due_at) == (
        bob,
        local("2026-11-19T13:00:00"),
        local("2026-11-19T17:00:00"),
    )
    assert again.why.startswith("Passed on: Ada did not answer by Nov 19, 11:00\u202fAM CET; Bob's turn by capacity")
    assert told("funnel.rerouted") == {"Ada", "Rob CRO"}


def test_where_no_one_else_takes_it_it_stays_and_that_is_said_once(sla: Any) -> None:
    found = handed(WEDNESDAY, name="Lena")
    for minute in range(3):
        tick_clocks(local(f"2026-11-19T13:0{minute}:00"))
    found.refresh_from_db()
    assert found.ended_at is None
    assert events("funnel.nobody_else") == ["No one else can take Lena: it stays with Ada"]


def test_twice_rings_once(sla: Any) -> None:
    handed(WEDNESDAY)
    for _ in range(3):
        tick_clocks(local("2026-11-19T11:00:30"))
    assert len(events("funnel.breached")) == 1
    assert Event.objects.filter(kind="funnel.handed_over").count() == 1


def test_a_breach_rings_within_ninety_seconds_of_its_moment_with_no_one_looking(sla: Any) -> None:
    """Walk the clock as beat does, every 30 seconds, through the real look."""
    found = handed(WEDNESDAY)
    moment = local("2026-11-19T10:58:17")
    while moment < local("2026-11-19T11:03:00"):
        with patch("django.utils.timezone.now", return_value=moment):
            tick_clocks()
        moment += timedelta(seconds=30)
    found.refresh_from_db()
    assert found.due_at
    assert found.breached_at
    assert timedelta(0) <= found.breached_at - found.due_at <= timedelta(seconds=90)
    assert Event.objects.get(kind="funnel.breached").details["handoff"] == found.pk  # written with that stamp


def test_the_bell_of_the_clocks_is_rung_by_beat(settings: Any) -> None:
    from revops.celery import app

    rung = {entry["task"]: entry["schedule"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    app.loader.import_default_modules()
    assert rung["funnel.clocks"] <= 45
    assert {"funnel.clocks", "agreements.days", "funnel.rulings"} <= set(app.tasks) & set(rung)


def call(found: HandOff, moment: datetime, **fields: Any) -> Activity:
    return make.record(
        Activity, **{"kind": "Call", "lead": found.lead, "owner": found.to_owner, "happened_at": moment, **fields}
    )


def test_the_first_response_is_the_owners_first_activity(sla: Any, ada: Owner) -> None:
    found = handed(WEDNESDAY)
    call(found, local("2026-11-18T14:00:00"))  # before it was handed over
    call(found, local("2026-11-18T15:30:00"), owner=make.owner())  # another person
    call(found, local("2026-11-18T15:40:00"), kind="Note")
    call(found, local("2026-11-18T15:45:00"), status="Not Started")
    call(found, local("2026-11-19T09:30:00"))
    call(found, local("2026-11-18T16:30:00"))  # it came late from the CRM
    tick_clocks(local("2026-11-19T12:00:00"))
    found.refresh_from_db()
    assert (found.answered_at, found.attempts, found.response_seconds) == (local("2026-11-18T16:30:00"), 2, 5400)
    assert not events("funnel.breached")


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "Incoming email"},
        {"kind": "Email", "direction": "incoming"},
        {"kind": "Missed call"},
        {"kind": "Call", "direction": "internal"},
        {"kind": "Email", "status": "BOUNCED"},
        {"kind": "Email", "direction": "outgoing", "is_undelivered": True},
        {"kind": "Email", "direction": "outgoing", "status": "Failed"},
        {"kind": "Call", "outcome": "Wrong number"},
    ],
)
def test_what_comes_in_or_does_not_arrive_answers_nothing(sla: Any, fields: dict[str, Any]) -> None:
    found = handed(WEDNESDAY)
    call(found, local("2026-11-18T15:30:00"), **fields)
    tick_clocks(local("2026-11-19T12:00:00"))
    found.refresh_from_db()
    assert (found.answered_at, found.attempts) == (None, 0)
    assert events("funnel.breached")


def test_what_goes_out_and_arrives_answers(sla: Any, ada: Owner) -> None:
    found = handed(WEDNESDAY)
    call(found, local("2026-11-18T15:30:00"), kind="Reply to incoming email", direction="outgoing", status="SENT")
    call(found, local("2026-11-18T16:30:00"), outcome="No answer", owner=make.owner(user=ada.user))
    tick_clocks(local("2026-11-18T17:00:00"))
    found.refresh_from_db()
    assert (found.answered_at, found.attempts) == (local("2026-11-18T15:30:00"), 2)


def test_an_email_that_bounces_later_lets_the_clock_run_on(sla: Any) -> None:
    found = handed(WEDNESDAY)
    mail = call(found, local("2026-11-18T15:30:00"), kind="Email", status="SENT")
    tick_clocks(local("2026-11-18T16:00:00"))
    found.refresh_from_db()
    assert found.answered_at == local("2026-11-18T15:30:00")
    Activity.objects.filter(pk=mail.pk).update(status="BOUNCED")
    tick_clocks(local("2026-11-18T16:01:00"))
    found.refresh_from_db()
    assert (found.answered_at, found.attempts, found.response_seconds) == (None, 0, None)
    call(found, local("2026-11-18T16:30:00"))
    tick_clocks(local("2026-11-18T17:00:00"))
    found.refresh_from_db()
    assert found.answered_at == local("2026-11-18T16:30:00")


def test_a_late_answer_is_waited_for_so_that_the_true_time_is_known(sla: Any) -> None:
    found = handed(WEDNESDAY)
    tick_clocks(local("2026-11-19T11:00:00"))
    call(found, local("2026-11-19T12:00:00"))
    tick_clocks(local("2026-11-19T12:30:00"))
    found.refresh_from_db()
    assert (found.response_seconds, found.ended_at) == (5 * 3600, None)
    assert found.breached_at == local("2026-11-19T11:00:00")


def test_no_one_waits_for_ever(sla: Any) -> None:
    found = handed(WEDNESDAY)
    tick_clocks(local("2026-12-18T15:00:00"))
    tick_clocks(local("2026-12-18T15:01:00"))
    found.refresh_from_db()
    assert (found.end, found.answered_at) == ("lapsed", None)
    assert len(events("funnel.lapsed")) == 1


def test_the_records_move_it_on(sla: Any) -> None:
    ahead, out, back = (handed(WEDNESDAY) for _ in range(3))
    for found, stage in ((ahead, "sql"), (out, "disqualified"), (back, "inquiry")):
        enters(found.lead, local("2026-11-18T16:00:00"), stage)
    tick_clocks(local("2026-11-18T16:01:00"))
    ends = []
    for found in (ahead, out, back):
        found.refresh_from_db()
        ends.append((found.end, found.answered_at == local("2026-11-18T16:00:00"), found.response_seconds))
    assert ends == [("accepted", True, 3600), ("rejected", True, 3600), ("withdrawn", False, None)]


def test_a_lead_that_qualifies_again_rings_again(sla: Any) -> None:
    """Mautic: a trigger that was logged for a contact never fires again."""
    found = handed(WEDNESDAY).lead
    enters(found, local("2026-11-18T16:00:00"), "recycled")
    enters(found, local("2026-11-19T10:00:00"))
    tick_clocks(local("2026-11-19T10:00:01"))
    assert found.handoffs.count() == 2
    assert Event.objects.filter(kind="funnel.handed_over").count() == 2


def test_history_that_comes_all_at_once_opens_every_hand_off_with_its_true_times(sla: Any) -> None:
    found = make.lead()
    for stage, day in (("mql", 4), ("recycled", 5), ("mql", 10), ("sal", 11)):
        enters(found, local(f"2026-11-{day:02}T10:00:00"), stage)
    tick_clocks(WEDNESDAY)
    ends = list(found.handoffs.order_by("started_at").values_list("end", "response_seconds"))
    assert ends == [("rejected", 8 * 3600), ("accepted", 8 * 3600)]
    assert not events("funnel.breached")


def test_two_gates_are_one_hand_off_while_someone_has_the_lead(sla: Any, cmo: User, cro: User) -> None:
    signed(cmo, cro, since=local("2026-11-01T00:00:00"), key="pql", stage="pql")
    found = handed(WEDNESDAY).lead
    enters(found, local("2026-11-18T15:30:00"), "pql")
    tick_clocks(local("2026-11-18T15:31:00"))
    assert found.handoffs.count() == 1


def test_who_is_away_gets_none_and_what_they_have_goes_to_others(sla: Any, ada: Owner, cro: User) -> None:
    found = handed(WEDNESDAY, owner=ada, name="Lena")
    bob = seller("Bob", cro)
    Absence.objects.create(owner=ada, starts_on=date(2026, 11, 18), ends_on=date(2026, 11, 24))
    tick_clocks(local("2026-11-18T15:05:00"))
    again = found.lead.handoffs.get(ended_at=None)
    assert again.to_owner == bob
    assert again.why.startswith("Passed on: Ada is away until Nov 24, 2026; ")
    fresh = handed(local("2026-11-18T15:10:00"), owner=ada)
    assert fresh.to_owner == bob
    assert fresh.why.startswith("Ada, who owns the lead in the CRM, is away until Nov 24, 2026; Bob's turn")


def test_where_no_one_else_is_there_the_clock_waits_for_their_return(sla: Any, ada: Owner) -> None:
    found = handed(WEDNESDAY)
    Absence.objects.create(owner=ada, starts_on=date(2026, 11, 18), ends_on=date(2026, 11, 19))
    tick_clocks(local("2026-11-18T16:00:00"))
    tick_clocks(local("2026-11-19T11:00:00"))
    found.refresh_from_db()
    assert (found.paused_until, found.breached_at) == (local("2026-11-20T00:00:00"), None)
    tick_clocks(local("2026-11-20T08:00:00"))
    found.refresh_from_db()
    assert (found.paused_at, found.paused_seconds) == (None, 9 * 3600)  # 16 to 17 h, and all of Thursday
    assert found.due_at == local("2026-11-20T12:00:00")


def test_no_one_at_all_is_told_to_the_head_of_sales(cmo: User, cro: User) -> None:
    signed(cmo, cro, since=local("2026-11-01T00:00:00"))
    found = handed(WEDNESDAY, name="Lena")
    assert (found.to_owner, found.why) == (None, "No person who takes leads is present")
    assert told("funnel.handed_over") == {"Rob CRO"}
    ada = seller("Ada", cro)
    tick_clocks(local("2026-11-18T15:30:00"))
    found.refresh_from_db()
    assert (found.to_owner, found.due_at) == (ada, local("2026-11-19T11:00:00"))
    assert told("funnel.assigned") == {"Ada"}


def test_one_failing_look_keeps_no_other_from_ringing(sla: Any) -> None:
    handed(WEDNESDAY)
    with patch("funnel.handoffs.clock_tick.STEPS", (("broken", _broken), *_looks())), pytest.raises(RuntimeError):
        tick_clocks(local("2026-11-19T11:00:00"))
    assert len(events("funnel.breached")) == 1


def _looks() -> Iterator[Any]:
    from funnel.handoffs import clock_tick as module

    yield from module.STEPS


def _broken(now: datetime) -> int:
    raise RuntimeError("broken")


def test_ten_clocks_or_forty_ask_the_same_number_of_questions(cmo: User, cro: User, ada: Owner) -> None:
    signed(cmo, cro, since=local("2026-11-01T00:00:00"), reroute=None, acceptance=None, attempts=0)
    tick_clocks(local("2026-11-18T08:00:00"))
    counts = []
    for many, day in ((10, 18), (40, 19)):
        start = local(f"2026-11-{day}T09:00:00")
        for _ in range(many):
            qualified(start)
        for moment in (start, start + timedelta(hours=3, minutes=1), start + timedelta(hours=4, minutes=1)):
            with CaptureQueriesContext(connection) as asked:
                tick_clocks(moment)
            counts.append(len(asked))
    assert counts[:3] == counts[3:]
    assert Event.objects.filter(kind="funnel.breached").count() == 50


def test_two_hundred_leads_at_once_are_one_notice_for_the_rep_and_one_for_each_who_hears(
    sla: Any, ada: Owner, cro: User, cmo: User
) -> None:
    for _ in range(200):
        qualified(WEDNESDAY)
    tick_clocks(WEDNESDAY)
    (notice,) = Notice.objects.filter(user=ada.user)
    assert notice.event.title == "200 leads are yours: answer the first by Nov 19, 11:00\u202fAM CET"
    tick_clocks(local("2026-11-19T11:01:00"))
    assert Event.objects.filter(kind="funnel.breached").count() == 200
    rung = Notice.objects.filter(event__kind__startswith="funnel.breached").select_related("event", "user")
    assert {(one.user, one.event.title) for one in rung} == {
        (ada.user, "200 leads were not answered in time, the first by Nov 19, 11:00\u202fAM CET"),
        (cro, "200 leads were not answered in time, the first by Nov 19, 11:00\u202fAM CET (Ada 200)"),
        (cmo, "200 leads were not answered in time, the first by Nov 19, 11:00\u202fAM CET (Ada 200)"),
    }


def test_history_is_handed_over_without_telling_anybody_to_answer_by_a_day_that_has_passed(
    cmo: User, cro: User, ada: Owner
) -> None:
    signed(cmo, cro, since=local("2026-06-01T00:00:00"))
    old, fresh = qualified(local("2026-07-01T10:00:00")), qualified(WEDNESDAY)
    tick_clocks(WEDNESDAY)
    assert old.handoffs.exists()
    handed_over = Notice.objects.filter(event__kind="funnel.handed_over").values_list("event__title", flat=True)
    assert list(handed_over) == [f"{fresh} is yours: answer by Nov 19, 11:00\u202fAM CET"]


def test_a_call_known_by_its_day_alone_answers_on_that_day_and_never_before_the_hand_off(sla: Any) -> None:
    found = handed(WEDNESDAY)
    call(found, local("2026-11-17T00:00:00"))  # the day before
    call(found, local("2026-11-18T00:00:00"))
    tick_clocks(local("2026-11-19T12:00:00"))
    found.refresh_from_db()
    assert (found.answered_at, found.is_answer_day_only) == (found.started_at, True)
    assert (found.attempts, found.response_seconds) == (1, None)  # how long it took is not known
    assert not events("funnel.breached")


def test_a_call_of_a_later_day_without_a_time_answers_that_day(sla: Any) -> None:
    found = handed(WEDNESDAY)
    call(found, local("2026-11-19T00:00:00"))
    tick_clocks(local("2026-11-19T12:00:00"))
    found.refresh_from_db()
    assert (found.answered_at, found.is_answer_day_only, found.response_seconds) == (
        local("2026-11-19T00:00:00"),
        True,
        None,
    )
