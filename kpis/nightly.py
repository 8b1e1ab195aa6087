"""When a run is due, and how it goes through its steps one by one."""

import contextlib
import logging
import time
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cronsim import CronSim, CronSimError
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Max, Q
from django.utils import timezone

from agreements.models import End, Entry
from core.locks import AdvisoryLock, try_lock
from core.work import LEASE, LostLease, PermanentFailure, Postpone, State
from facts import delta_tables
from facts.engine import latest_snapshot
from facts.refresh import Busy, Progress
from facts.steps import Step, ordered_steps
from funnel.definitions import FUNNEL, STAGE
from imports.models import ImportJob
from imports.push import PUSHED
from kpis.models import NightlyRun, RunStep
from kpis.permissions import RECOMPUTE
from kpis.run_health import tell_of_failure
from scoring.definitions import SCORE
from scoring.icp.rules import ICP
from team.models import Company, User

log = logging.getLogger(__name__)
ENDED_STATES = (State.DONE, State.FAILED, State.CANCELLED)
LOOK_BACK = timedelta(hours=24)  # a run that was missed for longer is not made up for
BINDING_VERBS = ("in_force", End.SUPERSEDED, End.EXPIRED, End.ENDED)  # verbs of an agreement's story
CHAIN_KINDS = (SCORE, ICP, STAGE, FUNNEL)
PROGRESS_INTERVAL = 1.0  # seconds between two notes of how far a step is
STEP_TRIES = 3  # of one step in a run; then the run goes on with the next
NEXT_PORTION_WITHIN = timedelta(minutes=2)  # a run that stopped between two portions goes on before that

listener: ContextVar[Progress | None] = ContextVar("listener", default=None)


# What is due


def queue_what_is_due() -> None:
    """Insert the night's run, those that follow imports and signatures, and the one that corrects lost facts, each once.

    When the last run failed, tell those who may start one.
    """
    with transaction.atomic():
        if not _is_only_scheduler():
            return
        company = Company.get()
        _queue_nightly(company)
        _queue_after_imports(company)
        _queue_after_signatures(company)
        _queue_for_lost_facts(company)
        tell_of_failure()


def _is_only_scheduler() -> bool:
    """Whether no other beat reads the schedule at this moment; it would queue the same."""
    with connection.cursor() as cursor:
        return try_lock(cursor, AdvisoryLock.RUN_SCHEDULE)


def last_due(line: str, now: datetime) -> datetime | None:
    """Return the last moment up to `now` that the cron line names; None when that is too long ago.

    `now` is aware, in the zone that the line is meant in. On the day the clock is put forward a moment that does not
    exist falls an hour later; on the day it is put back one that comes twice counts once.
    """
    moment = next(CronSim(line, now + timedelta(seconds=1), reverse=True), None)
    return moment if moment and now - moment < LOOK_BACK else None


def next_due(company: Company) -> datetime | None:
    """Return the next moment, in the company's zone, at which its cron line has a run begin; None without one."""
    try:
        return next(CronSim(company.nightly_at, timezone.now().astimezone(company.zone)), None)
    except CronSimError:
        return None


def _queue_nightly(company: Company) -> None:
    try:
        due = last_due(company.nightly_at, timezone.now().astimezone(company.zone))
    except CronSimError:
        log.error("The nightly run has no time: “%s” is no cron line.", company.nightly_at)
        return
    if due:
        _queue_run(f"nightly:{due.date()}", company, kind=NightlyRun.Kind.NIGHTLY, local_day=due.date())


def _queue_after_imports(company: Company) -> None:
    """Queue one run for all imports that ended since the last run began.

    Where nothing but pushes of another system came in, at most one run in RUN_AFTER_PUSHES_MINUTES.
    """
    if _is_waiting():
        return  # it will see them
    ended = ImportJob.objects.filter(state__in=ENDED_STATES, started_at__isnull=False, finished_at__isnull=False)
    if last_start := _last_start():
        ended = ended.filter(finished_at__gt=last_start)
    ids = sorted(ended.values_list("pk", flat=True))
    if ids and (ended.exclude(key__startswith=PUSHED).exists() or not _is_any_recent()):
        _queue_run(_key_after_import(ended.get(pk=ids[-1])), company, kind=NightlyRun.Kind.IMPORT, import_ids=ids)


def _key_after_import(run: ImportJob) -> str:
    """Name the run that follows an import; one that represents what is pushed all day ends more than once."""
    key = f"import:{run.pk}"
    was = NightlyRun.objects.filter(key=key).first()
    again = was and run.finished_at and run.finished_at > was.queued_at
    return f"{key}:{run.finished_at:%Y-%m-%dT%H:%M:%S.%f}" if again else key


def _queue_after_signatures(company: Company) -> None:
    """Queue one run for all that began or ceased to bind since the last run began, of what the chain computes by.

    The history of the agreements tells it, whatever its author and its way: signed, decided, superseded, run out.
    """
    if _is_waiting():
        return
    news = Entry.objects.filter(verb__in=BINDING_VERBS, agreement__kind__in=CHAIN_KINDS)
    if last_start := _last_start():
        news = news.filter(written_at__gt=last_start)
    last = news.order_by("pk").last()
    if last:
        _queue_run(f"signed:{last.pk}", company, kind=NightlyRun.Kind.SIGNED)


def _is_waiting() -> bool:
    """Whether a run is still to begin its first step: a claim alone, to wait for an older run, does not count."""
    return NightlyRun.objects.exclude(state__in=ENDED_STATES).exclude(steps__started_at__isnull=False).exists()


def _is_any_recent() -> bool:
    """Whether a run is at work, or was within RUN_AFTER_PUSHES_MINUTES."""
    since = timezone.now() - timedelta(minutes=settings.RUN_AFTER_PUSHES_MINUTES)
    recent = Q(finished_at__gt=since) | Q(finished_at=None, started_at__gt=since) | ~Q(state__in=ENDED_STATES)
    return NightlyRun.objects.filter(recent).exists()


def _last_start() -> datetime | None:
    runs = NightlyRun.objects.exclude(state__in=(State.FAILED, State.CANCELLED))
    return runs.aggregate(last=Max("started_at"))["last"]


def _queue_for_lost_facts(company: Company) -> None:
    snapshot = latest_snapshot()
    if (
        snapshot is None
        or delta_tables.is_remote()
        or all(Path(delta_tables.table_uri(name)).is_dir() for name in snapshot.versions)
    ):
        return
    _queue_run(f"demand:lost-facts-{snapshot.pk}", company, kind=NightlyRun.Kind.DEMAND)


def _queue_run(key: str, company: Company, **fields: Any) -> NightlyRun:
    today = timezone.now().astimezone(company.zone).date()
    return NightlyRun.objects.get_or_create(key=key, defaults={"local_day": today, **fields})[0]


def ask_for_run(*, user: User | None) -> NightlyRun:
    """Return the run that waits or runs already, or a new one because a person asked.

    Raises:
        PermissionDenied: the person's role starts no runs; the command line acts for no one (None).
    """
    if user is not None:
        RECOMPUTE.require(user)
    with transaction.atomic():
        company = Company.objects.select_for_update().get(pk=Company.get().pk)
        waiting = NightlyRun.objects.exclude(state__in=ENDED_STATES).order_by("pk").first()
        if waiting:
            return waiting
        key = f"demand:{timezone.now().astimezone(company.zone):%Y-%m-%dT%H:%M:%S.%f}"
        return _queue_run(key, company, kind=NightlyRun.Kind.DEMAND, asked_by=user)


# How a run goes


def do_one_step(run: NightlyRun) -> bool:
    """Do the first step that is neither done nor given up; True when none is left.

    Raises:
        Postpone: an older run, or another refresh, must end first.
        PermanentFailure: all steps were tried, and some failed; the others stand.
    """
    now = timezone.now()
    goes_on = Q(state=State.QUEUED, run_after__lt=now + NEXT_PORTION_WITHIN, steps__started_at__isnull=False)
    at_work = Q(state=State.RUNNING, lease_until__gt=now)
    if NightlyRun.objects.filter(at_work | goes_on, pk__lt=run.pk).exists():
        started_at = run.started_at if run.steps.exists() else None
        raise Postpone(5, "It waits for the run before it.", started_at=started_at)
    records = _step_records(run)
    record = next((record for record in records if not record.finished_at), None)
    if record is not None:
        _do_step(run, record, next(step for step in ordered_steps() if step.name == record.name))
    if any(not record.finished_at for record in records):
        return False
    if failed := [record for record in records if record.error]:
        raise PermanentFailure("; ".join(f"“{record.label}” failed: {record.error}" for record in failed))
    return True


def _step_records(run: NightlyRun) -> list[RunStep]:
    """Return the records of the steps there are today, in their order, made when missing."""
    chain = ordered_steps()
    RunStep.objects.bulk_create(
        (RunStep(run=run, name=step.name, label=step.label, position=position) for position, step in enumerate(chain)),
        ignore_conflicts=True,
    )
    by_name = {record.name: record for record in run.steps.all()}
    return [by_name[step.name] for step in chain]


def _do_step(run: NightlyRun, record: RunStep, step: Step) -> None:
    """Do the step, and record how it went; what went wrong is recorded before it is raised.

    A step that failed, or stopped the worker, as often as STEP_TRIES is given up, so that the steps after it run.
    """
    if record.tries >= STEP_TRIES:
        _give_up(run, record)
        return
    record.started_at = record.started_at or timezone.now()
    record.tries, record.error = record.tries + 1, ""
    record.save()
    started = time.monotonic()
    try:
        rows = _run_step_work(run, record, step)
    except (Postpone, LostLease):
        # Waiting is no failure, and who took the claim counts a try of its own.
        RunStep.objects.filter(pk=record.pk).update(tries=F("tries") - 1)
        raise
    except Exception as error:
        record.error = f"{type(error).__name__}: {error}"[:2000]
        record.seconds = round(record.seconds + time.monotonic() - started, 3)
        record.save(update_fields=["error", "seconds"])
        if record.tries < STEP_TRIES:
            raise
        log.exception("The step “%s” of %s failed %d times and is skipped.", record.label, run, record.tries)
        _give_up(run, record)
        return
    record.seconds = round(record.seconds + time.monotonic() - started, 3)
    _record_success(run, record, rows)


def _run_step_work(run: NightlyRun, record: RunStep, step: Step) -> int | None:
    try:
        return step.work(_StepProgress(run, record))
    except Busy:
        raise Postpone(10, "It waits for another refresh of the facts.") from None


def _record_success(run: NightlyRun, record: RunStep, rows: int | None) -> None:
    if rows is None:
        record.tries -= 1  # the next portion belongs to this try
    else:
        record.rows, record.finished_at, record.doing = rows, timezone.now(), ""
    _save_with_checkpoint(run, record)


def _give_up(run: NightlyRun, record: RunStep) -> None:
    record.error = record.error or f"The worker stopped {record.tries} times while running this step."
    record.finished_at, record.doing = timezone.now(), ""
    _save_with_checkpoint(run, record)


def _save_with_checkpoint(run: NightlyRun, record: RunStep) -> None:
    """Commit the record together with the run's checkpoint."""
    with transaction.atomic():
        record.save()
        done = run.steps.filter(finished_at__isnull=False).count()
        run.advance({"step": record.name}, done, total_units=len(ordered_steps()))


class _StepProgress:
    """Writes down how far a step is, and keeps the claim while it goes on."""

    def __init__(self, run: NightlyRun, record: RunStep) -> None:
        self.run, self.record = run, record
        self.next = 0.0

    def __call__(self, done: int, total: int, what: str) -> None:
        report = listener.get()
        if report:
            report(done, total, what or self.record.label)
        if time.monotonic() < self.next:
            return
        self.next = time.monotonic() + PROGRESS_INTERVAL
        self.record.done, self.record.total, self.record.doing = done, total, what[:120]
        self.record.save(update_fields=["done", "total", "doing"])
        if not self.run.extend_lease(timezone.now() + LEASE):
            raise LostLease(str(self.run))


@contextlib.contextmanager
def report_progress_to(progress: Progress) -> Iterator[None]:
    """Hear how far the steps are that are done in this thread."""
    token = listener.set(progress)
    try:
        yield
    finally:
        listener.reset(token)
