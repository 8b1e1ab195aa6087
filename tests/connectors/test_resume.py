"""A worker that is killed in mid-pull: what it had committed stays, the rest is read again, every row is there once."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings as accord
from django.db import connection
from django.utils import timezone

from connectors.models import Connector, Pull
from core.work import State
from crm import models as crm
from team.models import User
from tests.connectors.conftest import connect, run, source_of
from tests.connectors.hubspot import HubSpot
from tests.connectors.pipedrive import Pipedrive
from tests.connectors.salesforce import Salesforce
from tests.connectors.server import Question, Source, Stage

T = datetime(2026, 11, 1, 9, tzinfo=UTC)
SIZE = {"hubspot": "connectors.vendors.hubspot.reader.PAGE_SIZE", "pipedrive": "connectors.vendors.pipedrive.reader.PAGE_SIZE", "salesforce": "connectors.vendors.salesforce.reader.PAGE_ROWS"}  # fmt: skip
PAGES = {"hubspot": "/search", "pipedrive": "/api/v2/deals", "salesforce": "/results"}
KINDS = {"hubspot": "deals", "pipedrive": "deals", "salesforce": "Opportunity"}
ROWS = 45
WORKER = """
import sys
from unittest import mock
import django
django.setup()
from django.core.management import call_command
with mock.patch({size!r}, 8):
    call_command("pull_crm", stdout=sys.stdout)
"""


def fill(source: Source) -> None:
    for key in range(1, ROWS + 1):
        at = T + timedelta(seconds=key // 5)
        if isinstance(source, HubSpot):
            source.put("deals", key, at, dealname=f"D{key}", dealstage="contractsent")
            source.history[str(key)] = [{"value": "contractsent", "timestamp": "2026-10-01T08:00:00Z"}]
        elif isinstance(source, Pipedrive):
            source.put("deals", key, at, title=f"D{key}", stage_id=1, status="open")
        elif isinstance(source, Salesforce):
            source.put(
                "Opportunity", f"006A{key:011d}AAA", at, Name=f"D{key}", StageName="Prospecting", CloseDate="2026-12-31"
            )


@pytest.fixture(params=[HubSpot, Pipedrive, Salesforce], ids=lambda made: made.__name__.lower())
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    source = request.param()
    fill(source)
    with Stage(source) as stage:
        yield stage


def name_of(stage: Stage) -> str:
    return type(stage.source).__name__.lower()


def worker(stage: Stage, data: Path) -> "subprocess.Popen[bytes]":
    """Start a process of our own that pulls, in the tests' database and folders; what it says goes to a file."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    url = urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))
    env = {
        **os.environ, "DATABASE_URL": url, "DATA_DIR": str(data), "CONNECTOR_LOOPBACK": "1",
        "DJANGO_SETTINGS_MODULE": "revops.settings", "SECRET_KEY": accord.SECRET_KEY,
    }  # fmt: skip
    code = WORKER.format(size=SIZE[name_of(stage)])
    with said(data).open("wb") as out:
        return subprocess.Popen([sys.executable, "-c", code], env=env, stdout=out, stderr=subprocess.STDOUT)


def said(data: Path) -> Path:
    return data / "worker.txt"


def kill_when(stage: Stage, process: "subprocess.Popen[bytes]", data: Path, moment: Callable[[Question], bool]) -> None:
    """Kill the worker the hard way while it waits for, or digests, the answer to a certain question."""

    def watch(question: Question) -> None:
        if moment(question):
            os.kill(process.pid, signal.SIGKILL)

    source_of(stage).after = watch
    process.wait(120)
    source_of(stage).after = lambda question: None
    assert process.returncode == -signal.SIGKILL, said(data).read_text()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("page", [1, 4])
def test_a_pull_outlives_its_workers(stage: Stage, ops: User, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch, page: int) -> None:  # fmt: skip
    assert tmp_path / "uploads" == Path(settings.MEDIA_ROOT)
    name = name_of(stage)
    connect(stage, ops, kinds=[KINDS[name]])
    count = iter(range(1, 100))
    process = worker(stage, tmp_path)
    kill_when(stage, process, tmp_path, lambda question: question.path.endswith(PAGES[name]) and next(count) == page)

    row = Pull.objects.get()
    assert row.state == State.RUNNING, "its worker had no time to say anything"
    Pull.objects.update(lease_until=timezone.now())  # the lease of a minute has run out
    monkeypatch.setattr(SIZE[name], 8)
    done = run(row)

    assert (done.state, done.last_error) == (State.DONE, "")
    assert sorted(crm.Opportunity.objects.values_list("name", flat=True)) == sorted(
        f"D{key}" for key in range(1, ROWS + 1)
    )
    assert done.run is not None
    assert (done.run.counts["repeated"], done.run.counts["rejected"]) == (0, 0)
    if name != "salesforce":
        assert crm.StageChange.objects.count() == ROWS
    assert Connector.objects.get().pulled_until(KINDS[name]) == source_of(stage).now
    assert Pull.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_command_pulls_in_the_foreground(hubspot: Stage, ops: User, tmp_path: Path) -> None:
    fill(source_of(hubspot))
    connect(hubspot, ops, kinds=["deals"], name="Our CRM")
    process = worker(hubspot, tmp_path)
    try:
        process.wait(120)
    finally:
        process.kill()
    assert process.wait() == 0, (said(tmp_path).read_text(), Pull.objects.values())
    assert "Our CRM: " in said(tmp_path).read_text()
    assert crm.Opportunity.objects.count() == ROWS
    assert Pull.objects.get().cause == Pull.Cause.COMMAND
