"""A real worker, killed with `kill -9` in mid-import, and another that goes on: nothing lost, nothing doubled."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from celery import current_app
from django.db import connection
from django.utils import timezone

from core.tasks import enqueue, queue_due_work
from core.work import State
from crm.models import Lead, Opportunity
from imports.load import pipeline
from imports.models import Duplicate, ImportFile, ImportJob
from tests.imports.importing import bring, picture, queue, refused, wipe

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
ROWS = 4000
PATIENCE = 120
# Blocks of a few kB, so that a small file has many seams; all else is the worker as it runs in production.
WORKER = (
    "from imports.files import blocks; blocks.BLOCK = 20_000; from revops.celery import app; "
    "app.worker_main(['worker', '--concurrency', '1', '--loglevel', 'ERROR'])"
)
Start = Callable[[], "subprocess.Popen[bytes]"]


def files() -> dict[str, str]:
    leads = ["Id,LastName,Company,Status,OwnerId,Email"]
    leads += [f"00Q{n},Name {n},Company {n % 50},New,005{n % 7},n{n % 3500}@example.com" for n in range(ROWS)]
    leads[100] = leads[2000] = ",no id,X,New,,"
    deals = ["Id,AccountId,Name,StageName,Amount,CloseDate,OwnerId"]
    deals += [f"006{n},001{n % 9},Deal {n},Closed Won,{n}.50,2025-03-31,005{n % 7}" for n in range(ROWS // 2)]
    return {
        "Lead.csv": "\n".join(leads),
        "Opportunity.csv": "\n".join(deals),
        "Account.csv": "Id,Name,BillingCity\n" + "\n".join(f"001{n},Account {n},Kiel" for n in range(8)),
    }


def environment(data: Path) -> dict[str, str]:
    """The tests' own database, broker and uploads."""
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}")
    return os.environ | {
        "DATABASE_URL": urlunsplit(url), "DATA_DIR": str(data), "DJANGO_SETTINGS_MODULE": "revops.settings",
    }  # fmt: skip


@pytest.fixture
def start_worker(settings: Any) -> Iterator[Start]:
    """Start real Celery workers on the tests' database and broker; none outlives the test."""
    started: list[subprocess.Popen[bytes]] = []
    env = environment(Path(settings.MEDIA_ROOT).parent)

    def start() -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen([sys.executable, "-c", WORKER], env=env, start_new_session=True))
        return started[-1]

    yield start
    for worker in started:
        kill(worker)
    current_app.control.purge()


def kill(worker: "subprocess.Popen[bytes]") -> None:
    """End a worker and its children at once, as the kernel would."""
    if worker.poll() is None:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()


def wait_for(run: ImportJob, reached: Callable[[ImportJob], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not reached(run):
        assert time.monotonic() < until, f"Stuck at {run.state} {run.checkpoint} {run.last_error}"
        time.sleep(0.02)
        run.refresh_from_db()


def share(run: ImportJob) -> float:
    return run.fraction_done or 0.0


def outcome(run: ImportJob) -> tuple[Any, ...]:
    files = {file.name: (file.rows, file.rejected, file.counts) for file in ImportFile.objects.filter(run=run)}
    left_out = list(
        Duplicate.objects.of(run).values_list("file__name", "line", "external_id", "other_external_id", "done")
    )
    return picture(), refused(run), files, left_out


def test_killed_twice_and_taken_up_again_it_ends_as_if_nothing_had_happened(start_worker: Start) -> None:
    undisturbed = outcome(bring(files(), duplicates={"email": "skip"}))
    assert undisturbed[-1]
    wipe()
    run = queue(files(), duplicates={"email": "skip"})
    enqueue(run)
    for mark in (0.15, 0.6):
        worker = start_worker()
        wait_for(run, lambda run, mark=mark: share(run) > mark)  # type: ignore[misc]
        kill(worker)
        run.refresh_from_db()
        assert run.state == State.RUNNING
        assert mark < share(run) < 1
        committed = Lead.objects.count() + Opportunity.objects.count()
        assert 0 < committed < ROWS * 1.5
        ImportJob.objects.filter(pk=run.pk).update(lease_until=timezone.now())  # a minute passes
        queue_due_work()
    start_worker()
    wait_for(run, lambda run: run.is_over)
    assert run.state == State.DONE
    assert outcome(run) == undisturbed
    assert run.fence >= 3


def test_a_block_does_not_wait_for_the_disk_and_the_end_of_the_import_does(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    upsert = pipeline.upsert

    def watched(*args: Any, **options: Any) -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SHOW synchronous_commit")
            seen.append(cursor.fetchone()[0])
        return upsert(*args, **options)

    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit TO on")
    monkeypatch.setattr(pipeline, "upsert", watched)
    bring({"Account.csv": files()["Account.csv"]})
    with connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        assert (seen, cursor.fetchone()[0]) == (["off"], "on")
        cursor.execute("RESET synchronous_commit")
