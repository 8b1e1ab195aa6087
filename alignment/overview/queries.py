"""What the page of the CEO shows: the gap in money, the index, the plan, disputes and what is overdue."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property

from django.db.models import QuerySet
from django.urls import reverse

from agreements.models import Dispute, Version, VersionQuerySet
from alarms.models import Alarm
from alarms.queries import calling_alarms
from alignment.cost.rules import Cost, compute_cost
from alignment.index.queries import History, read_history
from alignment.metric_values import ResultReader
from alignment.plan.queries import Plan, PlanGoal, read_plan
from core import periods
from core.periods import Period
from facts.engine import Facts, open_facts
from kpis.compute import scope_of
from kpis.goal_states import AT_RISK
from kpis.models import Benchmark
from kpis.registry import get_metric
from kpis.result import Result
from team.access import has_right
from team.models import Company, Role, User

SMROI, GROSS = "smroi", "smroi_gross_profit"
DISPUTE, UPDATE, REVIEW = "dispute", "update", "review"
DUE_KINDS = (DISPUTE, UPDATE, REVIEW)
PERIODS = (periods.DEFAULT, "this_year")  # the second where nothing is known of the first


@dataclass(frozen=True)
class Money:
    """The return of a period. `cost` is what its distance to the benchmark is worth; None where one of the two is missing."""

    smroi: Result
    gross: Result | None
    benchmark: Benchmark | None
    cost: Cost | None

    @property
    def period(self) -> Period:
        return self.smroi.period

    @property
    def revenue(self) -> Decimal:
        return Decimal(str(self.smroi.numerator or 0)) + self.spend

    @property
    def spend(self) -> Decimal:
        return Decimal(str(self.smroi.denominator or 0))


@dataclass(frozen=True)
class DueItem:
    """Something that should have happened, or has to happen by a day."""

    kind: str  # of DUE_KINDS
    title: str
    url: str
    due_on: date
    today: date
    detail: str = ""

    @property
    def is_overdue(self) -> bool:
        return self.due_on < self.today

    @property
    def days(self) -> int:
        """Days until it is due; below 0 the days that it is overdue."""
        return (self.due_on - self.today).days


@dataclass(frozen=True)
class Overview:
    """The page for one reader; without `history` for those who read the part of the money alone."""

    money: Money
    history: History | None
    plan: Plan
    goals: list[PlanGoal]
    disputes: list[DueItem]
    overdue: list[DueItem]  # beside disputes
    alarms: Sequence[Alarm]  # open and not snoozed, the dearest first
    as_of: datetime | None

    @property
    def dates(self) -> list[DueItem]:
        """Disputes and what is overdue, the earliest first."""
        return sorted([*self.disputes, *self.overdue], key=lambda row: row.due_on)

    @cached_property
    def behind(self) -> list[PlanGoal]:
        return [goal for goal in self.goals if goal.is_behind]

    @property
    def at_risk(self) -> list[PlanGoal]:
        return [goal for goal in self.goals if goal.state == AT_RISK]


def read_overview(user: User, facts: Facts | None = None) -> Overview:
    """Read the page. It does not wait for figures: where newer ones are being computed it shows the last."""
    facts, today = facts or open_facts(), Company.today()
    plan = read_plan(user, facts, waits=False)
    money = read_money(ResultReader(user, facts, waits=False))
    is_money_alone = user.role == Role.CFO
    visible = Version.objects.visible_to(user)
    goals = [goal for goal in plan.goals if not is_money_alone or (goal.pace and goal.pace.metric.may_be_goal)]
    return Overview(
        money=money,
        history=read_history() if has_right(user, "read_rounds") and not is_money_alone else None,
        plan=plan,
        goals=goals,
        disputes=list(_read_disputes(visible, today)),
        overdue=[*_overdue_update(plan), *_overdue_reviews(visible, today)],
        alarms=calling_alarms(user),
        as_of=min(filter(None, [plan.as_of, money.smroi.as_of]), default=None),
    )


def read_money(reader: ResultReader) -> Money:
    """Return the return of the last full year; of this year so far, where the last one has none."""
    smroi = _read_period(reader, SMROI, PERIODS[0])
    if smroi.value is None:
        this_year = _read_period(reader, SMROI, PERIODS[1])
        if this_year.value is None:
            return Money(smroi, None, None, None)
        smroi = this_year
    gross = _read_period(reader, GROSS, smroi.period.name)
    return _build_money(smroi, gross if gross.value is not None else None)


def _read_period(reader: ResultReader, key: str, name: str) -> Result:
    today = scope_of(Period(), reader.facts).today
    span = periods.preset_period(name, today, Company.get().fiscal_calendar)
    return reader.read_result(get_metric(key), span, f"{name}:{span.start}")


def _build_money(smroi: Result, gross: Result | None) -> Money:
    benchmark = Benchmark.reference_for(SMROI)
    money = Money(smroi, gross, benchmark, None)
    if benchmark is None or money.revenue <= 0 or money.spend <= 0:
        return money
    cost = compute_cost(
        revenue=money.revenue, spend=money.spend, benchmark=benchmark.value, currency=smroi.currency
    )  # fmt: skip
    return Money(smroi, gross, benchmark, cost)


def _read_disputes(visible: VersionQuerySet, today: date) -> Iterator[DueItem]:
    """Yield the open disputes of the versions, the first to be decided first."""
    disputes: QuerySet[Dispute] = Dispute.objects.filter(decided_at=None, version__in=visible.disputed())
    for dispute in disputes.select_related("version__agreement", "arbiter").order_by("decide_by", "pk"):
        agreement = dispute.version.agreement
        detail = f"Disputed by {dispute.get_side_display()}; {dispute.arbiter} decides"
        yield DueItem(
            DISPUTE, agreement.title, reverse("agreement", args=[agreement.pk]), dispute.decide_by, today, detail
        )


def _overdue_update(plan: Plan) -> Iterator[DueItem]:
    if plan.due_on and plan.days_overdue:
        yield DueItem(
            UPDATE,
            "Update of the joint plan",
            reverse("plan"),
            plan.due_on,
            plan.today,
            "The CMO and the CRO present it",
        )


def _overdue_reviews(visible: VersionQuerySet, today: date) -> Iterator[DueItem]:
    rows = visible.in_force().filter(review_on__lt=today, pilot_manager=None)
    for version in rows.select_related("agreement").defer("text", "terms", "evidence").order_by("review_on", "pk"):
        url = reverse("agreement", args=[version.agreement_id])
        assert version.review_on
        yield DueItem(REVIEW, version.agreement.title, url, version.review_on, today, "Both sides review it")
