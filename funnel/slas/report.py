"""How Sales keeps its half: clocks met ÷ clocks due by month, and a team that tries other terms against the rest."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, F, FloatField, Q, QuerySet
from django.db.models.functions import Cast, TruncMonth

from agreements.models import Version
from core.dates import end_of_day
from core.periods import add_months
from funnel.handoffs.slas import KIND
from funnel.handoffs.terms import Terms
from funnel.models import HandOff
from funnel.verdicts.report import Median
from team.access import achievement_ids
from team.models import Company, User

MONTHS = 12
MET = Q(answered_at__lte=F("due_at"))
MISSED = Q(breached_at__isnull=False) | Q(answered_at__gt=F("due_at"))
SUMS: dict[str, Any] = {
    "handed": Count("pk"),
    "met": Count("pk", filter=MET),
    "due": Count("pk", filter=MET | MISSED),
    "accepted": Count("pk", filter=Q(end=HandOff.End.ACCEPTED)),
    "judged": Count("pk", filter=Q(end__in=[HandOff.End.ACCEPTED, HandOff.End.REJECTED])),
    "median": Median(Cast("response_seconds", FloatField())),
}


@dataclass(frozen=True)
class ClockResults:
    """How the clocks of some hand-offs ended. `median` are business seconds to the first response, late ones included."""

    handed: int = 0
    met: int = 0
    due: int = 0
    accepted: int = 0
    judged: int = 0
    median: float | None = None

    @property
    def running(self) -> int:
        return self.handed - self.due

    @property
    def rate(self) -> float | None:
        return self.met / self.due if self.due else None

    @property
    def minutes(self) -> float | None:
        return None if self.median is None else self.median / 60

    @property
    def acceptance(self) -> float | None:
        return self.accepted / self.judged if self.judged else None


@dataclass(frozen=True)
class Month:
    month: date
    results: ClockResults


def handoffs_with_clock() -> QuerySet[HandOff]:
    """Hand-offs that a signed SLA binds."""
    return HandOff.objects.filter(due_at__isnull=False).order_by()


def by_month(today: date) -> list[Month]:
    """Return the months of the last year in which leads were handed over with a clock, the latest first. One question."""
    zone = Company.get().zone
    since = datetime.combine(add_months(today.replace(day=1), 1 - MONTHS), datetime.min.time(), zone)
    rows: Any = (
        handoffs_with_clock().filter(started_at__gte=since).annotate(month=TruncMonth("started_at", tzinfo=zone))
    )
    grouped = rows.values("month").annotate(**SUMS).order_by("-month")
    return [Month(row.pop("month").date(), ClockResults(**row)) for row in grouped]


def summarize_clocks(rows: QuerySet[HandOff]) -> ClockResults:
    return ClockResults(**rows.aggregate(**SUMS))


@dataclass(frozen=True)
class Pilot:
    """A team that tries other terms, against all others whose leads were handed over in the same time."""

    version: Version
    response: str
    team: ClockResults
    rest: ClockResults


def pilot_results(reader: User) -> list[Pilot]:
    """Return the pilots of SLAs that came into force whose team's achievement the reader may see, the newest first."""
    tried = Version.objects.filter(
        agreement__kind=KIND, pilot_manager__isnull=False, in_force_at__isnull=False
    ).select_related("agreement", "pilot_manager")
    people = achievement_ids(reader)
    if people is not None:
        tried = tried.filter(pilot_manager__in=people)
    return [_pilot_result(version) for version in tried.order_by("-in_force_at", "-pk")[:MONTHS]]


def _pilot_result(version: Version) -> Pilot:
    meanwhile = handoffs_with_clock().filter(started_at__gte=version.in_force_at)
    if version.ended_at:
        meanwhile = meanwhile.filter(started_at__lt=version.ended_at)
    if version.expires_on:
        meanwhile = meanwhile.filter(started_at__lt=end_of_day(version.expires_on, Company.get().zone))
    response = next(Terms.of(version.terms).words())
    return Pilot(
        version,
        response,
        summarize_clocks(meanwhile.filter(sla=version)),
        summarize_clocks(meanwhile.exclude(sla=version)),
    )
