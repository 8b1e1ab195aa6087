"""When a connector pulls next: a cron line by the company's clock, queued once, however many workers check it."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from django.db import transaction
from django.utils import timezone

from connectors.models import ACTIVE, Connector, Pull
from core.work import State
from team.models import Company

QUIET_DAYS = 30  # pulls that found nothing are forgotten after these


def next_after(line: str, moment: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the first moment of a cron line after another; None for a line that never comes due."""
    try:
        return next(CronSim(line, moment.astimezone(zone)), None)
    except CronSimError:
        return None


def last_due(line: str, since: datetime, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the last moment of a cron line in (since, now]; None when none has come.

    After a long silence the search begins a day back: missed moments are made up for by one pull, not by many.
    """
    due, moment = None, next_after(line, max(since, now - timedelta(days=1)), zone)
    if moment is None or moment > now:
        moment = next_after(line, since, zone)
    while moment and moment <= now:
        due, moment = moment, next_after(line, moment, zone)
    return due


def next_pull(connector: Connector) -> datetime | None:
    """Return when the connector pulls next by its schedule."""
    if not connector.is_enabled:
        return None
    return next_after(connector.schedule, max(connector.scheduled_at, timezone.now()), Company.get().zone)


def queue_due() -> None:
    """Queue a pull for each connector whose schedule has come due; one that is still at work is passed over."""
    now, zone = timezone.now(), Company.get().zone
    for connector in Connector.objects.filter(is_enabled=True):
        if last_due(connector.schedule, connector.scheduled_at, now, zone):
            _queue_if_due(connector.pk, now, zone)


def _queue_if_due(pk: int, now: datetime, zone: ZoneInfo) -> None:
    with transaction.atomic():
        row = Connector.objects.select_for_update(skip_locked=True).filter(pk=pk, is_enabled=True).first()
        # asked again under the lock: another worker may have queued it meanwhile
        due = last_due(row.schedule, row.scheduled_at, now, zone) if row else None
        if row is None or due is None:
            return
        row.scheduled_at = due
        row.save(update_fields=["scheduled_at"])
        if not row.active_pull:
            start_pull(row, key=f"pull:{row.pk}:{due:%Y%m%dT%H%M%z}", cause=Pull.Cause.SCHEDULE)
        _delete_quiet_pulls(row)


def start_pull(connector: Connector, *, key: str, **fields: Any) -> Pull:
    """Put a pull in the queue, once for each key."""
    return Pull.objects.get_or_create(key=key, defaults={"connector": connector, **fields})[0]


def _delete_quiet_pulls(connector: Connector) -> None:
    long_ago = timezone.now() - timedelta(days=QUIET_DAYS)
    quiet = connector.pulls.filter(state=State.DONE, done_units=0, gone=0, finished_at__lt=long_ago)
    quiet.exclude(state__in=ACTIVE).delete()
