"""How many leads a revenue goal needs, ready to be shown: each stage, each month, each source, and what matters most."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from core.charts import Chart
from core.date_formatting import format_day
from facts.engine import open_facts
from funnel.dimensions import CUTS
from funnel.handoffs.marketing_sla import month_owed
from funnel.stages.drafts import Stage
from kpis.leads_needed import charts, sentences
from kpis.leads_needed.calendar import AHEAD, Month, Window, build_months
from kpis.leads_needed.chain import (
    Need,
    Range,
    Rate,
    Sensitivity,
    compute_needs,
    compute_sensitivities,
    leads_per_customer,
)
from kpis.leads_needed.queries import YEAR, Lag, NeedData, PartCounts, has_enough, read_data
from kpis.leads_needed.question import CUT_LABELS, GoalBasis, NeedQuestion, choose_goal
from kpis.models import Goal
from scoring.capacity import Capacity, weekly_capacity
from team.models import Company, User

MONTHS_A_YEAR = 12
DAYS_A_MONTH = YEAR / MONTHS_A_YEAR
DAYS_A_WEEK = 7
LONGEST_LAG = timedelta(days=5 * 366)


@dataclass(frozen=True)
class StageLine:
    """A stage: how many leads must come to it in the days of the goal, and how many come now."""

    stage: Stage
    need: Need
    a_month: float
    rate: Rate | None  # to the next stage
    lag: Lag
    lag_days: int
    came_last_year: int
    is_assumed_lag: bool  # no dated entry: that of the next stage

    @property
    def came_a_month(self) -> float:
        return self.came_last_year / MONTHS_A_YEAR


@dataclass(frozen=True)
class PartLine:
    """One value of the breakdown: its own rate, and its part of the leads needed while the mix stays as it was."""

    part: PartCounts
    per_customer: float | None
    per_customer_range: Range | None
    revenue_per_lead: Decimal
    needed: float


@dataclass(frozen=True)
class Factor:
    """What changes the number of leads: a rate, or the revenue per customer."""

    label: str
    rate: Rate | None
    value: float
    interval: Range
    effect: Sensitivity


@dataclass(frozen=True)
class Handover:
    """The qualified leads needed a month, beside what Marketing signed and what Sales can take."""

    stage: Stage
    a_month: float
    signed: int | None
    capacity: Capacity | None

    @property
    def capacity_a_month(self) -> float | None:
        return self.capacity.a_week * DAYS_A_MONTH / DAYS_A_WEEK if self.capacity else None


@dataclass(frozen=True)
class Answer:
    """All that follows from rates that are known."""

    lines: tuple[StageLine, ...]
    months: tuple[Month, ...]
    parts: tuple[PartLine, ...]
    factors: tuple[Factor, ...]
    handover: Handover
    value: float
    value_interval: Range

    @property
    def leads(self) -> Need:
        return self.lines[0].need

    @property
    def due_today(self) -> float:
        """Leads needed by today, of those months whose leads are due already."""
        return sum(month.windows[0].needed_by_today for month in self.months)

    @property
    def arrived(self) -> int:
        return sum(month.windows[0].arrived for month in self.months)

    @property
    def best_factor(self) -> Factor:
        return max((factor for factor in self.factors if factor.rate), key=lambda factor: factor.effect.saved)

    @property
    def least_known_factor(self) -> Factor:
        return max(self.factors, key=lambda factor: factor.effect.width)

    @property
    def has_begun(self) -> bool:
        return any(month.windows[0].state != AHEAD for month in self.months)


@dataclass(frozen=True)
class NeedPage:
    """What page, CSV and API show; without an answer `obstacle` says what is missing."""

    question: NeedQuestion
    basis: GoalBasis
    share: Decimal
    is_share_observed: bool
    data: NeedData
    today: date
    answer: Answer | None
    obstacle: str

    @property
    def currency(self) -> str:
        return self.data.currency

    @property
    def from_leads(self) -> Decimal:
        """The part of the goal that leads must bring."""
        return (self.basis.amount * self.share).quantize(Decimal("0.01"))

    @property
    def sentence(self) -> str:
        return sentences.describe_need(self)

    @property
    def basis_note(self) -> str:
        return sentences.describe_basis(self)

    @property
    def rates_note(self) -> str:
        return sentences.describe_cohort(self)

    @property
    def notes(self) -> list[str]:
        return list(sentences.list_limits(self))

    @property
    def sensitivity(self) -> str:
        return sentences.describe_sensitivity(self)

    @property
    def handover_finding(self) -> str:
        return sentences.describe_handover(self)

    @property
    def parts_finding(self) -> str:
        return sentences.describe_parts(self)

    @property
    def chart(self) -> Chart | None:
        return charts.draw_months(self)

    @property
    def month_rows(self) -> list[tuple[Month, Window, list[tuple[Stage, Window, str]]]]:
        """Return each month with the window of the leads, and those of the stages between lead and win with their last day."""
        months = self.answer.months if self.answer else ()
        return [
            (month, month.windows[0], [
                (stage, window, format_day(window.end, has_year=False))
                for stage, window in list(zip(self.data.stages, month.windows, strict=True))[1:-1]
            ])
            for month in months
        ]  # fmt: skip

    @property
    def cut_label(self) -> str:
        return CUT_LABELS[self.question.by]

    @property
    def cuts(self) -> list[tuple[str, str]]:
        return list(CUT_LABELS.items())

    @property
    def links_to_funnel(self) -> bool:
        """Whether the funnel can be filtered by the breakdown."""
        return self.question.by in CUTS


def build_page(user: User, question: NeedQuestion) -> NeedPage:
    """Answer the question for a reader who may read every buyer."""
    facts = open_facts()
    today = facts.as_of.astimezone(Company.get().zone).date() if facts.as_of else Company.today()
    assert question.horizon.start
    data = read_data(user, facts, question.by, today, _first_needed_day(question.horizon.start))
    basis = choose_goal(question, list(Goal.objects.all()), data.currency, data.won_last_year, today)
    observed = data.share_of_leads
    share = question.share if question.share is not None else observed or Decimal(1)
    revenue = basis.amount * share
    obstacle = sentences.find_obstacle(data, revenue)
    answer = None if obstacle else _build_answer(data, question, basis.amount * share, today)
    return NeedPage(
        question, basis, share, question.share is None and observed is not None, data, today, answer, obstacle
    )


def _first_needed_day(start: date) -> date:
    """Return a day before the first on which leads can be needed, whatever the cycle: the same for a whole month."""
    return start - LONGEST_LAG


def _build_answer(data: NeedData, question: NeedQuestion, revenue: Decimal, today: date) -> Answer:
    assert data.chain
    assert has_enough(data)
    needs = compute_needs(data.chain, float(revenue))
    lags = _fill_lags(data.lags)
    months = build_months(
        revenue, question.horizon, [need.number for need in needs], [days for _, days, _ in lags], data.arrivals, today
    )
    length = (question.horizon.days or 1) / DAYS_A_MONTH
    rates = (*data.chain.rates, None)
    since = today - timedelta(days=YEAR - 1)
    lines = tuple(
        StageLine(
            stage,
            need,
            need.number / length,
            rate,
            lag,
            days,
            sum(n for day, n in arrived.items() if day >= since),
            assumed,
        )
        for stage, need, rate, (lag, days, assumed), arrived in zip(
            data.stages, needs, rates, lags, data.arrivals, strict=True
        )
    )
    handed = next((line for line in lines[:-1] if line.stage.standing == "qualified"), lines[0])
    owed = month_owed(today, today)
    return Answer(
        lines, months, _build_parts(data, needs[0].number), _build_factors(data, revenue),
        Handover(handed.stage, handed.a_month, owed.leads_owed if owed else None, weekly_capacity()),
        data.chain.value, data.chain.value_interval,
    )  # fmt: skip


def _fill_lags(lags: Sequence[Lag | None]) -> list[tuple[Lag, int, bool]]:
    """Return each lag with its median in whole days; a stage whose entries have no date takes that of the next one."""
    filled: list[tuple[Lag, int, bool]] = []
    for lag in reversed(lags):
        following = filled[0][0] if filled else Lag(0, 0.0, 0.0, 0.0)
        used = lag or following
        filled.insert(0, (used, round(used.median), lag is None))
    return filled


def _build_parts(data: NeedData, leads: float) -> tuple[PartLine, ...]:
    whole = sum(part.counts[0] for part in data.parts)
    return tuple(
        PartLine(
            part,
            part.counts[0] / part.counts[-1] if part.counts[-1] else None,
            leads_per_customer(part.counts),
            (part.won_amount / part.counts[0]).quantize(Decimal("0.01")) if part.counts[0] else Decimal(0),
            leads * part.counts[0] / whole,
        )
        for part in data.parts
    )


def _build_factors(data: NeedData, revenue: Decimal) -> tuple[Factor, ...]:
    assert data.chain
    effects = compute_sensitivities(data.chain, float(revenue))
    names = [stage.name for stage in data.stages]
    factors = [
        Factor(f"{origin} to {target}", rate, rate.value, rate.interval, effect)
        for origin, target, rate, effect in zip(names, names[1:], data.chain.rates, effects, strict=False)
    ]
    return (*factors, Factor("Revenue per customer", None, data.chain.value, data.chain.value_interval, effects[-1]))
