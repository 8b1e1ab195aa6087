"""Leads needed beside leads that came, month by month."""

from typing import Any

from core.charts import Chart, build_axis
from core.formatting import format_count
from kpis.leads_needed.calendar import AHEAD, OVER, Window

Page = Any  # kpis.leads_needed.page.NeedPage, which imports this file


def draw_months(page: Page) -> Chart | None:
    """Draw what each month of revenue needs, and what came in the days in which it was due."""
    if page.answer is None:
        return None
    months = page.answer.months
    names = [month.period.label for month in months]
    windows = [month.windows[0] for month in months]
    needed = [round(window.needed, 1) for window in windows]
    arrived = [None if window.state == AHEAD else window.arrived for window in windows]
    traces: list[dict[str, Any]] = [
        {"type": "bar", "name": "Leads needed", "x": names, "y": needed, "marker": {"color": "--edge"}},
        {"type": "bar", "name": "Leads that came", "x": names, "y": arrived, "marker": {"color": "--marketing"}},
    ]
    values = [*needed, *(n for n in arrived if n is not None)]
    layout = {"barmode": "group", "yaxis": build_axis(values, "count", ""), "xaxis": {"type": "category"}}
    return Chart(
        "leads-needed", _title(windows), {"data": traces, "layout": layout},
        note="Each month of revenue with the leads that it needs; they are due before it, by the median time to the win.",
    )  # fmt: skip


def _title(windows: list[Window]) -> str:
    over = [window for window in windows if window.state == OVER]
    if not over:
        return "No month’s leads are wholly due yet"
    short = sum(1 for window in over if window.missing > 0)
    if not short:
        return (
            f"Enough leads came for each of the {format_count(len(over))} months whose leads are due"
            if len(over) > 1
            else "Enough leads came for the first month"
        )
    return f"Too few leads came for {format_count(short)} of {format_count(len(over))} months whose leads are due"
