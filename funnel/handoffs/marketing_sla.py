"""Marketing's half of the agreement: qualified leads and pipeline value owed a month, against what was delivered.

A qualified lead is delivered in the month in which it was handed over, once however often it comes. Pipeline value
is the amount of the opportunities that began in the month and whose lead had been handed over before they began.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from agreements.models import Version
from core.dates import start_of_day
from core.periods import add_months
from crm.models import Lead, Opportunity
from facts.engine import latest_snapshot
from facts.result_cache import cached_answer
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
    elapsed: float  # the share of the month's days that have begun

    @property
    def leads_share(self) -> float | None:
        return self.leads / self.leads_owed if self.leads_owed else None

    @property
    def value_share(self) -> float | None:
        return float(self.value / self.value_owed) if self.value_owed else None

    @property
    def leads_by_now(self) -> float:
        """How many leads an even pace would have brought by today."""
        return self.leads_owed * self.elapsed

    @property
    def value_by_now(self) -> Decimal:
        return self.value_owed * Decimal(str(self.elapsed))

    @property
    def leads_ahead(self) -> int:
        """Leads before (or, below zero, behind) an even pace."""
        return round(self.leads - self.leads_by_now)

    @property
    def value_ahead(self) -> Decimal:
        return self.value - self.value_by_now

    @property
    def is_kept(self) -> bool | None:
        """Whether both were delivered; None while the month runs."""
        return self.leads >= self.leads_owed and self.value >= self.value_owed if self.is_over else None


def month_owed(month: date, today: date, versions: Sequence[Version] | None = None) -> Owed | None:
    """Return the month of a day; None where nothing was signed for all of it: no month is owed in arrears."""
    first = month.replace(day=1)
    after = add_months(first, 1)
    version = _version_at(first, _signed_versions() if versions is None else versions)
    if version is None:
        return None
    terms: dict[str, Any] = version.terms
    is_over = after <= today
    delivered = _count_delivered(first, terms["currency"], is_over=is_over)
    days = (min(today, after - timedelta(days=1)) - first).days + 1
    return Owed(
        first, delivered.leads, int(terms["qualified_leads"]), delivered.value, Decimal(terms["pipeline_value"]),
        terms["currency"], delivered.left_out, version, is_over, max(days, 0) / (after - first).days,
    )  # fmt: skip


@dataclass(frozen=True)
class Delivered:
    """What came in a month; `left_out` are opportunities in other currencies or without an amount."""

    leads: int
    value: Decimal
    left_out: int


def _count_delivered(first: date, currency: str, *, is_over: bool) -> Delivered:
    """Count the month that begins on this day. One that is over is remembered until the next run of the chain, which
    follows each import: hand-offs and deals of the past come with it.
    """
    company, snapshot = Company.get(), latest_snapshot() if is_over else None
    state = (
        (snapshot.pk, snapshot.taken_at.timestamp(), first, currency, company.currency, company.time_zone)
        if snapshot
        else ()
    )
    address = "delivered:" + ":".join(map(str, state)) if state else ""
    return cached_answer(address, lambda: _query_delivered(first, currency, company))


def _query_delivered(first: date, currency: str, company: Company) -> Delivered:
    currencies = [currency, *([""] if currency == company.currency else [])]  # a deal without one is in the company's
    is_same = Q(currency__in=currencies, amount__isnull=False)
    deals = delivered_deals(first).aggregate(value=Sum("amount", filter=is_same), left_out=Count("pk", filter=~is_same))
    return Delivered(delivered_leads(first).count(), deals["value"] or Decimal(0), deals["left_out"])


def months_owed(today: date, how_many: int = 12) -> list[Owed]:
    """Return the months up to this one in which something was owed, the latest first."""
    versions = _signed_versions()
    months = [month_owed(add_months(today.replace(day=1), -back), today, versions) for back in range(how_many)]
    return [month for month in months if month]


def _signed_versions() -> list[Version]:
    """What Marketing ever owed, the newest first."""
    versions = Version.objects.filter(agreement__kind=KIND, pilot_manager=None, in_force_at__isnull=False)
    return list(versions.order_by("-in_force_at"))


def _version_at(first: date, versions: Sequence[Version]) -> Version | None:
    """The active version for everyone when the month began."""
    midnight = _month_start(first)
    in_force = [
        version
        for version in versions
        if version.in_force_at
        and version.in_force_at <= midnight
        and (version.ended_at is None or version.ended_at > midnight)
        and (version.expires_on is None or version.expires_on >= first)
    ]
    return in_force[0] if in_force else None


def _month_start(day: date) -> datetime:
    return start_of_day(day, Company.get().zone)


def delivered_leads(first: date) -> QuerySet[Any]:
    """Return the leads that were handed over in the month, each once."""
    after = add_months(first, 1)
    within = HandOff.objects.filter(move__entered_at__gte=_month_start(first), move__entered_at__lt=_month_start(after))
    return Lead.objects.filter(pk__in=within.order_by().values("lead"))


def delivered_deals(first: date) -> QuerySet[Any]:
    """Return the opportunities that began in the month with leads that had been handed over before."""
    started = HandOff.objects.annotate(started_on=TruncDate("started_at", tzinfo=Company.get().zone))
    handed = started.filter(lead=OuterRef("lead"), started_on__lte=OuterRef("opened_on"))
    last = add_months(first, 1) - timedelta(days=1)
    return Opportunity.objects.filter(Exists(handed), opened_on__gte=first, opened_on__lte=last)
