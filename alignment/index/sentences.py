"""The alignment index in words. Pure."""

from collections.abc import Iterable

from alignment.index.queries import History
from alignment.index.rules import ARRIVED, LEFT, Contribution, format_score
from core.date_formatting import format_day

NO_INDEX = "There is no alignment index yet."


def headline(history: History) -> str:
    """Say what the index is, how it changed and why, and what it leaves out."""
    index = history.index
    if index is None:
        return NO_INDEX
    if index.score is None:
        names = " and ".join(part.label for part in index.missing)
        return f"There is no alignment index yet: it needs two of its three parts. Missing: {names}."
    sentence = f"The alignment index is {index.text} of 100{describe_change(history)}."
    return f"{sentence} {' '.join(f'Not counted: {part.label}.' for part in index.missing)}".strip()


def describe_change(history: History) -> str:
    """Say the change since the point before and the part that made most of it; empty where there is none to compare."""
    if history.before is None or history.change is None:
        return ""
    day = format_day(history.before.local_day, has_year=False)
    if not history.change:
        return f", the same as on {day}"
    direction = "more" if history.change > 0 else "less"
    noun = "point" if abs(history.change) == 1 else "points"
    points = format_score(abs(history.change))
    return f", {points} {noun} {direction} than on {day}{_main_cause(history.contributions)}"


def _main_cause(contributions: Iterable[Contribution]) -> str:
    widest = max(contributions, key=lambda row: abs(row.points), default=None)
    return f", mostly because of {widest.label.lower()}" if widest and widest.points else ""


def describe_contribution(row: Contribution) -> str:
    """Say what a part did: from 62.0 to 58.4, or that it was measured for the first time."""
    if row.kind == ARRIVED:
        return f"{row.texts[1]}, not known before"
    if row.kind == LEFT:
        return f"{row.texts[0]} before, not known now"
    return f"{row.texts[0]} to {row.texts[1]}" if row.before != row.after else f"{row.texts[1]}, unchanged"
