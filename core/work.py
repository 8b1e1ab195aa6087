"""PostgreSQL holds the work; Celery only carries messages about it.

An import, a nightly run, a delivery is one row of a model that inherits from `Work`. A message (a Celery task, a command,
a test) carries the row's id; its receiver claims the row, works in steps, and commits each checkpoint together with its
effect. `fence` grows with each claim: a worker that lost its lease cannot write. What is due or abandoned is found by
`Work.due()`, so a message that the broker loses costs time but no work.

A model does not know its worker. Each app registers the workers of its models in a module `work.py`, found when
Django starts.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, Protocol, Self, TypeVar

from django.apps import apps
from django.db import DatabaseError, connection, models, transaction
from django.utils import timezone

log = logging.getLogger(__name__)
LEASE = timedelta(seconds=60)
HEARTBEAT_SECONDS = 20.0  # a step that works for longer than the lease, as on a busy machine, keeps its claim
SILENT_AFTER = timedelta(seconds=20)  # steps commit far more often; a worker silent for so long may have stopped
BUDGET_SECONDS = 45.0  # one message works no longer than this, far below the broker's visibility timeout
SHORTEST_PORTION = 5.0  # seconds of work that are worth their beginning
RETRY_AFTER = timedelta(seconds=10)


class LostLease(Exception):
    """Another worker has claimed the row since; nothing more may be written under the old claim."""


class Postpone(Exception):
    """Raised by a step that has nothing to do just now: the row waits `seconds`, and no attempt is counted.

    What `fields` names is saved with it; `reason` says what it waits for.
    """

    def __init__(self, seconds: float, reason: str = "", **fields: Any) -> None:
        super().__init__(reason or f"Waits {seconds:.0f} s")
        self.seconds, self.reason, self.fields = seconds, reason, fields


class PermanentFailure(Exception):
    """Raised by a step that no further attempt can help: the row ends failed at once, with these words."""


class State(models.TextChoices):
    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


class Work(models.Model):
    """A piece of work: a row with state, unique key, attempts, lease, checkpoint and last error."""

    MAX_ATTEMPTS: ClassVar[int] = 5

    key = models.CharField(max_length=200, unique=True)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    fence = models.PositiveIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)  # claims since the last step that got somewhere
    lease_until = models.DateTimeField(null=True, blank=True)
    run_after = models.DateTimeField(default=timezone.now)
    checkpoint = models.JSONField(default=dict, blank=True)
    done_units = models.BigIntegerField(default=0)
    total_units = models.BigIntegerField(null=True, blank=True)
    last_error = models.TextField(blank=True)
    queued_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
        indexes = [models.Index(fields=["state", "run_after"])]

    @property
    def lacks_worker(self) -> bool:
        """Whether no worker is on it: it is in the queue, or its worker has not reported for a while."""
        if self.state == State.QUEUED:
            return True
        return bool(
            self.state == State.RUNNING
            and self.lease_until
            and self.lease_until - LEASE + SILENT_AFTER < timezone.now()
        )

    @classmethod
    def due(cls) -> models.QuerySet[Self]:
        """Return the rows that wait, and those whose worker went silent."""
        now = timezone.now()
        waiting = models.Q(state=State.QUEUED, run_after__lte=now)
        abandoned = models.Q(state=State.RUNNING, lease_until__lt=now)
        return cls._default_manager.filter(waiting | abandoned).order_by("run_after")

    @classmethod
    def claim(cls, pk: int) -> Self | None:
        """Take the row for LEASE seconds, or None when it is not due or another worker is quicker."""
        now = timezone.now()
        with transaction.atomic():
            row = cls.due().select_for_update(skip_locked=True).filter(pk=pk).first()
            if row is None:
                return None
            row.fence += 1
            row.attempts += 1
            row.started_at = row.started_at or now
            if row.attempts > cls.MAX_ATTEMPTS:
                row.state, row.finished_at = State.FAILED, now
                row.last_error = (
                    row.last_error or f"Gave up after {cls.MAX_ATTEMPTS} attempts: the worker died each time."
                )
            else:
                row.state, row.lease_until = State.RUNNING, now + LEASE
            row.save()
        return row if row.state == State.RUNNING else None

    def advance(self, checkpoint: dict[str, Any], done_units: int | None = None, **fields: Any) -> None:
        """Record the checkpoint and extend the lease; call it in the transaction of the effect.

        A step that got somewhere proves that the row does not crash its worker, so its attempts start again from 0.

        Raises:
            LostLease: the row is no longer held by this worker, so the transaction must not commit.
        """
        done = self.done_units if done_units is None else done_units
        lease = timezone.now() + LEASE
        values = {"checkpoint": checkpoint, "done_units": done, "lease_until": lease, "attempts": 0, **fields}
        if not self._claimed_rows().update(**values):
            raise LostLease(f"{self._meta.label} {self.pk}")
        for name, value in values.items():
            setattr(self, name, value)

    def finish(self, state: State, **fields: Any) -> None:
        """End this claim in the given state."""
        ended = None if state == State.QUEUED else timezone.now()
        if not self._claimed_rows().update(state=state, lease_until=None, finished_at=ended, **fields):
            raise LostLease(f"{self._meta.label} {self.pk}")
        self.refresh_from_db()

    def _claimed_rows(self) -> models.QuerySet[Self]:
        return type(self)._default_manager.filter(pk=self.pk, fence=self.fence, state=State.RUNNING)

    @property
    def is_over(self) -> bool:
        return self.state in {State.DONE, State.FAILED, State.CANCELLED}

    @property
    def fraction_done(self) -> float | None:
        """Share of the work done, 0 to 1; None while the total is unknown."""
        return min(1.0, self.done_units / self.total_units) if self.total_units else None


Row = TypeVar("Row", bound=Work)


class Worker(Protocol):
    """Works on one claimed row; what it holds in memory is lost when the claim ends."""

    def step(self) -> bool:
        """Do one step and commit its effect with `advance()` in one transaction; True when nothing is left."""

    def close(self) -> None:
        """Release what it holds: files, connections, processes."""


@dataclass(frozen=True)
class Registration:
    """How rows of a model are worked on: what starts a worker, and what queues rows that a schedule owes."""

    start: Callable[[Any], Worker]
    schedule: Callable[[], object] | None
    permanent: tuple[type[Exception], ...]


class _StepWorker:
    """A worker that holds nothing between its steps."""

    def __init__(self, row: Work, step: Callable[[Any], bool]) -> None:
        self._row, self._step = row, step

    def step(self) -> bool:
        return self._step(self._row)

    def close(self) -> None:
        pass


_registrations: dict[type[Work], Registration] = {}


def register_worker(
    model: type[Row],
    start: Callable[[Row], Worker],
    *,
    schedule: Callable[[], object] | None = None,
    permanent: tuple[type[Exception], ...] = (),
) -> None:
    """Declare what works on the rows of a model.

    `start` makes a worker of a claimed row, once per claim. `schedule` is called by every tick and queues what is owed.
    `permanent` names the errors of a step that no further attempt can help: the row ends failed at once.
    """
    _registrations[model] = Registration(start, schedule, permanent)


def register_step(
    model: type[Row], step: Callable[[Row], bool], *, schedule: Callable[[], object] | None = None
) -> None:
    """Declare a worker that holds nothing between its steps: a function that does one step of a row."""
    register_worker(model, lambda row: _StepWorker(row, step), schedule=schedule)


def registration_of(model: type[Work]) -> Registration:
    try:
        return _registrations[model]
    except KeyError:
        raise LookupError(
            f"{model.__name__} has no worker. Register one with register_worker() in a module work.py."
        ) from None


def start_worker(row: Work) -> Worker:
    """Return a worker for a claimed row; close it when the claim ends."""
    return registration_of(type(row)).start(row)


def run_claimed(model: type[Work], pk: int, budget: float = BUDGET_SECONDS) -> Work | None:
    """Claim the row and work on it for at most `budget` seconds; None when another worker has it.

    The row ends done, failed, or queued again with what is left (then send the message again).
    """
    row = model.claim(pk)
    if row is None:
        return None
    try:
        is_complete = _do_steps(row, budget)
    except LostLease:
        return None
    except Postpone as wait:
        due = timezone.now() + timedelta(seconds=wait.seconds)
        return _finish_if_ours(
            row, State.QUEUED, run_after=due, attempts=0, last_error=wait.reason[:2000], **wait.fields
        )
    except PermanentFailure as error:
        return _finish_if_ours(row, State.FAILED, last_error=str(error)[:2000])
    except Exception as error:
        _retry_or_fail(row, error)
        raise
    if is_complete:
        return _finish_if_ours(row, State.DONE, last_error="")
    return _finish_if_ours(row, State.QUEUED, run_after=timezone.now())


_work_until: ContextVar[float | None] = ContextVar("_work_until", default=None)


def portion_seconds(most: float) -> float:
    """Return how many seconds a step may work on a portion of its work: at most `most`, and what its message has left.

    A portion that began late in a message and took `most` seconds would run into the time limit of the message.
    """
    until = _work_until.get()
    return most if until is None else min(most, max(SHORTEST_PORTION, until - time.monotonic()))


@contextmanager
def _keep_lease(row: Work) -> Iterator[None]:
    """Extend the lease while the claimed row is worked on; a worker that died extends nothing."""
    stopped = threading.Event()
    thread = threading.Thread(target=_extend_lease, args=(row, stopped), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def _extend_lease(row: Work, stopped: threading.Event) -> None:
    """Extend the lease of a row every HEARTBEAT_SECONDS, until `stopped` is set; runs in a thread of its own."""
    try:
        while not stopped.wait(HEARTBEAT_SECONDS):
            try:
                _extend_lease_once(row)
            except DatabaseError as error:
                log.warning("The lease of %s %s was not extended: %s", row._meta.label, row.pk, error)
    finally:
        connection.close()


def _extend_lease_once(row: Work) -> None:
    """Extend the lease, unless the step itself is writing the row: it would have to wait for that."""
    with transaction.atomic():
        if row._claimed_rows().select_for_update(skip_locked=True).exists():
            row._claimed_rows().update(lease_until=timezone.now() + LEASE)


def _do_steps(row: Work, budget: float) -> bool:
    """Work until nothing is left (True) or the time is over; the worker is closed before the claim ends."""
    until = time.monotonic() + budget
    token = _work_until.set(until)
    try:
        with _keep_lease(row):
            return _do_steps_until(row, until)
    finally:
        _work_until.reset(token)


def _do_steps_until(row: Work, until: float) -> bool:
    registered = registration_of(type(row))
    try:
        with closing(registered.start(row)) as worker:
            while not worker.step():
                if time.monotonic() > until:
                    return False
    except registered.permanent as error:
        raise PermanentFailure(str(error)) from error
    return True


def _finish_if_ours(row: Work, state: State, **fields: Any) -> Work | None:
    try:
        row.finish(state, **fields)
    except LostLease:
        return None
    return row


def _retry_or_fail(row: Work, error: Exception) -> None:
    error_text = f"{type(error).__name__}: {error}"[:2000]
    if row.attempts >= row.MAX_ATTEMPTS:
        _finish_if_ours(row, State.FAILED, last_error=error_text)
    else:
        due = timezone.now() + RETRY_AFTER * max(1, row.attempts)
        _finish_if_ours(row, State.QUEUED, last_error=error_text, run_after=due)


def work_models() -> list[type[Work]]:
    """Return every concrete kind of work, in the order of the installed apps."""
    return [model for model in apps.get_models() if issubclass(model, Work)]
