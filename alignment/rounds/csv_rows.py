"""Results as rows of a CSV: what the page shows, and nothing more. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from alignment.expectations.measured import Measured
from alignment.rounds.results import SIDE_NAMES, RoundResults, SideResult

HEAD = (
    "Subject", "Key", "Side", "Mean", "Own answer to the first statement", "Believed answer of the other side",
    "Accuracy gap", "Congruency gap", "Agreement within the side", "Change", "Gap Sales − Marketing", "95% interval",
    "Interval assumes the widest spread", "p", "Reliability",
)  # fmt: skip
TERM_HEAD = ("Term", "Unit", "Marketing believes", "Sales believes", "Signed", "Measured", "Wild disagreement")


def result_rows(results: RoundResults, measured: Mapping[str, Measured]) -> Iterator[tuple[Any, ...]]:
    """Yield the dimensions, the disciplines and the terms, each under a head of its own."""
    yield ("Round", results.name)
    for group in results.groups:
        yield (group.name, f"{group.size} answered", group.reason)
    yield HEAD
    for result in results.dimensions:
        for side in result.sides:
            gap = result.agreement
            joint = (gap.text, gap.interval_text, gap.is_widest if gap.interval else "", gap.p_text, result.reliability)
            yield (result.dimension.name, result.dimension.key, *_side_cells(side), *joint)
    for discipline in results.disciplines:
        for name, reading in discipline.groups:
            yield (discipline.discipline.name, discipline.discipline.key, name, reading.text)
    if results.expectations:
        yield TERM_HEAD
    for term in results.expectations:
        beliefs = {side.side: side.median for side in term.sides}
        known = measured.get(term.key)
        yield (
            term.question, term.unit, beliefs.get("marketing"), beliefs.get("sales"), term.signed,
            _measured_cell(known), term.is_wild,
        )  # fmt: skip


def _measured_cell(measured: Measured | None) -> float | str:
    if measured is None:
        return "Not measured"
    return measured.definition if measured.value is None else round(measured.value, 2)


def _side_cells(side: SideResult) -> tuple[str, ...]:
    return (
        SIDE_NAMES[side.side], side.own.text, side.item.text, side.guess.text, side.accuracy.text, side.congruency.text,
        side.spread.text, side.change.text,
    )  # fmt: skip
