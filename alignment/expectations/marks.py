"""Terms as lines with three marks: believed, signed, measured. Pure but for the type of what was measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from alignment.expectations.beliefs import round_figure
from alignment.expectations.measured import Measured
from alignment.rounds.results import SIDE_NAMES, ExpectationResult
from core.formatting import format_exact

MARGIN = 1.15


@dataclass(frozen=True)
class Mark:
    """A value on the line; `x` is its place from 0 to 100. `low` and `high` are the middle half where it is shown."""

    kind: str  # marketing, sales, both, signed or measured
    label: str
    value: float
    x: float
    low: float | None = None
    width: float | None = None


@dataclass(frozen=True)
class Line:
    """A term with its marks on a scale that begins at zero."""

    term: ExpectationResult
    marks: list[Mark]
    measured: Measured | None

    @property
    def summary(self) -> str:
        return "; ".join(f"{mark.label}: {format_exact(mark.value)} {self.term.unit}" for mark in self.marks)


def draw_lines(terms: Sequence[ExpectationResult], measured: Mapping[str, Measured]) -> list[Line]:
    """Return each term as a line, wild disagreements first."""
    lines = [_draw(term, measured.get(term.key)) for term in terms]
    return sorted(lines, key=lambda line: not line.term.is_wild)


def _draw(term: ExpectationResult, measured: Measured | None) -> Line:
    known = [side for side in term.sides if side.median is not None]
    highs = [side.middle[1] for side in known if side.middle]
    shown = None if measured is None else measured.value
    values = [term.signed, *(side.median or 0 for side in known), *highs, *([] if shown is None else [shown])]
    largest = max(values) * MARGIN or 1.0

    def x(value: float) -> float:
        return round(100 * value / largest, 1)

    marks = [
        Mark(
            side.side, f"{SIDE_NAMES[side.side]} believes", side.median or 0, x(side.median or 0),
            x(side.middle[0]) if side.middle else None,
            round(x(side.middle[1]) - x(side.middle[0]), 1) if side.middle else None,
        )
        for side in known
    ]  # fmt: skip
    marks.append(Mark("signed", "Signed", term.signed, x(term.signed)))
    if shown is not None:
        marks.append(Mark("measured", "The data show", round_figure(shown), x(shown)))
    return Line(term, marks, measured)
