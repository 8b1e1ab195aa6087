"""Who gains and who loses by a new plan, as bars. Pure; colours are names of CSS tokens."""

from typing import Any

from core.charts import Chart, build_axis
from core.formatting import format_count, short_money, with_sign
from kpis.plans.replay import Replay

ROOM_FOR_LABELS = 0.28  # of the whole width, beside the longest bars
MOST_BARS = 40


def draw_changes(replay: Replay, currency: str) -> Chart | None:
    """Draw what each rep would be paid more or less; None without a plan to compare with."""
    lines = [line for line in replay.reps if line.change is not None]
    if len(lines) < 2:
        return None
    shown = lines if len(lines) <= MOST_BARS else [*lines[: MOST_BARS // 2], *lines[-MOST_BARS // 2 :]]
    shown = list(reversed(shown))
    values = [float(line.change or 0) for line in shown]
    title = (
        f"{format_count(replay.gaining)} of {format_count(len(lines))} reps gain, {format_count(replay.losing)} lose"
    )
    trace: dict[str, Any] = {
        "type": "bar", "orientation": "h", "name": "Change", "x": values, "y": [line.rep.name for line in shown],
        "text": [with_sign(short_money(line.change, currency)) for line in shown], "textposition": "outside",
        "cliponaxis": False, "hoverinfo": "y+text", "marker": {"color": ["--joint" if value >= 0 else "--edge" for value in values]},
        "showlegend": False,
    }  # fmt: skip
    low, high = min(0.0, *values), max(0.0, *values)
    room = (high - low) * ROOM_FOR_LABELS
    ends = [low - room if low else 0.0, high + room if high else 0.0]
    note = "" if len(shown) == len(lines) else "Those who gain most and those who lose most; the table has all reps."
    return Chart(
        "plan-replay", title,
        {
            "data": [trace],
            "layout": {
                "xaxis": build_axis(values, "money", currency) | {"range": ends if any(ends) else [-1, 1], "showgrid": True},
                "yaxis": {"type": "category", "dtick": 1, "showgrid": False, "zeroline": False, "automargin": True},
                "bargap": 0.3, "hovermode": "closest",
            },
        },
        summary=f"{title}.", note=note, unit="money", currency=currency, head=("Rep", "Current plan", "Proposed plan", "Change"),
        rows=tuple(
            (line.rep.name, line.current.total if line.current else None, line.proposed.total, line.change) for line in lines
        ),
    )  # fmt: skip
