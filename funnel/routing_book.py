"""Who takes how many leads, and who got how many this week."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Q, QuerySet

from agreements.models import today
from funnel.handoffs.dealing import Taker
from funnel.handoffs.routing import is_in_sales
from funnel.models import HandOff
from funnel.routing_forms import CapacityForm, owners
from team.models import Company, Role, Side


def monday() -> datetime:
    day = today()
    return datetime.combine(day - timedelta(days=day.weekday()), datetime.min.time(), Company.get().zone)


def takers() -> QuerySet[Any]:
    """Return owners with what they got this week (`this_week`) and the end of an absence today (`away`); the busiest first.

    Whoever is of another side is among them only with leads of this week.
    """
    day = today()
    gone = Q(absences__starts_on__lte=day, absences__ends_on__gte=day)
    week = Q(handoffs__started_at__gte=monday())
    found = owners().select_related("capacity", "user")
    counted = found.annotate(
        this_week=Count("handoffs", filter=week, distinct=True), away=Max("absences__ends_on", filter=gone)
    )
    of_sales = Q(user=None) | Q(user__is_active=True, user__role__in=[role for role in Role if role.side == Side.SALES])
    return counted.filter(of_sales | Q(this_week__gt=0)).order_by("-this_week", "name", "pk")


@dataclass(frozen=True)
class Taking:
    """One owner on the page: what they got this week of what they take, and the form that changes it."""

    owner: Any  # an Owner with `this_week` and `away`
    form: CapacityForm

    @property
    def weight(self) -> float:
        known = getattr(self.owner, "capacity", None)
        limits = (known.per_day, known.per_week) if known else (None, None)
        return Taker(self.owner.pk, "", *limits).weight

    @property
    def state(self) -> str:
        """Say why nothing is dealt to them; empty where something is."""
        if not is_in_sales(self.owner):
            return "Not of Sales: gets none"
        if self.owner.away:
            return f"Away until {self.owner.away:%-d %b}"
        return "" if self.weight else "Takes none"


def headline() -> str:
    """Say in a sentence how many leads went to whom this week, and what nobody has."""
    rows = HandOff.objects.filter(started_at__gte=monday(), to_owner__isnull=False).order_by()
    dealt = list(rows.values_list("to_owner__name").annotate(n=Count("pk")).order_by("-n", "to_owner__name"))
    nobodys = HandOff.objects.open().filter(to_owner=None).count()
    total = sum(n for _, n in dealt)
    if not total:
        said = "No lead was handed over this week yet"
    elif len(dealt) == 1:
        said = f"{total:,} lead{'s' if total > 1 else ''} went to {dealt[0][0]} this week"
    else:
        said = f"{total:,} leads went to {len(dealt)} people this week, most of them ({dealt[0][1]:,}) to {dealt[0][0]}"
    return (
        f"{said}; {nobodys:,} {'waits' if nobodys == 1 else 'wait'} for somebody to take them."
        if nobodys
        else f"{said}."
    )
