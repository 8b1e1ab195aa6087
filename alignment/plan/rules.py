"""The joint plan: the horizons of goals, what a reward pays, and which metrics may carry one. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from core.periods import add_months
from kpis.goal_states import compute_share

GOAL, REWARD = "goal", "reward"
MONEY_UNITS = {"money": "money", "percent": "a rate between two amounts of money"}


@dataclass(frozen=True)
class Horizon:
    """How far a goal looks ahead, and whose horizon it is."""

    key: str
    label: str
    side: str
    days: int = 0
    months: int = 0

    def end(self, starts_on: date) -> date:
        """Return the last day of a goal that begins on a day."""
        end = starts_on + timedelta(days=self.days) if self.days else add_months(starts_on, self.months)
        return end - timedelta(days=1)


HORIZONS = {
    horizon.key: horizon
    for horizon in (
        Horizon("30_days", "30 days", "sales", days=30),
        Horizon("60_days", "60 days", "sales", days=60),
        Horizon("90_days", "90 days", "sales", days=90),
        Horizon("12_months", "12 months", "marketing", months=12),
        Horizon("24_months", "24 months", "marketing", months=24),
        Horizon("36_months", "36 months", "marketing", months=36),
    )
}


@dataclass(frozen=True)
class GoalTerms:
    """A goal as it is signed; rates are fractions, money is in `currency`."""

    horizon: Horizon
    metric: str
    target: Decimal
    currency: str
    starts_on: date

    @property
    def ends_on(self) -> date:
        return self.horizon.end(self.starts_on)


@dataclass(frozen=True)
class RewardTerms:
    """A reward as it is signed: `amount` at the target, nothing below `pays_from`, no more than `capped_at` (shares of the target)."""

    goals: tuple[str, ...]
    roles: tuple[str, ...]
    amount: Decimal
    currency: str
    pays_from: Decimal
    capped_at: Decimal
    consequence: str


def read_goal(terms: Mapping[str, Any]) -> GoalTerms:
    return GoalTerms(
        HORIZONS[terms["horizon"]], terms["metric"], Decimal(terms["target"]), terms.get("currency", ""),
        date.fromisoformat(terms["starts_on"]),
    )  # fmt: skip


def read_reward(terms: Mapping[str, Any]) -> RewardTerms:
    return RewardTerms(
        tuple(terms["goals"]), tuple(terms.get("roles", ())), Decimal(terms["amount"]), terms["currency"],
        Decimal(terms["pays_from"]), Decimal(terms["capped_at"]), terms["consequence"],
    )  # fmt: skip


def why_no_reward(metric_name: str, unit: str, is_money: bool) -> str:
    """Return why a metric carries no reward, with what to choose instead; empty where it may."""
    if is_money and unit in MONEY_UNITS:
        return ""
    measured = {"count": "a number of records", "days": "days", "minutes": "minutes", "ratio": "a ratio"}.get(unit)
    kind = measured or "a rate of records"
    return (
        f"{metric_name} is {kind}, not money: it can be raised without earning. "
        "Tie the reward to a goal in money or in a rate between two amounts of money."
    )


def compute_payout(terms: RewardTerms, reached: Decimal, target: Decimal, better: str) -> Decimal:
    """Return what a reward pays at a goal, to the cent."""
    share = compute_share(reached, target, better)
    if share < terms.pays_from:
        return Decimal("0.00")
    return (terms.amount * min(share, terms.capped_at)).quantize(Decimal("0.01"), ROUND_HALF_UP)
