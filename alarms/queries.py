"""Reads alarms and detectors for pages and the API."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Q

from alarms.costs import MoneyRange, add_ranges
from alarms.judges import Watch
from alarms.models import Alarm, DetectorState
from alarms.setups import all_watches
from core.intervals import wilson_interval
from team.models import Company, User

ASK_STRICTER_FROM = 8  # closed alarms, from which a detector is called unreliable


@dataclass(frozen=True)
class Record:
    """How the alarms of a detector were closed, and what share of them was real."""

    opened: int = 0
    real: int = 0
    not_real: int = 0
    is_known: int = 0

    @property
    def closed(self) -> int:
        return self.real + self.not_real + self.is_known

    @property
    def interval(self) -> tuple[float, float] | None:
        return wilson_interval(self.real, self.closed)

    @property
    def is_unreliable(self) -> bool:
        """Whether less than half were real, of enough to say so."""
        return self.closed >= ASK_STRICTER_FROM and self.real * 2 < self.closed


@dataclass(frozen=True)
class DetectorRow:
    """A detector in the inventory: how it is set, how it stands, and how its alarms were closed."""

    watch: Watch
    state: DetectorState | None
    record: Record
    last_opened: datetime | None

    @property
    def has_fired(self) -> bool:
        return self.record.opened > 0


def read_inventory() -> list[DetectorRow]:
    """Return every detector with its state and its record. Three queries."""
    states = {state.key: state for state in DetectorState.objects.all()}
    records, last = _read_records()
    return [
        DetectorRow(
            watch,
            states.get(watch.detector.key),
            records.get(watch.detector.key, Record()),
            last.get(watch.detector.key),
        )
        for watch in all_watches()
    ]


def _read_records() -> tuple[dict[str, Record], dict[str, datetime]]:
    rows = list(
        Alarm.objects.order_by()
        .values("detector")
        .annotate(
            opened=Count("pk"),
            last=Max("opened_at"),
            real=Count("pk", filter=Q(verdict=Alarm.Verdict.REAL)),
            not_real=Count("pk", filter=Q(verdict=Alarm.Verdict.NOT_REAL)),
            is_known=Count("pk", filter=Q(verdict=Alarm.Verdict.KNOWN)),
        )
    )
    records = {row["detector"]: Record(row["opened"], row["real"], row["not_real"], row["is_known"]) for row in rows}
    return records, {row["detector"]: row["last"] for row in rows}


def read_record(key: str) -> Record:
    """Return how the alarms of one detector were closed."""
    verdicts = Counter(Alarm.objects.filter(detector=key).values_list("verdict", flat=True))
    return Record(
        sum(verdicts.values()),
        verdicts[Alarm.Verdict.REAL],
        verdicts[Alarm.Verdict.NOT_REAL],
        verdicts[Alarm.Verdict.KNOWN],
    )


def calling_alarms(user: User | None = None) -> Sequence[Alarm]:
    """Return the alarms that are open and not snoozed, the dearest first, those without a cost last.

    Args:
        user: for whom, else all of the company.
    """
    alarms = Alarm.objects.calling(Company.today()).select_related("owner")
    visible = alarms.visible_to(user) if user else alarms
    return sorted(visible, key=lambda alarm: (alarm.cost is None, -(alarm.cost or 0), -alarm.pk))


@dataclass(frozen=True)
class CallingCount:
    """How many open alarms a person sees that are not snoozed, and how many of them are theirs."""

    total: int
    own: int


def count_calling_for(user: User) -> CallingCount:
    """Count the alarms for the badge in the navigation, in one query."""
    rows = Alarm.objects.calling(Company.today()).visible_to(user).order_by()
    counts = rows.aggregate(total=Count("pk"), own=Count("pk", filter=Q(owner=user)))
    return CallingCount(counts["total"], counts["own"])


def cost_of(alarm: Alarm) -> MoneyRange | None:
    """Return what an alarm costs in a year; None where that is not known."""
    if alarm.cost is None or alarm.cost_low is None or alarm.cost_high is None:
        return None
    return MoneyRange(alarm.cost_low, alarm.cost, alarm.cost_high, alarm.currency)


def total_cost(alarms: Iterable[Alarm]) -> MoneyRange | None:
    """Return what the alarms cost together in a year, of those whose cost is known in the company's currency."""
    return add_ranges([cost for alarm in added_alarms(alarms) if (cost := cost_of(alarm))])


def added_alarms(alarms: Iterable[Alarm]) -> list[Alarm]:
    """Return the alarms whose costs the total adds up.

    A cost that contains those of others is not added to them; where it stands alone it is the total.
    """
    currency = Company.get().currency
    priced = [alarm for alarm in alarms if alarm.cost is not None and alarm.currency == currency]
    return [alarm for alarm in priced if not alarm.is_overall_cost] or priced[:1]
