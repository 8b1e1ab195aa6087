"""What the data show of the terms that people were asked about: the three months before the round ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Avg, Count, Q, QuerySet
from django.utils import timezone

from alignment.last_values import read_value
from core.periods import add_months
from funnel.handoffs.marketing_sla import delivered_deals, delivered_leads
from funnel.models import HandOff
from funnel.verdicts.report import Median
from team.calendars.business_time import usual_day_seconds, week_from_json
from team.models import Company, office_hours

MONTHS = 3
CURRENT_SECONDS = 6 * 3600


@dataclass(frozen=True)
class Measured:
    """What a term comes to in practice, over `n` leads or months; `definition` says how it was measured."""

    value: float
    n: int
    definition: str


def measure_terms(terms: Sequence[Mapping[str, Any]], day: date, *, waits: bool = True) -> dict[str, Measured]:
    """Return what the data show by the key of the term; terms that Accord does not measure are left out.

    They are measured again after some hours, because records may be imported late. With `waits` false the last
    measurement is returned, where there is one.
    """
    name = f"measured:{day}:{'|'.join(sorted(str(term['key']) for term in terms))}"
    state = str(int(timezone.now().timestamp()) // CURRENT_SECONDS)
    return read_value(name, state, lambda: _measure(terms, day), waits=waits)


def _measure(terms: Sequence[Mapping[str, Any]], day: date) -> dict[str, Measured]:
    measured = {}
    for term in terms:
        measure = MEASURES.get(term["name"])
        result = measure(term, day) if measure else None
        if result:
            measured[str(term["key"])] = result
    return measured


def _handoffs(term: Mapping[str, Any], day: date) -> QuerySet[HandOff]:
    zone = Company.get().zone
    until = datetime.combine(day + timedelta(days=1), time(), zone)
    since = datetime.combine(add_months(day, -MONTHS), time(), zone)
    rows = HandOff.objects.filter(started_at__gte=since, started_at__lt=until, due_at__isnull=False)
    return rows.filter(sla__terms__stage=term["stage"]).order_by()


def _measure_response(term: Mapping[str, Any], day: date) -> Measured | None:
    sums = _handoffs(term, day).aggregate(
        median=Median("response_seconds"), n=Count("pk", filter=Q(response_seconds__isnull=False))
    )
    if sums["median"] is None:
        return None
    value = sums["median"] / _seconds_of(term["unit"])
    return Measured(value, sums["n"], f"Median until the first response, leads handed over in {MONTHS} months")


def _measure_attempts(term: Mapping[str, Any], day: date) -> Measured | None:
    ended = _handoffs(term, day).filter(ended_at__isnull=False)
    sums = ended.aggregate(mean=Avg("attempts"), n=Count("pk"))
    if sums["mean"] is None:
        return None
    return Measured(
        float(sums["mean"]), sums["n"], f"Attempts per lead, leads of {MONTHS} months whose hand-off has ended"
    )


def _full_months(day: date) -> list[date]:
    first = day.replace(day=1)
    return [add_months(first, -back) for back in range(1, MONTHS + 1)]


def _measure_leads(term: Mapping[str, Any], day: date) -> Measured | None:
    total = sum(delivered_leads(month).count() for month in _full_months(day))
    return (
        Measured(total / MONTHS, MONTHS, f"Leads handed over a month, mean of {MONTHS} full months") if total else None
    )


def _measure_pipeline(term: Mapping[str, Any], day: date) -> Measured | None:
    currencies = [term["unit"], *([""] if term["unit"] == Company.get().currency else [])]
    deals = [
        amount
        for month in _full_months(day)
        for amount in delivered_deals(month)
        .filter(currency__in=currencies, amount__isnull=False)
        .values_list("amount", flat=True)
    ]
    value = float(sum(deals)) / MONTHS
    return Measured(value, MONTHS, f"Pipeline begun with them a month, mean of {MONTHS} full months") if deals else None


def _seconds_of(unit: str) -> float:
    if unit == "business days":
        calendar = Company.get().calendar
        return usual_day_seconds(week_from_json(calendar.week if calendar else office_hours()))
    return 60 if unit == "business minutes" else 3600


MEASURES = {
    "response": _measure_response,
    "attempts": _measure_attempts,
    "qualified_leads": _measure_leads,
    "pipeline_value": _measure_pipeline,
}
