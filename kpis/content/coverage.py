"""Which stages of the journey and personas have content, and where most open value has none. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

NOT_FOUND, NOT_FITTING, NOT_KNOWN, OTHER = "not_found", "not_fitting", "not_known", "other"
REASONS = {NOT_FOUND: "Not found", NOT_FITTING: "Does not fit", NOT_KNOWN: "Not known", OTHER: "Another reason"}
SIGNS = ((NOT_FOUND, ("found", "find")), (NOT_FITTING, ("fit",)), (NOT_KNOWN, ("know", "aware")))
NONE, GENERAL, UNUSED, COVERED = "none", "general", "unused", "covered"
STATES = {
    NONE: "No content",
    GENERAL: "Only content for all personas or all stages",
    UNUSED: "Content that Sales does not use",
    COVERED: "Covered",
}


def classify_reason(text: str) -> str:
    """Return the class of a reason as a person wrote it."""
    lowered = text.casefold()
    return next((name for name, signs in SIGNS if any(sign in lowered for sign in signs)), OTHER)


@dataclass(frozen=True)
class Asset:
    """One asset; an empty stage, persona or vertical serves all."""

    key: int
    name: str
    kind: str = ""
    stage: str = ""
    persona: str = ""
    vertical: str = ""
    url: str = ""
    last_use: date | None = None
    is_used: bool = False  # by Sales, lately enough
    reasons: Mapping[str, int] | None = None  # classes of reasons why it was passed over

    def count_reason(self, name: str) -> int:
        return (self.reasons or {}).get(name, 0)

    @property
    def reason_counts(self) -> list[tuple[str, int]]:
        return [(label, self.count_reason(name)) for name, label in REASONS.items()]

    @property
    def times_passed_over(self) -> int:
        return sum((self.reasons or {}).values())


@dataclass(frozen=True)
class OpenValue:
    """Open deals in one stage with buyers of one persona; `chance` is the mean of their probabilities."""

    stage: str
    persona: str
    value: Decimal
    deals: int
    chance: float | None = None


@dataclass(frozen=True)
class Cell:
    """A stage for a persona: assets that name both, assets that leave one open, those of both that are used, and what is at stake."""

    stage: str
    persona: str
    own: int
    general: int
    used: int
    value: Decimal
    deals: int

    @property
    def state(self) -> str:
        if not self.own:
            return GENERAL if self.general else NONE
        return COVERED if self.used else UNUSED

    @property
    def label(self) -> str:
        return STATES[self.state]


@dataclass(frozen=True)
class Coverage:
    """The table of stages by personas, in the order of the sale."""

    stages: tuple[str, ...]
    personas: tuple[str, ...]
    cells: tuple[Cell, ...]

    @property
    def rows(self) -> list[tuple[str, list[Cell]]]:
        width = len(self.personas)
        return [(stage, list(self.cells[n * width : (n + 1) * width])) for n, stage in enumerate(self.stages)]

    @property
    def holes(self) -> list[Cell]:
        """Return what is not covered, most open value first."""
        holes = (cell for cell in self.cells if cell.state != COVERED)
        return sorted(holes, key=lambda cell: (-cell.value, -cell.deals))

    @property
    def stakes(self) -> list[Cell]:
        """Return the holes in which deals are open."""
        return [cell for cell in self.holes if cell.deals]


def build_coverage(
    assets: Sequence[Asset], values: Iterable[OpenValue], aliases: Mapping[str, frozenset[str]] | None = None
) -> Coverage:
    """Return a cell for each stage and persona that an asset or an open deal names.

    `aliases` are other names under which an asset may mean a stage, by the stage in lower case. Names are compared
    without regard to case.
    """
    deals = [value for value in values if value.stage and value.persona]
    aliases = aliases or {}
    stages = _order_stages(assets, deals, aliases)
    personas = _distinct([*(value.persona for value in deals), *(asset.persona for asset in assets)])
    cells = [_build_cell(stage, persona, assets, deals, aliases) for stage in stages for persona in sorted(personas)]
    return Coverage(tuple(stages), tuple(sorted(personas)), tuple(cells))


def _distinct(names: Iterable[str]) -> list[str]:
    """Return the names without their repetitions in another case."""
    return list({name.casefold(): name for name in reversed(list(names)) if name}.values())[::-1]


def _order_stages(
    assets: Sequence[Asset], deals: Sequence[OpenValue], aliases: Mapping[str, frozenset[str]]
) -> list[str]:
    """Return the stages of the deals by their probability, then those that only assets name."""
    chances: dict[str, float] = {}
    for value in deals:
        if value.chance is not None:
            chances[value.stage.casefold()] = max(chances.get(value.stage.casefold(), 0.0), value.chance)
    of_deals = _distinct(value.stage for value in deals)
    of_deals.sort(key=lambda stage: (chances.get(stage.casefold(), 2.0), stage))
    known = {stage.casefold() for stage in of_deals}
    known |= {alias for stage in known for alias in aliases.get(stage, ())}
    others = [stage for stage in _distinct(asset.stage for asset in assets) if stage.casefold() not in known]
    return [*of_deals, *sorted(others)]


def _build_cell(
    stage: str,
    persona: str,
    assets: Sequence[Asset],
    deals: Sequence[OpenValue],
    aliases: Mapping[str, frozenset[str]],
) -> Cell:
    names = {stage.casefold(), *aliases.get(stage.casefold(), ())}
    fitting = [
        asset
        for asset in assets
        if (not asset.stage or asset.stage.casefold() in names)
        and (not asset.persona or asset.persona.casefold() == persona.casefold())
    ]
    own = [asset for asset in fitting if asset.stage and asset.persona]
    open_deals = [
        value
        for value in deals
        if value.stage.casefold() == stage.casefold() and value.persona.casefold() == persona.casefold()
    ]
    return Cell(
        stage,
        persona,
        len(own),
        len(fitting) - len(own),
        sum(asset.is_used for asset in fitting),
        sum((value.value for value in open_deals), Decimal(0)),
        sum(value.deals for value in open_deals),
    )
