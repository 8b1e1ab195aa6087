"""When a connector pulls: by the company's clock, once for each moment, never two at a time."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.utils import timezone

from connectors import actions
from connectors.models import Connector, Pull
from connectors.schedule import last_due, next_after, next_pull, queue_due
from core.tasks import queue_due_work
from core.work import State
from team.models import User

BERLIN = ZoneInfo("Europe/Berlin")


def at(words: str) -> datetime:
    return datetime.fromisoformat(words).replace(tzinfo=BERLIN)


@pytest.fixture
def connector(ops: User) -> Connector:
    return actions.add_connector(
        by=ops, source="hubspot", name="HubSpot", base_url="https://api.hubapi.com", method="private_app",
        filled={"token": "x"}, kinds=["owners"], schedule="0 8 * * *",
    )  # fmt: skip


def test_the_next_moment_is_by_the_companys_clock() -> None:
    before = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)  # 07:30 in Berlin
    assert next_after("0 8 * * *", before, BERLIN) == datetime(2026, 11, 22, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "since", "now", "due"),
    [
        ("0 8 * * *", "2026-11-21 09:00", "2026-11-22 07:59", None),
        ("0 8 * * *", "2026-11-21 09:00", "2026-11-22 08:00", "2026-11-22 08:00"),
        ("0 8 * * *", "2026-11-22 08:00", "2026-11-22 08:00", None),
        ("0 8 * * *", "2026-11-01 09:00", "2026-11-22 12:00", "2026-11-22 08:00"),
        ("0 8 1 * *", "2026-10-20 09:00", "2026-11-22 12:00", "2026-11-01 08:00"),
        ("*/15 * * * *", "2026-11-22 11:58", "2026-11-22 12:50", "2026-11-22 12:45"),
        ("30 2 * * *", "2026-03-28 12:00", "2026-03-29 12:00", "2026-03-29 03:00"),  # the hour that is skipped
        ("0 0 31 2 *", "2026-01-01 00:00", "2026-11-22 12:00", None),
        ("nonsense", "2026-01-01 00:00", "2026-11-22 12:00", None),
    ],
)
def test_of_all_moments_missed_the_last_counts(line: str, since: str, now: str, due: str | None) -> None:
    assert last_due(line, at(since), at(now), BERLIN) == (at(due) if due else None)


def test_a_moment_queues_one_pull_however_often_one_looks(connector: Connector) -> None:
    Connector.objects.update(scheduled_at=at("2026-11-21 09:00"))
    with time_machine.travel(at("2026-11-22 08:00:05"), tick=False):
        for _ in range(3):
            queue_due()
        assert Pull.objects.count() == 1
        assert Connector.objects.get().scheduled_at == at("2026-11-22 08:00")
        assert next_pull(Connector.objects.get()) == at("2026-11-23 08:00")


def test_the_tick_rings_for_what_is_due(connector: Connector, monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[tuple[str, int]] = []
    monkeypatch.setattr("core.tasks.run_work.delay", lambda label, pk: rung.append((label, pk)))
    Connector.objects.update(scheduled_at=timezone.now() - timedelta(days=2))
    queue_due_work()
    assert ("connectors.Pull", Pull.objects.get().pk) in rung


def test_while_one_pull_is_at_work_no_other_is_queued(connector: Connector) -> None:
    first = actions.pull_now(by=None, connector=connector)
    Connector.objects.update(scheduled_at=timezone.now() - timedelta(days=2))
    queue_due()
    assert list(Pull.objects.all()) == [first]
    assert actions.pull_now(by=None, connector=connector) == first
    with pytest.raises(IntegrityError):
        Pull.objects.create(key="another", connector=connector)


def test_a_connector_that_is_off_queues_nothing_and_its_pull_stops(connector: Connector, ops: User) -> None:
    first = actions.pull_now(by=ops, connector=connector)
    actions.disable_connector(by=ops, connector=connector)
    first.refresh_from_db()
    assert first.state == State.CANCELLED
    Connector.objects.update(scheduled_at=timezone.now() - timedelta(days=2))
    queue_due()
    assert Pull.objects.count() == 1
    actions.enable_connector(by=ops, connector=connector)
    queue_due()
    assert Pull.objects.count() == 1, "what it missed comes with its next moment"


def test_only_those_who_may_import_touch_a_connector(connector: Connector, rep: User) -> None:
    for act in (
        actions.enable_connector,
        actions.disable_connector,
        actions.cancel_pull,
        actions.pull_everything_again,
        actions.remove_connector,
    ):
        with pytest.raises(PermissionDenied, match="You cannot"):
            act(by=rep, connector=connector)
    assert Connector.objects.count() == 1


def test_quiet_pulls_of_long_ago_are_forgotten(connector: Connector, settings: Any) -> None:
    old = {"state": State.DONE, "finished_at": timezone.now() - timedelta(days=40)}
    Pull.objects.create(key="quiet", connector=connector, **old)
    Pull.objects.create(key="loud", connector=connector, done_units=3, **old)
    Connector.objects.update(scheduled_at=timezone.now() - timedelta(days=2))
    queue_due()
    assert set(Pull.objects.exclude(state=State.QUEUED).values_list("key", flat=True)) == {"loud"}
