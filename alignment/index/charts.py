"""The alignment index over time, with its parts. Colours are names of CSS tokens."""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from alignment.index.models import IndexSnapshot
from alignment.index.queries import History
from alignment.index.rules import AGREED, ANSWERS, BEHAVIOUR, Part
from core.chart_marks import ChartMarks, Mark, MarkedUnit
from core.charts import Chart
from core.date_formatting import format_day
from core.periods import Period
from crm.readable import Reader
from kpis.mark_registry import MarkQuery, collect_marks

DASHES = {ANSWERS: "dot", AGREED: "dash", BEHAVIOUR: "dashdot"}
NOTE = "A month without a line has no index. Points before the first nightly run follow from the dates of records."


def draw_history(history: History) -> Chart | None:
    """Draw the index and its parts by month; None while there are fewer than two points with an index."""
    points = [point for point in history.points if point.index.present]
    scored = [point for point in points if point.score is not None]
    if len(scored) < 2:
        return None
    title = _describe_way(scored[0], scored[-1])
    days = [format_day(point.local_day) for point in points]
    parts = points[-1].index.parts
    return Chart(
        name="alignment-index",
        title=title,
        summary=title,
        note=NOTE if any(point.is_reconstructed for point in points) else "",
        figure={
            "data": [
                _line("Index", days, [point.score for point in points], "--joint", 3, "solid"),
                *(_part_line(part, days, points) for part in parts),
            ],
            "layout": {"yaxis": {"range": [0, 100]}, "xaxis": {"type": "category"}},
        },
        unit="ratio",
    )


def mark_history(chart: Chart | None, history: History, reader: Reader) -> Chart | None:
    """Return the chart with what happened up to each of its points, since the point before it."""
    days = [point.local_day for point in history.points if point.index.present]
    if chart is None:
        return None
    marks, left_out = collect_marks(MarkQuery(None, Period(days[0], days[-1]), reader))
    by_point: dict[date, list[Mark]] = {}
    for mark in marks:
        by_point.setdefault(days[bisect_left(days, mark.day)], []).append(mark)
    units = (MarkedUnit(day.isoformat(), format_day(day), tuple(group)) for day, group in by_point.items())
    return chart.with_marks(ChartMarks(tuple(units), tuple(left_out)))


def _describe_way(first: IndexSnapshot, last: IndexSnapshot) -> str:
    return (
        f"From {first.index.text} on {format_day(first.local_day)} to {last.index.text} on {format_day(last.local_day)}"
    )


def _part_line(part: Part, days: Sequence[str], points: Sequence[IndexSnapshot]) -> dict[str, Any]:
    scores = [next((own.score for own in point.index.parts if own.key == part.key), None) for point in points]
    return _line(part.label, days, scores, "--edge", 1.5, DASHES[part.key])


def _line(
    name: str, days: Sequence[str], scores: Sequence[Decimal | None], color: str, width: float, dash: str
) -> dict[str, Any]:
    return {
        "type": "scatter", "mode": "lines+markers", "name": name, "x": list(days),
        "y": [None if score is None else float(score) for score in scores], "connectgaps": False,
        "line": {"color": color, "width": width, "dash": dash}, "marker": {"color": color, "size": 4 + width},
    }  # fmt: skip
