"""Forecasts as charts, each titled by its finding. Pure; colours are names of CSS tokens."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from core.charts import Chart, build_axis
from core.date_formatting import format_day
from core.formatting import format_count, format_percent, short_money
from forecast.outcomes.judging import CONFIDENCE
from forecast.outcomes.record import PastForecast, Summary
from forecast.outcomes.result import QuarterForecast

LabelOf = Callable[[date], str]


def record_chart(
    past: Sequence[PastForecast], summary: Summary, ahead: int, label_of: LabelOf, currency: str
) -> Chart | None:
    """Draw the interval of each past date against what happened."""
    judged = [forecast for forecast in past if forecast.is_calibrated]
    if not judged:
        return None
    names = [format_day(date.fromordinal(forecast.day + 1)) for forecast in judged]
    medians, actuals = [forecast.interval.median for forecast in judged], [forecast.actual for forecast in judged]
    intervals = {
        "type": "scatter", "mode": "markers", "name": "Forecast", "x": names, "y": medians,
        "marker": {"color": "--joint", "size": 8, "symbol": "line-ew-open", "line": {"width": 2}},
        "error_y": {
            "type": "data", "symmetric": False, "color": "--joint", "thickness": 4, "width": 0,
            "array": [forecast.interval.high - forecast.interval.median for forecast in judged],
            "arrayminus": [forecast.interval.median - forecast.interval.low for forecast in judged],
        },
    }  # fmt: skip
    happened = {
        "type": "scatter", "mode": "markers", "name": "What happened", "x": names, "y": actuals,
        "marker": {"color": "--ink", "size": 7, "symbol": "diamond"},
    }  # fmt: skip
    axis = build_axis([forecast.interval.high for forecast in judged] + actuals, "money", currency)
    return Chart(
        "forecast-record", _record_title(summary),
        {"data": [intervals, happened], "layout": {"yaxis": axis, "xaxis": {"type": "category"}}},
        note=f"Bars: {format_percent(CONFIDENCE)} interval as of the date, with what was known then. Diamonds: what the quarter brought.",
        unit="money", currency=currency, head=("As of", "Quarter", "Low", "Median", "High", "What happened", "Inside"),
        rows=tuple(_record_row(name, forecast, label_of, currency) for name, forecast in zip(names, judged, strict=True)),
    )  # fmt: skip


def _record_row(name: str, forecast: PastForecast, label_of: LabelOf, currency: str) -> tuple[Any, ...]:
    interval = forecast.interval
    quarter = label_of(date.fromordinal(forecast.span.start))
    figures = (interval.low, interval.median, interval.high, forecast.actual)
    return (
        name,
        quarter,
        *(short_money(figure, currency) for figure in figures),
        "Yes" if forecast.is_inside else "No",
    )


def _record_title(summary: Summary) -> str:
    return (
        f"The interval contained what happened as of {format_count(summary.inside)} of {format_count(summary.dates)} past dates "
        f"({format_percent(summary.coverage, 0)})"
    )


def quarters_chart(quarters: Sequence[tuple[QuarterForecast, str]], currency: str) -> Chart | None:
    """Stack what each quarter is expected to bring: won, from open deals, from deals not created yet."""
    if not quarters:
        return None
    names = [label for _, label in quarters]
    layers = (
        ("Won", "--ink", [quarter.won for quarter, _ in quarters]),
        ("Open deals", "--sales", [quarter.open for quarter, _ in quarters]),
        ("Deals not created yet", "--joint", [quarter.unborn for quarter, _ in quarters]),
    )
    bars: list[dict[str, Any]] = [
        {"type": "bar", "name": name, "x": names, "y": values, "marker": {"color": colour}}
        for name, colour, values in layers
    ]
    bars[-1]["marker"]["pattern"] = {"shape": "/"}
    totals = [sum(values) for values in zip(*(values for _, _, values in layers), strict=True)]
    layout = {"barmode": "stack", "yaxis": build_axis(totals, "money", currency), "xaxis": {"type": "category"}}
    return Chart(
        "forecast-quarters", _quarters_title(quarters, totals, currency), {"data": bars, "layout": layout}, unit="money",
        currency=currency, note="Expected values. The table below has the intervals.",
    )  # fmt: skip


def _quarters_title(quarters: Sequence[tuple[QuarterForecast, str]], totals: Sequence[float], currency: str) -> str:
    first, label = quarters[0]
    if not totals[0]:
        return f"Nothing is expected for {label}"
    return f"{format_percent(first.won / totals[0], 0)} of the {short_money(totals[0], currency)} expected for {label} is won already"
