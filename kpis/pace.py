"""A joint goal and its pace: what is reached, what an even pace would have reached by now, where it leads."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from core.formatting import format_by_unit, format_decimal, format_percent
from core.periods import Period
from crm.readable import Reader
from facts.engine import Facts
from kpis import visibility
from kpis.goal_states import AT_RISK_FROM, MET, ON_TRACK, STATE_LABELS, StateLabel, judge_goal
from kpis.models import Goal
from kpis.registry import Metric, find_metric, get_metric
from kpis.result import Result
from team.models import Company

PACE_RULE = (  # shown on the page of goals
    f"A goal is on track where its pace so far, continued evenly by calendar days, meets the target; at risk from "
    f"{format_percent(AT_RISK_FROM, 0)} of it, and behind below. A rate is compared with its target as it is now."
)


@dataclass(frozen=True)
class Pace:
    """The state of a goal on `today`. What adds up (revenue, leads) has a pace; a rate or a stock is only above or below."""

    goal: Goal
    metric: Metric
    reached: Result
    today: date

    @property
    def period(self) -> Period:
        return Period(self.goal.starts_on, self.goal.ends_on, calendar=Company.get().fiscal_calendar)

    @property
    def adds_up(self) -> bool:
        return not (self.metric.is_rate or self.metric.is_stock or self.metric.is_spread or self.metric.factors)

    @property
    def elapsed(self) -> Decimal:
        """The share of the goal's days that is over, today included."""
        over = (min(self.today, self.goal.ends_on) - self.goal.starts_on).days + 1
        return Decimal(max(0, over)) / Decimal((self.goal.ends_on - self.goal.starts_on).days + 1)

    @property
    def is_known(self) -> bool:
        """Whether a figure is on record that can be held against the goal, and it is the company's."""
        is_recorded = self.reached.value is not None and bool(self.reached.n or self.reached.value)
        return is_recorded and not self.reached.is_readable_only

    @property
    def value(self) -> Decimal:
        return Decimal(str(self.reached.value or 0))

    @property
    def expected(self) -> Decimal:
        """What should be reached by today at an even pace."""
        return self.goal.target * self.elapsed if self.adds_up else self.goal.target

    @property
    def projected(self) -> Decimal | None:
        """Where the pace so far leads by the last day; None before the first."""
        if not self.adds_up:
            return self.value
        return self.value / self.elapsed if self.elapsed else None

    @property
    def state(self) -> str:
        """The state of the goal; one of `kpis.goal_states`."""
        return judge_goal(
            projected=self.projected if self.is_known else None, target=self.goal.target, better=self.metric.better,
            starts_on=self.goal.starts_on, ends_on=self.goal.ends_on, today=self.today,
        )  # fmt: skip

    @property
    def badge(self) -> StateLabel:
        return STATE_LABELS[self.state]

    @property
    def rule(self) -> str:
        """How the state is decided, in words."""
        return PACE_RULE

    @property
    def is_on_track(self) -> bool:
        return self.state in {ON_TRACK, MET}

    def format_value(self, value: Decimal | None) -> str:
        return format_by_unit(value, self.metric.unit, self.goal.currency or self.reached.currency)

    @property
    def name(self) -> str:
        return self.metric.name_in_sentence

    @property
    def target(self) -> str:
        return self.format_value(self.goal.target)

    @property
    def sentence(self) -> str:
        """Say where the goal stands: reached, elapsed, and what is missing at this pace."""
        if not self.is_known:
            return self._unknown_sentence()
        start = f"{self.format_value(self.value)} of {self.format_value(self.goal.target)}"
        if not self.adds_up:
            return f"{self.format_value(self.value)} against {self.format_value(self.goal.target)}: {self._course_in_words()}."
        if self.elapsed >= 1:
            return f"{start} at the end: {self._course_in_words()}."
        return (
            f"{start} with {format_percent(self.elapsed, 0)} of the time gone. "
            f"At this pace {self.format_value(self.projected)}: {self._course_in_words()}."
        )

    def _unknown_sentence(self) -> str:
        if self.reached.is_readable_only:
            return (
                "You do not have permission to see the company's figure: it would reveal single records that you cannot see, or "
                "the goal does not cover whole months."
            )
        if self.reached.n and self.reached.unrecorded:
            return f"No {' and no '.join(self.reached.unrecorded)} is recorded, so the goal has no progress yet."
        return "No records count toward it yet."

    def _course_in_words(self) -> str:
        if self.is_on_track:
            return "the goal is met" if self.elapsed >= 1 or not self.adds_up else "on track"
        distance = self._format_distance(abs(self.goal.target - (self.projected or Decimal(0))))
        return f"{distance} {'over' if self.metric.better == 'down' else 'short'}"

    def _format_distance(self, distance: Decimal) -> str:
        """Write a distance to the target: of two percentages in points, since 28% short would be a share of the target."""
        if self.metric.unit != "percent":
            return self.format_value(distance)
        places = 1 if 0 < distance < Decimal("0.0995") else 0
        points = format_decimal(distance * 100, places, is_trimmed=True)
        return f"{points} {'point' if points == '1' else 'points'}"


def current_paces(today: date, user: Reader, facts: Facts) -> list[Pace]:
    """Return the goals whose days include today, and how they stand as far as the reader may know it."""
    return list_paces(current_goals(today), today, user, facts)


def list_paces(goals: Iterable[Goal], today: date, user: Reader, facts: Facts) -> list[Pace]:
    """Return the pace of each goal whose metric is still declared."""
    declared = [goal for goal in goals if find_metric(goal.metric)]  # a goal outlives its metric
    return [compute_pace(goal, get_metric(goal.metric), today, user, facts) for goal in declared]


def current_goals(today: date) -> list[Goal]:
    """Return the goals whose days include today and whose metric is still declared."""
    rows = Goal.objects.filter(starts_on__lte=today, ends_on__gte=today).order_by("metric", "ends_on")
    goals = rows.select_related("marketing_owner", "sales_owner")
    return [goal for goal in goals if find_metric(goal.metric)]  # a goal outlives its metric


def compute_pace(goal: Goal, metric: Metric, today: date, user: Reader, facts: Facts) -> Pace:
    """Return the state of a goal, saved or not, on a day; what is over is counted to its last day."""
    period = Period(goal.starts_on, max(goal.starts_on, min(today, goal.ends_on)))
    return Pace(goal, metric, visibility.compute_for(user, metric, period, facts=facts), today)
