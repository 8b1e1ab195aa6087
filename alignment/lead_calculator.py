"""How many leads a revenue goal needs, at typed-in rates: goal → deals → opportunities → SALs → MQLs → leads."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from core.formatting import format_percent

Rate = Decimal | Fraction

LAST_STEP = "Deals"
# From the deal back to the lead: the rate's key, what it is the share of, and what it turns that into.
STEPS = (
    ("close_rate", "Opportunities", "deals"),
    ("opportunity_rate", "SALs", "opportunities"),
    ("acceptance_rate", "MQLs", "SALs"),
    ("qualification_rate", "Leads", "MQLs"),
)


class ImpossibleRate(ValueError):
    """A rate at which no number of leads reaches the goal, or that is not a share at all; `key` names it."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(text)
        self.key = key


@dataclass(frozen=True)
class FunnelStep:
    """How many of a stage are needed, and the rate by which they come to the next stage; None for deals."""

    name: str
    count: int
    rate: Rate | None
    next_name: str


@dataclass(frozen=True)
class LeadPlan:
    """The needed numbers, leads first, and the day by which the leads must have arrived."""

    steps: tuple[FunnelStep, ...]
    leads_by: date
    won_by: date

    @property
    def leads(self) -> int:
        return self.steps[0].count


def plan_leads(
    *, revenue_goal: Decimal, revenue_per_deal: Decimal, rates: Mapping[str, Rate], cycle_days: int, won_by: date
) -> LeadPlan:
    """Compute the plan; every step is rounded up, as half a lead closes nothing. Rates are fractions, 0 < rate ≤ 1.

    The leads must arrive one cycle (lead to signature, in days) before the day by which the revenue is to be won.

    Raises:
        ImpossibleRate: a rate is 0 or less, or more than 1.
        ValueError: goal, revenue per deal or cycle are not above 0 (the cycle may be 0).
    """
    if revenue_goal <= 0 or revenue_per_deal <= 0 or cycle_days < 0:
        raise ValueError(
            "The revenue goal and the revenue per deal must be above 0, and the cycle must not be below 0."
        )
    count = _round_up(Fraction(revenue_goal) / Fraction(revenue_per_deal))
    steps = [FunnelStep(LAST_STEP, count, None, "")]
    for key, name, next_name in STEPS:
        check_rate(key, rates[key], name, next_name)
        count = _round_up(Fraction(count) / Fraction(rates[key]))
        steps.insert(0, FunnelStep(name, count, rates[key], next_name))
    return LeadPlan(tuple(steps), won_by - timedelta(days=cycle_days), won_by)


def check_rate(key: str, rate: Rate, name: str, next_name: str) -> None:
    """Refuse a rate that is not a share, or by which no number is ever enough."""
    name = name.lower() if name[1:].islower() else name
    if rate <= 0:
        raise ImpossibleRate(
            key, f"At {format_percent(0)} no {name} become {next_name}. Enter a rate above {format_percent(0)}."
        )
    if rate > 1:
        whole = format_percent(1)
        raise ImpossibleRate(key, f"More than {whole} of the {name} cannot become {next_name}. Enter {whole} or less.")


def _round_up(number: Fraction) -> int:
    return -(-number.numerator // number.denominator)
