"""What the thresholds page draws, as places in a box of SVG: weeks with capacity, and how scores spread. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.formatting import short_number
from scoring.explorer.curves import Floats
from scoring.impact import Consequences

WIDE, HIGH, TOP = 640.0, 150.0, 14.0
AHEAD = 46.0  # room for the forecast, at the right
BINS = 48


@dataclass(frozen=True)
class Box:
    x: float
    y: float
    width: float
    height: float
    label: str = ""


@dataclass(frozen=True)
class Weeks:
    """First crossings by week: bars as edited, a line for the active terms, and what Sales can take."""

    bars: tuple[Box, ...]
    before: str  # the path of the line; empty without active terms
    capacity: float | None  # its height
    ahead: Box
    spread: tuple[float, float]  # heights of the range of the forecast
    top: float  # the number at the upper edge
    width: float = WIDE
    height: float = HIGH
    floor: float = HIGH

    @property
    def middle(self) -> float:
        return self.ahead.x + self.ahead.width / 2


def draw_weeks(impact: Consequences) -> Weeks | None:
    if impact.after is None:
        return None
    meaning = impact.after.meaning
    ahead = meaning.forecast
    before = impact.before.meaning.weeks if impact.before else ()
    limit = impact.capacity.a_week if impact.capacity else 0.0
    most = max(*meaning.weeks, *(before or (0,)), ahead.high, 1.0)
    most = max(most, limit if limit <= 3 * most else 0.0)  # a capacity far above everything is said, not drawn

    def height(value: float) -> float:
        return round(HIGH - value / most * (HIGH - TOP), 1)

    step = (WIDE - AHEAD) / len(meaning.weeks)
    bars = tuple(
        Box(round(n * step, 1), height(value), round(step * 0.7, 1), round(HIGH - height(value), 1))
        for n, value in enumerate(meaning.weeks)
    )
    return Weeks(
        bars, _step_path([height(value) for value in before], step), height(limit) if 0 < limit <= most else None,
        Box(WIDE - AHEAD + 14, height(ahead.a_week), AHEAD - 16, round(HIGH - height(ahead.a_week), 1)), (height(ahead.low), height(ahead.high)), most,
    )  # fmt: skip


def _step_path(heights: Sequence[float], step: float) -> str:
    return "".join(
        f"{'L' if n else 'M'}{n * step:.1f} {y:g}L{n * step + step * 0.7:.1f} {y:g}" for n, y in enumerate(heights)
    )


@dataclass(frozen=True)
class Spread:
    """How many leads are at each score now, from the lowest to the highest, under the slider of the threshold."""

    low: float
    high: float
    bars: tuple[Box, ...]
    width: float = WIDE
    height: float = 44.0


def draw_spread(scores: Floats, threshold: float) -> Spread:
    """Lay the scores of today along the slider; the heights are roots, so that few are seen beside very many."""
    scored_values = scores[~np.isnan(scores)]
    low = min(0.0, float(np.floor(scored_values.min()))) if scored_values.size else 0.0
    high = max(100.0, threshold, float(np.ceil(scored_values.max())) if scored_values.size else 0.0)
    counts, _ = np.histogram(scored_values, BINS, (low, high))
    heights = np.sqrt(counts / max(int(counts.max()), 1)) * 44
    step = WIDE / BINS
    bars = tuple(
        Box(
            round(n * step, 1),
            round(44 - float(tall), 1),
            round(step - 1.5, 1),
            round(float(tall), 1),
            short_number(int(count)),
        )
        for n, (tall, count) in enumerate(zip(heights, counts, strict=True))
        if count
    )
    return Spread(low, high, bars)
