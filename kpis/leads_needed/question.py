"""What is asked: the revenue goal, its days, and which part of it must come from leads; read from the address."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from core.periods import Period, add_months, month_end
from core.request_values import BadValue, quote_text, read_date, read_decimal
from funnel.dimensions import CUTS
from kpis.models import Goal

COVERED_METRICS = ("revenue", "won_revenue", "invoiced_revenue")
MONTHS = 12
MOST_DAYS = 5 * 366
CENT = Decimal("0.01")
MOST = Decimal(10) ** 15
ICP = "icp"
# owners would show what colleagues achieved
CUT_LABELS = {name: cut.label for name, cut in CUTS.items() if name != "owner"} | {ICP: "Ideal customer profile"}
CUT_NAMES = tuple(CUT_LABELS)
PERCENT = 100


@dataclass(frozen=True)
class NeedQuestion:
    """None where the address says nothing: then the joint goal, and the share that leads had, decide."""

    horizon: Period
    goal: Decimal | None = None
    share: Decimal | None = None  # a fraction of the goal
    by: str = "lead_source"

    def query(self, **changes: Any) -> str:
        start, end = self.horizon.start, self.horizon.end
        params = {
            "goal": self.goal, "share": None if self.share is None else self.share * PERCENT,
            "from": start and start.isoformat(), "to": end and end.isoformat(), "by": self.by, **changes,
        }  # fmt: skip
        return urlencode({name: value for name, value in params.items() if value is not None})


def default_horizon(today: date) -> Period:
    """Return the twelve months from the next one on."""
    start = add_months(today.replace(day=1), 1)
    return Period(start, month_end(add_months(start, MONTHS - 1)))


def read_question(query: Mapping[str, str], today: date) -> NeedQuestion:
    """Read the question.

    Raises:
        BadValue: in words for the reader.
    """
    usual = default_horizon(today)
    start = read_date(query.get("from")) or usual.start
    end = read_date(query.get("to")) or (usual.end if start == usual.start else None)
    assert start
    end = end or month_end(add_months(start, MONTHS - 1))
    if start < today.replace(day=1):
        raise BadValue(f"The goal begins on {start}, which is over. Use a first day in this month or later.")
    if end < start:
        raise BadValue("The last day is before the first. Swap the two dates.")
    if (end - start).days >= MOST_DAYS:
        raise BadValue("The goal is longer than five years. Use an earlier last day.")
    goal = read_decimal(query.get("goal"), least=CENT, most=MOST)
    share = read_decimal(query.get("share"), least=CENT, most=Decimal(PERCENT))
    by = query.get("by") or "lead_source"
    if by not in CUT_NAMES:
        raise BadValue(f"{quote_text(by)} is not a breakdown. Use one of: {', '.join(CUT_NAMES)}.")
    return NeedQuestion(
        Period(start, end), goal and goal.quantize(CENT), None if share is None else share / PERCENT, by
    )


@dataclass(frozen=True)
class GoalBasis:
    """The amount that is asked for, and where it comes from."""

    amount: Decimal
    source: str  # "asked", "goal" or "last_year"
    goal: Goal | None = None


def choose_goal(
    question: NeedQuestion, goals: list[Goal], currency: str, won_last_year: Decimal, today: date
) -> GoalBasis:
    """Return the amount of the address, else the pace of the joint revenue goal, else what the last year brought.

    The joint goal is the one that shares most days with the horizon, else the one that runs today.
    """
    days = question.horizon.days or 1
    if question.goal is not None:
        return GoalBasis(question.goal, "asked")
    own = [goal for goal in goals if goal.metric in COVERED_METRICS and goal.currency in ("", currency)]
    chosen = max(
        own, key=lambda goal: (_shared_days(goal, question.horizon), _runs(goal, today), -goal.pk), default=None
    )
    if chosen and (_shared_days(chosen, question.horizon) or _runs(chosen, today)):
        length = (chosen.ends_on - chosen.starts_on).days + 1
        return GoalBasis((chosen.target * days / length).quantize(CENT), "goal", chosen)
    return GoalBasis((won_last_year * days / 365).quantize(CENT), "last_year")


def _runs(goal: Goal, today: date) -> bool:
    return goal.starts_on <= today <= goal.ends_on


def _shared_days(goal: Goal, horizon: Period) -> int:
    assert horizon.start
    assert horizon.end
    return max(0, (min(goal.ends_on, horizon.end) - max(goal.starts_on, horizon.start)).days + 1)
