"""The joint dashboard: what one question (period, filters, cut) is answered with, ready to be shown.

board = build(Question(periods.year(2025), by="owner"), today)
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from attribution.campaigns.ranking import Ranking
from core.periods import Period
from crm.readable import ReadableRows, Reader
from facts.engine import Facts, open_facts
from kpis import pace, visibility
from kpis.comparison import Reading
from kpis.compute import evenings_of, scope_of
from kpis.dimensions import BLANK
from kpis.dimensions import get_dimension as dimension
from kpis.grains import GRAINS, grain_for, stock_grain_for
from kpis.models import Benchmark
from kpis.query import record_id
from kpis.ranking import rank_campaigns
from kpis.registry import BadCut, Metric, get_metric
from kpis.result import Part, Result
from kpis.shared_queries import SharedQueries
from kpis.tile_registry import Tile, tiles_for

CUTS = ("owner", "manager", "territory", "product", "vertical", "campaign", "lead_source", "country", "is_new_business")
CUT_METRICS = (
    "revenue",
    "smroi",
    "close_rate",
    "average_revenue_per_transaction",
    "sales_cycle_time",
    "weighted_pipeline",
    "leads",
)
COMPARED_METRICS = (
    "revenue",
    "sm_spend",
    "smroi",
    "weighted_pipeline",
    "close_rate",
    "no_decision_rate",
    "sales_cycle_time",
    "average_revenue_per_transaction",
    "leads",
)
LEAD_METRICS = ("leads", "leads_converted", "lead_conversion_rate")
TREND_METRICS = ("smroi", "sm_spend")
RECORDS = ("opportunities", "leads", "invoices", "spend")


@dataclass(frozen=True)
class Question:
    """What the dashboard is asked: a period, filters by dimension, and a dimension to cut by."""

    period: Period
    by: str = ""
    where: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Peer:
    label: str
    value: Decimal
    source: str = ""
    is_own: bool = False


@dataclass(frozen=True)
class Cell:
    metric: Metric
    part: Part | None

    @property
    def value(self) -> Any:
        return self.part.value if self.part else None

    @property
    def currency(self) -> str:
        return self.part.currency if self.part else ""


@dataclass(frozen=True)
class Row:
    key: str
    label: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class CutTable:
    """Several metrics side by side for each part of a dimension, the largest by the first metric first."""

    by: str
    label: str
    metrics: tuple[Metric, ...]
    rows: tuple[Row, ...]
    largest: Any = None
    notes: tuple[str, ...] = ()

    @property
    def can_filter(self) -> bool:
        """Whether a part can be gone into: days can be chosen as the period instead."""
        return self.by not in GRAINS

    @property
    def columns(self) -> int:
        return len(self.metrics) + 2


@dataclass(frozen=True)
class Dashboard:
    question: Question
    as_of: datetime | None
    recorded: frozenset[str] = frozenset(RECORDS)  # those of RECORDS of which there is any
    readings: dict[str, Reading] = field(default_factory=dict)
    without: tuple[str, ...] = ()  # names of metrics that the filters cannot be asked of
    goals: tuple[pace.Pace, ...] = ()
    grain: str = "month"
    smroi_trend: Result | None = None
    spend_trends: tuple[tuple[str, Result], ...] = ()  # side and its spend
    tiles: tuple[Tile, ...] = ()
    tile_trends: dict[str, Result] = field(default_factory=dict)  # by metric
    lead_trend: Result | None = None  # where there are leads and no deals
    peers: tuple[Peer, ...] = ()
    campaigns: Ranking | None = None
    cut: CutTable | None = None
    names: dict[tuple[str, str], str] = field(default_factory=dict)  # what filtered records are called

    def reading(self, key: str) -> Reading | None:
        return self.readings.get(key)

    @property
    def is_empty(self) -> bool:
        return not self.recorded

    @property
    def records_money(self) -> bool:
        """Whether anything is on record that earns or costs; leads alone do neither."""
        return self.recorded != {"leads"}

    @property
    def changes(self) -> tuple[Reading, ...]:
        """Return what changed against the period before, the weightiest first."""
        keys = COMPARED_METRICS if self.records_money else LEAD_METRICS
        readings = [self.readings[key] for key in keys if key in self.readings]
        return tuple(
            sorted(
                (reading for reading in readings if reading.change and reading.has_figures),
                key=lambda reading: -reading.weight,
            )
        )

    @property
    def has_moved(self) -> bool:
        return any(reading.has_moved for reading in self.changes)

    @property
    def warnings(self) -> tuple[str, ...]:
        read = (warning for reading in self.readings.values() for warning in reading.now.warnings)
        return tuple(dict.fromkeys([*read, *(self.cut.notes if self.cut else ())]))


def build_dashboard(question: Question, today: date, user: Reader, facts: Facts | None = None) -> Dashboard:
    """Answer the question from one snapshot of the facts, as far as the user may see it.

    Raises:
        BadCut: a filter or the cut names what no metric here can be cut by.
        PermissionDenied: a filter would show what a colleague achieved, and the user may not see that.
    """
    facts = facts or open_facts()
    visibility.check_filters(user, question.where)
    recorded = _recorded_tables(facts)
    if not recorded:
        return Dashboard(question, facts.as_of, recorded)
    if recorded == {"leads"}:
        return _build_leads_dashboard(question, today, user, facts)
    grain, stock_grain = grain_for(question.period), stock_grain_for(question.period)
    tiles = tiles_for(user, recorded)
    keys = tuple(dict.fromkeys([*METRICS, *(key for tile in tiles for key in tile.metrics)]))
    trended = [*TREND_METRICS, *(tile.metric for tile in tiles if tile.chart == "trend")]
    shared = _share_queries(question.period, keys, trended, grain, stock_grain, facts)
    answers = _DashboardQuery(question, facts, user, ReadableRows(user), shared, keys)
    answers.check_filters()
    readings = {key: reading for key in keys if (reading := answers.read_metric(key))}
    return Dashboard(
        question,
        facts.as_of,
        recorded,
        readings=readings,
        without=tuple(get_metric(key).name for key in keys if key not in readings),
        goals=tuple(pace.current_paces(today, user, facts)),
        grain=grain,
        smroi_trend=answers.trend("smroi", grain),
        spend_trends=tuple(answers.spend_by_side(grain)),
        tiles=tuple(tiles),
        tile_trends=dict(answers.tile_trends(tiles, grain, stock_grain)),
        lead_trend=None if "opportunities" in recorded else answers.trend("leads", grain),
        peers=tuple(_revenue_share_peers(readings.get("sm_share_of_revenue"))),
        campaigns=answers.rank_campaigns(),
        cut=answers.build_cut(question.by),
        names=dict(answers.filter_names()),
    )


def _share_queries(
    period: Period, keys: Iterable[str], trended: Iterable[str], grain: str, stock_grain: str, facts: Facts
) -> SharedQueries:
    """Let the readings and trends of the period, and of the one before, be answered together."""
    evenings = evenings_of(period, stock_grain, scope_of(period, facts).today).values()
    metrics, trended_metrics = map(get_metric, keys), map(get_metric, trended)
    periods = (period, period.before) if period.before else (period,)
    return SharedQueries(*periods, metrics=metrics, grain=grain, evenings=evenings, trended=trended_metrics)


def _build_leads_dashboard(question: Question, today: date, user: Reader, facts: Facts) -> Dashboard:
    """Answer for a company that has imported leads and nothing that earns or costs: how many came, and from where."""
    grain, stock_grain = grain_for(question.period), stock_grain_for(question.period)
    recorded = frozenset({"leads"})
    tiles = [tile for tile in tiles_for(user, recorded) if tile.needs == "leads"]
    keys = tuple(dict.fromkeys([*LEAD_METRICS, *(key for tile in tiles for key in tile.metrics)]))
    trended = ["leads", *(tile.metric for tile in tiles if tile.chart == "trend")]
    shared = _share_queries(question.period, keys, trended, grain, stock_grain, facts)
    answers = _DashboardQuery(question, facts, user, ReadableRows(user), shared, keys, LEAD_METRICS)
    answers.check_filters()
    readings = {key: reading for key in keys if (reading := answers.read_metric(key))}
    return Dashboard(
        question,
        facts.as_of,
        recorded,
        readings=readings,
        without=tuple(get_metric(key).name for key in keys if key not in readings),
        goals=tuple(pace.current_paces(today, user, facts)),
        grain=grain,
        tiles=tuple(tiles),
        tile_trends=dict(answers.tile_trends(tiles, grain, stock_grain)),
        lead_trend=answers.trend("leads", grain),
        cut=answers.build_cut(question.by or "lead_source"),
        names=dict(answers.filter_names()),
    )


def _recorded_tables(facts: Facts) -> frozenset[str]:
    """Return which of the records that earn, cost or may do so were ever counted."""
    if facts.as_of is None:
        return frozenset()
    if facts.snapshot is None:
        return frozenset(RECORDS)
    return frozenset(table for table in RECORDS if facts.snapshot.rows.get(table))


METRICS = (
    *COMPARED_METRICS,
    "sm_share_of_revenue",
    "open_pipeline",
    "opportunities_open",
    "loss_rate",
)


@dataclass(frozen=True)
class _DashboardQuery:
    """One question put to one state of the facts; what a metric cannot be filtered by is answered with None."""

    question: Question
    facts: Facts
    user: Reader
    rows: ReadableRows
    shared: SharedQueries
    metrics: tuple[str, ...] = METRICS
    cut_metrics: tuple[str, ...] = CUT_METRICS

    @property
    def _query_options(self) -> dict[str, Any]:
        return {"facts": self.facts, "rows": self.rows, "shared": self.shared}

    def _has_dimensions(self, metric: Metric, *names: str) -> bool:
        try:
            for name in names:
                metric.check_dimension(name)
        except BadCut:
            return False
        return True

    def _can_ask(self, key: str, *by: str) -> bool:
        return self._has_dimensions(get_metric(key), *by, *self.question.where)

    def check_filters(self) -> None:
        """Refuse filters and a cut that no metric here has, before anything is computed."""
        if not any(self._can_ask(key) for key in self.metrics):
            names = ", ".join(self.question.where)
            raise BadCut(f"The dashboard cannot be filtered by “{names}”. Use one of: {', '.join(CUTS)}.")
        by = self.question.by
        if by and not any(self._can_ask(key, by) for key in self.cut_metrics):
            raise BadCut(f"The dashboard cannot be broken down by “{by}”. Use one of: {', '.join([*CUTS, *GRAINS])}.")

    def read_metric(self, key: str) -> Reading | None:
        if not self._can_ask(key):
            return None
        where = self.question.where
        now, before = visibility.compare_periods_for(
            self.user, key, self.question.period, where=where, **self._query_options
        )
        return Reading(get_metric(key), now, before)

    def _compute_part(self, key: str, period: Period, by: str | None = None, **more: str) -> Result:
        where = {**self.question.where, **more}
        return visibility.compute_for(self.user, key, period, by=by, where=where, **self._query_options)

    def trend(self, key: str, grain: str, **more: str) -> Result | None:
        if not self._can_ask(key, *more):
            return None
        where = {**self.question.where, **more}
        return visibility.compute_trend_for(
            self.user, key, self.question.period, grain=grain, where=where, **self._query_options
        )

    def tile_trends(self, tiles: Iterable[Tile], grain: str, stock_grain: str) -> Iterable[tuple[str, Result]]:
        for tile in tiles:
            by = stock_grain if get_metric(tile.metric).is_stock else grain
            if tile.chart == "trend" and (result := self.trend(tile.metric, by)):
                yield tile.metric, result

    def spend_by_side(self, grain: str) -> Iterable[tuple[str, Result]]:
        for side in ("marketing", "sales"):
            result = self.trend("sm_spend", grain, side=side)
            if result:
                yield side, result

    def rank_campaigns(self) -> Ranking | None:
        if not (self._can_ask("campaign_leads", "campaign") and self._can_ask("campaign_revenue", "campaign")):
            return None
        leads = self._compute_part("campaign_leads", self.question.period, by="campaign")
        revenue = self._compute_part("campaign_revenue", self.question.period, by="campaign")
        return rank_campaigns(leads.parts, revenue.parts, revenue.currency)

    def filter_names(self) -> Iterable[tuple[tuple[str, str], str]]:
        """Yield what the records are called that the question is filtered by; their keys are but ids."""
        for name, key in self.question.where.items():
            number = record_id(key)
            if number and dimension(name).lookup:
                lookup = dimension(name).lookup
                records = self.rows.only(lookup, self.facts.table(lookup))
                frame = self.facts.execute(records.filter(records.id == number).select("name"))
                yield from (((name, key), str(written)) for written in frame["name"])

    def build_cut(self, by: str) -> CutTable | None:
        if not by:
            return None
        keys = [key for key in self.cut_metrics if self._can_ask(key, by)]
        results = [self._compute_part(key, self.question.period, by=by) for key in keys]
        return _build_cut_table(by, [get_metric(key) for key in keys], results)


def _build_cut_table(by: str, metrics: list[Metric], results: list[Result]) -> CutTable:
    parts_of = [{part.key: part for part in result.parts} for result in results]
    labels = {part.key: part.label for result in results for part in result.parts}
    keys = sorted(labels) if by in GRAINS else _order_by_first_metric(parts_of, labels)
    rows = [
        Row(
            key,
            labels[key],
            tuple(Cell(metric, parts.get(key)) for metric, parts in zip(metrics, parts_of, strict=True)),
        )
        for key in keys
        if any(parts[key].n for parts in parts_of if key in parts)
    ]
    values = [part.value for part in parts_of[0].values() if part.value is not None]
    notes = dict.fromkeys(warning for result in results for warning in result.warnings)
    return CutTable(by, dimension(by).label, tuple(metrics), tuple(rows), max(values, default=None), tuple(notes))


def _order_by_first_metric(parts_of: list[dict[str, Part]], labels: dict[str, str]) -> list[str]:
    """Order the parts by the first metric, largest first; blank last."""

    def sort_key(key: str) -> tuple[bool, float, str]:
        part = parts_of[0].get(key)
        return key == BLANK, -float(part.value or 0) if part else 0.0, labels[key]

    return sorted(labels, key=sort_key)


def _revenue_share_peers(share: Reading | None) -> Iterable[Peer]:
    """Return public companies and the own one by their S&M share of revenue, the largest first."""
    benchmarks = Benchmark.objects.filter(metric="sm_share_of_revenue", is_reference=False)
    peers = [
        Peer(benchmark.label, benchmark.value, f"{benchmark.source} ({benchmark.dated_on.year})")
        for benchmark in benchmarks
    ]
    if share is None or share.now.value is None:
        return []
    if peers:
        peers.append(Peer("You", Decimal(str(share.now.value)), is_own=True))
    return sorted(peers, key=lambda peer: -peer.value)
