"""The figures of the dashboard as cards: a number with its change, its benchmark, and the way to its records."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.formatting import format_percent
from kpis import sentences, url_params
from kpis.comparison import Reading
from kpis.dashboard import LEAD_METRICS, Dashboard
from kpis.models import Benchmark
from kpis.result import Quartiles, Result


@dataclass(frozen=True)
class Spread:
    """Quartiles on a scale from 0 to 100, for a box with its median."""

    q1: float
    median: float
    q3: float
    p90: float

    @property
    def width(self) -> float:
        return round(self.q3 - self.q1, 2)


@dataclass(frozen=True)
class Card:
    label: str
    reading: Reading
    href: str
    records: str
    change: str = ""
    note: str = ""
    benchmark: str = ""
    months: tuple[Any, ...] = ()
    spread: Spread | None = None


def build_cards(board: Dashboard) -> list[Card]:
    """Return the cards of the dashboard; what the filters cannot be asked of has none."""
    makers = {
        "weighted_pipeline": _pipeline_card,
        "sales_cycle_time": _cycle_card,
        "average_revenue_per_transaction": _average_card,
        "sm_share_of_revenue": _share_card,
    }
    if "opportunities" not in board.recorded:
        makers = {"sm_share_of_revenue": _share_card}
        makers |= dict.fromkeys(LEAD_METRICS, _build_card) if "leads" in board.recorded else {}
    return [make(board, board.readings[key]) for key, make in makers.items() if key in board.readings]


def _pipeline_card(board: Dashboard, weighted: Reading) -> Card:
    coverage = sentences.coverage_note(board.reading("open_pipeline"), board.reading("opportunities_open"))
    return _build_card(board, weighted, note=coverage, months=_trend_values(board.pipeline_trend))


def _cycle_card(board: Dashboard, cycle: Reading) -> Card:
    quartiles = cycle.now.quartiles
    return _build_card(
        board, cycle, note=sentences.cycle_note(cycle.now), spread=scale_quartiles(quartiles) if quartiles else None
    )


def _average_card(board: Dashboard, average: Reading) -> Card:
    months = _trend_values(board.deal_trend)
    return _build_card(board, average, note=sentences.deals_note(average.now), months=months, label="Revenue per deal")


def _share_card(board: Dashboard, share: Reading) -> Card:
    return _build_card(board, share, label="S&M share", benchmark=_benchmark_range("sm_share_of_revenue"))


def _build_card(board: Dashboard, reading: Reading, label: str = "", note: str = "", **more: Any) -> Card:
    """Return the card of a metric; what its figure leaves out or counts as nothing stands in its note."""
    note = ". ".join(filter(None, [note, *(warning.rstrip(".") for warning in reading.now.warnings)]))
    key, before = reading.metric.key, board.question.period.before
    return Card(
        label or reading.metric.name,
        reading,
        url_params.metric_url(key, board.question, by=None),
        url_params.records_url(key, board.question, by=None) if reading.now.n else "",
        f"{reading.change} against {before.label}" if before and reading.change else "",
        note,
        **more,
    )


def _trend_values(trend: Result | None) -> tuple[Any, ...]:
    return tuple(part.value for part in trend.parts) if trend else ()


def scale_quartiles(quartiles: Quartiles) -> Spread:
    """Lay quartiles on a scale that ends a little beyond the ninetieth percentile."""
    low = min(0.0, quartiles.q1)
    span = (max(quartiles.p90, quartiles.q3) - low) * 1.04 or 1.0
    places = (
        round((value - low) / span * 100, 2) for value in (quartiles.q1, quartiles.median, quartiles.q3, quartiles.p90)
    )
    return Spread(*places)


def _benchmark_range(metric: str) -> str:
    """Write the reference of a metric: typical 20 to 30%."""
    reference = Benchmark.reference_for(metric)
    if reference is None:
        return ""
    upper = f" to {format_percent(reference.upper, 0)}" if reference.upper is not None else ""
    return f"{reference.label[0].lower()}{reference.label[1:]} {format_percent(reference.value, 0)}{upper}"


def largest_value(peers: Sequence[Any]) -> Any:
    return max((peer.value for peer in peers), default=None)
