"""What a round shows: the only form in which its answers leave the gate. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from alignment.disclosure import HIGHEST, LOWEST, P_STEPS, Reading
from alignment.rounds.questionnaire import Dimension, Discipline
from core.formatting import format_decimal, format_exact, with_sign

SIDES = ("marketing", "sales")
SIDE_NAMES = {"marketing": "Marketing", "sales": "Sales", "both": "Both sides together"}
WIDE_GAP = 1.0
NARROW_GAP = 0.5


@dataclass(frozen=True)
class Gap:
    """A difference of two readings, first minus second; `low` and `high` bound it where a reading is an end.

    `interval` is the 95 % interval. Where a group has fewer than 10 people it is computed with the widest spread that
    answers with these means can have (`is_widest`), because the true spread may not be shown.
    """

    text: str = "–"
    value: float | None = None
    interval: tuple[float, float] | None = None
    is_widest: bool = False
    p_below: float | None = None  # the step of disclosure.P_STEPS under which p is

    @property
    def is_known(self) -> bool:
        return self.value is not None

    @property
    def size(self) -> float:
        return abs(self.value or 0.0)

    @property
    def is_wide(self) -> bool:
        return self.size >= WIDE_GAP - 1e-9

    @property
    def excludes_chance(self) -> bool:
        """Whether the interval is on one side of zero."""
        return bool(self.interval and (self.interval[0] > 0 or self.interval[1] < 0))

    @property
    def interval_text(self) -> str:
        return " to ".join(with_sign(format_decimal(edge, 1)) for edge in self.interval) if self.interval else ""

    @property
    def p_text(self) -> str:
        if self.p_below is None:
            return ""
        is_largest = self.p_below == P_STEPS[-1]
        return f"p ≥ {format_exact(P_STEPS[-2])}" if is_largest else f"p < {format_exact(self.p_below)}"


@dataclass(frozen=True)
class Spread:
    """How far a side agrees within itself (r*wg): shown from 10 people on, and full agreement only as “≥ 0.8”."""

    text: str = "–"
    level: str = ""  # agreed, mixed or split


@dataclass(frozen=True)
class SideResult:
    """What one side answered on a dimension."""

    side: str
    own: Reading
    item: Reading  # the statement that the other team was asked about too
    guess: Reading  # what this side thinks that the other one answers to it
    spread: Spread
    accuracy: Gap  # guess minus the other side's own answer
    congruency: Gap  # guess minus this side's own answer
    change: Gap  # own minus own in the latest comparable round
    series: tuple[tuple[str, Reading], ...]  # own in every comparable round before, oldest first

    @property
    def heat(self) -> str:
        """The step of the heat map from 1 to 5; empty where nothing is shown."""
        if not self.own.is_shown:
            return ""
        centre = (self.own.low + self.own.high) / 2 if self.own.value is None else self.own.value
        return str(min(5, max(1, round(centre))))

    @property
    def x(self) -> float | None:
        """The place of the mean on a line from 1 to 5, in percent."""
        return None if self.own.value is None else round((self.own.value - LOWEST) / (HIGHEST - LOWEST) * 100, 1)


@dataclass(frozen=True)
class DimensionResult:
    """A dimension as both sides see it; `agreement` is Sales minus Marketing."""

    dimension: Dimension
    sides: tuple[SideResult, ...]
    agreement: Gap
    reliability: str  # how well the statements hang together; empty where it may not be shown
    is_reliable: bool | None

    def of(self, side: str) -> SideResult | None:
        return next((result for result in self.sides if result.side == side), None)

    @property
    def marketing(self) -> SideResult | None:
        return self.of("marketing")

    @property
    def sales(self) -> SideResult | None:
        return self.of("sales")

    @property
    def both(self) -> SideResult | None:
        return self.of("both")

    @property
    def pair(self) -> tuple[SideResult | None, SideResult | None]:
        return self.marketing, self.sales

    @property
    def finding(self) -> str:
        """Say what kind of gap it is, since each kind has another remedy."""
        guesses = [result.accuracy for result in self.sides if result.accuracy.is_known]
        if not self.agreement.is_known:
            return ""
        if self.agreement.is_wide:
            return "The two sides see it differently."
        if self.agreement.size <= NARROW_GAP and any(gap.is_wide for gap in guesses):
            return "The two sides agree, but at least one of them does not know it."
        values = [result.own.value for result in self.sides if result.own.value is not None]
        if len(values) == len(SIDES) and max(values) < 2.5:
            return "Both sides see a problem."
        return ""


@dataclass(frozen=True)
class DisciplineResult:
    """A discipline of sales effectiveness as reps, managers or all of Sales rate it."""

    discipline: Discipline
    groups: tuple[tuple[str, Reading], ...]


@dataclass(frozen=True)
class Group:
    """A side, or both together, and what of it may be shown: numbers, bands, or nothing for `reason`."""

    key: str
    size: int
    mode: str  # numbers, bands or hidden
    reason: str = ""

    @property
    def name(self) -> str:
        return SIDE_NAMES[self.key]


@dataclass(frozen=True)
class ExpectationSide:
    """What one side believes of a term: the median, and the middle half from 10 people on."""

    side: str
    median: float | None
    middle: tuple[float, float] | None


@dataclass(frozen=True)
class ExpectationResult:
    """A term of a signed agreement as each side believes it, and as it was signed when the round opened."""

    key: str
    question: str
    unit: str
    signed: float
    sides: tuple[ExpectationSide, ...]
    is_wild: bool


@dataclass(frozen=True)
class RoundResults:
    """A closed round as its readers may see it."""

    key: str
    name: str
    minimum: int
    groups: tuple[Group, ...]
    dimensions: tuple[DimensionResult, ...]
    disciplines: tuple[DisciplineResult, ...]
    expectations: tuple[ExpectationResult, ...]
    compared_with: Mapping[str, str]  # side -> name of the latest comparable round

    @property
    def widest(self) -> list[DimensionResult]:
        """The three widest gaps between the sides, the widest first."""
        known = [result for result in self.dimensions if result.agreement.is_known and result.agreement.size]
        return sorted(known, key=lambda result: -result.agreement.size)[:3]

    @property
    def has_sides(self) -> bool:
        return any(group.key in SIDES and group.mode != "hidden" for group in self.groups)

    @property
    def both(self) -> bool:
        return any(group.key == "both" and group.mode != "hidden" for group in self.groups)

    @property
    def has_spread(self) -> bool:
        return any(side.spread.level for result in self.dimensions for side in result.sides)

    @property
    def trend(self) -> list[tuple[DimensionResult, list[SideResult]]]:
        """The dimensions with the sides that have comparable rounds, in the order of `compared_with`."""
        rows = [
            (result, [side for key in self.compared_with if (side := result.of(key)) is not None])
            for result in self.dimensions
        ]
        return [row for row in rows if row[1]]
