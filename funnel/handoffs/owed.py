"""Marketing's half of the agreement: qualified leads and pipeline value owed a month, against what was delivered.

A qualified lead is delivered in the month in which it was handed over, once however often it comes. Pipeline value
is the amount of the opportunities that began in the month and whose lead had been handed over before they began.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Sum

from agreements.models import Version
from core.periods import add_months
from crm.models import Opportunity
from funnel.models import HandOff
from team.models import Company

KIND = "owed"


@dataclass(frozen=True)
class Owed:
    """One month: what was owed and what came. Shares are fractions; None where nothing was owed."""

    month: date
    leads: int
    leads_owed: int
    value: Decimal
    value_owed: Decimal
    currency: str
    left_out: int  # opportunities in other currencies or without an amount
    version: Version
    is_over: bool  # a month that still runs is neither kept nor missed

    @property
    def leads_share(self) -> float | None:
        return self.leads / self.leads_owed if self.leads_owed else None

    @property
    def value_share(self) -> float | None:
        return float(self.value / self.value_owed) if self.value_owed else None

    @property
    def is_kept(self) -> bool | None:
        """Whether both were delivered; None while the month runs."""
        return self.leads >= self.leads_owed and self.value >= self.value_owed if self.is_over else None


def owed(month: date, today: date) -> Owed | None:
    """Return the month of a day; None where nothing was signed for all of it: no month is owed in arrears."""
    first = month.replace(day=1)
    after = add_months(first, 1)
    version = _binding(first)
    if version is None:
        return None
    terms: dict[str, Any] = version.terms
    value, left_out = _pipeline(first, after, terms["currency"])
    return Owed(
        first, _handed(first, after), int(terms["qualified_leads"]), value, Decimal(terms["pipeline_value"]),
        terms["currency"], left_out, version, after <= today,
    )  # fmt: skip


def months(today: date, how_many: int = 12) -> list[Owed]:
    """Return the months up to this one in which something was owed, the latest first."""
    found = [owed(add_months(today.replace(day=1), -back), today) for back in range(how_many)]
    return [month for month in found if month]


def _binding(first: date) -> Version | None:
    """The version in force for everybody when the month began."""
    midnight = _midnight(first)
    versions = Version.objects.filter(agreement__kind=KIND, pilot_manager=None, in_force_at__lte=midnight)
    standing = [
        version
        for version in versions.order_by("-in_force_at")
        if (version.ended_at is None or version.ended_at > midnight)
        and (version.expires_on is None or version.expires_on >= first)
    ]
    return standing[0] if standing else None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), Company.get().zone)


def _handed(first: date, after: date) -> int:
    within = HandOff.objects.filter(move__entered_at__gte=_midnight(first), move__entered_at__lt=_midnight(after))
    return within.values("lead").distinct().count()


def _pipeline(first: date, after: date, currency: str) -> tuple[Decimal, int]:
    handed = HandOff.objects.filter(lead=OuterRef("lead"), started_at__date__lte=OuterRef("opened_on"))
    begun = Opportunity.objects.filter(Exists(handed), opened_on__gte=first, opened_on__lte=after - timedelta(days=1))
    ours = Company.get().currency
    same = begun.filter(currency__in=[currency, *([""] if currency == ours else [])], amount__isnull=False)
    total = same.aggregate(total=Sum("amount"))["total"] or Decimal(0)
    return total, begun.count() - same.count()
