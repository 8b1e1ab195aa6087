"""The leads behind the funnel as one table of the facts: patterns, days between stages, cuts, and the leads of a count."""

from collections.abc import Iterable
from functools import cached_property
from typing import Any

import ibis

from core.formatting import as_decimal
from core.periods import Period
from crm.readable import ReadableRows
from facts.engine import Facts
from funnel import dimensions
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
from team.models import Company

QUARTERS = (0.25, 0.5, 0.75)


class LeadTable:
    """The leads of a question with what they went through, as one table."""

    def __init__(self, facts: Facts, funnel: Funnel, question: Question, within: ReadableRows | None = None) -> None:
        self.facts = facts
        self.within = within
        self.funnel = funnel
        self.question = question
        self.currency = Company.get().currency
        self.main = tuple(stage for stage in funnel.main if "leads" in stage.subjects)

    def patterns(self) -> list[Pattern]:
        rows = self.leads.filter(self.leads.inside != 0)
        grouped = rows.group_by("reached", "inside", "current").aggregate(n=rows.count(), worth=rows.worth.sum())
        frame = self.facts.execute(grouped)
        return [
            Pattern(int(str(reached)), int(str(inside)), str(current or ""), int(str(n)), as_decimal(worth))
            for reached, inside, current, n, worth in frame.itertuples(index=False)
        ]

    def spreads(self) -> tuple[dict[str, Spread], dict[str, int]]:
        """Days from each stage to the next that was entered, and from the first entry to the win; how many have no date."""
        rows = self.leads
        figures: dict[str, Any] = {}
        for index, stage in enumerate(self.main[:-1]):
            later = self.main[index + 1 :]
            day = ibis.cases(*((rows[f"on_{stage.key}"].notnull(), rows[f"day_{stage.key}"]) for stage in later))
            days = day.delta(rows[f"day_{stage.key}"], unit="day")
            figures |= _quartile_columns(stage.key, days, has_gone_on(index, rows.reached, rows.inside))
        goal = next((index for index, stage in enumerate(self.main) if stage.dated_by == "won"), None)
        if goal is not None:
            days = rows[f"day_{self.main[goal].key}"].delta(rows.came_day, unit="day")
            figures |= _quartile_columns("to_won", days, has_entered(goal, rows.reached, rows.inside))
        if not figures:
            return {}, {}
        row = self.facts.execute(rows.aggregate(**figures)).iloc[0]
        names = {stage.key: stage.key for stage in self.main[:-1]}
        names |= {TO_THE_WIN: "to_won"} if goal is not None else {}
        spreads = {key: _read_spread(row, name) for key, name in names.items()}
        undated = {key: int(row[f"{name}_undated"] or 0) for key, name in names.items()}
        return {key: spread for key, spread in spreads.items() if spread}, undated

    def cut_counts(self, name: str) -> list[Any]:
        rows = self.leads
        cut = dimensions.with_cut(self.facts, self.facts.table("leads"), name)
        both = rows.filter(rows.inside != 0).join(cut, rows.lead == cut.cut_lead)
        goal = next((index for index, stage in enumerate(self.main) if stage.dated_by == "won"), 0)
        won = has_entered(goal, both.reached, both.inside)
        counts = both.group_by("cut").aggregate(
            leads=both.count(), won=won.cast("int64").sum(), worth=both.worth.sum(where=won)
        )
        return list(self.facts.execute(counts.order_by(counts.leads.desc(), counts.cut)).itertuples(index=False))

    def ids(self, stage: str, part: str) -> list[int]:
        """Return the leads behind one count, those who came last first."""
        rows = self.leads
        leads = rows.filter(self.condition(rows, stage, part))
        return [
            int(lead)
            for lead in self.facts.execute(leads.order_by(leads.came_on.desc(), leads.lead).select("lead")).lead
        ]

    def condition(self, rows: Any, stage: str, part: str) -> Any:
        """Return the condition of a part of a stage.

        Raises:
            KeyError: the stage or part does not exist.
        """
        index = {stage.key: number for number, stage in enumerate(self.main)}[stage]
        where = (rows.reached, rows.inside)
        if part.startswith("to-"):
            return has_flowed(index, {stage.key: number for number, stage in enumerate(self.main)}[part[3:]], *where)
        detours = [stage.key for stage in self.funnel.detours] or [""]
        if part in detours:
            return has_stayed(index, *where) & (rows.current == part)
        return {
            "entered": has_entered(index, *where),
            "went-on": has_gone_on(index, *where),
            "skipped": has_skipped(index, *where),
            "here": has_stayed(index, *where) & rows.current.notin(detours),
            "left": has_stayed(index, *where) & rows.current.isin(detours),
        }[part]

    @cached_property
    def leads(self) -> Any:
        """lead, on_<stage> (first days), came_on, reached, inside, current, worth: the leads that the filters let through."""
        moves = self.facts.table("moves")
        moves = self._only_readable("leads", moves.filter(moves.lead_id.notnull()), "lead_id")
        day = moves.entered_at.date()
        firsts = {f"on_{stage.key}": day.min(where=moves.stage == stage.key) for stage in self.main}
        dated = {
            f"dated_{stage.key}": day.min(where=(moves.stage == stage.key) & moves.is_dated) for stage in self.main
        }
        positions = [(moves.stage == stage.key, position) for position, stage in enumerate(self.funnel.stages)]
        order = moves.entered_at.epoch_seconds().cast("int64") * 100 + ibis.cases(*positions, else_=0)
        rows = moves.group_by(lead=moves.lead_id).aggregate(**firsts, **dated, current=moves.stage.argmax(order))
        if self.question.where:
            filtered = dimensions.filter_leads(self.facts, self.facts.table("leads"), self.question.where)
            rows = rows.semi_join(filtered, rows.lead == filtered.id)
        days = [rows[f"on_{stage.key}"] for stage in self.main]
        day_columns = {
            f"day_{stage.key}": _same_day(rows[f"on_{stage.key}"], rows[f"dated_{stage.key}"]) for stage in self.main
        }
        rows = rows.mutate(
            **day_columns, came_on=ibis.least(*days), reached=_conditions_to_bits(day.notnull() for day in days)
        )
        known_days = [rows[f"day_{stage.key}"] for stage in self.main]
        rows = rows.mutate(came_day=_same_day(rows.came_on, ibis.least(*known_days)))
        rows = rows.filter(rows.reached != 0)
        rows = rows.mutate(inside=self._bits_inside(rows))
        worth = self._deal_values()
        return rows.left_join(worth, rows.lead == worth.worth_of).drop("worth_of")

    def _only_readable(self, table: str, rows: Any, column: str) -> Any:
        return self.within.only(table, rows, column) if self.within else rows

    def _bits_inside(self, rows: Any) -> Any:
        if self.question.basis == COHORT:
            return _is_within(rows.came_on, self.question.period).ifelse(rows.reached, 0)
        return _conditions_to_bits(_is_within(rows[f"on_{stage.key}"], self.question.period) for stage in self.main)

    def _deal_values(self) -> Any:
        """What each lead's deals are worth in the company's currency: won, else open, else what was asked for."""
        deals = self.facts.table("opportunities")
        deals = deals.filter(deals.lead_id.notnull() & deals.currency.isin(["", self.currency]))
        amount = deals.amount.cast("decimal(38,2)")
        sums = [amount.sum(where=deals.outcome == outcome) for outcome in ("won", "open")]
        return deals.group_by(worth_of=deals.lead_id).aggregate(worth=ibis.coalesce(*sums, amount.sum()))

    def count_entered_once(self, stage: Stage) -> int:
        """Count the leads that entered a stage beside the main way in the period."""
        return self._count_entered(stage, "lead_id")

    def count_targeted(self) -> tuple[Stage, int] | None:
        """The first stage of accounts alone, with how many entered it."""
        stage = next((stage for stage in self.funnel.main if stage.subjects == ("accounts",)), None)
        return (stage, self._count_entered(stage, "account_id")) if stage and not self.question.where else None

    def _count_entered(self, stage: Stage, key: str) -> int:
        moves = self.facts.table("moves")
        moves = moves.filter((moves.stage == stage.key) & moves[key].notnull())
        moves = self._only_readable("leads" if key == "lead_id" else "accounts", moves, key)
        firsts = moves.group_by(buyer=moves[key]).aggregate(on=moves.entered_at.date().min())
        if self.question.where and key == "lead_id":
            filtered = dimensions.filter_leads(self.facts, self.facts.table("leads"), self.question.where)
            firsts = firsts.semi_join(filtered, firsts.buyer == filtered.id)
        number = firsts.filter(_is_within(firsts.on, self.question.period)).count()
        return int(self.facts.execute(number).to_numpy()[0, 0])


def _conditions_to_bits(conditions: Iterable[Any]) -> Any:
    bits = [
        condition.fill_null(False).ifelse(1 << index, 0).cast("int64") for index, condition in enumerate(conditions)
    ]
    return sum(bits[1:], bits[0]) if bits else ibis.literal(0, type="int64")


def _is_within(day: Any, period: Period) -> Any:
    is_within = day.notnull()
    if period.start:
        is_within = is_within & (day >= ibis.literal(period.start))
    return is_within & (day <= ibis.literal(period.end)) if period.end else is_within


def _same_day(first: Any, dated: Any) -> Any:
    """Return the first day where it is the day of a dated entry: a later one does not tell when it began."""
    return (first == dated).fill_null(False).ifelse(first, ibis.null("date"))


def _quartile_columns(name: str, days: Any, counts: Any) -> dict[str, Any]:
    undated = (counts & days.isnull()).fill_null(False).cast("int64").sum()
    days = counts.ifelse(days, ibis.null("int64")).cast("float64")
    quartiles = {f"{name}_{int(share * 100)}": days.quantile(share) for share in QUARTERS}
    return {**quartiles, f"{name}_n": days.count(), f"{name}_undated": undated}


def _read_spread(row: Any, name: str) -> Spread | None:
    n = int(row[f"{name}_n"])
    return Spread(n, *(float(row[f"{name}_{int(share * 100)}"]) for share in QUARTERS)) if n else None
