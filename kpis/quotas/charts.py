"""Attainment of each rep, and potential ÷ quota of each rep, as bars. Pure; colours are names of CSS tokens."""

from typing import Any

from core.charts import Chart, build_axis
from core.formatting import format_decimal
from kpis.quotas.fairness import ALIKE
from kpis.quotas.report import FairnessReport, RepLine
from kpis.quotas.sentences import describe_attainment_chart, describe_ratio_chart, write_attainment

ROOM_FOR_LABELS = 1.22


def draw_attainment(report: FairnessReport) -> Chart | None:
    """Draw attainment by rep with a line at quota; None for fewer than two."""
    lines = [line for line in report.lines if line.attainment is not None]
    if len(lines) < 2:
        return None
    lines.sort(key=lambda line: line.attainment or 0)
    values = [float(line.attainment or 0) for line in lines]
    return _draw_bars(
        "quota-attainment", describe_attainment_chart(report), lines, values, "percent",
        [write_attainment(line.attainment) for line in lines], marks=[1.0],
        note=f"The line is the quota. {report.category.rule}", head=("Rep", "Attainment"),
    )  # fmt: skip


def draw_ratios(report: FairnessReport) -> Chart | None:
    """Draw potential ÷ quota by rep with the range around the mean; None for fewer than two."""
    lines = [line for line in report.lines if line.ratio is not None]
    mean = report.statistics.mean_ratio
    if len(lines) < 2 or mean is None:
        return None
    lines.sort(key=lambda line: line.ratio or 0)
    values = [float(line.ratio or 0) for line in lines]
    return _draw_bars(
        "quota-potential", describe_ratio_chart(report), lines, values, "ratio", [format_decimal(value, 2) for value in values],
        marks=[mean * (1 - ALIKE), mean * (1 + ALIKE)],
        note="Between the two lines: within ±10% of the mean. A short bar is a quota that is high for its potential.",
        head=("Rep", "Potential ÷ quota"),
    )  # fmt: skip


def _draw_bars(
    name: str, title: str, lines: list[RepLine], values: list[float], unit: str, texts: list[str], *, marks: list[float], note: str,
    head: tuple[str, ...],
) -> Chart:  # fmt: skip
    trace: dict[str, Any] = {
        "type": "bar", "orientation": "h", "name": head[1], "x": values, "y": [line.name for line in lines], "text": texts,
        "textposition": "outside", "cliponaxis": False, "hoverinfo": "y+text", "marker": {"color": "--sales"}, "showlegend": False,
    }  # fmt: skip
    ends = [min(0.0, *values), max(*values, *marks) * ROOM_FOR_LABELS]
    shapes = [
        {
            "type": "line", "x0": mark, "x1": mark, "y0": 0, "y1": 1, "yref": "paper",
            "line": {"color": "--ink", "width": 1.5, "dash": "dot"},
        }
        for mark in marks
    ]  # fmt: skip
    layout = {
        "xaxis": build_axis([0.0, *values, *marks], unit) | {"range": ends, "showgrid": True},
        "yaxis": {"type": "category", "dtick": 1, "showgrid": False, "zeroline": False, "automargin": True},
        "bargap": 0.3, "hovermode": "closest", "shapes": shapes,
    }  # fmt: skip
    rows = tuple((line.name, text) for line, text in zip(reversed(lines), reversed(texts), strict=True))
    return Chart(
        name,
        title,
        {"data": [trace], "layout": layout},
        summary=f"{title}.",
        note=note,
        unit=unit,
        head=head,
        rows=rows,
    )
