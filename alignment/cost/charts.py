"""The chart of the cost of misalignment: today's figures beside those at the benchmark. Pure."""

from typing import Any

from alignment.cost.rules import Cost
from alignment.cost.sentences import cost_finding, cost_summary
from core.charts import Chart, build_axis

LABELS = ["Revenue", "S&M spend"]
BENCHMARK_PATTERN = {"shape": "/", "fillmode": "overlay", "fgcolor": "--paper", "size": 6, "solidity": 0.25}


def draw_cost(cost: Cost) -> Chart:
    today = [float(cost.revenue), float(cost.spend)]
    at_benchmark = [float(cost.benchmark_revenue), float(cost.benchmark_spend)]
    return Chart(
        name="cost-of-misalignment",
        title=cost_finding(cost),
        summary=cost_summary(cost),
        note="Revenue at the benchmark is for the same spend; spend at the benchmark is for the same revenue.",
        figure={
            "data": [
                _bars("Today", today, {"color": "--joint"}),
                _bars("At the benchmark", at_benchmark, {"color": "--edge", "pattern": BENCHMARK_PATTERN}),
            ],
            "layout": {
                "barmode": "group",
                "yaxis": build_axis([*today, *at_benchmark], "money", cost.currency),
                "xaxis": {"type": "category"},
            },
        },
        unit="money",
        currency=cost.currency,
        head=("", "Today", "At the benchmark", "Difference"),
        rows=(
            ("Revenue at the same spend", cost.revenue, cost.benchmark_revenue, cost.extra_revenue),
            ("Spend for the same revenue", cost.spend, cost.benchmark_spend, -cost.spend_saved),
        ),
    )


def _bars(name: str, values: list[float], marker: dict[str, Any]) -> dict[str, Any]:
    return {"type": "bar", "name": name, "x": LABELS, "y": values, "marker": marker}
