"""A run falls due once, whatever beats and clocks do, and once for the imports that ended."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from core.work import State
from facts import steps
from facts.engine import open_facts
from facts.models import Snapshot
from imports.models import ImportJob
from kpis.models import NightlyRun
from kpis.nightly import ask_for_run, queue_what_is_due
from team.models import Company
from tests import make
from tests.kpis.running import Chain, go_on, keys

pytestmark = pytest.mark.slow


def an_import(finished_at: datetime, **fields: Any) -> ImportJob:
    number = ImportJob.objects.count() + 1
    begun = {"started_at": finished_at - timedelta(minutes=1), "finished_at": finished_at}
    return ImportJob.objects.create(
        key=f"import-{number}", name="x.csv", folder="x", **{"state": State.DONE, **begun, **fields}
    )


@pytest.fixture
def at_noon(company: Company) -> Iterator[Any]:
    """Noon in Berlin on a day whose nightly run is over."""
    with time_machine.travel(datetime(2026, 11, 22, 11, 0, tzinfo=UTC), tick=False) as clock:
        queue_what_is_due()
        NightlyRun.objects.update(state=State.DONE, started_at=timezone.now() - timedelta(hours=9))
        yield clock


DAYS = [
    ("Europe/Berlin", date(2026, 3, 29), "30 2 * * *"),
    ("Europe/Berlin", date(2026, 10, 25), "30 2 * * *"),
    ("America/New_York", date(2026, 3, 8), "30 2 * * *"),
    ("America/New_York", date(2026, 11, 1), "30 1 * * *"),
    ("Pacific/Kiritimati", date(2026, 11, 22), "0 3 * * *"),
    ("Pacific/Pago_Pago", date(2026, 11, 22), "0 3 * * *"),
    ("Europe/Berlin", date(2028, 2, 29), "59 23 * * *"),
    ("Asia/Kathmandu", date(2026, 12, 31), "0 0 * * *"),
]


@pytest.mark.parametrize(("zone", "day", "line"), DAYS)
def test_every_local_day_has_one_run(company: Company, zone: str, day: date, line: str) -> None:
    company.time_zone, company.nightly_at = zone, line
    company.save()
    start = datetime(day.year, day.month, day.day, tzinfo=company.zone).astimezone(UTC) - timedelta(days=1)
    with time_machine.travel(start, tick=False) as clock:
        for _ in range(2 * 74):
            queue_what_is_due()
            clock.shift(timedelta(minutes=30))
    nights = [f"nightly:{day + timedelta(days=shift)}" for shift in range(-2, 3)]
    assert set(nights[1:4]) <= set(keys()) <= set(nights)
    assert keys() == sorted(keys())


def test_a_run_waits_for_its_hour(company: Company) -> None:
    with time_machine.travel(datetime(2026, 11, 22, 1, 59, 59, tzinfo=UTC), tick=False) as clock:
        queue_what_is_due()
        assert keys() == ["nightly:2026-11-21"], "what was missed in the last 24 hours is made up for"
        clock.shift(1)
        queue_what_is_due()
        assert keys() == ["nightly:2026-11-21", "nightly:2026-11-22"]
    run = NightlyRun.objects.get(key="nightly:2026-11-22")
    assert (run.kind, run.local_day, run.state) == ("nightly", date(2026, 11, 22), "queued")


def test_missed_nights_are_made_up_for_by_one_run(company: Company) -> None:
    with time_machine.travel(datetime(2026, 11, 18, 12, tzinfo=UTC), tick=False) as clock:
        queue_what_is_due()
        clock.move_to(datetime(2026, 11, 22, 9, tzinfo=UTC))
        queue_what_is_due()
    assert keys() == ["nightly:2026-11-18", "nightly:2026-11-22"]


def test_a_clock_that_jumps_back_has_no_effect(company: Company) -> None:
    with time_machine.travel(datetime(2026, 11, 22, 3, tzinfo=UTC), tick=False) as clock:
        for hours in (0, -2, 2, -1, 1):
            clock.shift(timedelta(hours=hours))
            queue_what_is_due()
    assert keys().count("nightly:2026-11-22") == 1


def test_three_beats_at_once_queue_one_run(transactional_db: None) -> None:
    Company.get()
    start = threading.Barrier(3)

    def beat() -> None:
        start.wait(10)
        try:
            for _ in range(5):
                queue_what_is_due()
        finally:
            connection.close()

    beats = [threading.Thread(target=beat) for _ in range(3)]
    for one in beats:
        one.start()
    for one in beats:
        one.join(30)
    assert len(keys()) == 1


def test_a_line_that_is_none_stops_only_the_nights(company: Company, caplog: Any) -> None:
    Company.objects.update(nightly_at="at three")
    an_import(timezone.now())
    queue_what_is_due()
    assert keys() == [f"import:{ImportJob.objects.get().pk}"]
    assert "is no cron line" in caplog.text


def test_an_import_is_followed_by_one_run(at_noon: Any) -> None:
    done = an_import(timezone.now())
    for _ in range(3):
        queue_what_is_due()
    assert keys()[1:] == [f"import:{done.pk}"]
    run = go_on(NightlyRun.objects.get(kind=NightlyRun.Kind.IMPORT))
    assert (run.state, run.import_ids) == ("done", [done.pk])
    at_noon.shift(60)
    queue_what_is_due()
    assert len(keys()) == 2


def test_imports_that_end_together_share_a_run(at_noon: Any) -> None:
    ended = [an_import(timezone.now()).pk for _ in range(3)]
    queue_what_is_due()
    an_import(timezone.now())
    queue_what_is_due()
    assert keys()[1:] == [f"import:{ended[-1]}"], "the fourth ended before the run began"


def test_an_import_that_ends_while_a_run_goes_on_has_a_run_of_its_own(at_noon: Any) -> None:
    first = an_import(timezone.now())
    queue_what_is_due()
    at_noon.shift(10)
    begun = NightlyRun.claim(NightlyRun.objects.get(key=f"import:{first.pk}").pk)
    assert begun
    begun.steps.create(name="facts", label="Copy", position=0, started_at=timezone.now())
    at_noon.shift(10)
    second = an_import(timezone.now(), state=State.CANCELLED)
    queue_what_is_due()
    queue_what_is_due()
    assert keys()[1:] == [f"import:{first.pk}", f"import:{second.pk}"]


def test_a_failed_run_is_not_repeated_until_something_new_comes(at_noon: Any) -> None:
    first = an_import(timezone.now())
    queue_what_is_due()
    NightlyRun.objects.filter(kind=NightlyRun.Kind.IMPORT).update(state=State.FAILED, started_at=timezone.now())
    at_noon.shift(60)
    queue_what_is_due()
    assert keys()[1:] == [f"import:{first.pk}"]
    second = an_import(timezone.now())
    queue_what_is_due()
    assert NightlyRun.objects.get(key=f"import:{second.pk}").import_ids == [first.pk, second.pk]


def test_an_import_that_never_began_or_still_runs_asks_for_nothing(at_noon: Any) -> None:
    an_import(timezone.now(), state=State.CANCELLED, started_at=None)
    an_import(timezone.now(), state=State.RUNNING)
    queue_what_is_due()
    assert len(keys()) == 1


def test_lost_facts_are_corrected_without_being_asked(company: Company, settings: Any, chain: Chain) -> None:
    chain(facts=steps.copy_facts)
    make.lead()  # of nothing there is nothing to lose
    queue_what_is_due()
    go_on(NightlyRun.objects.get())
    queue_what_is_due()
    assert len(keys()) == 1
    settings.FACTS_DIR += "-elsewhere"
    queue_what_is_due()
    queue_what_is_due()
    assert keys()[1:] == [f"demand:lost-facts-{Snapshot.objects.get().pk}"]
    go_on(NightlyRun.objects.latest("pk"))
    assert open_facts().as_of is not None


def test_anyone_who_asks_during_a_run_is_given_that_run(company: Company, ops: Any) -> None:
    first = ask_for_run(user=ops)
    assert (first.kind, first.asked_by) == ("demand", ops)
    assert ask_for_run(user=None) == first
    NightlyRun.objects.update(state=State.DONE)
    assert ask_for_run(user=None) != first


def pushed(at: datetime) -> ImportJob:
    """Write to the import that represents what was pushed this day."""
    run, _ = ImportJob.objects.get_or_create(
        key="pushed:abc:1", defaults={"name": "Pushed", "folder": "", "state": State.DONE, "started_at": at}
    )
    ImportJob.objects.filter(pk=run.pk).update(finished_at=at)
    return run


def test_a_hundred_pushes_in_an_hour_start_a_run_every_ten_minutes_at_most(at_noon: Any, chain: Chain) -> None:
    chain(first=lambda progress: 1)
    for second in range(0, 3600, 15):
        if second % 36 < 15:
            pushed(timezone.now())
        queue_what_is_due()
        waiting = NightlyRun.objects.filter(state=State.QUEUED)
        assert waiting.count() <= 1
        if run := waiting.first():
            go_on(run)
        at_noon.shift(15)
    assert len(keys()) - 1 == 6
    at_noon.shift(600)
    queue_what_is_due()
    assert len(keys()) - 1 == 7, "what was pushed last is in the figures too"
    go_on(NightlyRun.objects.latest("pk"))
    at_noon.shift(600)
    queue_what_is_due()
    assert len(keys()) - 1 == 7


def test_an_import_starts_its_run_at_once_however_much_is_pushed(at_noon: Any, chain: Chain) -> None:
    chain(first=lambda progress: 1)
    pushed(timezone.now())
    queue_what_is_due()
    go_on(NightlyRun.objects.latest("pk"))
    at_noon.shift(15)
    pushed(timezone.now())
    done = an_import(timezone.now())
    queue_what_is_due()
    assert done.pk in NightlyRun.objects.latest("pk").import_ids
    assert NightlyRun.objects.latest("pk").state == State.QUEUED


def test_a_run_that_was_claimed_only_to_wait_is_the_one_that_waits(at_noon: Any, chain: Chain) -> None:
    chain(first=lambda progress: None)
    an_import(timezone.now())
    queue_what_is_due()
    assert NightlyRun.claim(NightlyRun.objects.latest("pk").pk)
    NightlyRun.objects.latest("pk").steps.create(name="first", label="", position=0, started_at=timezone.now())
    for _ in range(5):
        at_noon.shift(15)
        NightlyRun.objects.filter(state=State.RUNNING).update(lease_until=timezone.now() + timedelta(seconds=60))
        an_import(timezone.now())
        queue_what_is_due()
        go_on(NightlyRun.objects.latest("pk"))
    assert NightlyRun.objects.exclude(state=State.DONE).count() == 2
    assert NightlyRun.objects.latest("pk").started_at is None
