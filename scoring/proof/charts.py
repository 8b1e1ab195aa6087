"""Evidence as charts, each titled by its finding. Pure; colours are names of CSS tokens."""

from collections.abc import Sequence
from typing import Any

from core.charts import Chart, build_axis
from core.formatting import format_count, format_decimal, format_percent, format_significant
from scoring.proof.evidence import Evidence, Span, format_span_key
from scoring.proof.measures import Band, Gain

FIFTH = 0.2
DASHED = {"color": "--soft", "width": 1.5, "dash": "dash"}


def score_range(band: Band) -> str:
    """Say which scores a band holds: 20–35, or 100 where all have the same."""
    low, high = (format_significant(edge, 4) for edge in (band.low, band.high))
    return low if low == high else f"{low}–{high}"


def rates_chart(evidence: Evidence) -> Chart | None:
    """How often each band is won, with what chance allows."""
    bands = [band for band in evidence.bands if band.n]
    if not bands:
        return None
    names = [score_range(band) for band in bands]
    values = [band.rate or 0.0 for band in bands]
    ends = [band.interval or (0.0, 0.0) for band in bands]
    bars = {
        "type": "bar", "name": _rate_name(evidence), "x": names, "y": values, "marker": {"color": "--joint"},
        "error_y": {
            "type": "data", "symmetric": False, "color": "--soft", "thickness": 1.5, "width": 3,
            "array": [high - value for (_, high), value in zip(ends, values, strict=True)],
            "arrayminus": [value - low for (low, _), value in zip(ends, values, strict=True)],
        },
    }  # fmt: skip
    level = {
        "type": "scatter", "mode": "lines", "name": "All leads", "x": names, "y": [evidence.base] * len(names), "line": DASHED
    }  # fmt: skip
    top = bands[-1]
    title = f"The best-scored {format_percent(top.n / evidence.n)} of the leads: {format_decimal(top.lift or 0, 1)} times the average"
    layout = {
        "yaxis": build_axis([high for _, high in ends], "percent"),
        "xaxis": {"type": "category", "title": {"text": "Score"}},
    }
    return Chart(
        "bands",
        title,
        {"data": [bars, level], "layout": layout},
        note=f"Thin lines: what chance allows ({format_percent(0.95)}).",
        unit="percent",
    )


def _rate_name(evidence: Evidence) -> str:
    return "Won" if evidence.goal == "won" else "Converted"


def gains_chart(
    evidence: Evidence, against: Evidence | None = None, name: str = "This version", other: str = ""
) -> Chart | None:
    """What share of the won is found in the best-scored share of the leads."""
    if not evidence.gains:
        return None
    lines = [_gains_line(name, evidence.gains, "--joint")]
    if against and against.gains:
        lines.append(_gains_line(other, against.gains, "--ink", "dot"))
    elif evidence.gains[0].revenue is not None:
        lines.append(_gains_line("Revenue", evidence.gains, "--ink", "dot", is_revenue=True))
    lines.append({"type": "scatter", "mode": "lines", "name": "By chance", "x": [0, 1], "y": [0, 1], "line": DASHED})
    curve = [gain.leads for gain in evidence.gains], [gain.won for gain in evidence.gains]
    share_of_won = _interpolate_at(*curve, FIFTH)
    wins = "wins" if evidence.goal == "won" else "conversions"
    title = f"The best-scored fifth of the leads holds {format_percent(share_of_won)} of the {wins}"
    shares = {
        "tickvals": [0, 0.2, 0.4, 0.6, 0.8, 1],
        "ticktext": [format_percent(fifth / 5) for fifth in range(6)],
        "hoverformat": ".0%",
    }
    layout = {"yaxis": shares, "xaxis": {**shares, "title": {"text": "Leads, the best-scored first"}}}
    rows = tuple(
        (format_percent(tenths / 10), *(_interpolate_at(line["x"], line["y"], tenths / 10) for line in lines))
        for tenths in range(1, 11)
    )
    head = ("Best-scored share", *(str(line["name"]) for line in lines))
    return Chart("gains", title, {"data": lines, "layout": layout}, unit="percent", head=head, rows=rows)


def _gains_line(
    name: str, gains: list[Gain], colour: str, dash: str = "solid", *, is_revenue: bool = False
) -> dict[str, Any]:
    values = [(gain.revenue or 0.0) if is_revenue else gain.won for gain in gains]
    return {
        "type": "scatter", "mode": "lines", "name": name if is_revenue or name != "This version" else "Won",
        "x": [gain.leads for gain in gains], "y": values, "line": {"color": colour, "width": 2.5, "dash": dash},
    }  # fmt: skip


def _interpolate_at(places: Sequence[float], values: Sequence[float], wanted: float) -> float:
    """Read a line at a place between its points."""
    for (low, first), (high, second) in zip(
        zip(places, values, strict=True), list(zip(places, values, strict=True))[1:], strict=False
    ):
        if low <= wanted <= high:
            return first if high == low else first + (second - first) * (wanted - low) / (high - low)
    return values[-1]


def revenue_chart(evidence: Evidence) -> Chart | None:
    """What each band brought."""
    bands = [band for band in evidence.bands if band.n]
    if evidence.revenue <= 0 or not bands:
        return None
    names, values = [score_range(band) for band in bands], [band.revenue for band in bands]
    bars = {"type": "bar", "name": "Revenue", "x": names, "y": values, "marker": {"color": "--ink"}}
    top = bands[-1]
    title = f"The best-scored {format_percent(top.n / evidence.n)} brought {format_percent(top.revenue / evidence.revenue)} of the revenue"
    layout = {
        "yaxis": build_axis(values, "money", evidence.currency), "xaxis": {"type": "category", "title": {"text": "Score"}}
    }  # fmt: skip
    return Chart("money", title, {"data": [bars], "layout": layout}, unit="money", currency=evidence.currency)


def reliability_chart(evidence: Evidence) -> Chart | None:
    """Predicted probabilities against observed rates."""
    if evidence.calibration is None or not evidence.calibration.parts:
        return None
    parts = evidence.calibration.parts
    ends = [part.interval or (0.0, 0.0) for part in parts]
    dots = {
        "type": "scatter", "mode": "lines+markers", "name": "Came true", "x": [part.told for part in parts],
        "y": [part.rate for part in parts], "line": {"color": "--joint", "width": 2.5}, "marker": {"size": 7},
        "error_y": {
            "type": "data", "symmetric": False, "color": "--soft", "thickness": 1.5, "width": 3,
            "array": [high - part.rate for (_, high), part in zip(ends, parts, strict=True)],
            "arrayminus": [part.rate - low for (low, _), part in zip(ends, parts, strict=True)],
        },
    }  # fmt: skip
    top = max(*(part.told for part in parts), *(high for _, high in ends))
    even = {"type": "scatter", "mode": "lines", "name": "As predicted", "x": [0, top], "y": [0, top], "line": DASHED}
    axis_style = build_axis([top], "percent")
    layout = {"yaxis": {**axis_style, "title": {"text": "Came"}}, "xaxis": {**axis_style, "title": {"text": "Told"}}}
    rows = tuple((format_percent(part.told), part.rate, f"{format_count(part.n)} leads") for part in parts)
    return Chart(
        "reliability", _reliability_title(evidence), {"data": [dots, even], "layout": layout}, unit="percent",
        head=("Told", "Came true", "Of"), rows=rows,
    )  # fmt: skip


def _reliability_title(evidence: Evidence) -> str:
    assert evidence.calibration
    off = [
        part
        for part in evidence.calibration.parts
        if part.interval and not part.interval[0] <= part.told <= part.interval[1]
    ]
    if not off:
        return "Predicted probabilities match the outcomes, within the limits of chance"
    low = sum(part.told < part.rate for part in off)
    how = "too low" if low == len(off) else "too high" if not low else "off, some too low, some too high"
    return f"In {len(off)} of {len(evidence.calibration.parts)} parts the probabilities are {how}"


def drift_charts(evidence: Evidence) -> tuple[Chart, ...]:
    """AUC and base rate month by month, or quarter by quarter."""
    spans = evidence.spans
    if len(spans) < 2:
        return ()
    names, each = [format_span_key(span.key) for span in spans], "quarter" if "Q" in spans[0].key else "month"
    areas = {
        "type": "scatter", "mode": "lines+markers", "name": "AUC", "x": names, "y": [span.auc for span in spans],
        "line": {"color": "--joint", "width": 2.5}, "marker": {"size": 7}, "connectgaps": False,
    }  # fmt: skip
    chance = {"type": "scatter", "mode": "lines", "name": "Chance", "x": names, "y": [0.5] * len(names), "line": DASHED}
    layout = {"yaxis": {"hoverformat": ".2f", "range": [0.3, 1.0]}, "xaxis": {"type": "category"}}
    charts = [_base_rate_chart(spans, names, evidence, each)]
    if any(span.auc is not None for span in spans):
        rows = tuple(
            (
                format_span_key(span.key),
                "–" if span.auc is None else format_decimal(span.auc, 2),
                f"{format_count(span.n)} leads, {format_count(span.won)} {_rate_name(evidence).lower()}",
            )
            for span in spans
        )
        charts.insert(0, Chart(
            "drift", f"How well it separates leads, by {each} of the hand-off", {"data": [areas, chance], "layout": layout},
            note=f"A {each} with fewer than ten of either kind is left out.", head=(each.capitalize(), "AUC", "Of"), rows=rows,
        ))  # fmt: skip
    return tuple(charts)


def _base_rate_chart(spans: Sequence[Span], names: list[str], evidence: Evidence, each: str) -> Chart:
    values = [span.rate for span in spans]
    bars = {"type": "bar", "name": _rate_name(evidence), "x": names, "y": values, "marker": {"color": "--joint"}}
    layout = {"yaxis": build_axis(values, "percent"), "xaxis": {"type": "category"}}
    title = f"{_rate_name(evidence)} of the leads handed over in a {each}"
    return Chart("base", title, {"data": [bars], "layout": layout}, unit="percent")
