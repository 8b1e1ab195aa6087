"""The figures of the dashboard as cards: a number with its change, its benchmark, and the way to its records."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.formatting import percent
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


def of(board: Dashboard) -> list[Card]:
    """Return the cards of the dashboard; what the filters cannot be asked of has none."""
    makers = {
        "weighted_pipeline": _pipeline,
        "sales_cycle_time": _cycle,
        "average_revenue_per_transaction": _average,
        "sm_share_of_revenue": _share,
    }
    if "opportunities" not in board.recorded:
        makers = {"sm_share_of_revenue": _share}
        makers |= dict.fromkeys(LEAD_METRICS, _card) if "leads" in board.recorded else {}
    return [make(board, board.readings[key]) for key, make in makers.items() if key in board.readings]


def _pipeline(board: Dashboard, weighted: Reading) -> Card:
    coverage = sentences.coverage(board.reading("open_pipeline"), board.reading("opportunities_open"))
    return _card(board, weighted, note=coverage, months=_values(board.pipeline_trend))


def _cycle(board: Dashboard, cycle: Reading) -> Card:
    found = cycle.now.quartiles
    return _card(board, cycle, note=sentences.cycle(cycle.now), spread=spread(found) if found else None)


def _average(board: Dashboard, average: Reading) -> Card:
    months = _values(board.deal_trend)
    return _card(board, average, note=sentences.deals(average.now), months=months, label="Revenue per deal")


def _share(board: Dashboard, share: Reading) -> Card:
    return _card(board, share, label="S&M share", benchmark=_range("sm_share_of_revenue"))


def _card(board: Dashboard, reading: Reading, label: str = "", note: str = "", **more: Any) -> Card:
    """Return the card of a metric; what its figure leaves out or counts as nothing stands in its note."""
    note = ". ".join(filter(None, [note, *(words.rstrip(".") for words in reading.now.warnings)]))
    key, before = reading.metric.key, board.question.period.before
    return Card(
        label or reading.metric.name,
        reading,
        url_params.metric(key, board.question, by=None),
        url_params.records(key, board.question, by=None) if reading.now.n else "",
        f"{reading.change} against {before.label}" if before and reading.change else "",
        note,
        **more,
    )


def _values(trend: Result | None) -> tuple[Any, ...]:
    return tuple(part.value for part in trend.parts) if trend else ()


def spread(found: Quartiles) -> Spread:
    """Lay quartiles on a scale that ends a little beyond the ninetieth percentile."""
    low = min(0.0, found.q1)
    span = (max(found.p90, found.q3) - low) * 1.04 or 1.0
    places = (round((value - low) / span * 100, 2) for value in (found.q1, found.median, found.q3, found.p90))
    return Spread(*places)


def _range(metric: str) -> str:
    """Write the reference of a metric: typical 20 to 30 %."""
    reference = Benchmark.reference(metric)
    if reference is None:
        return ""
    upper = f" to {percent(reference.upper, 0)}" if reference.upper is not None else ""
    return f"{reference.label[0].lower()}{reference.label[1:]} {percent(reference.value, 0)}{upper}"


def widest(peers: Sequence[Any]) -> Any:
    return max((peer.value for peer in peers), default=None)
