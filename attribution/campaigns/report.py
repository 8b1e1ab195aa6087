"""What each campaign brought and cost under one model, how sure its rank is, and what is missing in the data. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal
from typing import Any

import numpy as np

from attribution.campaigns.ranking import Campaign, Ranking, rank_by_leads_and_revenue
from attribution.methods.resampling import Stability, judge_stability, resample_sums

CENT = Decimal("0.01")
TENTH = Decimal("0.1")
FEWEST_COMPANIES = 5  # won customers below which an interval would promise more than the data hold


@dataclass(frozen=True)
class Credits:
    """The credits of one kind of outcome: arrays have one entry per company and campaign, sums one per campaign.

    The campaign None takes what is credited to touches without one.
    """

    company: Any = field(default_factory=list)
    campaign: Any = field(default_factory=list)  # id; no entry is without one
    amount: Any = field(default_factory=list)
    sums: Mapping[int | None, Decimal] = field(default_factory=dict)
    counts: Mapping[int | None, Decimal] = field(default_factory=dict)  # credited outcomes


@dataclass(frozen=True)
class Coverage:
    """How many records there are of what the report needs."""

    touches: int = 0
    campaign_touches: int = 0
    won_deals: int = 0
    credited_deals: int = 0
    unconverted_deals: int = 0  # in another currency, or without an exchange rate
    without_amount: int = 0
    spend_lines: int = 0
    leads: int = 0


@dataclass(frozen=True)
class ReportData:
    """What the facts say of one period under one model."""

    as_of: datetime | None
    currency: str
    companies: int
    revenue: Credits
    leads: Credits
    pipeline: Mapping[int | None, Decimal]
    won: Decimal  # all won deals of the period
    lead_spend: Mapping[int, Decimal]
    spend: Mapping[int, Decimal]
    names: Mapping[int, str]
    coverage: Coverage


@dataclass(frozen=True)
class Verdicts:
    """What Sales said of the leads of a campaign."""

    n: int
    accepted: int

    @property
    def rate(self) -> float | None:
        return self.accepted / self.n if self.n else None


@dataclass(frozen=True)
class Line:
    """One campaign; None where the data do not say."""

    key: int
    name: str
    leads: Decimal
    orders: Decimal
    revenue: Decimal
    pipeline: Decimal
    lead_spend: Decimal | None
    spend: Decimal | None
    verdicts: Verdicts
    leads_rank: int = 0
    revenue_rank: int = 0
    low: Decimal | None = None  # 80 % interval of the revenue
    high: Decimal | None = None
    rank_low: int | None = None
    rank_high: int | None = None
    alike: tuple[str, ...] = ()  # campaigns ranked beside it by revenue from which it cannot be told apart

    @property
    def lead_cost_per_revenue(self) -> Decimal | None:
        return _divide(self.lead_spend, self.revenue)

    @property
    def cost_per_order(self) -> Decimal | None:
        return _divide(self.spend, self.revenue)

    @property
    def roi(self) -> Decimal | None:
        return _divide(self.revenue - self.spend, self.spend) if self.spend is not None else None


def _divide(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    return part / whole if part is not None and whole else None


@dataclass(frozen=True)
class CampaignReport:
    """The page: campaigns by revenue, what is credited to none, and how firm the ranks are."""

    lines: tuple[Line, ...]
    ranking: Ranking
    currency: str
    as_of: datetime | None
    won: Decimal
    no_campaign: Decimal  # credited to touches without a campaign
    no_touch: Decimal  # of deals without a touch
    top_holds: float | None  # share of resamples in which the first three by revenue keep their order
    coverage: Coverage

    @property
    def most_revenue(self) -> Decimal:
        """Return the end of the longest bar or interval."""
        return max((max(line.revenue, line.high or Decimal(0)) for line in self.lines), default=Decimal(0))


def build_report(data: ReportData, verdicts: Mapping[int, Verdicts], *, sees_cost: bool) -> CampaignReport:
    """Join what campaigns brought, cost and were said of; ranks and intervals come from 500 resamples of companies."""
    keys = list_campaigns(data.revenue.sums, data.leads.sums, data.spend, data.pipeline, verdicts)
    revenue = round_to_cents(data.revenue.sums)
    lines = [
        Line(
            key=key,
            name=data.names.get(key) or f"Campaign {key}",
            leads=data.leads.sums.get(key, Decimal(0)).quantize(TENTH),
            orders=data.revenue.counts.get(key, Decimal(0)).quantize(TENTH),
            revenue=revenue.get(key, Decimal(0)),
            pipeline=data.pipeline.get(key, Decimal(0)).quantize(CENT),
            lead_spend=data.lead_spend.get(key, Decimal(0)) if sees_cost and key in data.spend else None,
            spend=data.spend.get(key) if sees_cost else None,
            verdicts=verdicts.get(key, Verdicts(0, 0)),
        )
        for key in keys
    ]
    ranked = _rank_lines(lines)
    stability = _judge_revenue(data, ranked)
    if stability is not None:
        ranked = [_add_interval(ranked, position, stability) for position in range(len(ranked))]
    credited = sum(revenue.values(), Decimal(0))
    campaigns = [Campaign(str(line.key), line.name, line.leads, line.revenue) for line in ranked]
    return CampaignReport(
        lines=tuple(ranked),
        ranking=rank_by_leads_and_revenue(campaigns, data.currency),
        currency=data.currency,
        as_of=data.as_of,
        won=data.won,
        no_campaign=revenue.get(None, Decimal(0)),
        no_touch=data.won - credited,
        top_holds=stability.top_holds if stability else None,
        coverage=data.coverage,
    )


def list_campaigns(*figures: Mapping[Any, Any]) -> list[int]:
    """Return the campaigns that have any of the figures."""
    return sorted({key for figure in figures for key in figure if key is not None})


def round_to_cents(sums: Mapping[int | None, Decimal]) -> dict[int | None, Decimal]:
    """Round each sum so that they still add up to the rounded total: the largest remainders are rounded up."""
    total = sum(sums.values(), Decimal(0)).quantize(CENT)
    rounded = {key: value.quantize(CENT, ROUND_FLOOR) for key, value in sums.items()}
    missing = int((total - sum(rounded.values(), Decimal(0))) / CENT)
    largest = sorted(sums, key=lambda key: (rounded[key] - sums[key], str(key)))
    for key in largest[:missing]:
        rounded[key] += CENT
    return rounded


def _rank_lines(lines: Sequence[Line]) -> list[Line]:
    by_leads = sorted(lines, key=lambda line: (-line.leads, line.name))
    leads_rank = {line.key: rank for rank, line in enumerate(by_leads, 1)}
    by_revenue = sorted(lines, key=lambda line: (-line.revenue, -line.leads, line.name))
    return [
        replace(line, leads_rank=leads_rank[line.key], revenue_rank=rank) for rank, line in enumerate(by_revenue, 1)
    ]


def _judge_revenue(data: ReportData, lines: Sequence[Line]) -> Stability | None:
    """Return how firm the revenue of the lines is, in their order; None with too few won customers for an interval."""
    if len(np.unique(data.revenue.company)) < FEWEST_COMPANIES or not lines:
        return None
    position = {line.key: number for number, line in enumerate(lines)}
    channels = [position[int(campaign)] for campaign in data.revenue.campaign]
    resampled = resample_sums(
        data.revenue.company, channels, data.revenue.amount, companies=data.companies, channels=len(lines)
    )
    return judge_stability(np.array([float(line.revenue) for line in lines]), resampled)


def _add_interval(lines: Sequence[Line], position: int, stability: Stability) -> Line:
    line = lines[position]
    if not line.revenue:
        return line
    beside = [other for other in (position - 1, position + 1) if 0 <= other < len(lines) and lines[other].revenue]
    return replace(
        line,
        low=Decimal(round(stability.low[position])),
        high=Decimal(round(stability.high[position])),
        rank_low=int(stability.rank_low[position]),
        rank_high=int(stability.rank_high[position]),
        alike=tuple(lines[other].name for other in beside if not stability.are_apart(position, other)),
    )
