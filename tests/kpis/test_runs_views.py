"""The page of the runs: how fresh, how far, what failed, and the button that asks for a run."""

from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.work import State, run_claimed
from facts import steps
from facts.refresh import refresh
from facts.steps import Step
from kpis import nightly
from kpis.models import NightlyRun, RunStep
from team.models import Company, User
from tests import make

HTMX = {"HX-Request": "true", "HX-Target": "live"}


def a_run(number: int = 1, **fields: Any) -> NightlyRun:
    began = timezone.now() - timedelta(seconds=125)
    given = {"state": State.DONE, "started_at": began, "finished_at": timezone.now(), "local_day": date(2026, 11, 22)}
    return NightlyRun.objects.create(key=f"nightly:{number}", **{**given, **fields})


def a_step(run: NightlyRun, **fields: Any) -> RunStep:
    given = {"name": "facts", "label": "Copy what changed", "position": 0, "started_at": timezone.now()}
    return RunStep.objects.create(run=run, **{**given, **fields})


def page(client: Client, address: str = "/runs/", **headers: Any) -> str:
    response = client.get(address, headers=headers.get("headers"))
    assert response.status_code == 200
    return " ".join(response.content.decode().split())  # a thin space becomes a plain one


def test_a_company_without_runs_is_told_what_to_do(as_user: Any, ops: User) -> None:
    words = page(as_user(ops))
    assert "No numbers have been computed yet." in words
    assert "No runs yet" in words


def test_the_page_says_how_fresh_the_numbers_are_in_the_company_s_zone(
    as_user: Any, ops: User, company: Company
) -> None:
    ops.time_zone = "America/New_York"
    ops.save()
    with time_machine.travel(datetime(2026, 11, 22, 2, 2, tzinfo=UTC), tick=False):
        refresh()
        words = page(as_user(ops))
    assert "The numbers are as of Nov 22, 2026, 3:02 AM CET." in words
    assert "The next run is due Nov 23, 2026, 3:00 AM CET." in words


def test_a_run_shows_when_how_long_and_how_many_rows(as_user: Any, ops: User) -> None:
    run = a_run()
    a_step(run, rows=1200, finished_at=timezone.now(), seconds=3.2)
    a_step(run, name="metrics", position=1, rows=34, finished_at=timezone.now())
    words = page(as_user(ops))
    assert "Night of Nov 22, 2026" in words
    assert "2 min 5 s" in words
    assert 'title="1,234"' in words
    assert "Done" in words
    detail = page(as_user(ops), f"/runs/{run.pk}/")
    assert "Copy what changed" in detail
    assert 'title="1,200"' in detail


def test_what_failed_is_said_with_its_error(as_user: Any, ops: User) -> None:
    run = a_run(state=State.FAILED, last_error="OSError: no space left on device")
    a_step(run, error="OSError: no space left on device", tries=5)
    words = page(as_user(ops))
    assert "The last run failed: OSError: no space left on device" in words
    assert "Failed" in page(as_user(ops), f"/runs/{run.pk}/")


def test_old_numbers_are_called_old(as_user: Any, ops: User) -> None:
    refresh()
    assert "more than a day ago" not in page(as_user(ops))
    with time_machine.travel(timezone.now() + timedelta(hours=27)):
        assert "more than a day ago" in page(as_user(ops))


def test_asking_queues_one_run_and_shows_its_progress(as_user: Any, ops: User) -> None:
    client = as_user(ops)
    for _ in range(2):
        assert client.post("/runs/").headers["Location"] == "/runs/"
    run = NightlyRun.objects.get()
    assert (run.kind, run.asked_by, run.state) == ("demand", ops, "queued")
    words = page(client)
    assert "It waits for a worker." in words
    assert 'hx-trigger="every 1s"' in words
    NightlyRun.objects.update(state=State.RUNNING, started_at=timezone.now())
    a_step(run, done=30, total=120, doing="leads")
    a_step(run, name="metrics", position=1, started_at=None)
    region = page(client, headers=HTMX)
    assert region.startswith('<div class="runs" id="live"')
    assert "Copy what changed (step 1 of 2)" in region
    assert "leads: 30 of 120" in region
    assert 'value="12" max="100"' in region
    NightlyRun.objects.update(state=State.DONE)
    assert "every 1s" not in page(client, headers=HTMX)


def test_only_those_with_the_right_see_and_ask(as_user: Any, rep: User, cro: User, client: Client) -> None:
    assert client.get("/runs/").status_code == 302
    assert as_user(rep).get("/runs/").status_code == 403
    assert as_user(rep).post("/runs/").status_code == 403
    assert not NightlyRun.objects.exists()
    assert as_user(cro).post("/runs/").status_code == 302
    assert as_user(rep).get(f"/runs/{NightlyRun.objects.get().pk}/").status_code == 403


def test_the_list_is_paged_and_asks_the_same_of_ten_runs_as_of_twenty(as_user: Any, ops: User) -> None:
    client = as_user(ops)
    counts = []
    for total in (10, 20):
        for number in range(NightlyRun.objects.count(), total):
            a_step(a_run(number), rows=1)
        with CaptureQueriesContext(connection) as queries:
            page(client)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 16
    for number in range(20, 30):
        a_run(number)
    assert "1–25 of 30 runs" in page(client)
    assert "26–30 of 30 runs" in page(client, "/runs/?page=2")


@pytest.fixture
def short_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first step as it is, and a quick one after it."""
    first = [step for step in steps.ordered_steps() if step.name == "facts"]
    monkeypatch.setattr(
        nightly, "ordered_steps", lambda: [*first, Step("metrics", "Compute the metrics", lambda hear: 4)]
    )


def test_recompute_does_the_whole_chain_and_reports_it(company: Company, short_chain: None) -> None:
    make.lead()
    out = StringIO()
    call_command("recompute", stdout=out)
    run = NightlyRun.objects.get()
    assert (run.state, run.kind) == ("done", "demand")
    assert "Copy changes to the facts: 1 rows in" in out.getvalue()
    assert "Compute the metrics: 4 rows in" in out.getvalue()


def test_recompute_shows_a_bar_on_a_terminal(company: Company, short_chain: None) -> None:
    out = StringIO()
    out.isatty = lambda: True  # type: ignore[method-assign]
    make.lead()
    call_command("recompute", stdout=out)
    assert "1 of 1  leads" in out.getvalue()
    assert "█" in out.getvalue()


def test_recompute_tries_again_and_fails_aloud(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(progress: Any) -> int:
        NightlyRun.objects.update(run_after=timezone.now())
        raise OSError("no space left on device")

    monkeypatch.setattr(nightly, "ordered_steps", lambda: [Step("broken", "Break", broken)])
    monkeypatch.setattr("core.work.RETRY_AFTER", timedelta(0))
    monkeypatch.setattr("kpis.management.commands.recompute.PAUSE_SECONDS", 0)
    errors = StringIO()
    with pytest.raises(CommandError, match="no space left on device"):
        call_command("recompute", stdout=StringIO(), stderr=errors)
    assert errors.getvalue().count("no space left") == nightly.STEP_TRIES - 1
    assert NightlyRun.objects.get().state == State.FAILED


def test_recompute_waits_for_a_run_that_a_worker_has(
    company: Company, short_chain: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = a_run(state=State.QUEUED, started_at=None, finished_at=None)
    assert NightlyRun.claim(run.pk)
    waited = []

    def pause(seconds: float) -> None:
        waited.append(seconds)
        NightlyRun.objects.update(state=State.QUEUED, lease_until=None)

    monkeypatch.setattr("kpis.management.commands.recompute.time.sleep", pause)
    call_command("recompute", stdout=StringIO())
    assert waited
    run.refresh_from_db()
    assert run.state == State.DONE
    assert NightlyRun.objects.count() == 1


def test_the_tick_finds_and_rings_what_is_due(
    company: Company, short_chain: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core import tasks

    rung: list[tuple[str, int]] = []
    monkeypatch.setattr(tasks.run_work, "delay", lambda label, pk: rung.append((label, pk)))
    tasks.queue_due_work()
    run = NightlyRun.objects.get(kind=NightlyRun.Kind.NIGHTLY)
    assert ("kpis.NightlyRun", run.pk) in rung
    assert run_claimed(NightlyRun, run.pk)
