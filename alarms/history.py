"""The closed alarms: filtered by what an address names, on the page and as CSV."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse

from alarms.judges import Watch
from alarms.models import Alarm
from alarms.registry import SECTIONS
from core import periods
from core.request_values import read_id, read_text
from team.models import Company, User

ALL = "all"
CSV_HEAD = (
    "Alarm", "Detector", "Metric", "Since", "Opened", "Ended", "Closed", "Verdict", "Value", "Expected", "Worst", "Records",
    "Cost a year", "Cost from", "Cost to", "Currency", "Owner", "Closed by", "Address",
)  # fmt: skip


@dataclass(frozen=True)
class HistoryFilter:
    """Which closed alarms are wanted; what is empty does not filter."""

    detector: str = ""
    section: str = ""
    owner: int | None = None
    verdict: str = ""
    period: str = ALL

    @property
    def is_empty(self) -> bool:
        return self == HistoryFilter()


def read_filter(query: QueryDict) -> HistoryFilter:
    """Read the filters of an address; a value that is not offered does not filter."""
    section, verdict, period = (read_text(query.get(name), most=80) for name in ("section", "verdict", "closed"))
    return HistoryFilter(
        detector=read_text(query.get("detector"), most=80),
        section=section if section in SECTIONS else "",
        owner=read_id(query.get("owner")),
        verdict=verdict if verdict in Alarm.Verdict.values else "",
        period=period if period in periods.PRESETS else ALL,
    )


def find_closed(user: User, wanted: HistoryFilter, watches: Mapping[str, Watch]) -> QuerySet[Alarm]:
    """Return the closed alarms that the person may see, the last closed first."""
    alarms = Alarm.objects.visible_to(user).exclude(closed_at=None).select_related("owner", "closed_by")
    if wanted.detector:
        alarms = alarms.filter(detector=wanted.detector)
    if wanted.section:
        keys = [key for key, watch in watches.items() if watch.detector.section == wanted.section]
        alarms = alarms.filter(detector__in=keys)
    if wanted.owner:
        alarms = alarms.filter(owner=wanted.owner)
    if wanted.verdict:
        alarms = alarms.filter(verdict=wanted.verdict)
    company = Company.get()
    period = periods.preset_period(wanted.period, Company.today(), company.fiscal_calendar)
    if period.start:
        alarms = alarms.filter(closed_at__gte=datetime.combine(period.start, time(), company.zone))
    if period.end:
        alarms = alarms.filter(closed_at__lte=datetime.combine(period.end, time.max, company.zone))
    return alarms.order_by("-closed_at", "-pk")


def csv_rows(alarms: QuerySet[Alarm]) -> Iterator[tuple[Any, ...]]:
    """Yield the alarms as rows of a file: numbers raw, days as ISO."""
    yield CSV_HEAD
    for alarm in alarms.iterator(chunk_size=500):
        yield (
            alarm.name, alarm.detector, alarm.metric, alarm.since, alarm.opened_at.isoformat(), _iso(alarm.ended_at),
            _iso(alarm.closed_at), alarm.get_verdict_display(), alarm.value, alarm.expected, alarm.worst, alarm.n, alarm.cost,
            alarm.cost_low, alarm.cost_high, alarm.currency, str(alarm.owner or ""), str(alarm.closed_by or ""),
            reverse("alarm", args=[alarm.pk]),
        )  # fmt: skip


def _iso(moment: Any) -> str:
    return moment.isoformat() if moment else ""
