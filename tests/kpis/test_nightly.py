"""A run falls due once, whatever beats and clocks do, and goes through its steps to the end, whatever kills it."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings as configured
from django.db import connection
from django.utils import timezone

from core.work import State, perform
from crm.models import Import
from facts import engine, lake, steps
from facts.engine import open_facts
from facts.models import Snapshot
from facts.refresh import Busy
from facts.steps import Step
from kpis import nightly
from kpis.models import NightlyRun, RunStep
from kpis.nightly import ask_for_run
from team.models import Company
from tests import make

Chain = Callable[..., None]


@pytest.fixture
def chain(monkeypatch: pytest.MonkeyPatch) -> Chain:
    """Let the chain consist of the given functions: `chain(first=work, second=work)`."""

    def consist(**works: Any) -> None:
        made = [Step(name, f"Do the {name}", work) for name, work in works.items()]
        monkeypatch.setattr(nightly, "steps", lambda: made)

    return consist


def keys() -> list[str]:
    return list(NightlyRun.objects.order_by("pk").values_list("key", flat=True))


def new_run(key: str = "demand:test") -> NightlyRun:
    return NightlyRun.objects.create(key=key, kind=NightlyRun.Kind.DEMAND, local_day=date(2026, 11, 22))


def go_on(run: NightlyRun) -> NightlyRun:
    """Perform the run as a worker does, at once whatever it waits for."""
    NightlyRun.objects.filter(pk=run.pk, state=State.QUEUED).update(run_after=timezone.now() - timedelta(seconds=1))
    perform(NightlyRun, run.pk)
    run.refresh_from_db()
    return run


def an_import(finished_at: datetime, **fields: Any) -> Import:
    number = Import.objects.count() + 1
    begun = {"started_at": finished_at - timedelta(minutes=1), "finished_at": finished_at}
    return Import.objects.create(
        key=f"import-{number}", name="x.csv", folder="x", **{"state": State.DONE, **begun, **fields}
    )


# When


@pytest.fixture
def at_noon(company: Company) -> Iterator[Any]:
    """Noon in Berlin on a day whose nightly run is over."""
    with time_machine.travel(datetime(2026, 11, 22, 11, 0, tzinfo=UTC), tick=False) as clock:
        NightlyRun.schedule()
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
            NightlyRun.schedule()
            clock.shift(timedelta(minutes=30))
    nights = [f"nightly:{day + timedelta(days=shift)}" for shift in range(-2, 3)]
    assert set(nights[1:4]) <= set(keys()) <= set(nights)
    assert keys() == sorted(keys())


def test_a_run_waits_for_its_hour(company: Company) -> None:
    with time_machine.travel(datetime(2026, 11, 22, 1, 59, 59, tzinfo=UTC), tick=False) as clock:
        NightlyRun.schedule()
        assert keys() == ["nightly:2026-11-21"], "what was missed in the last 24 hours is made up for"
        clock.shift(1)
        NightlyRun.schedule()
        assert keys() == ["nightly:2026-11-21", "nightly:2026-11-22"]
    run = NightlyRun.objects.get(key="nightly:2026-11-22")
    assert (run.kind, run.local_day, run.state) == ("nightly", date(2026, 11, 22), "queued")


def test_missed_nights_are_made_up_for_by_one_run(company: Company) -> None:
    with time_machine.travel(datetime(2026, 11, 18, 12, tzinfo=UTC), tick=False) as clock:
        NightlyRun.schedule()
        clock.move_to(datetime(2026, 11, 22, 9, tzinfo=UTC))
        NightlyRun.schedule()
    assert keys() == ["nightly:2026-11-18", "nightly:2026-11-22"]


def test_a_clock_that_jumps_back_has_no_effect(company: Company) -> None:
    with time_machine.travel(datetime(2026, 11, 22, 3, tzinfo=UTC), tick=False) as clock:
        for hours in (0, -2, 2, -1, 1):
            clock.shift(timedelta(hours=hours))
            NightlyRun.schedule()
    assert keys().count("nightly:2026-11-22") == 1


def test_three_beats_at_once_queue_one_run(transactional_db: None) -> None:
    Company.get()
    start = threading.Barrier(3)

    def beat() -> None:
        start.wait(10)
        try:
            for _ in range(5):
                NightlyRun.schedule()
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
    NightlyRun.schedule()
    assert keys() == [f"import:{Import.objects.get().pk}"]
    assert "is no cron line" in caplog.text


def test_an_import_is_followed_by_one_run(at_noon: Any) -> None:
    done = an_import(timezone.now())
    for _ in range(3):
        NightlyRun.schedule()
    assert keys()[1:] == [f"import:{done.pk}"]
    run = go_on(NightlyRun.objects.get(kind=NightlyRun.Kind.IMPORT))
    assert (run.state, run.import_ids) == ("done", [done.pk])
    at_noon.shift(60)
    NightlyRun.schedule()
    assert len(keys()) == 2


def test_imports_that_end_together_share_a_run(at_noon: Any) -> None:
    ended = [an_import(timezone.now()).pk for _ in range(3)]
    NightlyRun.schedule()
    an_import(timezone.now())
    NightlyRun.schedule()
    assert keys()[1:] == [f"import:{ended[-1]}"], "the fourth ended before the run began"


def test_an_import_that_ends_while_a_run_goes_on_has_a_run_of_its_own(at_noon: Any) -> None:
    first = an_import(timezone.now())
    NightlyRun.schedule()
    at_noon.shift(10)
    assert NightlyRun.claim(NightlyRun.objects.get(key=f"import:{first.pk}").pk)
    at_noon.shift(10)
    second = an_import(timezone.now(), state=State.CANCELLED)
    NightlyRun.schedule()
    NightlyRun.schedule()
    assert keys()[1:] == [f"import:{first.pk}", f"import:{second.pk}"]


def test_a_failed_run_is_not_repeated_until_something_new_comes(at_noon: Any) -> None:
    first = an_import(timezone.now())
    NightlyRun.schedule()
    NightlyRun.objects.filter(kind=NightlyRun.Kind.IMPORT).update(state=State.FAILED, started_at=timezone.now())
    at_noon.shift(60)
    NightlyRun.schedule()
    assert keys()[1:] == [f"import:{first.pk}"]
    second = an_import(timezone.now())
    NightlyRun.schedule()
    assert NightlyRun.objects.get(key=f"import:{second.pk}").import_ids == [first.pk, second.pk]


def test_an_import_that_never_began_or_still_runs_asks_for_nothing(at_noon: Any) -> None:
    an_import(timezone.now(), state=State.CANCELLED, started_at=None)
    an_import(timezone.now(), state=State.RUNNING)
    NightlyRun.schedule()
    assert len(keys()) == 1


def test_lost_facts_are_mended_without_being_asked(company: Company, settings: Any) -> None:
    NightlyRun.schedule()
    go_on(NightlyRun.objects.get())
    NightlyRun.schedule()
    assert len(keys()) == 1
    settings.FACTS_DIR += "-elsewhere"
    NightlyRun.schedule()
    NightlyRun.schedule()
    assert keys()[1:] == [f"demand:lost-facts-{Snapshot.objects.get().pk}"]
    go_on(NightlyRun.objects.latest("pk"))
    assert open_facts().as_of is not None


def test_whoever_asks_during_a_run_is_given_that_run(company: Company, ops: Any) -> None:
    first = ask_for_run(user=ops)
    assert (first.kind, first.asked_by) == ("demand", ops)
    assert ask_for_run(user=None) == first
    NightlyRun.objects.update(state=State.DONE)
    assert ask_for_run(user=None) != first


# How


def test_the_real_chain_ends_with_fresh_facts(company: Company) -> None:
    make.lead()
    run = go_on(new_run())
    assert run.state == State.DONE
    assert [step.name for step in run.steps.all()] == [step.name for step in steps.steps()]
    first = run.steps.get(name="facts")
    assert first.rows == 1
    assert first.finished_at
    assert open_facts().as_of == engine.as_of()
    assert run.rows >= 1
    assert run.fault == ""
    assert (run.done_units, run.total_units) == (run.steps.count(), run.steps.count())


def test_rooms_come_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    def in_room(room: str) -> Any:
        def work(progress: Any) -> int:
            return 0

        work.__module__ = f"{room}.steps"
        return work

    names = {name: Step(name, name, in_room(name)) for name in ("kpis", "scoring", "facts", "funnel")}
    monkeypatch.setattr(steps, "_steps", names)
    assert [step.name for step in steps.steps()] == ["facts", "scoring", "funnel", "kpis"]


def test_each_step_is_recorded(company: Company, chain: Chain) -> None:
    chain(first=lambda progress: 3, second=lambda progress: 4)
    run = go_on(new_run())
    assert [(step.name, step.rows, step.tries, step.state) for step in run.steps.all()] == [
        ("first", 3, 1, "done"),
        ("second", 4, 1, "done"),
    ]
    assert run.rows == 7
    assert all(step.started_at and step.finished_at and step.took is not None for step in run.steps.all())


def test_a_failing_step_is_recorded_and_tried_again(company: Company, chain: Chain) -> None:
    called = {"first": 0, "second": 0}

    def first(progress: Any) -> int:
        called["first"] += 1
        return 1

    def second(progress: Any) -> int:
        called["second"] += 1
        if called["second"] == 1:
            raise OSError("no space left on device")
        return 2

    chain(first=first, second=second)
    run = new_run()
    with pytest.raises(OSError, match="no space"):
        go_on(run)
    run.refresh_from_db()
    failed = run.steps.get(name="second")
    assert (run.state, failed.state) == ("queued", "failed")
    assert failed.error == run.fault == "OSError: no space left on device"
    go_on(run)
    assert run.state == State.DONE
    assert run.fault == ""
    assert called == {"first": 1, "second": 2}
    assert RunStep.objects.get(name="second").tries == 2


def test_a_step_that_always_fails_ends_the_run_and_says_why(company: Company, chain: Chain) -> None:
    def broken(progress: Any) -> int:
        progress(1, 2, "half way")
        raise ValueError("always")

    chain(first=lambda progress: 1, broken=broken)
    run = new_run()
    for _ in range(NightlyRun.MAX_ATTEMPTS + 1):
        if not run.is_over:
            with pytest.raises(ValueError, match="always"):
                go_on(run)
            run.refresh_from_db()
    assert run.state == State.FAILED
    assert run.fault == "ValueError: always"
    assert run.duration is not None


def test_a_step_with_more_to_do_is_called_again(company: Company, chain: Chain) -> None:
    answers: list[int | None] = [None, None, 5]
    chain(long=lambda progress: answers.pop(0))
    run = go_on(new_run())
    assert run.state == State.DONE
    assert (RunStep.objects.get().rows, RunStep.objects.get().tries) == (5, 1)


def test_a_long_step_keeps_its_claim_and_says_how_far_it_is(
    company: Company, chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    with time_machine.travel(datetime(2026, 11, 22, 11, tzinfo=UTC), tick=False) as clock:
        monkeypatch.setattr(nightly, "NOTE_EVERY", 0)

        def long(progress: Any) -> int:
            for done in range(5):
                clock.shift(50)
                progress(done, 5, "leads")
                run = NightlyRun.objects.get()
                seen.append((run.steps.get().done, NightlyRun.due().exists()))
            return 5

        chain(long=long)
        go_on(new_run())
    assert seen == [(done, False) for done in range(5)], "never found abandoned"


def test_a_worker_that_lost_its_claim_stops(company: Company, chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nightly, "NOTE_EVERY", 0)
    went_on = []

    def slow(progress: Any) -> int:
        NightlyRun.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        assert NightlyRun.claim(NightlyRun.objects.get().pk)
        progress(1, 2, "leads")
        went_on.append(True)
        return 1

    chain(slow=slow)
    run = new_run()
    go_on(run)
    assert went_on == []
    assert run.state == State.RUNNING, "as the other worker left it"


def test_runs_wait_for_older_ones_and_for_other_refreshes(company: Company, chain: Chain) -> None:
    def busy(progress: Any) -> int:
        raise Busy

    chain(first=busy)
    older, younger = new_run("demand:1"), new_run("demand:2")
    go_on(older)
    assert (older.state, older.attempts) == ("queued", 0)
    assert "another refresh" in older.last_error
    assert older.fault == ""
    NightlyRun.objects.filter(pk=older.pk).update(run_after=timezone.now())
    assert NightlyRun.claim(older.pk)
    go_on(younger)
    assert younger.state == State.QUEUED
    assert not younger.steps.exists()


SCRIPT = """
import os, signal, sys
import django
django.setup()
from core.work import perform
from facts.steps import Step
from kpis import nightly
from kpis.models import NightlyRun
def deadly(progress):
    os.kill(os.getpid(), signal.SIGKILL)
real = [step for step in nightly.steps() if step.name == "facts"]
nightly.steps = lambda: [*real, Step("second", "Do the second", deadly)]
perform(NightlyRun, int(sys.argv[1]))
"""


def test_killed_between_steps_it_goes_on_with_the_second(
    transactional_db: None, chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    Company.get()
    make.lead()
    run = new_run()
    address = f"{os.environ['DATABASE_URL'].rsplit('/', 1)[0]}/{connection.settings_dict['NAME']}"
    environment = {**os.environ, "DATABASE_URL": address, "FACTS_DIR": str(configured.FACTS_DIR)}
    environment["DJANGO_SETTINGS_MODULE"] = "revops.settings"
    command = [sys.executable, "-c", SCRIPT, str(run.pk)]
    killed = subprocess.run(command, env=environment, cwd=Path(__file__).parents[2], timeout=120)
    assert killed.returncode == -signal.SIGKILL
    run.refresh_from_db()
    assert run.state == State.RUNNING
    assert [(step.name, step.state) for step in run.steps.all()] == [("facts", "done"), ("second", "running")]
    assert not NightlyRun.due().exists(), "its lease still runs"
    NightlyRun.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert NightlyRun.due().get() == run
    chain(facts=pytest.fail, second=lambda progress: 9)
    go_on(run)
    assert run.state == State.DONE
    assert [(step.name, step.tries) for step in run.steps.all()] == [("facts", 1), ("second", 2)]


def test_a_large_first_copy_takes_several_calls(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    Company.get()
    monkeypatch.setattr(lake, "SEGMENT_ROWS", 2)
    monkeypatch.setattr(steps, "STAGE_SECONDS", 0)
    make.lead()
    make.lead()
    make.lead()
    assert steps.copy_facts(lambda *news: None) is None
    assert not Snapshot.objects.exists()
    monkeypatch.setattr(steps, "STAGE_SECONDS", 40)
    assert steps.copy_facts(lambda *news: None) == 3
    assert Snapshot.objects.get().rows["leads"] == 3
