"""The figures of the dashboard as cards: a number with its change, its benchmark, and the way to its records."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.formatting import format_percent
from kpis import url_params
from kpis.comparison import Reading
from kpis.dashboard import Dashboard
from kpis.models import Benchmark
from kpis.result import Quartiles, Result
from kpis.tile_registry import Tile


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
    return [_build_card(board, tile) for tile in board.tiles if tile.metric in board.readings]


def _build_card(board: Dashboard, tile: Tile) -> Card:
    """Return the card of a tile; what its figure leaves out or counts as nothing stands in its note."""
    reading, before = board.readings[tile.metric], board.question.period.before
    sentence = tile.sentence(board.readings) if tile.sentence and board.readings.keys() >= {*tile.reads} else ""
    quartiles = reading.now.quartiles if tile.chart == "quartiles" else None
    return Card(
        tile.label or reading.now.name,
        reading,
        url_params.metric_url(tile.metric, board.question, by=None),
        url_params.records_url(tile.metric, board.question, by=None) if reading.now.n else "",
        change=f"{reading.change} against {before.label}" if before and reading.change else "",
        note=". ".join(filter(None, [sentence, *(warning.rstrip(".") for warning in reading.now.warnings)])),
        benchmark=_benchmark_range(reading.metric.benchmark_key) if tile.shows_benchmark else "",
        months=_trend_values(board.tile_trends.get(tile.metric)),
        spread=scale_quartiles(quartiles) if quartiles else None,
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
