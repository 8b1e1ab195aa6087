"""What the tests of the nightly run share."""

from collections.abc import Callable
from datetime import date, timedelta

from django.utils import timezone

from core.work import State, run_claimed
from kpis.models import NightlyRun

Chain = Callable[..., None]


def keys() -> list[str]:
    return list(NightlyRun.objects.order_by("pk").values_list("key", flat=True))


def new_run(key: str = "demand:test") -> NightlyRun:
    return NightlyRun.objects.create(key=key, kind=NightlyRun.Kind.DEMAND, local_day=date(2026, 11, 22))


def go_on(run: NightlyRun) -> NightlyRun:
    """Perform the run as a worker does, at once whatever it waits for."""
    NightlyRun.objects.filter(pk=run.pk, state=State.QUEUED).update(run_after=timezone.now() - timedelta(seconds=1))
    run_claimed(NightlyRun, run.pk)
    run.refresh_from_db()
    return run
