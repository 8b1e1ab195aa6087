"""Programmes and content by the stage transition that they move, with what each transition costs and gains. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

CENT = Decimal("0.01")
PROGRAMME, CONTENT = "programme", "content"


@dataclass(frozen=True)
class StageFigures:
    """A stage of the main way over all leads on record: how many entered, and how many of all leads were won in the end."""

    key: str
    name: str
    side: str
    entered: int


@dataclass(frozen=True)
class CreditedMoves:
    """The moves of one transition that one programme or piece of content is credited with."""

    to_stage: str
    kind: str
    key: int
    moves: Decimal


@dataclass(frozen=True)
class PortfolioData:
    """What the facts say of a period."""

    stages: Sequence[StageFigures]  # of the main way, in order; the last one is the win
    moves: Mapping[str, int]  # entries of the period by the stage entered
    touched: Mapping[str, int]  # of these, how many had a touch since the stage before
    credited: Sequence[CreditedMoves]
    spend: Mapping[int, Decimal]  # of the period by campaign
    names: Mapping[tuple[str, int], str]
    average_won: Decimal | None  # amount of a won deal
    currency: str
    as_of: datetime | None


@dataclass(frozen=True)
class Mover:
    """A programme or a piece of content in one transition; content has no spend of its own on record."""

    kind: str
    key: int
    name: str
    moves: Decimal
    share: Decimal  # of the moves of the transition
    cost: Decimal | None

    @property
    def cost_per_move(self) -> Decimal | None:
        return self.cost / self.moves if self.cost is not None and self.moves else None


@dataclass(frozen=True)
class Transition:
    """From one stage of the main way to the next."""

    origin: StageFigures
    target: StageFigures
    moves: int
    touched: int
    chance_before: Decimal | None  # won ÷ entered, of all leads that entered the stage
    chance_after: Decimal | None
    gain_per_move: Decimal | None
    cost: Decimal | None
    programmes: tuple[Mover, ...]
    content: tuple[Mover, ...]

    @property
    def gain(self) -> Decimal | None:
        return self.gain_per_move * self.moves if self.gain_per_move is not None else None

    @property
    def cost_per_move(self) -> Decimal | None:
        return self.cost / self.moves if self.cost is not None and self.moves else None


@dataclass(frozen=True)
class Portfolio:
    transitions: tuple[Transition, ...]
    currency: str
    as_of: datetime | None

    @property
    def idle(self) -> tuple[Transition, ...]:
        """Return the transitions that happened in the period, none of them with a touch."""
        return tuple(transition for transition in self.transitions if transition.moves and not transition.touched)


def build_portfolio(data: PortfolioData, *, sees_cost: bool) -> Portfolio:
    """Group programmes and content by the transition they moved.

    A programme's spend is shared out by the moves that it is credited with, over all transitions, so that it counts once.
    The gain of a move is how much likelier the win became × the amount of an average won deal.
    """
    totals: dict[int, Decimal] = {}
    for row in data.credited:
        if row.kind == PROGRAMME:
            totals[row.key] = totals.get(row.key, Decimal(0)) + row.moves
    costs = (
        {key: data.spend[key] / total for key, total in totals.items() if key in data.spend and total}
        if sees_cost
        else {}
    )
    pairs = zip(data.stages, data.stages[1:], strict=False)
    return Portfolio(
        tuple(_build_transition(data, origin, target, costs) for origin, target in pairs), data.currency, data.as_of
    )


def _build_transition(
    data: PortfolioData, origin: StageFigures, target: StageFigures, costs: Mapping[int, Decimal]
) -> Transition:
    moves = data.moves.get(target.key, 0)
    rows = [row for row in data.credited if row.to_stage == target.key]
    programmes = _build_movers(data, (row for row in rows if row.kind == PROGRAMME), moves, costs)
    priced = [mover.cost for mover in programmes if mover.cost is not None]
    before, after = compute_chance(data.stages, origin), compute_chance(data.stages, target)
    gain = None
    if before is not None and after is not None and data.average_won is not None:
        gain = (after - before) * data.average_won
    return Transition(
        origin, target, moves, data.touched.get(target.key, 0), before, after, gain,
        sum(priced, Decimal(0)) if priced else None,
        programmes, _build_movers(data, (row for row in rows if row.kind == CONTENT), moves, {}),
    )  # fmt: skip


def _build_movers(
    data: PortfolioData, rows: Iterable[CreditedMoves], moves: int, costs: Mapping[int, Decimal]
) -> tuple[Mover, ...]:
    movers = [
        Mover(
            row.kind, row.key, data.names.get((row.kind, row.key)) or f"{row.kind.capitalize()} {row.key}", row.moves,
            row.moves / moves if moves else Decimal(0), costs[row.key] * row.moves if row.key in costs else None,
        )
        for row in rows
    ]  # fmt: skip
    return tuple(sorted(movers, key=lambda mover: (-mover.moves, mover.name)))


def compute_chance(stages: Sequence[StageFigures], stage: StageFigures) -> Decimal | None:
    """Return won ÷ entered over all leads on record; None for a stage that fewer entered than were won."""
    won = stages[-1].entered
    if not stage.entered or stage.entered < won:
        return None
    return Decimal(won) / stage.entered
