"""The first part of the index: what the people answered, from nothing but what the page of results shows. Pure.

It takes `RoundResults`, which have passed the gate, so it tells readers of results nothing that they cannot compute from
that page themselves.
"""

from datetime import date
from decimal import Decimal

from alignment.disclosure import Reading
from alignment.index.rules import ANSWERS, Input, Part, share_score
from alignment.rounds.results import SIDE_NAMES, DimensionResult, RoundResults, SideResult
from core.date_formatting import format_day

LABEL = "Answers of the people"
NO_ROUND = "No assessment round has ended. Open a round and ask both teams."


def build_answers_part(results: RoundResults | None, ended_on: date | None = None) -> Part:
    """Return the part made of the latest round that has ended.

    A dimension counts as the side that rates it lower: 1 is 0 and 5 is 100. A mean that is shown as “≤ 1.5” or “≥ 4.5”
    counts as that edge. A dimension that is not shown as a mean for both sides is missing.
    """
    if results is None or ended_on is None:
        return Part(ANSWERS, LABEL, source=NO_ROUND)
    inputs = tuple(_read_dimension(result, results) for result in results.dimensions)
    if all(row.score is None for row in inputs):
        return Part(ANSWERS, LABEL, source=f"“{results.name}” shows no means. {_why_hidden(results)}".strip())
    return Part(ANSWERS, LABEL, inputs, f"“{results.name}”, ended on {format_day(ended_on)}")


def _read_dimension(result: DimensionResult, results: RoundResults) -> Input:
    sides = [result.both] if result.both else list(result.pair)
    readings = [side.own if side else None for side in sides]
    values = [reading.value for reading in readings if reading and reading.has_edge and reading.value is not None]
    name = result.dimension.name
    if len(values) < len(sides):
        return Input(result.dimension.key, name, None, _why_missing(readings) or _why_hidden(results))
    detail = ", ".join(_describe_side(side) for side in sides if side)
    return Input(result.dimension.key, name, share_score((Decimal(str(min(values))) - 1) / 4), detail)


def _describe_side(side: SideResult) -> str:
    return f"{SIDE_NAMES[side.side]} {side.own.text}"


def _why_missing(readings: list[Reading | None]) -> str:
    released = [reading for reading in readings if reading]
    if any(reading.kind == "band" for reading in released):
        return "Shown as a band, so there is no mean."
    return next((reading.reason for reading in released if not reading.is_shown), "")


def _why_hidden(results: RoundResults) -> str:
    return next((group.reason for group in results.groups if group.mode != "numbers"), "")
