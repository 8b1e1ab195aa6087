"""What a rep is paid under a plan: a pure function of won deals, quotas and terms, exact to the cent.

Source: methods.md 5. Golden: variable 50,000, threshold 50 %, 2× above quota, no cap: 40 % → 0, 80 % → 40,000, 100 % → 50,000,
130 % → 80,000, 220 % → 170,000.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from kpis.plans.terms import LIST, PayPlan
from kpis.quotas.categories import CHURN, GROWTH, MARGIN, NEW_PRODUCTS, VOLUME

CENT, ZERO, ONE = Decimal("0.01"), Decimal(0), Decimal(1)
Span = tuple[date, date]


@dataclass(frozen=True)
class Event:
    """A won deal as a plan sees it; `listed` is its amount before discount."""

    pk: int
    day: date
    amount: Decimal
    listed: Decimal
    cost: Decimal | None = None
    is_new: bool = False  # of a product within 12 months of its first sale
    product: int = 0
    account: int = 0
    name: str = ""

    @property
    def discount(self) -> Decimal:
        return (self.listed - self.amount) / self.listed if self.listed else ZERO


@dataclass(frozen=True)
class RepYear:
    """A year of one rep: the deals, those of the year before, quotas by category and days, and the revenue kept by span."""

    owner: int
    name: str
    events: tuple[Event, ...]
    quotas: Mapping[str, tuple[tuple[Span, Decimal], ...]]
    before: tuple[Event, ...] = ()  # each dated on its day of this year
    kept: Mapping[Span, Decimal] = field(default_factory=dict)

    def quota(self, category: str, span: Span) -> Decimal:
        """Return the quota of the days; one that reaches over several spans is shared out by days."""
        return sum((share_by_days(amount, days, span) for days, amount in self.quotas.get(category, ())), ZERO)


def share_by_days(amount: Decimal, days: Span, span: Span) -> Decimal:
    """Return the part of an amount for some days that falls into the span."""
    first, last = max(days[0], span[0]), min(days[1], span[1])
    shared = (last - first).days + 1
    return amount * shared / ((days[1] - days[0]).days + 1) if shared > 0 else ZERO


@dataclass(frozen=True)
class PeriodPay:
    """What one period pays, and the attainment of each category that the plan pays for."""

    span: Span
    attainments: Mapping[str, Decimal | None]
    amount: Decimal


@dataclass(frozen=True)
class Payslip:
    periods: tuple[PeriodPay, ...]

    @property
    def total(self) -> Decimal:
        return sum((period.amount for period in self.periods), ZERO)


def credited_share(event: Event, plan: PayPlan) -> Decimal:
    """Return the share of a deal that is credited: in part where its discount is over the limit."""
    if plan.discount_limit is not None and event.discount > plan.discount_limit:
        return plan.discount_factor
    return ONE


def credit_event(event: Event, plan: PayPlan, category: str) -> Decimal:
    """Return what a deal counts in a category."""
    if category == CHURN or (category == NEW_PRODUCTS and not event.is_new):
        return ZERO
    if category == MARGIN:
        return (event.amount - event.cost) * credited_share(event, plan) if event.cost is not None else ZERO
    return (event.listed if plan.credit == LIST else event.amount) * credited_share(event, plan)


def sum_credit(rep: RepYear, plan: PayPlan, category: str, span: Span, events: Iterable[Event]) -> Decimal:
    """Return what was achieved in a category within a span, as the plan credits it."""
    if category == CHURN:
        return rep.kept.get(span, ZERO)
    credit = sum((credit_event(event, plan, category) for event in events), ZERO)
    if category != GROWTH:
        return credit
    return credit - sum(
        (credit_event(event, plan, VOLUME) for event in rep.before if span[0] <= event.day <= span[1]), ZERO
    )


def pay_curve(attainment: Decimal, plan: PayPlan) -> Decimal:
    """Return the multiple of the variable pay that an attainment earns."""
    if attainment < plan.threshold or attainment <= 0:
        return ZERO
    return attainment if attainment <= 1 else ONE + (attainment - 1) * plan.accelerator


def pay_year(rep: RepYear, plan: PayPlan, spans: Sequence[Span]) -> Payslip:
    """Return what the plan pays a rep in each of its periods; a category without a quota in a period pays nothing."""
    return Payslip(tuple(_pay_period(rep, plan, span) for span in spans))


def _pay_period(rep: RepYear, plan: PayPlan, span: Span) -> PeriodPay:
    events = [event for event in rep.events if span[0] <= event.day <= span[1]]
    part = plan.variable / plan.periods
    attainments: dict[str, Decimal | None] = {}
    earned = ZERO
    for category, weight in plan.weights.items():
        quota = rep.quota(category, span)
        attainment = sum_credit(rep, plan, category, span, events) / quota if quota > 0 else None
        attainments[category] = attainment
        earned += weight * pay_curve(attainment, plan) if attainment is not None else ZERO
    total = part * earned + plan.bonus * sum(1 for event in events if event.amount >= plan.bonus_from)
    if plan.cap is not None:
        total = min(total, plan.cap * part)
    return PeriodPay(span, attainments, total.quantize(CENT, ROUND_HALF_UP))


def with_events(rep: RepYear, removed: Iterable[Event], added: Iterable[Event]) -> RepYear:
    """Return the year with some deals in the place of others."""
    gone = set(removed)
    return replace(rep, events=(*(event for event in rep.events if event not in gone), *added))
