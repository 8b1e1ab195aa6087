"""Reads of the joint plan: goals with their pace, rewards with what they pay, and the updates."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from agreements.models import Version
from alignment.metric_values import ResultReader, oldest_moment
from alignment.plan.models import PlanUpdate
from alignment.plan.rules import GOAL, HORIZONS, REWARD, GoalTerms, RewardTerms, compute_payout, read_goal, read_reward
from core.date_formatting import format_day
from core.formatting import format_by_unit, short_money
from core.periods import Period
from facts.engine import Facts, open_facts
from kpis.goal_states import AT_RISK, BEHIND, MISSED, NOT_BEGUN, STATE_LABELS, StateLabel, judge_goal
from kpis.models import Goal
from kpis.pace import Pace, current_goals
from kpis.registry import Metric, find_metric, get_metric
from team.access import can_see_all_buyers
from team.models import Company, Role, Side, User

DAYS_BETWEEN_UPDATES = 30


@dataclass(frozen=True)
class PlanGoal:
    """A signed goal with its pace, as far as the reader may know it; no pace where its metric is not declared any more."""

    version: Version
    terms: GoalTerms
    pace: Pace | None
    today: date

    @property
    def key(self) -> str:
        return self.version.agreement.key

    @property
    def title(self) -> str:
        return self.version.agreement.title

    @property
    def side_label(self) -> str:
        return str(Side(self.terms.horizon.side).label)

    @property
    def state(self) -> str:
        pace = self.pace if self.pace and self.pace.is_known else None
        return judge_goal(
            projected=pace.projected if pace else None, target=self.terms.target, better=pace.metric.better if pace else "",
            starts_on=self.terms.starts_on, ends_on=self.terms.ends_on, today=self.today,
        )  # fmt: skip

    @property
    def is_behind(self) -> bool:
        return self.state in {BEHIND, MISSED}

    @property
    def badge(self) -> StateLabel:
        return STATE_LABELS[self.state]

    @property
    def sentence(self) -> str:
        if self.state == NOT_BEGUN:
            return f"Begins on {format_day(self.terms.starts_on)}."
        return self.pace.sentence if self.pace else "The metric of this goal is not computed any more."

    @property
    def share(self) -> float:
        """How much of the target is reached, from 0 to 1, for a bar."""
        if self.pace is None or not self.pace.is_known:
            return 0.0
        return float(max(Decimal(0), min(Decimal(1), self.pace.value / self.terms.target)))


@dataclass(frozen=True)
class Payout:
    """What a reward pays at one of its goals: at the pace so far, and in the end once it is over."""

    goal: PlanGoal
    amount: Decimal | None
    currency: str

    @property
    def is_final(self) -> bool:
        return self.goal.terms.ends_on < self.goal.today

    @property
    def text(self) -> str:
        return "Not known" if self.amount is None else short_money(self.amount, self.currency)


@dataclass(frozen=True)
class PlanReward:
    version: Version
    terms: RewardTerms
    payouts: list[Payout]

    @property
    def roles(self) -> str:
        return ", ".join(str(Role(role).label) for role in self.terms.roles)


@dataclass(frozen=True)
class Plan:
    """The joint plan for one reader. `joint_goals` were set for a metric by hand and belong to no signed goal."""

    goals: list[PlanGoal]
    rewards: list[PlanReward]
    joint_goals: list[Pace]
    updates: list[PlanUpdate]
    due_on: date | None
    today: date
    as_of: Any

    @property
    def draft(self) -> PlanUpdate | None:
        return next((update for update in self.updates if not update.is_presented), None)

    @property
    def last(self) -> PlanUpdate | None:
        return next((update for update in self.updates if update.is_presented), None)

    @property
    def days_overdue(self) -> int:
        return max(0, (self.today - self.due_on).days) if self.due_on else 0

    @property
    def behind(self) -> list[PlanGoal]:
        return [goal for goal in self.goals if goal.is_behind]

    @property
    def at_risk(self) -> list[PlanGoal]:
        return [goal for goal in self.goals if goal.state == AT_RISK]

    def goals_of(self, side: str) -> list[PlanGoal]:
        return [goal for goal in self.goals if goal.terms.horizon.side == side]


def read_plan(user: User, facts: Facts | None = None, *, waits: bool = True) -> Plan:
    """Read the plan as the reader may know it; with `waits` false by the figures that were computed last."""
    facts, today = facts or open_facts(), Company.today()
    reader = ResultReader(user, facts, waits)
    goals = read_goals(reader, today)
    updates = list(PlanUpdate.objects.select_related("marketing_by", "sales_by", "drafted_by"))
    joint = read_joint_paces(reader, goals, today)
    paces = [*(goal.pace for goal in goals if goal.pace), *joint]
    as_of = oldest_moment((pace.reached for pace in paces), facts)
    return Plan(goals, _read_rewards(goals), joint, updates, due_day(updates), today, as_of)


def read_goals(reader: ResultReader, today: date) -> list[PlanGoal]:
    """Return the signed goals by their last day."""
    versions = Version.objects.in_force().filter(agreement__kind=GOAL, pilot_manager=None).select_related("agreement")
    goals = [_read_goal(version, reader, today) for version in versions]
    order = list(HORIZONS)
    return sorted(goals, key=lambda goal: (goal.terms.ends_on, order.index(goal.terms.horizon.key), goal.title))


def _read_goal(version: Version, reader: ResultReader, today: date) -> PlanGoal:
    terms, pace = read_goal(version.terms), None
    metric = find_metric(terms.metric)
    if metric:
        goal = Goal(
            metric=terms.metric, target=terms.target, currency=terms.currency, starts_on=terms.starts_on,
            ends_on=terms.ends_on,
        )  # fmt: skip
        pace = _read_pace(goal, metric, reader, today)
    return PlanGoal(version, terms, pace, today)


def read_joint_paces(reader: ResultReader, goals: Iterable[PlanGoal], today: date) -> list[Pace]:
    """Return the goals of today that were set by hand and belong to no signed goal."""
    signed = {(goal.terms.metric, goal.terms.starts_on, goal.terms.ends_on) for goal in goals}
    return [
        _read_pace(goal, get_metric(goal.metric), reader, today)
        for goal in current_goals(today)
        if (goal.metric, goal.starts_on, goal.ends_on) not in signed
    ]


def _read_pace(goal: Goal, metric: Metric, reader: ResultReader, today: date) -> Pace:
    """Return the pace on the day up to which the figure was computed: an older figure has an older pace."""
    period = Period(goal.starts_on, max(goal.starts_on, min(today, goal.ends_on)))
    result = reader.read_result(metric, period, f"{goal.starts_on}:{goal.ends_on}")
    day = min(today, result.period.end or today)
    return Pace(goal, metric, result, day)


def _read_rewards(goals: Iterable[PlanGoal]) -> list[PlanReward]:
    by_key = {goal.key: goal for goal in goals}
    versions = Version.objects.in_force().filter(agreement__kind=REWARD, pilot_manager=None).select_related("agreement")
    rewards = []
    for version in versions.order_by("agreement__title"):
        terms = read_reward(version.terms)
        tied = [by_key[key] for key in terms.goals if key in by_key]
        rewards.append(
            PlanReward(version, terms, [Payout(goal, _payout(terms, goal), terms.currency) for goal in tied])
        )
    return rewards


def _payout(terms: RewardTerms, goal: PlanGoal) -> Decimal | None:
    """Return what the reward pays at the pace so far; None where the figure is not known."""
    if goal.pace is None or not goal.pace.is_known or goal.pace.projected is None:
        return None
    return compute_payout(terms, goal.pace.projected, goal.terms.target, goal.pace.metric.better)


def due_day(updates: Iterable[PlanUpdate] | None = None) -> date | None:
    """Return the day by which the next update is due: as the last one named it, else a month after the first goal."""
    presented = [update for update in (PlanUpdate.objects.all() if updates is None else updates) if update.is_presented]
    if presented:
        return max(presented, key=lambda update: update.number).next_due_on
    signed = Version.objects.in_force().filter(agreement__kind=GOAL).order_by("in_force_at").first()
    if signed is None or signed.in_force_at is None:
        return None
    return signed.in_force_at.astimezone(Company.get().zone).date() + timedelta(days=DAYS_BETWEEN_UPDATES)


def freeze_figures(goals: Iterable[PlanGoal]) -> list[dict[str, Any]]:
    """Return the goals in their present state, to be stored with an update."""
    return [
        {
            "goal": goal.key,
            "title": goal.title,
            "side": goal.terms.horizon.side,
            "metric": goal.terms.metric,
            "target": str(goal.terms.target),
            "ends_on": goal.terms.ends_on.isoformat(),
            "value": str(goal.pace.value) if goal.pace and goal.pace.is_known else None,
            "currency": goal.terms.currency,
            "state": goal.state,
            "sentence": goal.sentence,
        }
        for goal in goals
    ]


def list_moves(before: Iterable[Mapping[str, Any]], goals: Iterable[PlanGoal]) -> list[str]:
    """Say what moved since frozen figures, a sentence for each goal that did or is new."""
    earlier = {figure["goal"]: figure for figure in before}
    return [sentence for goal in goals if (sentence := _describe_move(earlier.get(goal.key), goal))]


def _describe_move(before: Mapping[str, Any] | None, goal: PlanGoal) -> str:
    if goal.pace is None or not goal.pace.is_known:
        return ""
    if before is None or before["value"] is None:
        return f"{goal.title}: {goal.sentence}"
    value = Decimal(before["value"])
    if value == goal.pace.value and before["state"] == goal.state:
        return ""
    was = format_by_unit(value, goal.pace.metric.unit, goal.terms.currency)
    now = format_by_unit(goal.pace.value, goal.pace.metric.unit, goal.terms.currency)
    turned = "" if before["state"] == goal.state else f", now {goal.badge.label.lower()}"
    return f"{goal.title}: {was} → {now}{turned}."


def can_see_figures(user: User) -> bool:
    """Tell whether the frozen figures of an update are shown: they are the company's, of days that are not whole months."""
    return can_see_all_buyers(user)
