"""Which leads a model is learned from: all, or those of one system, with the deals that began with them."""

from dataclasses import dataclass
from typing import Any

from facts.engine import Facts
from facts.rules import Rule
from imports.models import ImportJob
from scoring.proof.measures import missing_outcomes
from scoring.terms import Model

SYSTEM = {"field": "source_system", "is": "is"}


class Scope(Facts):
    """Facts in which there are no leads but those of one system; of all where none is named."""

    def __init__(self, facts: Facts, source: str = "") -> None:
        super().__init__(facts._engine, facts.snapshot, facts._deltas)
        self.source = source

    def table(self, name: str) -> Any:
        rows = super().table(name)
        if not self.source:
            return rows
        if name == "leads":
            return rows.filter(rows.source_system == self.source)
        if name == "opportunities":
            own = self.table("leads").select(of_scope="id")
            return rows.semi_join(own, rows.lead_id == own.of_scope)
        return rows

    @property
    def rule(self) -> Rule | None:
        """The rule of the leads that a model of this scope scores."""
        return {**SYSTEM, "value": self.source} if self.source else None


def facts_of(model: Model, facts: Facts) -> Facts:
    """Return the facts that a model is judged by: where it scores one system's leads, what that system knows of them."""
    is_one_system = SYSTEM.items() <= model.leads.items()
    return Scope(facts, str(model.leads["value"])) if is_one_system else facts


@dataclass(frozen=True)
class Choice:
    """What could be learned from: a system's leads with their outcomes."""

    source: str
    label: str
    leads: int
    converted: int
    won: int

    @property
    def outcomes(self) -> int:
        """Won deals where there are any, else conversions."""
        return self.won or self.converted

    @property
    def words(self) -> str:
        return "with a won deal" if self.won else "converted"

    @property
    def missing(self) -> int:
        return missing_outcomes(self.outcomes)


def list_choices(facts: Facts) -> list[Choice]:
    """Return what can be learned from: each system's leads, and all where there are several, the newest import first."""
    leads, deals = facts.table("leads"), facts.table("opportunities")
    won = deals.filter((deals.outcome == "won") & deals.lead_id.notnull()).select(winner="lead_id").distinct()
    both = leads.left_join(won, leads.id == won.winner)
    rows = facts.execute(
        both.group_by("source_system").aggregate(
            leads=both.count(), converted=both.is_converted.fill_null(False).sum(), won=both.winner.count()
        )
    )
    imports = ImportJob.objects.order_by("pk").values_list("files__source", "pk")
    newest = {str(source): pk for source, pk in imports if source}  # the last import of each system
    choices = [
        Choice(
            source := str(row["source_system"]), f"From {source.replace('-', ' ').capitalize()}",
            int(row["leads"]), int(row["converted"]), int(row["won"]),
        )
        for row in rows.to_dict("records")
    ]  # fmt: skip
    choices.sort(key=lambda choice: (newest.get(choice.source, -1), choice.leads), reverse=True)
    if len(choices) < 2:
        return [Choice("", "All leads", choice.leads, choice.converted, choice.won) for choice in choices]
    counts = [sum(getattr(choice, name) for choice in choices) for name in ("leads", "converted", "won")]
    return [*choices, Choice("", "All leads", *counts)]


def source_systems(facts: Facts) -> list[str]:
    """Return the systems that leads came from."""
    return sorted(facts.execute(facts.table("leads").select("source_system").distinct())["source_system"])


def is_known(facts: Facts, source: str) -> bool:
    """Whether there are leads to learn from: of this system, or any."""
    sources = source_systems(facts)
    return source in sources if source else bool(sources)
