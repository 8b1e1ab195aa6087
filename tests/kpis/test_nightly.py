"""A run goes through its steps to the end, each recorded, whatever kills it."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings as configured
from django.db import connection
from django.utils import timezone

from core.work import State
from facts import delta_tables, engine, steps
from facts.engine import open_facts
from facts.models import Snapshot
from facts.refresh import Busy
from facts.steps import Step
from kpis import nightly
from kpis.models import NightlyRun, RunStep
from kpis.nightly import STEP_TRIES
from team.models import Company
from tests import make
from tests.kpis.running import Chain, go_on, new_run


def test_the_real_chain_ends_with_fresh_facts(company: Company) -> None:
    make.lead()
    run = go_on(new_run())
    assert run.state == State.DONE
    assert [step.name for step in run.steps.all()] == [step.name for step in steps.ordered_steps()]
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
    assert [step.name for step in steps.ordered_steps()] == ["facts", "scoring", "funnel", "kpis"]


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
    for _ in range(nightly.STEP_TRIES - 1):
        with pytest.raises(ValueError, match="always"):
            go_on(run)
    go_on(run)
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
        monkeypatch.setattr(nightly, "PROGRESS_INTERVAL", 0)

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
    monkeypatch.setattr(nightly, "PROGRESS_INTERVAL", 0)
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


def test_a_step_that_waits_has_not_failed(company: Company, chain: Chain) -> None:
    waits = iter([True] * (STEP_TRIES + 1))

    def busy_at_first(progress: Any) -> int:
        if next(waits, False):
            raise Busy
        return 7

    chain(first=busy_at_first)
    run = new_run()
    for _ in range(STEP_TRIES + 2):
        NightlyRun.objects.filter(pk=run.pk).update(run_after=timezone.now())
        go_on(run)
    assert run.state == State.DONE
    assert [(step.rows, step.tries, step.error) for step in run.steps.all()] == [(7, 1, "")]


SCRIPT = """
import os, signal, sys
import django
django.setup()
from core.work import run_claimed
from facts.steps import Step
from kpis import nightly
from kpis.models import NightlyRun
def deadly(progress):
    os.kill(os.getpid(), signal.SIGKILL)
real = [step for step in nightly.ordered_steps() if step.name == "facts"]
nightly.ordered_steps = lambda: [*real, Step("second", "Do the second", deadly)]
run_claimed(NightlyRun, int(sys.argv[1]))
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
    monkeypatch.setattr(delta_tables, "SEGMENT_ROWS", 2)
    monkeypatch.setattr(steps, "STAGE_SECONDS", 0)
    make.lead()
    make.lead()
    make.lead()
    assert steps.copy_facts(lambda *news: None) is None
    assert not Snapshot.objects.exists()
    monkeypatch.setattr(steps, "STAGE_SECONDS", 40)
    assert steps.copy_facts(lambda *news: None) == 3
    assert Snapshot.objects.get().rows["leads"] == 3
