"""The trend of one metric as a chart: what adds up as bars, everything else as a line. Pure."""

from collections.abc import Sequence
from typing import Any

from core.charts import Chart, build_axis
from core.formatting import format_by_unit
from kpis.charts import axis_labels, finished_parts
from kpis.registry import Metric
from kpis.result import Part, Result

COLOURS = {"marketing": "--marketing", "sales": "--sales", "joint": "--joint"}


def trend_chart(metric: Metric, trend: Result, reference: Any = None) -> Chart | None:
    """Draw the trend beside its benchmark; None when no unit has a value."""
    parts = trend.parts
    if not any(part.value is not None and part.n for part in parts):
        return None
    names = axis_labels(parts, trend)
    traces = [
        _trend_trace(metric, trend.name, names, [None if part.value is None else float(part.value) for part in parts])
    ]
    if reference is not None:
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": "Benchmark",
                "x": names,
                "y": [float(reference)] * len(names),
                "line": {"color": "--soft", "width": 1.5, "dash": "dash"},
            }
        )
    finding = _trend_finding(metric, trend, names)
    value_axis = build_axis([value for trace in traces for value in trace["y"]], metric.unit, trend.currency)
    return Chart(
        name=f"{metric.key}-trend",
        title=finding,
        summary=f"{trend.name} by {trend.by}. {finding}.",
        figure={"data": traces, "layout": {"yaxis": value_axis, "xaxis": {"type": "category"}}},
        unit=metric.unit,
        currency=trend.currency,
    )


def _trend_trace(metric: Metric, label: str, names: list[str], values: list[float | None]) -> dict[str, Any]:
    colour = COLOURS[metric.owner_side]
    if metric.adds_up:
        return {"type": "bar", "name": label, "x": names, "y": values, "marker": {"color": colour}}
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": label,
        "x": names,
        "y": values,
        "line": {"color": colour, "width": 2.5},
        "marker": {"size": 6},
    }


def _trend_finding(metric: Metric, trend: Result, names: Sequence[str]) -> str:
    """Say between what and what it moved, and when."""
    over = trend.parts if metric.is_stock else finished_parts(trend, trend.parts)
    points = [(part, name) for part, name in zip(over, names, strict=False) if part.value is not None]
    if not points:
        return f"{trend.name} by {trend.by}"
    if len(points) == 1:
        part, name = points[0]
        return f"{_format_part(metric, trend, part)} in {name}"
    high = max(points, key=lambda pair: float(pair[0].value or 0))
    low = min(points, key=lambda pair: float(pair[0].value or 0))
    if high[0].value == low[0].value:
        return f"{_format_part(metric, trend, high[0])} {'throughout' if len(points) == len(over) else 'wherever it has a value'}"
    return f"Highest {_format_part(metric, trend, high[0])} in {high[1]}, lowest {_format_part(metric, trend, low[0])} in {low[1]}"


def _format_part(metric: Metric, trend: Result, part: Part) -> str:
    return format_by_unit(part.value, metric.unit, part.currency or trend.currency)
