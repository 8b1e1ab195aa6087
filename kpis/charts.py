"""The figures of the dashboard: results in, charts out. Pure; colours are names of CSS tokens."""

from collections.abc import Sequence
from typing import Any

from core.charts import Chart
from core.charts import build_axis as axis_of
from core.periods import Period
from kpis import sentences
from kpis.dimensions import BLANK
from kpis.grains import GRAINS, grain_of
from kpis.result import Part, Result

MARKETING = {"color": "--marketing"}
SALES: dict[str, Any] = {
    "color": "--sales",
    "pattern": {"shape": "/", "fillmode": "overlay", "fgcolor": "--paper", "size": 6, "solidity": 0.15},
}
MARKS: dict[str, dict[str, Any]] = {"marketing": MARKETING, "sales": SALES}
NAMES = {"marketing": "Marketing spend", "sales": "Sales spend"}


def axis_label(key: str, grain: str, period: Period, *, with_year: bool = True) -> str:
    """Write the key of a calendar part for an axis: 2025-03 → Mar 25, 2025Q1 → Q1 25, 2025-03-31 → 31 Mar."""
    return key if key == BLANK else grain_of(grain, period).title(key, with_year=with_year)


def axis_labels(parts: Sequence[Part], trend: Result) -> list[str]:
    years = {part.key[:4] for part in parts}
    return [axis_label(part.key, trend.by, trend.period, with_year=len(years) > 1) for part in parts]


def _to_floats(values: Sequence[Any]) -> list[float | None]:
    return [None if value is None else float(value) for value in values]


def money_chart(trend: Result, spends: Sequence[tuple[str, Result]]) -> Chart | None:
    """Draw revenue as a line over spend, stacked by side; both come out of the SMROI trend (revenue − spend, spend)."""
    parts = [part for part in trend.parts if part.key != BLANK]
    if not any(part.n for part in parts):
        return None
    names = axis_labels(parts, trend)
    revenue = [float(part.numerator or 0) + float(part.denominator or 0) for part in parts]
    over = finished_parts(trend, parts)
    line = (
        [_line_trace("Revenue", names, revenue, "--ink", over)]
        if _is_recorded(parts, "invoices", "opportunities")
        else []
    )
    bars = _spend_bars(trend, parts, names, spends) if _is_recorded(parts, "spend") else []
    drawn = [*(revenue if line else ()), *(_to_floats([part.denominator for part in parts]) if bars else ())]
    axis = axis_of(drawn, "money", trend.currency)
    finding = sentences.money_finding(over, trend.by)
    return Chart(
        name="revenue-and-spend",
        title=finding,
        summary=f"Revenue and sales and marketing spend by {trend.by}. {finding}.",
        note=_unfinished_note(trend, parts, over),
        figure={
            "data": [*bars, *line],
            "layout": {"barmode": "stack", "yaxis": axis, "xaxis": {"type": "category"}},
        },
        unit="money",
        currency=trend.currency,
    )


def _is_recorded(parts: Sequence[Part], *tables: str) -> bool:
    """Whether a row of one of the tables counts: what was never recorded is not drawn as nothing."""
    return any(n for part in parts for table, n in part.records if table in tables)


def _spend_bars(
    trend: Result, parts: Sequence[Part], names: list[str], spends: Sequence[tuple[str, Result]]
) -> list[dict[str, Any]]:
    """Stack the spend by side where the sides are known for every part, else draw it as one."""
    keys = [part.key for part in parts]
    bars = []
    for side, result in spends:
        values = {part.key: part.value for part in result.parts}
        bars.append(_bar_trace(NAMES[side], names, [values.get(key) or 0 for key in keys], MARKS[side]))
    return bars or [_bar_trace("Spend", names, [part.denominator for part in parts], {"color": "--joint"})]


def _bar_trace(name: str, names: list[str], values: Sequence[Any], marker: dict[str, Any]) -> dict[str, Any]:
    return {"type": "bar", "name": name, "x": names, "y": _to_floats(values), "marker": marker}


def smroi_chart(trend: Result) -> Chart | None:
    """Draw SMROI over time beside its benchmark."""
    parts = [part for part in trend.parts if part.key != BLANK]
    if not any(part.value is not None for part in parts):
        return None
    names = axis_labels(parts, trend)
    over = finished_parts(trend, parts)
    line = _line_trace("SMROI", names, _to_floats([part.value for part in parts]), "--joint", over)
    benchmark = trend.gap.get("benchmark")
    level = [] if benchmark is None else [_level_trace("Benchmark", names, float(benchmark))]
    axis = axis_of([value for trace in (line, *level) for value in trace["y"]], "percent")
    finding = sentences.smroi_finding(over, names[: len(over)], trend.by, benchmark)
    return Chart(
        name="smroi",
        title=finding,
        summary=f"SMROI by {trend.by} beside its benchmark. {finding}.",
        note=_unfinished_note(trend, parts, over),
        figure={
            "data": [line, *level],
            "layout": {"yaxis": axis, "xaxis": {"type": "category"}},
        },
        unit="percent",
    )


def finished_parts(trend: Result, parts: Sequence[Part]) -> Sequence[Part]:
    """Return the parts whose days are all over; all of them when none is, so that there is something to say."""
    if trend.as_of is None or trend.by not in GRAINS:
        return parts
    today = trend.as_of.date()
    over = [part for part in parts if (grain_of(trend.by, trend.period).parse_key(part.key).end or today) < today]
    return over or parts


def _unfinished_note(trend: Result, parts: Sequence[Part], over: Sequence[Part]) -> str:
    return f"The open circle is the current {trend.by}." if len(over) < len(parts) else ""


def _line_trace(
    name: str, names: list[str], values: Sequence[float | None], colour: str, over: Sequence[Part]
) -> dict[str, Any]:
    """Draw values as a line; what is not over stands as an open circle."""
    symbols = ["circle" if position < len(over) else "circle-open" for position in range(len(names))]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": names,
        "y": list(values),
        "line": {"color": colour, "width": 2.5},
        "marker": {"size": 7, "symbol": symbols},
    }


def _level_trace(name: str, names: list[str], value: float) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": names,
        "y": [value] * len(names),
        "line": {"color": "--soft", "width": 1.5, "dash": "dash"},
    }
