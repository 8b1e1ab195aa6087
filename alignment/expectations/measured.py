"""What the data show of the terms that people were asked about: the three months before the round ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Avg, Count, Q, QuerySet
from django.utils import timezone

from alignment.last_values import read_value
from core.periods import add_months
from crm.models import Lead
from funnel.handoffs.marketing_sla import delivered_deals, delivered_leads
from funnel.models import HandOff
from funnel.verdicts.report import Median
from team.calendars.business_time import usual_day_seconds, week_from_json
from team.models import Company, office_hours

MONTHS = 3
CURRENT_SECONDS = 6 * 3600


@dataclass(frozen=True)
class Measured:
    """What a term comes to in practice, over `n` leads or months; `definition` says how it was measured.

    Where nothing was recorded that could be measured, `value` is None and `definition` says what is missing. A measured 0 is
    a value: leads came, and none of them was handed over.
    """

    value: float | None
    n: int
    definition: str
    as_of: datetime


def no_data(reason: str) -> Measured:
    return Measured(None, 0, f"No data: {reason}", timezone.now())


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
        if measure:
            measured[str(term["key"])] = measure(term, day)
    return measured


def _handoffs(term: Mapping[str, Any], day: date) -> QuerySet[HandOff]:
    zone = Company.get().zone
    until = datetime.combine(day + timedelta(days=1), time(), zone)
    since = datetime.combine(add_months(day, -MONTHS), time(), zone)
    rows = HandOff.objects.filter(started_at__gte=since, started_at__lt=until, due_at__isnull=False)
    return rows.filter(sla__terms__stage=term["stage"]).order_by()


def _measure_response(term: Mapping[str, Any], day: date) -> Measured:
    sums = _handoffs(term, day).aggregate(
        median=Median("response_seconds"), n=Count("pk", filter=Q(response_seconds__isnull=False))
    )
    if sums["median"] is None:
        return no_data(f"no lead that was handed over in the {MONTHS} months has a response yet.")
    value = sums["median"] / _seconds_of(term["unit"])
    definition = f"Median until the first response, leads handed over in {MONTHS} months"
    return Measured(value, sums["n"], definition, timezone.now())


def _measure_attempts(term: Mapping[str, Any], day: date) -> Measured:
    ended = _handoffs(term, day).filter(ended_at__isnull=False)
    sums = ended.aggregate(mean=Avg("attempts"), n=Count("pk"))
    if sums["mean"] is None:
        return no_data(f"no hand-off of the {MONTHS} months has ended yet.")
    definition = f"Attempts per lead, leads of {MONTHS} months whose hand-off has ended"
    return Measured(float(sums["mean"]), sums["n"], definition, timezone.now())


def _full_months(day: date) -> list[date]:
    first = day.replace(day=1)
    return [add_months(first, -back) for back in range(1, MONTHS + 1)]


def _measure_leads(term: Mapping[str, Any], day: date) -> Measured:
    months = _full_months(day)
    total = sum(delivered_leads(month).count() for month in months)
    if not total and not _has_leads(months):
        return no_data(f"no lead was recorded in the {MONTHS} full months.")
    definition = f"Leads handed over a month, mean of {MONTHS} full months"
    return Measured(total / MONTHS, MONTHS, definition, timezone.now())


def _measure_pipeline(term: Mapping[str, Any], day: date) -> Measured:
    months = _full_months(day)
    currencies = [term["unit"], *([""] if term["unit"] == Company.get().currency else [])]
    begun = [
        (currency, amount)
        for month in months
        for currency, amount in delivered_deals(month).values_list("currency", "amount")
    ]
    amounts = [amount for currency, amount in begun if currency in currencies and amount is not None]
    if begun and not amounts:
        return no_data(f"the opportunities of the {MONTHS} full months have no amount in {term['unit']}.")
    if not begun and not _has_leads(months):
        return no_data(f"no lead was recorded in the {MONTHS} full months.")
    definition = f"Pipeline begun with them a month, mean of {MONTHS} full months"
    return Measured(float(sum(amounts)) / MONTHS, MONTHS, definition, timezone.now())


def _has_leads(months: Sequence[date]) -> bool:
    """Tell whether any lead came in the months, or was handed over in them: then 0 is a measured value."""
    zone = Company.get().zone
    since = datetime.combine(min(months), time(), zone)
    until = datetime.combine(add_months(max(months), 1), time(), zone)
    came = Lead.objects.filter(created_at__gte=since, created_at__lt=until)
    return came.exists() or HandOff.objects.filter(started_at__gte=since, started_at__lt=until).exists()


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
