"""Marks on a chart over time: what happened on a day, drawn as a thin line with a letter. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from core.date_formatting import format_day

MOST_DRAWN = 12  # units of a chart's time axis that carry a line
MOST_HOVER_LINES, MOST_HOVER_CHARACTERS = 6, 90
STRIP = 0.9  # share of the height below the strip that holds the letters


@dataclass(frozen=True)
class MarkKind:
    """What marks of this kind tell of.

    `rank` decides which are drawn where there are too many, the lowest first; `most` is how many of a kind a chart
    lists, the heaviest first: the rest is counted.
    """

    key: str
    letter: str
    label: str
    plural: str
    rank: int
    most: int


@dataclass(frozen=True)
class Mark:
    """Something that happened on a day; `weight` decides between marks of a kind where there are too many."""

    day: date
    kind: MarkKind
    label: str
    link: str = ""
    weight: float = 0

    @property
    def text(self) -> str:
        return f"{format_day(self.day)}: {self.label}"


@dataclass(frozen=True)
class MarkedUnit:
    """The marks of one unit of the time axis, by its key and the name that the axis gives it."""

    key: str
    name: str
    marks: tuple[Mark, ...]

    @property
    def letters(self) -> str:
        """The letters of its kinds, each once: AD."""
        kinds = sorted({mark.kind.key: mark.kind for mark in self.marks}.values(), key=lambda kind: kind.rank)
        return "".join(kind.letter for kind in kinds)

    @property
    def text(self) -> str:
        return "; ".join(mark.text for mark in self.marks)

    @property
    def rank(self) -> int:
        return min(mark.kind.rank for mark in self.marks)


@dataclass(frozen=True)
class ChartMarks:
    """All marks of a chart, by unit; `left_out` counts those of a kind that are not listed."""

    units: tuple[MarkedUnit, ...] = ()
    left_out: tuple[tuple[MarkKind, int], ...] = ()
    is_open: bool = False  # the list is unfolded at first

    def __bool__(self) -> bool:
        return bool(self.units)

    @property
    def marks(self) -> tuple[Mark, ...]:
        return tuple(mark for unit in self.units for mark in unit.marks)

    @property
    def drawn(self) -> tuple[MarkedUnit, ...]:
        """The units that carry a line: those with the most important kinds, in the order of time."""
        chosen = {id(unit) for unit in sorted(self.units, key=lambda unit: unit.rank)[:MOST_DRAWN]}
        return tuple(unit for unit in self.units if id(unit) in chosen)

    @property
    def not_drawn(self) -> int:
        return len(self.marks) - sum(len(unit.marks) for unit in self.drawn)

    @property
    def counts(self) -> tuple[tuple[MarkKind, int], ...]:
        """Each kind with how many of it are listed, the most important first."""
        kinds = {mark.kind.key: mark.kind for mark in self.marks}
        counts = [(kind, sum(mark.kind == kind for mark in self.marks)) for kind in kinds.values()]
        return tuple(sorted(counts, key=lambda pair: pair[0].rank))

    @property
    def texts(self) -> Mapping[str, str]:
        return {unit.name: unit.text for unit in self.units}


def limit_marks(marks: Iterable[Mark]) -> tuple[list[Mark], list[tuple[MarkKind, int]]]:
    """Return the marks to list in the order of time, and of each kind how many are left out."""
    by_kind: dict[str, list[Mark]] = {}
    for mark in marks:
        by_kind.setdefault(mark.kind.key, []).append(mark)
    listed, left_out = [], []
    for group in by_kind.values():
        kind = group[0].kind
        heaviest = sorted(group, key=lambda mark: (mark.weight, mark.day), reverse=True)
        listed += heaviest[: kind.most]
        if len(group) > kind.most:
            left_out.append((kind, len(group) - kind.most))
    return sorted(listed, key=lambda mark: (mark.day, mark.kind.rank, mark.label)), left_out


def mark_layout(units: Iterable[MarkedUnit]) -> dict[str, Any]:
    """Return what a plotly layout needs to draw the units: a line each, and its letters in a strip above the drawing."""
    drawn = list(units)
    return {
        "shapes": [
            {
                "type": "line", "x0": unit.name, "x1": unit.name, "y0": 0, "y1": STRIP + 0.02, "xref": "x",
                "yref": "paper", "layer": "above", "line": {"color": "--soft", "width": 1, "dash": "dot"},
            }
            for unit in drawn
        ],
        "annotations": [
            {
                "x": unit.name, "y": 1, "xref": "x", "yref": "paper", "yanchor": "top", "showarrow": False,
                "text": unit.letters, "hovertext": _hover_text(unit), "font": {"color": "--ink", "size": 11},
                "bgcolor": "--sunken", "borderpad": 2,
                "hoverlabel": {"bgcolor": "--raised", "bordercolor": "--line", "font": {"color": "--ink", "size": 13}},
            }
            for unit in drawn
        ],
    }  # fmt: skip


def _hover_text(unit: MarkedUnit) -> str:
    lines = [_shorten_line(mark.text) for mark in unit.marks[:MOST_HOVER_LINES]]
    more = len(unit.marks) - len(lines)
    return "<br>".join([*map(escape_tags, lines), *([f"and {more} more"] if more else [])])


def _shorten_line(text: str) -> str:
    return text if len(text) <= MOST_HOVER_CHARACTERS else f"{text[: MOST_HOVER_CHARACTERS - 1].rstrip()}…"


def escape_tags(text: str) -> str:
    """Return the text as plotly shows it unchanged: it reads tags in what it draws."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
