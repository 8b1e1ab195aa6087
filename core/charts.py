"""Charts: a plotly figure as plain dicts, with its finding as title, a text alternative, and its numbers.

Colours are written as the names of CSS tokens ("--sales"); the page puts in the values of the reader's theme.
What our content security policy would stop is refused here, when the chart is made, and not in the browser.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from core.chart_marks import STRIP, ChartMarks, mark_layout
from core.formatting import axis_label

FORBIDDEN_TRACES = {"scattergl", "parcoords", "splom", "heatmapgl", "pointcloud", "scatterpolargl"}


@dataclass(frozen=True)
class Chart:
    """One chart. `name` is unique on its page and names the saved files; `title` says the finding.

    `note` is what a reader must know of the drawing; `unit` and `currency` say how its numbers are written in the table.
    """

    name: str
    title: str
    figure: dict[str, Any]
    summary: str = ""
    note: str = ""
    unit: str = "count"
    currency: str = ""
    is_low: bool = False
    head: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = field(default=())
    marks: ChartMarks = field(default_factory=ChartMarks)

    def __post_init__(self) -> None:
        wrong = list(find_faults(self.figure))
        if wrong:
            raise ValueError(f"The chart {self.name} cannot be drawn under our policy: {'; '.join(wrong)}.")

    @property
    def table_head(self) -> tuple[str, ...]:
        head = self.head or ("", *(trace.get("name", "Value") for trace in _visible_traces(self.figure)))
        return (*head, "Marks") if self.marks else head

    @property
    def table_rows(self) -> tuple[tuple[Any, ...], ...]:
        rows, texts = self.rows or table_of(self.figure), self.marks.texts
        return tuple((*row, texts.get(row[0], "")) for row in rows) if self.marks else rows

    def with_marks(self, marks: ChartMarks) -> Self:
        """Return the chart with the marks drawn on its time axis, which has names of units."""
        if not marks:
            return self
        layout = self.figure.get("layout", {})
        axis = {**layout.get("yaxis", {}), "domain": [0, STRIP]}
        figure = {**self.figure, "layout": {**layout, "yaxis": axis, **mark_layout(marks.drawn)}}
        return replace(self, figure=figure, marks=marks)


def find_faults(figure: dict[str, Any]) -> Iterator[str]:
    """Yield what in a figure needs eval or a style attribute, which our policy forbids."""
    for trace in figure.get("data", []):
        if trace.get("type") in FORBIDDEN_TRACES:
            yield f"a {trace['type']} trace needs eval"
    for text in _iterate_texts(figure):
        if "<" in text and ">" in text:
            yield f"“{text}” holds a tag"


def _iterate_texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key == "hovertext":  # a line break sets no style
                yield from (line for text in _iterate_texts(inner) for line in text.split("<br>"))
            elif key != "hovertemplate":  # hover boxes understand <extra></extra>, which sets no style
                yield from _iterate_texts(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _iterate_texts(inner)


def _visible_traces(figure: dict[str, Any]) -> list[dict[str, Any]]:
    return [trace for trace in figure.get("data", []) if trace.get("showlegend") is not False or trace.get("name")]


def table_of(figure: dict[str, Any]) -> tuple[tuple[Any, ...], ...]:
    """Return the numbers of a figure as rows: the label first, then one value for each trace."""
    labels: dict[Any, None] = {}
    columns: list[dict[Any, Any]] = []
    for trace in _visible_traces(figure):
        keys, values = _labels_and_values(trace)
        columns.append(dict(zip(keys, values, strict=False)))
        labels.update(dict.fromkeys(keys))
    return tuple((label, *(column.get(label) for column in columns)) for label in labels)


def _labels_and_values(trace: dict[str, Any]) -> tuple[Sequence[Any], Sequence[Any]]:
    if "labels" in trace:
        return trace["labels"], trace.get("values", [])
    first, second = trace.get("x", []), trace.get("y", [])
    return (second, first) if trace.get("orientation") == "h" else (first, second)


@dataclass(frozen=True)
class Sparkline:
    """A small line without axes: an SVG path in a box of 120 by 34, and where it ends."""

    path: str
    x: float
    y: float


def draw_sparkline(values: Sequence[Any], width: int = 120, height: int = 34, margin: int = 4) -> Sparkline | None:
    """Draw the values from left to right; a missing one breaks the line. None when fewer than two are there."""
    numbers = [None if value is None else float(value) for value in values]
    present = [number for number in numbers if number is not None]
    if len(present) < 2:
        return None
    low, span = min(present), (max(present) - min(present)) or 1.0
    step = (width - 2 * margin) / (len(numbers) - 1)
    points = [
        None
        if number is None
        else (
            round(margin + index * step, 1),
            round(height - margin - (number - low) / span * (height - 2 * margin), 1),
        )
        for index, number in enumerate(numbers)
    ]
    x, y = next(point for point in reversed(points) if point)
    return Sparkline(_svg_path(points), x, y)


def _svg_path(points: Sequence[tuple[float, float] | None]) -> str:
    pieces, is_open = [], False
    for point in points:
        if point:
            pieces.append(f"{'L' if is_open else 'M'}{point[0]:g} {point[1]:g}")
        is_open = point is not None
    return "".join(pieces)


@dataclass(frozen=True)
class Mark:
    """A place on a scale, 0 to 100, and what is written there."""

    x: float
    label: str

    @property
    def anchor(self) -> str:
        """Keep the words inside the scale: SVG's text-anchor."""
        return "start" if self.x < 20 else "end" if self.x > 75 else "middle"


@dataclass(frozen=True)
class Scale:
    """A value as a bar from nothing, a reference as a mark, and the distance between the two; all from 0 to 100."""

    start: float
    width: float
    gap_start: float
    gap_width: float
    is_under: bool
    own: Mark
    reference: Mark
    zero: float


def build_scale(value: Any, reference: Any, own: str, other: str, *, end: Any = 0) -> Scale:
    """Lay value and reference on one scale that starts at zero, or at a value below it, and reaches `end` at least."""
    mine, its = float(value), float(reference)
    low = min(0.0, mine, its)
    high = max(mine, its, float(end), 0.0)
    span = (high - low) * 1.06 or 1.0

    def to_percent(number: float) -> float:
        return round((number - low) / span * 100, 2)

    zero, at, mark = to_percent(0), to_percent(mine), to_percent(its)
    return Scale(
        start=min(zero, at),
        width=round(abs(at - zero), 2),
        gap_start=min(at, mark),
        gap_width=round(abs(mark - at), 2),
        is_under=mine < its,
        own=Mark(at, own),
        reference=Mark(mark, other),
        zero=zero,
    )


HOVER = {"percent": ".1~%"}


def build_axis(values: Iterable[float | None], unit: str, currency: str = "") -> dict[str, Any]:
    """Return the axis of the values, whose labels are the very numbers of their places: €2M, 12.5%.

    Values that are all zero get the label of zero alone; plotly would make up others.
    """
    present = [value for value in values if value is not None] or [0.0]
    tick_values = axis_ticks(min(present), max(present), is_whole=unit == "count")
    written = [axis_label(tick, unit, currency) for tick in tick_values]
    flat = {"range": [0, 1]} if len(tick_values) == 1 else {}
    return {"tickvals": tick_values, "ticktext": written, "hoverformat": HOVER.get(unit, ",.2~f"), **flat}


def axis_ticks(low: float, high: float, count: int = 5, *, is_whole: bool = False) -> list[float]:
    """Return round places for an axis from low to high, zero among them, about `count` of them; whole ones if asked."""
    low, high = min(0.0, low), max(0.0, high)
    if low == high:
        return [0.0]
    rough = max((high - low) / count, 1.0 if is_whole else 0.0)
    size = 10.0 ** math.floor(math.log10(rough))
    factors = (1, 2, 5, 10) if is_whole and size < 10 else (1, 2, 2.5, 5, 10)
    step = next(size * factor for factor in factors if size * factor >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(step * index, 10) for index in range(first, last + 1)]


def stack_shares(*values: Any) -> tuple[tuple[float, float], ...]:
    """Lay fractions end to end: (start, width) of each, from 0 to 100."""
    start, spans = 0.0, []
    for value in values:
        width = round(float(value or 0) * 100, 3)
        spans.append((round(start, 3), width))
        start += width
    return tuple(spans)
