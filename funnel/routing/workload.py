"""Who takes how many leads, and who got how many this week."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count
from django.utils import timezone

from agreements.models import company_today
from core.date_formatting import format_day
from crm.models import Owner
from crm.people import read_people
from funnel.handoffs.assignment import Taker
from funnel.handoffs.routing import Router, leads_dealt, of_sales
from funnel.models import Capacity, HandOff
from funnel.routing.forms import CapacityForm
from funnel.sentences import routing_headline
from team.models import Company


def week_start() -> datetime:
    day = company_today()
    return datetime.combine(day - timedelta(days=day.weekday()), datetime.min.time(), Company.get().zone)


@dataclass(frozen=True)
class Person:
    """A person who can get leads: the owner record that represents them, and what they got this week."""

    owner: Owner
    capacity: Capacity | None
    this_week: int
    away: date | None
    is_in_sales: bool
    takes_turns: bool


def lead_takers() -> list[Person]:
    """Return the people to whom leads can go, the busiest first; of other sides those with leads of this week."""
    desk = Router(timezone.now())
    given = leads_dealt(desk.today, desk.people)
    rows = [
        Person(
            desk.owners[pk], desk.capacities.get(pk), given.get(pk, {}).get("this_week", 0), desk.away.get(pk),
            of_sales(user), pk in desk.takers,
        )
        for pk, user in desk.users.items()
    ]  # fmt: skip
    relevant = [person for person in rows if person.is_in_sales or person.this_week]
    return sorted(relevant, key=lambda one: (-one.this_week, one.owner.name, one.owner.pk))


@dataclass(frozen=True)
class TakerRow:
    """One person on the page: what they got this week of what they take, and the form that changes it."""

    person: Person
    form: CapacityForm

    @property
    def owner(self) -> Owner:
        return self.person.owner

    @property
    def weight(self) -> float:
        capacity = self.person.capacity
        limits = (capacity.per_day, capacity.per_week) if capacity else (None, None)
        return Taker(self.owner.pk, "", *limits).weight if self.person.takes_turns else 0.0

    @property
    def state(self) -> str:
        """Say why nothing is assigned to them; empty where something is."""
        if not self.person.is_in_sales:
            return "Not in Sales: gets none"
        if self.person.away:
            return f"Away until {format_day(self.person.away, has_year=False)}"
        if not self.person.takes_turns:
            return "Manager: no capacity"
        return "" if self.weight else "Takes none"


def given_since(moment: datetime) -> list[tuple[str, int]]:
    """Return who got how many leads, by name, the most first."""
    rows: Any = HandOff.objects.filter(started_at__gte=moment, to_owner__isnull=False).order_by()
    counts = rows.annotate(person=read_people().expression("to_owner")).values_list("person").annotate(n=Count("pk"))
    numbers = dict(counts)
    names = dict(Owner.objects.filter(pk__in=numbers).values_list("pk", "name"))
    return sorted(((names[pk], n) for pk, n in numbers.items()), key=lambda one: (-one[1], one[0]))


def workload_headline() -> str:
    """Summarize how many leads went to whom this week, and how many have no owner."""
    unassigned = HandOff.objects.open().filter(to_owner=None).count()
    return routing_headline(given_since(week_start()), unassigned)
