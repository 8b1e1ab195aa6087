"""Which agreements a metric rests on, and when what they define changed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from agreements.models import End, Version
from funnel.definitions import FUNNEL, STAGE
from funnel.handoffs.slas import KIND as SLA
from kpis.registry import Metric
from scoring.definitions import SCORE
from scoring.icp.rules import ICP

CRITERIA = (STAGE, FUNNEL, SCORE, ICP)  # what decides which lead is handed over
KINDS_OF_TABLE = {"moves": CRITERIA, "handoffs": (*CRITERIA, SLA), "verdicts": (*CRITERIA, SLA)}
ENDS = {End.EXPIRED: "expired", End.ENDED: "was ended"}


@dataclass(frozen=True)
class DefinitionChange:
    """A version of an agreement came into force, or ended without another in its place."""

    version: Version
    at: datetime
    verb: str

    @property
    def text(self) -> str:
        return f"{self.version.agreement.title}, version {self.version.number} {self.verb}"


def kinds_behind(metric: Metric | None) -> frozenset[str]:
    """Return the kinds of agreement that decide what a metric counts; without a metric those of all metrics."""
    tables = (
        KINDS_OF_TABLE if metric is None else {name for m in metric.all_measures for name in (m.table, *m.rests_on)}
    )
    return frozenset(kind for table in tables for kind in KINDS_OF_TABLE.get(table, ()))


def list_changes(
    kinds: frozenset[str], start: datetime, end: datetime, versions: QuerySet[Version] | None = None
) -> Iterator[DefinitionChange]:
    """Yield the changes after `start` up to `end` of agreements of these kinds; pilots, which bind one team, are none."""
    if not kinds:
        return
    rows = Version.objects.all() if versions is None else versions
    begun = Q(in_force_at__gt=start, in_force_at__lte=end)
    ended = Q(ended_at__gt=start, ended_at__lte=end, end__in=ENDS, in_force_at__isnull=False)
    rows = rows.filter(begun | ended, agreement__kind__in=kinds, pilot_manager=None).select_related("agreement")
    for version in rows.order_by("in_force_at", "pk"):
        if version.in_force_at and start < version.in_force_at <= end:
            yield DefinitionChange(version, version.in_force_at, "came into force")
        if version.ended_at and start < version.ended_at <= end and version.end in ENDS:
            yield DefinitionChange(version, version.ended_at, ENDS[End(version.end)])
