"""A failed run is reported once and shown on every page until one succeeds."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core.work import State
from kpis.models import NightlyRun
from kpis.nightly import queue_what_is_due
from kpis.run_health import run_warning
from notify.models import Event, Notice
from team.models import Company, User
from tests.kpis.running import Chain, go_on, new_run

NOON = datetime(2026, 11, 22, 11, tzinfo=UTC)


def ended(state: State, finished_at: datetime) -> NightlyRun:
    run = new_run(f"demand:{NightlyRun.objects.count()}")
    NightlyRun.objects.filter(pk=run.pk).update(state=state, started_at=finished_at, finished_at=finished_at)
    return run


def test_a_step_that_always_fails_does_not_keep_later_steps_from_running(company: Company, chain: Chain) -> None:
    ran = []

    def broken(progress: Any) -> int:
        raise ValueError("always")

    chain(first=lambda progress: 1, broken=broken, last=lambda progress: ran.append(True) or 7)
    run = new_run()
    for _ in range(10):
        if not run.is_over:
            try:
                go_on(run)
            except ValueError:
                run.refresh_from_db()
    assert ran == [True]
    assert run.state == State.FAILED
    assert [(step.name, step.state, step.tries) for step in run.steps.all()] == [
        ("first", "done", 1), ("broken", "failed", 3), ("last", "done", 1),
    ]  # fmt: skip
    assert run.last_error == "“Do the broken” failed: ValueError: always"


def test_a_step_that_kills_its_worker_each_time_is_given_up_too(company: Company, chain: Chain) -> None:
    chain(deadly=pytest.fail, last=lambda progress: 7)
    run = new_run()
    run.steps.create(name="deadly", label="Do the deadly", position=0, tries=3, started_at=timezone.now())
    go_on(run)
    assert run.state == State.FAILED
    assert "The worker stopped 3 times" in run.fault
    assert run.steps.get(name="last").state == "done"


def test_failing_runs_are_told_once_until_one_succeeds(company: Company, ops: User, rep: User) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        for state, told in [("failed", 1), ("failed", 1), ("done", 1), ("failed", 2), ("failed", 2)]:
            run = ended(State(state), timezone.now())
            queue_what_is_due()
            queue_what_is_due()
            assert Event.objects.filter(kind="kpis.run_failed").count() == told
            clock.shift(timedelta(minutes=30))
    assert {notice.user for notice in Notice.objects.filter(event__kind="kpis.run_failed")} == {ops}
    assert Event.objects.filter(kind="kpis.run_failed").latest("pk").link == reverse("run", args=[run.pk - 1])


def test_every_page_says_that_the_run_failed_and_ops_are_led_to_it(
    company: Company, ops: User, rep: User, as_user: Callable[[User], Client]
) -> None:
    failed = ended(State.FAILED, timezone.now())
    for address in ("/", reverse("dashboard"), reverse("notices")):
        page = as_user(rep).get(address, follow=True).content.decode()
        assert "nightly run failed" in page, address
        assert reverse("run", args=[failed.pk]) not in page
    assert reverse("run", args=[failed.pk]) in as_user(ops).get(reverse("dashboard"), follow=True).content.decode()
    ended(State.DONE, timezone.now() + timedelta(seconds=1))
    assert "nightly run failed" not in as_user(rep).get(reverse("dashboard"), follow=True).content.decode()


@pytest.mark.parametrize(("line", "hours", "is_warned"), [
    ("0 3 * * *", 25, False), ("0 3 * * *", 27, True), ("0 3 * * 1", 100, False), ("at three", 25, False),
    ("at three", 27, True),
])  # fmt: skip
def test_figures_are_stale_when_a_due_run_has_not_succeeded(
    company: Company, line: str, hours: int, is_warned: bool
) -> None:
    Company.objects.update(nightly_at=line)
    with time_machine.travel(datetime(2026, 11, 16, 2, 5, tzinfo=UTC), tick=False) as clock:  # Monday, 3:05 in Berlin
        ended(State.DONE, timezone.now())
        clock.shift(timedelta(hours=hours))
        assert (run_warning() is not None) == is_warned


def test_a_company_that_never_ran_is_not_warned(company: Company) -> None:
    assert run_warning() is None
