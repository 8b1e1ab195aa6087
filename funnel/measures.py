"""The numbers of the funnel: who entered which stage, who went on, who left, how long it took, what it is worth.

Each lead counts once for each stage, from its first entry. All counts are sums over patterns, and the leads behind a count
are found by the same conditions. Anyone who was lost stays in every denominator; anyone who left out a stage is counted as
skipping it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from core.formatting import as_decimal
from crm.readable import ReadableRows
from facts.engine import Facts
from funnel import dimensions
from funnel.lead_table import LeadTable
from funnel.patterns import (
    COHORT,
    TO_THE_WIN,
    Pattern,
    Question,
    Spread,
    has_entered,
    has_flowed,
    has_gone_on,
    has_skipped,
    has_stayed,
)
from funnel.stages.drafts import Funnel, Stage


@dataclass(frozen=True)
class Step:
    """A stage of the main way and what became of those who entered it."""

    stage: Stage
    index: int
    entered: int
    value: Decimal | None  # None: no deal with an amount, or too few records to be shown to the reader
    went_on: int
    skipped: int
    here: int
    left: Mapping[str, int]  # detour: how many are in it now and came no further
    flows: Mapping[str, int]  # next stage of the main way: how many went there first
    days: Spread | None
    undated: int = 0  # went on, but on an unknown day
    is_followed: bool = True  # whether it is on record what became of those who entered it

    @property
    def rate(self) -> float | None:
        return self.went_on / self.entered if self.entered and self.is_followed else None

    @property
    def lost(self) -> int:
        return sum(self.left.values())


@dataclass(frozen=True)
class FunnelReport:
    """The counts of the funnel for one question."""

    steps: tuple[Step, ...]
    leads: int
    won: int
    won_of: int
    days_to_won: Spread | None
    doors: tuple[tuple[Stage, int], ...]
    detours: tuple[tuple[Stage, int], ...]
    targeted: tuple[Stage, int] | None
    currency: str
    undated_to_won: int = 0
    is_readable_only: bool = False  # counted over nothing but the leads that the reader may read
    basis: str = COHORT
    has_outcomes: bool = True  # whether a deal or a win is on record at all

    @property
    def conversion(self) -> float | None:
        """Won among all that came in; None by event, where the won of a period are not among those that came in it."""
        return self.won / self.won_of if self.won_of and self.basis == COHORT and self.has_outcomes else None


def build_report(facts: Facts, funnel: Funnel, question: Question, within: ReadableRows | None = None) -> FunnelReport:
    """Compute the report with two queries of the facts."""
    reading = LeadTable(facts, funnel, question, within)
    patterns = reading.patterns()
    spreads, undated = reading.spreads()
    main = reading.main
    steps = tuple(
        replace(_count_step(index, stage, funnel, main, patterns, spreads), undated=undated.get(stage.key, 0))
        for index, stage in enumerate(main)
    )
    goal = next((step for step in steps if step.stage.dated_by == "won"), steps[-1] if steps else None)
    has_outcomes = (
        bool(goal and goal.entered) or facts.snapshot is None or bool(facts.snapshot.rows.get("opportunities"))
    )
    if goal and not has_outcomes:
        steps = tuple(replace(step, is_followed=step.index < goal.index - 1) for step in steps)
    first = steps[0].entered if steps else 0
    leads = sum(pattern.n for pattern in patterns if pattern.inside)
    return FunnelReport(
        steps,
        leads,
        goal.entered if goal else 0,
        leads if question.basis == COHORT else first,
        spreads.get(TO_THE_WIN),
        tuple((stage, reading.count_entered_once(stage)) for stage in funnel.of("leads") if stage.way == "door"),
        tuple((stage, sum(step.left.get(stage.key, 0) for step in steps)) for stage in funnel.detours),
        reading.count_targeted(),
        reading.currency,
        undated.get(TO_THE_WIN, 0),
        within is not None,
        question.basis,
        has_outcomes,
    )


CutRow = tuple[str, str, int, int, Decimal | None]


def by_cut(
    facts: Facts, funnel: Funnel, question: Question, name: str, within: ReadableRows | None = None
) -> list[CutRow]:
    """Return for each value of a cut its key, its name, leads, won and value; the largest first."""
    reading = LeadTable(facts, funnel, question, within)
    rows = reading.cut_counts(name)
    names = dimensions.value_names(facts, name, [row.cut for row in rows])
    return [(row.cut, names.get(row.cut, row.cut), int(row.leads), int(row.won), as_decimal(row.worth)) for row in rows]


def _count_step(
    index: int,
    stage: Stage,
    funnel: Funnel,
    main: tuple[Stage, ...],
    patterns: Iterable[Pattern],
    spreads: Mapping[str, Spread],
) -> Step:
    patterns = list(patterns)

    def count_leads(condition: Any) -> int:
        return sum(pattern.n for pattern in patterns if condition(pattern))

    detours = {detour.key for detour in funnel.detours}
    left = {
        key: count_leads(lambda p, key=key: p.current == key and has_stayed(index, p.reached, p.inside))
        for key in sorted(detours)
    }
    flows = {
        detour.key: count_leads(lambda p, to=to: has_flowed(index, to, p.reached, p.inside))
        for to, detour in enumerate(main)
        if to > index
    }
    return Step(
        stage,
        index,
        count_leads(lambda p: has_entered(index, p.reached, p.inside)),
        _sum_known(pattern.value for pattern in patterns if has_entered(index, pattern.reached, pattern.inside)),
        count_leads(lambda p: has_gone_on(index, p.reached, p.inside)),
        count_leads(lambda p: has_skipped(index, p.reached, p.inside)),
        count_leads(lambda p: p.current not in detours and has_stayed(index, p.reached, p.inside)),
        {key: n for key, n in left.items() if n},
        {key: n for key, n in flows.items() if n},
        spreads.get(stage.key),
    )


def _sum_known(values: Iterable[Decimal | None]) -> Decimal | None:
    """Add up what is known; None where nothing is."""
    amounts = [value for value in values if value is not None]
    return sum(amounts, Decimal()) if amounts else None
