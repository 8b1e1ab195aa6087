"""What the review shows of the alarms: the open ones with what they cost, and those that ended since the last review."""

from datetime import datetime, time

from django.db.models import Q

from alarms.models import Alarm
from alarms.queries import added_alarms, total_cost
from alignment.review.content import Content, ReviewReader
from kpis.registry import find_metric
from team.models import Company


def read_alarms_step(reader: ReviewReader) -> Content:
    """Return the open alarms, the dearest first and the snoozed ones last, and those closed or back to normal since."""
    start = datetime.combine(reader.since, time(), Company.get().zone)
    rows = list(Alarm.objects.open().select_related("owner"))
    rows.sort(key=lambda alarm: (alarm.is_snoozed(reader.today), alarm.cost is None, -(alarm.cost or 0), -alarm.pk))
    calling = [alarm for alarm in rows if not alarm.is_snoozed(reader.today)]
    added, total = added_alarms(calling), total_cost(calling)
    has_ended = Q(closed_at__gte=start) | Q(closed_at=None, ended_at__gte=start)
    ended = Alarm.objects.filter(has_ended).select_related("owner").order_by("-opened_at", "-pk")
    return {
        "open": [_store_alarm(alarm, reader) for alarm in rows],
        "ended": [_store_alarm(alarm, reader) for alarm in ended],
        "count": len(calling),
        "priced": len(added),
        "overall": sum(alarm.is_overall_cost for alarm in calling if alarm not in added),
        "cost": str(total.middle) if total else None,
        "cost_low": str(total.low) if total else None,
        "cost_high": str(total.high) if total else None,
        "currency": total.currency if total else "",
    }


def _store_alarm(alarm: Alarm, reader: ReviewReader) -> Content:
    metric = find_metric(alarm.metric) if alarm.metric else None
    return {
        "key": str(alarm.pk), "name": alarm.name, "sentence": alarm.sentence, "owner": str(alarm.owner or ""),
        "opened_on": alarm.opened_at.astimezone(Company.get().zone).date().isoformat(),
        "metric": alarm.metric, "unit": metric.unit if metric else "", "n": alarm.n,
        "value": None if alarm.value is None else str(alarm.value),
        "expected": None if alarm.expected is None else str(alarm.expected),
        "cost": None if alarm.cost is None else str(alarm.cost), "currency": alarm.currency, "is_overall_cost": alarm.is_overall_cost,
        "is_snoozed": alarm.is_snoozed(reader.today), "is_acknowledged": alarm.acknowledged_at is not None,
        "verdict": alarm.get_verdict_display() if alarm.verdict else "",
    }  # fmt: skip
