"""Touched and like untouched deals beside each other."""

from typing import Any

from core.charts import Chart, build_axis
from core.formatting import format_decimal, format_percent

Help = Any  # kpis.help_to_close.page.HelpToClose, which imports this file


def draw_rates(help_to_close: Help) -> Chart | None:
    """Draw both win rates with their intervals."""
    comparison = help_to_close.comparison
    if comparison is None:
        return None
    estimates = (comparison.touched_rate, comparison.control_rate)
    names, values = ["Touched by Marketing", "Like deals, not touched yet"], [estimate.value for estimate in estimates]
    trace: dict[str, Any] = {
        "type": "bar", "orientation": "h", "name": "Win rate", "x": values, "y": names, "showlegend": False,
        "marker": {"color": ["--marketing", "--edge"]},
        "error_x": {
            "type": "data", "symmetric": False, "color": "--ink", "thickness": 2, "width": 6,
            "array": [(estimate.high or estimate.value) - estimate.value for estimate in estimates],
            "arrayminus": [estimate.value - (estimate.low or estimate.value) for estimate in estimates],
        },
    }  # fmt: skip
    ends = [0.0, *((estimate.high or estimate.value) for estimate in estimates)]
    points = format_decimal(abs(comparison.difference.value) * 100, 1, is_trimmed=True)
    word = "more" if comparison.difference.value >= 0 else "less"
    rows = tuple((name, estimate.value) for name, estimate in zip(names, estimates, strict=True))
    return Chart(
        "help-to-close", f"Touched deals were won {points} points {word} often",
        {"data": [trace], "layout": {"xaxis": build_axis(ends, "percent", ""), "yaxis": {"type": "category", "autorange": "reversed"}}},
        note=f"Lines: {format_percent(0.95, 0)} intervals from resampling companies.", unit="percent", is_low=True,
        head=("", "Win rate"), rows=rows,
    )  # fmt: skip
