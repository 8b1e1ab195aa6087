"""Template tags and filters that every page uses. A number is written short, and its exact form goes into a title."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django import template
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core import charts, date_formatting, formatting, number_patterns
from core.number_locale import current_locale

register = template.Library()

register.filter("count", formatting.format_count)
register.filter("short_number", formatting.short_number)
register.filter("short_money", formatting.short_money)
register.filter("percent", formatting.format_percent)
register.filter("whole_percent", formatting.format_whole_percent)
register.filter("points", formatting.format_points)
register.filter("days", formatting.format_days)
register.filter("ratio", formatting.format_ratio)
register.filter("duration", formatting.format_duration)
register.filter("signed", formatting.with_sign)

FIGURE_AND_UNIT = re.compile(r"(\D*\d(?:[\d\W]*\d)?)(.*)", re.DOTALL)

SIDES = {
    "marketing": "Marketing",
    "sales": "Sales",
    "joint": "Joint",
    "executive": "Executive",
    "finance": "Finance",
    "support": "Support",
    "neutral": "Neutral",
}


@register.filter
def decimal(value: Any, places: int | str = -1) -> str:
    """Write a number with so many decimals: {{ auc|decimal:2 }}; with at most so many: {{ score|decimal:"-2" }}."""
    number = int(places)
    return formatting.format_decimal(value, abs(number), is_trimmed=number < 0)


@register.filter
def exact(value: Any, unit: str = "") -> str:
    """Write a number in full: {{ value|exact }}, {{ value|exact:"percent" }}, {{ value|exact:"money EUR" }}."""
    kind, _, currency = unit.partition(" ")
    return formatting.format_exact(value, kind, currency)


@register.simple_tag
def number(value: Any, unit: str = "count", currency: str = "") -> SafeString:
    """Write a number by its unit with the exact one in the title: {% number value "money" "EUR" %}."""
    short = formatting.format_by_unit(value, unit, currency)
    parts = FIGURE_AND_UNIT.fullmatch(short)
    body = format_html('{}<span class="unit">{}</span>', *parts.groups()) if parts and parts[2] else short
    return format_html(
        '<span class="number" title="{}">{}</span>', formatting.format_exact(value, unit, currency), body
    )


@register.filter(expects_localtime=True)
def day(value: date | None) -> str:
    """Write a day: Nov 22, 2026."""
    return date_formatting.format_day(value or None)


@register.filter(expects_localtime=True)
def weekday_and_day(value: date | None) -> str:
    """Write a day with its weekday: Sun, Nov 22, 2026."""
    return date_formatting.format_day(value or None, has_weekday=True)


@register.filter(expects_localtime=True)
def month(value: date | None) -> str:
    """Write the month of a day: November 2026."""
    return date_formatting.format_month(value) if value else formatting.NOTHING


@register.filter
def moment(value: datetime | None) -> str:
    """Write a moment with its zone: Nov 22, 2026, 3:02 AM CET."""
    return date_formatting.format_moment(value or None)


@register.simple_tag
def side_badge(side: str, label: str = "") -> SafeString:
    """Show who owns a thing, in its side's colour: {% side_badge "marketing" %}."""
    return format_html('<span class="badge side-{}">{}</span>', side, label or SIDES.get(side, side.capitalize()))


@register.simple_tag
def link_to(name: str, *args: Any) -> str:
    """Return the address of a page, or nothing when this Accord has no such page: {% link_to "runs" as runs_url %}."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


@register.simple_tag(takes_context=True)
def querystring_without(context: template.Context, *names: str) -> str:
    """Return the query of this page without the named parameters, and from its first page on."""
    query = context["request"].GET.copy()
    for name in (*names, "page"):
        query.pop(name, None)
    return f"?{query.urlencode()}"


@register.simple_tag(takes_context=True)
def filter_by(context: template.Context, name: str, value: str) -> str:
    """Return the query of this page with one more filter, no cut, and from its first page on."""
    query = context["request"].GET.copy()
    for gone in ("by", "page"):
        query.pop(gone, None)
    query[name] = value
    return f"?{query.urlencode()}"


@register.simple_tag(name="get")
def get_item(mapping: Mapping[Any, Any], key: Any) -> Any:
    """Return what a mapping holds under a key that a variable names: {% get links metric.key %}."""
    return mapping.get(key, "")


@register.filter
def absolute(value: Any) -> Any:
    number = formatting.as_decimal(value)
    return None if number is None else abs(number)


@register.filter
def ordinal(value: int) -> str:
    """1 → 1st, 2 → 2nd, 11 → 11th."""
    ending = "th" if value % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return f"{value}{ending}"


@register.inclusion_tag("components/chart.html")
def chart(
    figure: charts.Chart | dict[str, Any], name: str = "chart", title: str = "", summary: str = ""
) -> dict[str, Any]:
    """Show a chart with its numbers: {% chart revenue_by_month %}, or a bare figure with a name and a title."""
    drawn = figure if isinstance(figure, charts.Chart) else charts.Chart(name, title, figure, summary)
    return {"chart": drawn, "figure": _with_separators(drawn.figure), "data_id": f"{drawn.name}-figure"}


def _with_separators(figure: dict[str, Any]) -> dict[str, Any]:
    """Let Plotly write the numbers of hover boxes with the signs of the reader's number format."""
    signs = number_patterns.separators(current_locale())
    return {**figure, "layout": {"separators": signs, **(figure.get("layout") or {})}}


@register.simple_tag
def chart_cell(chart: charts.Chart, value: Any) -> SafeString:
    """Write one cell of a chart's table: a number by the chart's unit, and raw for the CSV; words as they are."""
    if value is None:
        return format_html('<td class="number" data-value="">{}</td>', formatting.NOTHING)
    if formatting.as_decimal(value) is None or isinstance(value, str):
        return format_html("<td>{}</td>", value)
    short = formatting.format_by_unit(value, chart.unit, chart.currency)
    full = formatting.format_exact(value, chart.unit, chart.currency)
    return format_html('<td class="number" data-value="{}" title="{}">{}</td>', value, full, short)


@register.inclusion_tag("components/sparkline.html")
def sparkline(values: Sequence[Any], side: str = "joint", label: str = "") -> dict[str, Any]:
    """Draw a line without axes: {% sparkline months side="sales" label="Weighted pipeline by month" %}."""
    return {"line": charts.draw_sparkline(values or []), "side": side, "label": label}


@register.inclusion_tag("components/bar.html")
def bar(value: Any, largest: Any, side: str = "joint", low: Any = None, high: Any = None) -> dict[str, Any]:
    """Draw a bar for a table cell, value against the largest of its column, with the interval where there is one."""
    return {
        "side": side,
        **{
            name: _percent_of_largest(figure, largest)
            for name, figure in [("width", value), ("low", low), ("high", high)]
        },
    }


def _percent_of_largest(value: Any, largest: Any) -> float | None:
    """Return value ÷ largest as a number from 0 to 100; None without a value."""
    part, whole = formatting.as_decimal(value), formatting.as_decimal(largest)
    if part is None or not whole or whole < 0:
        return None
    return round(min(100.0, max(0.0, float(part / whole * 100))), 2)
