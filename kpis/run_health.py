"""Whether the runs keep the figures up to date: a warning for every page, and a notice when they begin to fail."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cronsim import CronSim, CronSimError
from django.urls import reverse
from django.utils import timezone

from core.work import State
from facts.engine import as_of
from kpis.models import NightlyRun
from notify.actions import publish_event
from team.access import RIGHTS
from team.models import Company, Role, User

GRACE = timedelta(hours=2)  # after the hour at which a run is due
LATE_AFTER = timedelta(hours=24) + GRACE  # where no hour is set


@dataclass(frozen=True)
class RunWarning:
    """The figures are older than they should be: since when, and the run that failed, if one did."""

    as_of: datetime | None
    failed: NightlyRun | None


def run_warning() -> RunWarning | None:
    """Return what readers of figures must know of the runs; None while these succeed. One query when all is well."""
    ended = NightlyRun.objects.filter(state__in=(State.DONE, State.FAILED), finished_at__isnull=False)
    last = ended.order_by("-finished_at").first()
    if last is None:
        return None
    if last.state == State.FAILED:
        return RunWarning(as_of(), last)
    assert last.finished_at
    return RunWarning(as_of(), None) if is_late(last.finished_at) else None


def is_late(last_success: datetime) -> bool:
    """Tell whether a run has been due for more than two hours since the last success."""
    company, now = Company.get(), timezone.now()
    try:
        line = CronSim(company.nightly_at, (now - GRACE).astimezone(company.zone), reverse=True)
        due = next(line, None)
    except CronSimError:
        return now - last_success > LATE_AFTER
    return due is not None and last_success < due


def tell_of_failure() -> None:
    """Tell those who may start a run that the last one failed, once until one succeeds again."""
    ended = NightlyRun.objects.filter(finished_at__isnull=False)
    last = ended.filter(state__in=(State.DONE, State.FAILED)).order_by("-finished_at").first()
    if last is None or last.state != State.FAILED:
        return
    success = ended.filter(state=State.DONE).order_by("-finished_at").values_list("pk", flat=True).first()
    # The operations people, in a company without any all who may start a run.
    active = User.objects.filter(is_active=True)
    publish_event(
        key=f"kpis.run_failed:since:{success or 0}",
        kind="kpis.run_failed",
        title="The nightly run failed, so some figures are not up to date. Open it to see which step failed and why.",
        to=list(active.filter(role=Role.OPS)) or list(active.filter(role__in=RIGHTS["recompute"])),
        link=reverse("run", args=[last.pk]),
    )
