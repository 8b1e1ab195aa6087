"""When a stage was entered, where a dated fact proves it: the source's history, first contact, deals, use.

Each piece is a table of entries: buyer, stage, entered_at, is_day (the source knew the day and no time), by, evidence.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import ibis

from crm.rule_fields import LINKS, SUBJECTS, RuleTables
from facts.compiling import RuleContext, add_rule_columns
from facts.rules import Rule, events_subject, list_conditions, parse_number
from funnel.stages.drafts import Funnel, Stage

MOMENT = "timestamp('UTC', 6)"
DEAL_FACTS = ("opened", "won", "lost", "no_decision")
ENTRY_SCHEMA = {
    "buyer": "int64",
    "stage": "string",
    "entered_at": MOMENT,
    "is_day": "boolean",
    "by": "string",
    "evidence": "string",
}


@ibis.udf.scalar.builtin(signature=((str,), str))
def to_json(text: str) -> str:  # type: ignore[empty-body]  # each engine writes a text as JSON under this name
    ...


@dataclass(frozen=True)
class EntryQuery:
    """The dated entries of one kind of buyer: which buyers are asked, their facts, and the time of the run."""

    funnel: Funnel
    subject: str
    tables: RuleTables
    rows: Any  # the buyers asked, with their figures
    meanings: Any
    now: datetime
    keep: Callable[[str, Any], Any]  # holds an answer that several questions begin with

    @property
    def key(self) -> str:
        return "lead_id" if self.subject == "leads" else "account_id"

    @property
    def question(self) -> RuleContext:
        return RuleContext(self.tables, self.now, LINKS)

    @property
    def this_moment(self) -> Any:
        return ibis.literal(self.now, type=MOMENT)

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        return self.funnel.of(self.subject)

    @cached_property
    def deal_turns(self) -> Any:
        return self.keep("told_by_deals", self._find_deal_turns())

    def dated_by(self, fact: str) -> list[Stage]:
        return [stage for stage in self.stages if stage.dated_by == fact]

    def dated_entries(self) -> Any:
        """Return every dated entry up to now, those of the source's history and those of facts, as one table."""
        pieces = [
            *self._history_entries(),
            *self._first_contacts(),
            *self._deal_entries(),
            *self._first_uses(),
            *self._counted_entries(),
        ]
        entries = (
            ibis.union(*pieces) if len(pieces) > 1 else pieces[0] if pieces else ibis.memtable([], schema=ENTRY_SCHEMA)
        )
        return entries.filter(entries.entered_at <= self.this_moment)

    # The history that the source kept

    def _history_entries(self) -> list[Any]:
        if self.subject != "leads":
            return []
        changes = self.tables.table("stage_changes")
        means = self.meanings.rename(word="stage", in_system="source_system", on_track="track", in_pipeline="pipeline")
        same = [
            changes.source_system == means.in_system,
            changes.track == means.on_track,
            changes.pipeline == means.in_pipeline,
            changes.stage == means.word,
        ]
        wide = changes.join(means, same)
        told_by_deals = [stage.key for stage in self.stages if stage.dated_by in DEAL_FACTS]
        stage_keys = [stage.key for stage in self.stages]
        wide = wide.filter(
            wide.lead_id.notnull(),
            wide.entered_at.notnull(),
            wide.ours.isin(stage_keys),
            (wide.track != "reason") & ((wide.track != "deal") | wide.ours.notin(told_by_deals or [""])),
        )
        # A source that knows only the day writes midnight.
        is_day = wide.entered_at == wide.entered_at.date().cast(wide.entered_at.type())
        evidence = ibis.literal('{"stage_change": ') + wide.id.cast("string") + ', "said": ' + to_json(wide.stage) + "}"
        return [wide.select(**_entry_columns(wide.lead_id, wide.ours, wide.entered_at, is_day, "import", evidence))]

    # First contact

    def _first_contacts(self) -> list[Any]:
        rows = self.rows
        day = rows.first_contact_on if self.subject == "leads" else ibis.null("date")
        moment = ibis.coalesce(moment_of(day, rows.created_at), self.this_moment.cast(rows.created_at.type()))
        evidence = ibis.literal('{"first_contact": "') + moment.date().cast("string") + '"}'
        return [
            rows.select(
                **_entry_columns(
                    rows.id, ibis.literal(stage.key), moment, _only_day(day, rows.created_at), "rule", evidence
                )
            )
            for stage in self.dated_by("first_contact")
        ]

    # Deals

    def _deal_entries(self) -> list[Any]:
        wanted = [(fact, stage) for fact in DEAL_FACTS for stage in self.dated_by(fact)]
        if not wanted:
            return []
        turns = self.deal_turns
        evidence = ibis.literal('{"opportunity": ') + turns.deal.cast("string") + "}"
        entries = [
            turns.filter(turns.fact == fact).select(
                **_entry_columns(turns.buyer, ibis.literal(stage.key), turns.moment, turns.is_day, "rule", evidence)
            )
            for fact, stage in wanted
        ]
        return [*entries, *self._dated_conversions()]

    def converted_leads(self) -> Any:
        """Return the leads that their CRM calls converted and that have no deal here: buyer, converted_on."""
        deals = self.tables.table("opportunities").select("lead_id")
        rows = self.rows.filter(self.rows.is_converted.fill_null(False)).select(buyer="id", converted_on="converted_on")
        return rows.anti_join(deals, rows.buyer == deals.lead_id)

    def _dated_conversions(self) -> list[Any]:
        """The CRM's own word that a lead was converted opens it as a deal does, on the day that the CRM names."""
        if self.subject != "leads":
            return []
        rows = self.converted_leads()
        rows = rows.filter(rows.converted_on.notnull())
        moment = rows.converted_on.cast(MOMENT)
        evidence = ibis.literal('{"converted_on": "') + rows.converted_on.cast("string") + '"}'
        return [
            rows.select(
                **_entry_columns(rows.buyer, ibis.literal(stage.key), moment, ibis.literal(True), "rule", evidence)
            )
            for stage in self.dated_by("opened")
        ]

    def _find_deal_turns(self) -> Any:
        """Walk through each buyer's openings and closes in the order of days, and say which of them changed where it stands.

        Opened: nothing was open or won before. Won: the first win. Lost and no decision: the last close, when nothing is
        open any more and nothing was won. An opening without a date is counted, but is not an entry.
        """
        events = self._deal_events()
        steps = [events.day, events.is_close, events.moment, events.deal]
        so_far = ibis.cumulative_window(group_by=events.buyer, order_by=steps)
        opened = (~events.is_close).cast("int64")
        won = (events.is_close & (events.outcome == "won")).cast("int64")
        events = events.mutate(
            open_now=(opened - events.is_close.cast("int64")).sum().over(so_far), won_now=won.sum().over(so_far)
        )
        nothing_else = (events.open_now == 1) & (events.won_now == 0)
        over = (events.open_now == 0) & (events.won_now == 0)
        fact = ibis.cases(
            (~events.is_close & events.is_dated & nothing_else, "opened"),
            (events.is_close & (events.outcome == "won") & (events.won_now == 1), "won"),
            (events.is_close & (events.outcome == "lost") & over, "lost"),
            (events.is_close & (events.outcome == "no_decision") & over, "no_decision"),
        )
        turns = events.mutate(fact=fact)
        return turns.filter(turns.fact.notnull())

    def _deal_events(self) -> Any:
        deals = self.tables.table("opportunities")
        deals = deals.filter(deals[self.key].notnull())
        now = self.this_moment.cast(deals.created_at.type())
        opened = moment_of(deals.opened_on, deals.created_at)
        closed = ibis.coalesce(moment_of(deals.closed_on, deals.closed_at), now)
        is_closed = deals.outcome != "open"
        common = {"buyer": deals[self.key], "deal": deals.id, "outcome": deals.outcome}
        begun = ibis.coalesce(opened, is_closed.ifelse(closed, now))
        openings = deals.select(
            **common, is_close=ibis.literal(False), moment=begun, is_dated=opened.notnull(),
            is_day=_only_day(deals.opened_on, deals.created_at),
        )  # fmt: skip
        shut = deals.filter(is_closed)
        closes = shut.select(
            **common, is_close=ibis.literal(True), moment=closed, is_dated=ibis.literal(True),
            is_day=_only_day(deals.closed_on, deals.closed_at),
        )  # fmt: skip
        events = ibis.union(openings, closes)
        return events.filter(events.moment <= now).mutate(day=events.moment.date())

    # Use of the product

    def _first_uses(self) -> list[Any]:
        wanted = self.dated_by("first_use")
        if not wanted:
            return []
        turns = self.deal_turns
        wins = turns.filter(turns.fact == "won").select(winner="buyer", won_at="moment")
        uses = self.tables.table("usage_events")
        both = uses.join(wins, uses[self.key] == wins.winner)
        both = both.filter(both.happened_at >= both.won_at)
        first = both.group_by(buyer=both.winner).aggregate(moment=both.happened_at.min())
        evidence = ibis.literal('{"first_use": "') + first.moment.date().cast("string") + '"}'
        return [
            first.select(
                **_entry_columns(
                    first.buyer, ibis.literal(stage.key), first.moment, ibis.literal(False), "rule", evidence
                )
            )
            for stage in wanted
        ]

    # The event that fulfilled a count

    def _counted_entries(self) -> list[Any]:
        evidence = ibis.literal('{"fulfilled_by": "the last event of its count"}')
        entries = []
        for stage in self.dated_by("counted"):
            reached = self._reached_counts(stage.rule)
            if reached is not None:
                entries.append(
                    reached.select(
                        **_entry_columns(
                            reached.buyer,
                            ibis.literal(stage.key),
                            reached.moment,
                            ibis.literal(False),
                            "rule",
                            evidence,
                        )
                    )
                )
        return entries

    def _reached_counts(self, rule: Rule) -> Any | None:
        """Return the event that fulfilled the rule's first count over all time; None where it has no such count."""
        count = next(
            (leaf for leaf in list_conditions(rule) if leaf.get("is") == ">=" and "count" in leaf and is_forever(leaf)),
            None,
        )
        if count is None:
            return None
        events, need = SUBJECTS[self.subject].events[count["count"]], int(parse_number(count["value"]) or 0)
        rows = self.tables.table(events.table)
        rows = rows.filter(rows[events.key].notnull() & rows[events.moment].notnull())
        if count.get("where"):
            rows = add_rule_columns(self.question, events_subject(events), {"is_counted": count["where"]}, rows)
            rows = rows.filter(rows.is_counted)
        turn = ibis.row_number().over(group_by=rows[events.key], order_by=[rows[events.moment], rows.id])
        ranked = rows.mutate(turn=turn)
        reached = ranked.filter(ranked.turn == need - 1)
        return reached.select(buyer=reached[events.key], moment=reached[events.moment])


def _entry_columns(buyer: Any, stage: Any, moment: Any, is_day: Any, by: str, evidence: Any) -> dict[str, Any]:
    return {
        "buyer": buyer, "stage": stage, "entered_at": moment.cast(MOMENT), "is_day": is_day, "by": ibis.literal(by),
        "evidence": evidence,
    }  # fmt: skip


def moment_of(day: Any, moment: Any) -> Any:
    """Return the moment where it is on the day, else the day's beginning: the day is what people correct."""
    return (day.isnull() | (moment.date() == day).fill_null(False)).ifelse(moment, day.cast(moment.type()))


def _only_day(day: Any, moment: Any) -> Any:
    return day.notnull() & ~(moment.date() == day).fill_null(False)


def is_forever(count: Rule) -> bool:
    """Whether a count looks at all time; one of the last days is not a date's proof."""
    return not count.get("days") and count["count"] != "opportunities"
