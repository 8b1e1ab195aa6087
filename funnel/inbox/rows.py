"""What the inbox shows: the hand-offs of a person by clock, each with its clock in words, and the state of a team."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Value, When
from django.utils import timezone

from core.formatting import THIN, format_count, format_duration, format_exact
from crm.models import Owner
from crm.people import read_people
from funnel.handoffs.queries import Clock, inbox_handoffs, read_clocks
from funnel.models import HandOff
from team.models import User

COMPLIANCE_DAYS = 30
BADGES = {"breached": "is-alarm", "warned": "is-warning", "met": "is-met", "missed": "is-warning"}


@dataclass(frozen=True)
class Waiting:
    """A hand-off in the inbox, with its clock."""

    handoff: HandOff
    clock: Clock

    @property
    def left(self) -> str:
        """Say the business time that is left, or by how much the clock has run over."""
        if self.clock.left is None:
            return ""
        return (
            f"{format_working_time(abs(self.clock.left))} of working time {'left' if self.clock.left > 0 else 'over'}"
        )

    @property
    def badge(self) -> str:
        return BADGES.get(self.clock.state, "")

    @property
    def due_at(self) -> datetime | None:
        """When the next answer is due: the first response, and after it the verdict."""
        return self.handoff.accept_due_at if self.handoff.answered_at else self.handoff.due_at

    @property
    def because(self) -> str:
        """Say which criteria the lead fulfilled when it was handed over, with what they found."""
        evidence = self.handoff.move.evidence if self.handoff.move else {}
        return "; ".join(
            f"{condition} ({format_exact(value)})" if type(value) in (int, float) else condition
            for condition, value in (evidence.get("held") or {}).items()
        )

    @property
    def due_words(self) -> str:
        return "Verdict due" if self.handoff.answered_at else "Answer due"


LONG = 48 * 3600


def format_working_time(seconds: float) -> str:
    """Write working time: hours and minutes, whole hours where it is much."""
    return f"{format_count(seconds // 3600)}{THIN}h" if seconds >= LONG else format_duration(timedelta(seconds=seconds))


def by_clock(user: User) -> QuerySet[HandOff]:
    """Return what waits for the person and their reports: running clocks, then answered leads, then paused clocks."""
    group = Case(
        When(paused_at__isnull=False, then=Value(2)),
        When(answered_at__isnull=False, then=Value(1)),
        default=Value(0),
        output_field=IntegerField(),
    )
    due = Case(When(answered_at__isnull=False, then=F("accept_due_at")), default=F("due_at"))
    rows = inbox_handoffs(user).select_related("lead__account", "lead__campaign", "to_owner__user", "move__version")
    return rows.order_by(group, due.asc(nulls_last=True), "pk")


def own_handoffs(rows: QuerySet[HandOff], user: User) -> QuerySet[HandOff]:
    return rows.filter(to_owner__user=user)


def with_clocks(handoffs: Iterable[HandOff], now: datetime | None = None) -> list[Waiting]:
    rows = list(handoffs)
    clocks_by_pk = read_clocks(rows, now)
    return [Waiting(handoff, clocks_by_pk[handoff.pk]) for handoff in rows]


def count_overdue(rows: QuerySet[HandOff], now: datetime) -> int:
    return rows.filter(_is_late(now)).count()


def _is_late(now: datetime) -> Q:
    return Q(answered_at=None, paused_at=None, due_at__lte=now)


@dataclass(frozen=True)
class Person:
    """The state of one person of a team: what is open now, and clocks met ÷ clocks due of the last 30 days."""

    owner_id: int
    name: str
    open: int
    overdue: int
    paused: int
    met: int
    due: int

    @property
    def rate(self) -> float | None:
        return self.met / self.due if self.due else None


def team_rows(user: User, now: datetime | None = None) -> list[Person]:
    """Return the state of each person whose hand-offs the user sees; the most overdue first. The same few questions for many.

    A clock that still runs is neither met nor due.
    """
    now = now or timezone.now()
    recent = Q(due_at__gte=now - timedelta(days=COMPLIANCE_DAYS), due_at__isnull=False)
    met = Q(answered_at__lte=F("due_at"))
    missed = Q(breached_at__isnull=False) | Q(answered_at__gt=F("due_at"))
    opened = Q(ended_at=None)
    sums = {
        "open": Count("pk", filter=opened),
        "overdue": Count("pk", filter=opened & _is_late(now)),
        "paused": Count("pk", filter=opened & Q(paused_at__isnull=False)),
        "met": Count("pk", filter=recent & met),
        "due": Count("pk", filter=recent & (met | missed)),
    }
    rows: Any = HandOff.objects.visible_to(user).filter(to_owner__user__isnull=False)
    rows = rows.annotate(person=read_people().expression("to_owner"))
    counts = list(rows.values("person").annotate(**sums).filter(Q(open__gt=0) | Q(due__gt=0)).order_by())
    names = dict(Owner.objects.filter(pk__in=[row["person"] for row in counts]).values_list("pk", "name"))
    people = [Person(row["person"], names[row["person"]] or "–", *(row[name] for name in sums)) for row in counts]
    return sorted(people, key=lambda one: (-one.overdue, -one.open, one.name, one.owner_id))
