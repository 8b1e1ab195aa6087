"""The pipeline page, ready to be shown: the waterfall, what the open deals are worth, coverage, and what needs attention."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from core.charts import Chart
from core.formatting import short_money
from core.periods import Period
from crm.models import Opportunity
from crm.readable import Reader, is_limited
from facts.engine import Facts, open_facts
from forecast.waterfall.movements import END
from kpis import pace, url_params, visibility
from kpis.dashboard import Question
from kpis.pipeline import charts, sentences
from kpis.pipeline.risks import RiskTotal, RiskyDeal, summarize_risks
from kpis.pipeline.url_params import pipeline_query
from kpis.pipeline.waterfall import (
    CLOSING_INSIDE,
    PipelineQuestion,
    Waterfall,
    WaterfallPart,
    build_waterfall,
    scope_for,
)
from kpis.registry import Metric, get_metric
from kpis.result import Result

WORTH = ("open_pipeline", "weighted_pipeline", "weighted_pipeline_observed")
COVERED_METRICS = ("revenue", "won_revenue", "invoiced_revenue")
LISTED = 5  # deals of each list on the page itself


@dataclass(frozen=True)
class MetricFigure:
    """One metric beside others, with the way to its page."""

    metric: Metric
    result: Result
    href: str


@dataclass(frozen=True)
class Coverage:
    """Open pipeline that closes in the days of a goal, against what is still missing to its target."""

    name: str
    target: str
    remaining: Decimal
    pipeline: Decimal
    currency: str
    last_day: date

    @property
    def ratio(self) -> float | None:
        return float(self.pipeline / self.remaining) if self.remaining > 0 else None


@dataclass(frozen=True)
class ListedDeal:
    """A deal as a list shows it: the record, what puts it there, and its money."""

    deal: Opportunity
    reason: str
    amount: Decimal
    currency: str
    close_on: date | None


@dataclass(frozen=True)
class RiskSection:
    """One list of deals that need attention: its total, its largest deals, and the way to all of them."""

    total: RiskTotal
    deals: tuple[ListedDeal, ...]
    href: str
    metric_href: str


@dataclass(frozen=True)
class PipelinePage:
    """All that the page shows; the waterfall is None where the period has not begun."""

    question: PipelineQuestion
    facts: Facts
    waterfall: Waterfall | None
    chart: Chart | None
    sentence: str
    worth: tuple[MetricFigure, ...]
    velocity: MetricFigure
    coverages: tuple[Coverage, ...]
    risks: tuple[RiskSection, ...]

    @property
    def parts(self) -> tuple[WaterfallPart, ...]:
        return self.waterfall.parts if self.waterfall else ()


def build_page(user: Reader, question: PipelineQuestion, facts: Facts | None = None) -> PipelinePage:
    """Return the page as the reader may know it.

    Raises:
        BadCut: with what exists.
        PermissionDenied: a filter would show what a colleague achieved.
    """
    facts = facts or open_facts()
    waterfall = build_waterfall(user, question, facts)
    return PipelinePage(
        question,
        facts,
        waterfall,
        charts.draw_waterfall(waterfall) if waterfall else None,
        _describe(waterfall, question),
        tuple(_read_figure(user, key, question, facts) for key in WORTH),
        _read_figure(user, "pipeline_velocity", question, facts),
        tuple(_read_coverages(user, question, facts)),
        _read_risk_sections(user, question, facts),
    )


def _describe(waterfall: Waterfall | None, question: PipelineQuestion) -> str:
    if waterfall is None:
        return "This period has not begun"
    if waterfall.is_empty:
        return "No deal was open on these days"
    return sentences.describe_waterfall(waterfall, question.closes)


def _read_figure(user: Reader, key: str, question: PipelineQuestion, facts: Facts) -> MetricFigure:
    metric, where = get_metric(key), dict(question.where)
    result = visibility.compute_for(user, metric, question.period, where=where, facts=facts)
    return MetricFigure(metric, result, url_params.metric_url(key, Question(question.period, where=where)))


def _read_coverages(user: Reader, question: PipelineQuestion, facts: Facts) -> list[Coverage]:
    """Return the coverage of each revenue goal that runs: of the whole company, so without filters."""
    if question.where or is_limited(user):
        return []
    today = scope_for(user, question.period, facts).today
    paces = [
        row for row in pace.current_paces(today, user, facts) if row.metric.key in COVERED_METRICS and row.is_known
    ]
    return [_compute_coverage(user, row, facts) for row in paces]


def _compute_coverage(user: Reader, row: pace.Pace, facts: Facts) -> Coverage:
    days = Period(row.goal.starts_on, row.goal.ends_on, calendar=row.period.calendar)
    waterfall = build_waterfall(user, PipelineQuestion(days, closes=CLOSING_INSIDE), facts)
    pipeline = waterfall.bar(END).value if waterfall else Decimal(0)
    currency = row.goal.currency or row.reached.currency
    return Coverage(row.name, row.target, row.goal.target - row.value, pipeline, currency, row.goal.ends_on)


def _read_risk_sections(user: Reader, question: PipelineQuestion, facts: Facts) -> tuple[RiskSection, ...]:
    totals = summarize_risks(user, question, facts, LISTED)
    where = Question(question.period, where=dict(question.where))
    return tuple(
        RiskSection(
            total,
            tuple(list_deals(user, total.deals, total.risk.key)),
            pipeline_query(question, by=None, list=total.risk.key),
            url_params.metric_url(total.risk.metric, where),
        )
        for total in totals
    )


def list_deals(user: Reader, deals: Sequence[RiskyDeal], key: str) -> list[ListedDeal]:
    """Return the deals with their records, in order; one that was deleted meanwhile, or may not be read, is not among them."""
    records = load_deals(user, [deal.deal_id for deal in deals])
    return [
        ListedDeal(records[deal.deal_id], deal.describe(key), deal.amount, deal.currency, deal.close_on)
        for deal in deals
        if deal.deal_id in records
    ]


def load_deals(user: Reader, ids: Sequence[int]) -> dict[int, Any]:
    return Opportunity.objects.visible_to(user).select_related("owner", "account").in_bulk(ids)


def describe_coverage(coverage: Coverage) -> str:
    """Say what the coverage is made of."""
    if coverage.remaining <= 0:
        return f"The {coverage.name} goal of {coverage.target} is reached."
    return (
        f"{short_money(coverage.pipeline, coverage.currency)} open pipeline closes in the days of the goal; "
        f"{short_money(coverage.remaining, coverage.currency)} of the {coverage.name} goal of {coverage.target} are missing."
    )
