"""The page New and existing revenue: the mix against the agreed one, margins, retention, and segments that lose money."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core.formatting import format_percent, short_money
from core.periods import Period
from crm.readable import Reader
from facts.engine import Facts, open_facts
from kpis import url_params, visibility
from kpis.dashboard import Question
from kpis.dimensions import BLANK, get_dimension
from kpis.registry import Metric, get_metric
from kpis.result import Result
from kpis.revenue.terms import AgreedMix, read_agreed_mix

SEGMENTS = ("vertical", "territory", "product", "lead_source")
RETENTION = ("nrr", "grr", "revenue_expansion", "revenue_contraction", "revenue_churn")
PARTS = (
    ("new", "New business", "revenue_new", "margin_new"),
    ("existing", "Existing business", "revenue_existing", "margin_existing"),
    ("unclassified", "Not classified", "revenue_unclassified", ""),
)
NEW_DEALS = {"is_new_business": "true"}


@dataclass(frozen=True)
class MetricFigure:
    """One metric with the way to its page."""

    metric: Metric
    result: Result
    href: str


@dataclass(frozen=True)
class MixPart:
    """New, existing or unclassified revenue: its money, its share, the agreed share, and its margin."""

    key: str
    label: str
    revenue: Decimal
    share: Decimal | None
    agreed_share: Decimal | None
    margin: Decimal | None
    cost: Decimal | None  # None where an invoice has none
    href: str
    margin_href: str


@dataclass(frozen=True)
class Segment:
    """New business of one part of a dimension: its margin, its share of the S&M cost, and what is left."""

    dimension: str
    dimension_label: str
    key: str
    label: str
    margin: Decimal
    deals: int
    cost: Decimal

    @property
    def left(self) -> Decimal:
        return self.margin - self.cost


@dataclass(frozen=True)
class RevenuePage:
    """All that the page shows."""

    period: Period
    facts: Facts
    currency: str
    total: Decimal
    parts: tuple[MixPart, ...]
    agreed: AgreedMix | None
    index: Decimal | None
    retention: tuple[MetricFigure, ...]
    segments: tuple[Segment, ...]
    spend: Decimal
    deals: int
    new_deals: int
    notes: tuple[str, ...]

    @property
    def losing(self) -> tuple[Segment, ...]:
        return tuple(segment for segment in self.segments if segment.left < 0)

    @property
    def sentence(self) -> str:
        new = next(part for part in self.parts if part.key == "new")
        if new.share is None:
            return "No invoices are dated in this period"
        text = f"New business is {format_percent(new.share)} of {short_money(self.total, self.currency)} revenue"
        if self.agreed:
            text += f", {format_percent(self.agreed.new_share)} are agreed"
        worst = min(self.losing, key=lambda segment: segment.left, default=None)
        if worst is None:
            return text
        loss = short_money(-worst.left, self.currency)
        return f"{text}; new customers of {worst.dimension_label.lower()} {worst.label} lose {loss}"


def build_page(user: Reader, period: Period, facts: Facts | None = None) -> RevenuePage:
    """Return the page for the days of a period."""
    facts = facts or open_facts()
    asked = Question(period)

    def read(key: str, by: str = "", where: dict[str, str] | None = None) -> Result:
        return visibility.compute_for(user, get_metric(key), period, by=by or None, where=where, facts=facts)

    agreed = read_agreed_mix()
    revenues = {key: read(metric) for key, _, metric, _ in PARTS}
    margins = {key: read(metric) for key, _, _, metric in PARTS if metric}
    currency = next((result.currency for result in revenues.values() if result.n), revenues["new"].currency)
    total = sum((_money(result) for result in revenues.values()), Decimal(0))
    spend, deals, new_deals = read("sm_spend"), read("opportunities"), read("opportunities", where=NEW_DEALS)
    segments = [
        segment
        for by in SEGMENTS
        for segment in _read_segments(
            read("margin_new", by), read("opportunities", by, NEW_DEALS), _money(spend), deals.n
        )
    ]
    notes = dict.fromkeys(note for result in (*revenues.values(), *margins.values(), spend) for note in result.warnings)
    return RevenuePage(
        period, facts, currency, total, tuple(_build_parts(revenues, margins, total, agreed, asked)), agreed,
        _compute_index(margins, total, agreed), tuple(_make_figure(key, read(key), asked) for key in RETENTION),
        tuple(sorted(segments, key=lambda segment: segment.left)), _money(spend), deals.n, new_deals.n, tuple(notes),
    )  # fmt: skip


def _money(result: Result) -> Decimal:
    return Decimal(str(result.value or 0))


def _build_parts(
    revenues: dict[str, Result], margins: dict[str, Result], total: Decimal, agreed: AgreedMix | None, asked: Question
) -> Iterable[MixPart]:
    shares = {"new": agreed.new_share, "existing": 1 - agreed.new_share} if agreed else {}
    for key, label, metric, margin in PARTS:
        revenue, profit = _money(revenues[key]), _money(margins[key]) if margin else None
        is_costed = bool(margin) and margins[key].n == revenues[key].n
        yield MixPart(
            key, label, revenue, revenue / total if total else None, shares.get(key), profit,
            revenue - profit if profit is not None and is_costed else None, url_params.metric_url(metric, asked),
            url_params.metric_url(margin, asked) if margin else "",
        )  # fmt: skip


def _compute_index(margins: dict[str, Result], total: Decimal, agreed: AgreedMix | None) -> Decimal | None:
    """Return the quality-revenue index: Σ(signed weight × margin) ÷ revenue; None while no weights are signed."""
    if agreed is None or not total:
        return None
    weights = {"new": agreed.new_weight, "existing": agreed.existing_weight}
    return sum((weights[key] * _money(margins[key]) for key in weights), Decimal(0)) / total


def _make_figure(key: str, result: Result, asked: Question) -> MetricFigure:
    return MetricFigure(get_metric(key), result, url_params.metric_url(key, asked))


def _read_segments(margins: Result, deals: Result, spend: Decimal, all_deals: int) -> Iterable[Segment]:
    """Yield the segments of a dimension that have new deals or margin, each with its share of the S&M cost by deals opened."""
    money = {part.key: Decimal(str(part.value or 0)) for part in margins.parts}
    opened = {part.key: part.n for part in deals.parts}
    labels = {part.key: part.label for part in (*deals.parts, *margins.parts)}
    dimension = get_dimension(margins.by)
    for key, label in labels.items():
        n = opened.get(key, 0)
        cost = (spend * n / all_deals).quantize(Decimal("0.01")) if all_deals else Decimal(0)
        shown = "not recorded" if key == BLANK else label
        yield Segment(dimension.name, dimension.label, key, shown, money.get(key, Decimal(0)), n, cost)


def sheet_rows(page: RevenuePage) -> Iterable[list[Any]]:
    """Yield the page as rows of a sheet: the mix, the index, retention and the segments."""
    yield [
        "Section",
        "Name",
        "Revenue",
        "Share",
        "Agreed share",
        "Cost",
        "Margin",
        "S&M cost",
        "Left",
        "Deals",
        "Value",
        "Currency",
    ]
    for part in page.parts:
        yield [
            "Mix",
            part.label,
            part.revenue,
            part.share,
            part.agreed_share,
            part.cost,
            part.margin,
            "",
            "",
            "",
            "",
            page.currency,
        ]
    yield ["Index", "Quality-revenue index", *[""] * 8, page.index, ""]
    for figure in page.retention:
        yield ["Retention", figure.metric.name, *[""] * 8, figure.result.value, figure.result.currency]
    for row in page.segments:
        label = f"{row.dimension_label}: {row.label}"
        yield ["Segment", label, "", "", "", "", row.margin, row.cost, row.left, row.deals, "", page.currency]
