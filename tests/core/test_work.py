"""Work rows: one worker at a time, nothing lost when it dies, nothing written by one that lost its lease."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from django.db import connection, models, transaction
from django.test.utils import isolate_apps
from django.utils import timezone

from core import work
from core.tasks import queue_due_work
from core.work import (
    LostLease,
    PermanentFailure,
    Postpone,
    State,
    Work,
    portion_seconds,
    register_step,
    register_worker,
    registration_of,
    run_claimed,
    work_models,
)

with isolate_apps("core"):

    class Errand(Work):
        """Counts to three, one step each; fails where `trip` says."""

        trip = models.IntegerField(default=0)
        pause = models.IntegerField(default=0)
        dead_end = models.IntegerField(default=0)

        class Meta(Work.Meta):
            app_label = "core"


def do_one_step(row: Any) -> bool:
    reached = row.checkpoint.get("reached", 0) + 1
    if reached == row.trip:
        raise RuntimeError("stumbled")
    if reached == row.dead_end:
        raise PermanentFailure("no way through")
    if reached == row.pause:
        raise Postpone(30, "the shop is shut", checkpoint={**row.checkpoint, "waits": 1})
    with transaction.atomic():
        row.advance({"reached": reached}, done_units=reached)
    return reached == 3


@pytest.fixture
def errands(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Errand]]:
    monkeypatch.setattr(work, "_registrations", dict(work._registrations))
    register_step(Errand, do_one_step)
    with connection.schema_editor() as editor:
        editor.create_model(Errand)
    yield Errand
    with connection.schema_editor() as editor:
        editor.delete_model(Errand)


def later(row: Errand, **fields: Any) -> None:
    type(row).objects.filter(pk=row.pk).update(**fields)


def test_a_row_is_worked_to_its_end(errands: type[Errand]) -> None:
    row = errands.objects.create(key="a", total_units=3)
    run_claimed(errands, row.pk)
    row.refresh_from_db()
    assert (row.state, row.checkpoint, row.fraction_done, row.lease_until) == (State.DONE, {"reached": 3}, 1.0, None)


def test_two_bells_for_one_row_do_the_work_once(errands: type[Errand]) -> None:
    row = errands.objects.create(key="a")
    assert errands.claim(row.pk) is not None
    assert run_claimed(errands, row.pk) is None


def test_a_silent_worker_loses_the_row_and_may_not_write(errands: type[Errand]) -> None:
    row = errands.objects.create(key="a")
    zombie = errands.claim(row.pk)
    assert zombie is not None
    later(row, lease_until=timezone.now() - timedelta(seconds=1))
    heir = run_claimed(errands, row.pk)
    assert heir is not None
    assert heir.state == State.DONE
    with pytest.raises(LostLease):
        zombie.advance({"reached": 99})
    row.refresh_from_db()
    assert row.checkpoint == {"reached": 3}


def test_a_step_longer_than_its_lease_keeps_the_claim(errands: type[Errand], monkeypatch: pytest.MonkeyPatch) -> None:
    row = errands.objects.create(key="a")
    monkeypatch.setattr(work, "HEARTBEAT_SECONDS", 0.01)

    def outlive_lease(claimed: Any) -> bool:
        later(row, lease_until=timezone.now() - timedelta(seconds=1))
        for _ in range(1000):  # until it was extended; the number of tries only ends a test that fails
            if not errands.due().filter(pk=row.pk).exists():
                return do_one_step(claimed)
            time.sleep(0.01)
        return True

    register_step(errands, outlive_lease)
    done = run_claimed(errands, row.pk)
    assert done is not None
    assert (done.state, done.fence, done.checkpoint) == (State.DONE, 1, {"reached": 3})


def test_a_lease_is_not_waited_for_while_the_step_writes_the_row(
    errands: type[Errand], monkeypatch: pytest.MonkeyPatch
) -> None:
    row = errands.objects.create(key="a")
    monkeypatch.setattr(work, "HEARTBEAT_SECONDS", 0.0)

    def write_slowly(claimed: Any) -> bool:
        with transaction.atomic():
            claimed.advance({"reached": 3})
            time.sleep(0.1)
        return True

    register_step(errands, write_slowly)
    assert run_claimed(errands, row.pk)


def test_a_portion_ends_with_the_time_of_its_message(errands: type[Errand]) -> None:
    assert portion_seconds(40) == 40  # outside of a message
    portions = []

    def note_portion(claimed: Any) -> bool:
        portions.append(portion_seconds(40))
        return True

    register_step(errands, note_portion)
    for number, budget in enumerate((1000.0, 20.0, -1.0)):
        run_claimed(errands, errands.objects.create(key=str(number)).pk, budget=budget)
    full, late, least = portions
    assert (full, least) == (40, work.SHORTEST_PORTION)
    assert work.SHORTEST_PORTION <= late <= 20
    assert portion_seconds(40) == 40


def test_work_goes_on_from_the_checkpoint_when_time_runs_out(errands: type[Errand]) -> None:
    row = errands.objects.create(key="a")
    seen = []
    while (found := run_claimed(errands, row.pk, budget=-1)) and found.state == State.QUEUED:
        seen.append(found.checkpoint["reached"])
    assert seen == [1, 2]
    row.refresh_from_db()
    assert (row.state, row.checkpoint) == (State.DONE, {"reached": 3})


def test_a_failure_is_kept_and_tried_again_later(errands: type[Errand]) -> None:
    row = errands.objects.create(key="a", trip=2)
    with pytest.raises(RuntimeError):
        run_claimed(errands, row.pk)
    row.refresh_from_db()
    assert (row.state, row.last_error, row.checkpoint) == (State.QUEUED, "RuntimeError: stumbled", {"reached": 1})
    assert row.run_after > timezone.now()
    assert run_claimed(errands, row.pk) is None  # not due yet
    later(row, run_after=timezone.now(), trip=0)
    run_claimed(errands, row.pk)
    row.refresh_from_db()
    assert (row.state, row.last_error) == (State.DONE, "")


def test_a_row_that_waits_is_due_later_and_no_attempt_is_counted(errands: type[Errand]) -> None:
    row = errands.objects.create(key="a", pause=2)
    for _ in range(errands.MAX_ATTEMPTS + 1):
        later(row, run_after=timezone.now())
        assert run_claimed(errands, row.pk) is not None
    row.refresh_from_db()
    assert (row.state, row.attempts, row.last_error) == (State.QUEUED, 0, "the shop is shut")
    assert row.checkpoint == {"reached": 1, "waits": 1}
    assert 25 < (row.run_after - timezone.now()).total_seconds() <= 30
    later(row, run_after=timezone.now(), pause=0)
    run_claimed(errands, row.pk)
    row.refresh_from_db()
    assert (row.state, row.last_error) == (State.DONE, "")


def test_what_no_attempt_can_help_ends_at_once(errands: type[Errand]) -> None:
    row = errands.objects.create(key="a", dead_end=2)
    run_claimed(errands, row.pk)
    row.refresh_from_db()
    assert (row.state, row.last_error, row.checkpoint) == (State.FAILED, "no way through", {"reached": 1})
    assert row.finished_at is not None


def test_poison_ends_failed_with_its_reason(errands: type[Errand]) -> None:
    row = errands.objects.create(key="a", trip=1)
    for _ in range(errands.MAX_ATTEMPTS):
        later(row, run_after=timezone.now())
        with pytest.raises(RuntimeError):
            run_claimed(errands, row.pk)
    row.refresh_from_db()
    assert (row.state, row.last_error) == (State.FAILED, "RuntimeError: stumbled")


def test_a_row_that_kills_its_workers_is_given_up(errands: type[Errand]) -> None:
    row = errands.objects.create(key="a")
    for _ in range(errands.MAX_ATTEMPTS):
        assert errands.claim(row.pk) is not None
        later(row, lease_until=timezone.now() - timedelta(seconds=1))
    assert errands.claim(row.pk) is None
    row.refresh_from_db()
    assert row.state == State.FAILED
    assert "died" in row.last_error
    assert not errands.due().exists()


def test_a_lost_lease_rolls_back_the_effect_with_the_checkpoint(errands: type[Errand]) -> None:
    row = errands.objects.create(key="a")
    mine = errands.claim(row.pk)
    assert mine is not None
    later(row, fence=7)
    with pytest.raises(LostLease), transaction.atomic():
        errands.objects.create(key="effect")
        mine.advance({"reached": 1})
    assert not errands.objects.filter(key="effect").exists()


class Clerk:
    """Holds something from the first step of a claim to its end."""

    log: ClassVar[list[str]] = []

    def __init__(self, row: Any) -> None:
        self.row = row
        self.log.append("opened")

    def step(self) -> bool:
        try:
            return do_one_step(self.row)
        except RuntimeError as error:
            raise ZeroDivisionError(str(error)) from None

    def close(self) -> None:
        state = type(self.row).objects.get(pk=self.row.pk).state
        self.log.append(f"closed while {state}")


@pytest.mark.parametrize(
    ("fields", "budget", "ends"),
    [
        ({}, 1e9, State.DONE),
        ({}, -1, State.QUEUED),
        ({"pause": 2}, 1e9, State.QUEUED),
        ({"dead_end": 2}, 1e9, State.FAILED),
        ({"trip": 2}, 1e9, State.FAILED),  # named as permanent
    ],
)
def test_a_worker_is_made_once_per_claim_and_closed_before_the_claim_ends(
    errands: type[Errand], monkeypatch: pytest.MonkeyPatch, fields: dict[str, int], budget: float, ends: State
) -> None:
    monkeypatch.setattr(Clerk, "log", [])
    register_worker(errands, Clerk, permanent=(ZeroDivisionError,))
    row = errands.objects.create(key="a", **fields)
    run_claimed(errands, row.pk, budget=budget)
    row.refresh_from_db()
    assert (row.state, Clerk.log) == (ends, ["opened", "closed while running"])


def test_every_kind_of_work_has_a_worker() -> None:
    assert work_models()
    for model in work_models():
        registration_of(model)


def test_a_row_without_a_worker_says_what_is_missing(errands: type[Errand]) -> None:
    work._registrations.pop(errands)
    row = errands.objects.create(key="a")
    with pytest.raises(LookupError, match=r"Errand has no worker.*work\.py"):
        run_claimed(errands, row.pk)


@pytest.mark.django_db
def test_the_tick_queues_what_a_schedule_owes(monkeypatch: pytest.MonkeyPatch) -> None:
    model, calls = work_models()[0], []
    monkeypatch.setattr(work, "_registrations", dict(work._registrations))
    register_step(model, do_one_step, schedule=lambda: calls.append("scheduled"))
    queue_due_work()
    assert calls == ["scheduled"]
