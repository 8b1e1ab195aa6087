"""The waterfall as a chart: bars that begin where the one before ends."""

from decimal import Decimal
from typing import Any

from core.charts import Chart, build_axis
from core.formatting import format_exact, short_money
from forecast.waterfall.movements import WON
from kpis.pipeline import sentences
from kpis.pipeline.waterfall import Bar, Waterfall

GAIN, LOSS = "--joint", "--edge"
ROOM_FOR_LABELS = 1.28  # times the longest bar: amounts stand outside of their bars, also at 360 px
STOCK, WON_BAR = "--ink", "--sales"


def draw_waterfall(waterfall: Waterfall) -> Chart | None:
    """Draw the bars that are not nothing; None where there are none."""
    if waterfall.is_empty:
        return None
    bars = [bar for bar in waterfall.bars if bar.is_stock or bar.value]
    bottoms, level = [], Decimal(0)
    for bar in bars:
        base = Decimal(0) if bar.is_stock else level
        level = bar.value if bar.is_stock else level + bar.value
        bottoms.append(float(base))
    values = [float(bar.value) for bar in bars]
    tops = [bottom + value for bottom, value in zip(bottoms, values, strict=True)]
    ends = [0.0, *tops, *bottoms]
    finding = sentences.find_in_chart(waterfall)
    trace: dict[str, Any] = {
        "type": "bar",
        "orientation": "h",  # the names of twelve bars stand beside each other on no phone
        "name": "Open pipeline",
        "x": values,
        "y": [bar.label for bar in bars],
        "base": bottoms,
        "text": [short_money(bar.value, waterfall.currency) for bar in bars],
        "textposition": "outside",
        "cliponaxis": False,
        "hovertext": [f"{bar.label}: {format_exact(bar.value, 'money', waterfall.currency)}" for bar in bars],
        "hoverinfo": "text",
        "marker": {"color": [_color_of(bar) for bar in bars]},
        "showlegend": False,
    }
    return Chart(
        name="pipeline-waterfall",
        title=finding,
        summary=f"Open pipeline, {sentences.describe_days(waterfall)}. {finding}.",
        figure={
            "data": [trace],
            "layout": {
                "xaxis": build_axis([*tops, *bottoms], "money", waterfall.currency)
                | {"showgrid": True, "range": [min(ends) * ROOM_FOR_LABELS, max(ends) * ROOM_FOR_LABELS]},
                "yaxis": {
                    "type": "category",
                    "dtick": 1,
                    "autorange": "reversed",
                    "zeroline": False,
                    "showgrid": False,
                },
                "bargap": 0.25,
                "hovermode": "closest",
            },
        },
        unit="money",
        currency=waterfall.currency,
        head=("", "Change"),
        rows=tuple((bar.label, bar.value) for bar in waterfall.bars),
    )


def _color_of(bar: Bar) -> str:
    if bar.is_stock:
        return STOCK
    if bar.key == WON:
        return WON_BAR
    return GAIN if bar.value > 0 else LOSS
