"""The pipeline in words: what moved it most, and what a chart of it finds."""

from decimal import Decimal

from core.date_formatting import format_day
from core.formatting import short_money
from forecast.waterfall.movements import CHANGES, END, PUSHED_OUT, START
from kpis.pipeline.waterfall import CLOSING_INSIDE, Bar, Waterfall

VERBS = {
    "created": "were created",
    "reopened": "were reopened",
    "pulled_in": "were pulled in",
    "grown": "came from larger amounts",
    "shrunk": "went with smaller amounts",
    "pushed_out": "were pushed out",
    "currency": "came from exchange rates",
    "won": "were won",
    "lost": "were lost",
    "no_decision": "ended without a decision",
}


def describe_waterfall(waterfall: Waterfall, closes: str) -> str:
    """Say how the pipeline went from start to end, and the two largest reasons."""
    start, end = waterfall.bar(START).value, waterfall.bar(END).value
    what = "Open pipeline that closes in the period" if closes == CLOSING_INSIDE else "Open pipeline"
    first, last = _money(start, waterfall), _money(end, waterfall)
    if start == end:
        return f"{what} is {last}, as it was at the start"
    verb = "rose" if end > start else "fell"
    return f"{what} {verb} from {first} to {last}: {name_reasons(waterfall)}"


def name_reasons(waterfall: Waterfall) -> str:
    """Name the two largest changes: $1.2M were pushed out and $800K were won."""
    largest = sorted((waterfall.bar(key) for key in CHANGES), key=lambda bar: -abs(bar.value))[:2]
    return " and ".join(_reason(bar, waterfall) for bar in largest if bar.value) or "nothing else changed"


def _reason(bar: Bar, waterfall: Waterfall) -> str:
    return f"{_money(abs(bar.value), waterfall)} {VERBS[bar.key]}"


def find_in_chart(waterfall: Waterfall) -> str:
    """Say what the chart finds."""
    pushed = waterfall.bar(PUSHED_OUT)
    largest = max((waterfall.bar(key) for key in CHANGES), key=lambda bar: abs(bar.value))
    if largest.value == 0:
        return "The open pipeline did not change"
    deals = f"{largest.deals} deal" if largest.deals == 1 else f"{largest.deals} deals"
    tail = f", {_money(abs(pushed.value), waterfall)} were pushed out" if pushed.value and pushed != largest else ""
    return f"{largest.label} moved the pipeline most: {_money(abs(largest.value), waterfall)} in {deals}{tail}"


def describe_days(waterfall: Waterfall) -> str:
    return f"{format_day(waterfall.window.first)} to {format_day(waterfall.window.last)}"


def _money(value: Decimal, waterfall: Waterfall) -> str:
    return short_money(value, waterfall.currency)
