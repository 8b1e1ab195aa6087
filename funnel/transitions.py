"""Which stages the buyers asked have entered without a stored move, as one query.

Dated entries come first: they are what happened, in the order of time. Then a buyer who fulfils the criteria of a stage
that is not dated enters it now, unless that would be a step back: a step back needs a dated fact, a person, or news
after a detour. A stored entry is never repeated, and nothing is invented for a stage that was skipped.
"""

import json
from dataclasses import dataclass
from datetime import timedelta
from functools import reduce
from typing import Any

import ibis

from crm.rule_fields import SUBJECTS
from facts.compiling import add_rule_columns
from facts.rules import Rule, describe_rule, list_conditions
from funnel.entry_dates import MOMENT, EntryQuery, to_json
from funnel.stages.drafts import Stage

EXISTING = "existing"  # a move that is written already
NEWLY = timedelta(days=1)
MOVE_SCHEMA = {
    "buyer": "int64",
    "stage": "string",
    "from_stage": "string",
    "entered_at": MOMENT,
    "by": "string",
    "evidence": "string",
    "position": "int64",
    "is_dated": "boolean",
}


def new_moves(query: EntryQuery, existing: Any) -> Any:
    """Return the moves to be written: buyer, stage, from_stage, entered_at, by, evidence, position, is_dated.

    A stage whose criteria held already when a buyer was seen first was entered on an unknown day, unless the buyer is as new.

    `existing` holds the moves that are stored already: buyer, stage, entered_at, by.
    """
    moves = MoveQuery(query)
    held = query.keep("held", moves.evaluate_criteria())
    existing_rows = query.keep("known", moves.existing_rows(existing))
    dated = query.keep("dated", moves.dated_moves(held, existing_rows))
    positions = query.keep("where", moves.current_positions(ibis.union(existing_rows.select(*dated.columns), dated)))
    by_rule = moves.moves_by_rule(held, positions)
    fresh = dated.filter(dated.by != EXISTING)
    fresh = fresh.mutate(is_dated=fresh.entered_at != query.this_moment)
    return ibis.union(fresh.select(*MOVE_SCHEMA), by_rule.select(*MOVE_SCHEMA))


@dataclass(frozen=True)
class MoveQuery:
    """The parts of the query: criteria that hold, dated moves, present positions, and moves that follow from criteria."""

    query: EntryQuery

    def stage_positions(self) -> dict[str, int]:
        """The places of the stages in the funnel's order, and so the order of entries of one moment."""
        return {stage.key: position for position, stage in enumerate(self.query.funnel.stages)}

    def _position_of(self, stage: Any) -> Any:
        cases = [(stage == key, ibis.literal(position)) for key, position in self.stage_positions().items()]
        return ibis.cases(*cases, else_=ibis.literal(-1)).cast("int64")

    def _is_detour(self, stage: Any) -> Any:
        return stage.isin([detour.key for detour in self.query.funnel.detours] or [""]).fill_null(False)

    # Criteria

    def evaluate_criteria(self) -> Any:
        """The buyers asked with one yes/no for each stage's criteria, and for each condition its answer and its value."""
        rules: dict[str, Rule] = {f"is_{stage.key}": stage.rule for stage in self.query.stages}
        conditions = {f"held_{name}": leaf for name, leaf in self._undated_conditions().items()}
        values = {f"value_{name}": leaf for name, leaf in self._undated_conditions().items()}
        answers = add_rule_columns(
            self.query.question, SUBJECTS[self.query.subject], rules | conditions, self.query.rows, values
        )
        answers = answers.mutate(
            is_new=(answers.created_at > ibis.literal(self.query.now - NEWLY, type=MOMENT)).fill_null(False)
        )
        return answers.select("id", "crm_stage", "is_new", *rules, *conditions, *values)

    def _undated_conditions(self) -> dict[str, Rule]:
        """The conditions of undated stages: the evidence of an entry lists which of them held, with their values."""
        return {
            f"{stage.key}_{number}": leaf
            for stage in self._undated_stages()
            for number, leaf in enumerate(list_conditions(stage.rule))
        }

    def _undated_stages(self) -> list[Stage]:
        return [stage for stage in self.query.stages if not stage.dated_by]

    def _evidence_json(self, held: Any, stage: Stage) -> Any:
        subject = SUBJECTS[self.query.subject]
        parts = []
        for number, leaf in enumerate(list_conditions(stage.rule)):
            label = ibis.literal(json.dumps(describe_rule(leaf, subject), ensure_ascii=False) + ": ")
            value = to_json(held[f"value_{stage.key}_{number}"].cast("string")).fill_null("null")
            parts.append(held[f"held_{stage.key}_{number}"].ifelse(label + value, ibis.null("string")))
        if not parts:
            return ibis.literal('{"held": {}}')
        return ibis.literal('{"held": {') + ibis.array(parts).join(", ") + "}}"

    # What happened

    def existing_rows(self, existing: Any) -> Any:
        return existing.mutate(
            entered_at=existing.entered_at.cast(MOMENT),
            is_day=ibis.literal(False), evidence=ibis.literal("{}"), position=self._position_of(existing.stage),
            from_stage=ibis.literal(""), was_by=existing.by, by=ibis.literal(EXISTING),
        )  # fmt: skip

    def dated_moves(self, held: Any, existing: Any) -> Any:
        """Order dated entries among the stored moves, and keep those that change the stage."""
        entries = self._without_repeats(self.query.dated_entries(), existing)
        answers = held.select(
            asked_id="id", **{f"is_{stage.key}": held[f"is_{stage.key}"] for stage in self.query.stages}
        )
        entries = entries.join(answers, entries.buyer == answers.asked_id)
        fulfilled = [(entries.stage == stage.key, entries[f"is_{stage.key}"]) for stage in self.query.stages]
        entries = entries.filter((entries.by == "import") | ibis.cases(*fulfilled, else_=ibis.literal(False)))
        fresh = entries.mutate(
            position=self._position_of(entries.stage), from_stage=ibis.literal(""), was_by=entries.by
        )
        together = ibis.union(existing, fresh.select(*existing.columns))
        return self._real_entries(self._in_stage_order(self._once_a_day(together))).select(*existing.columns)

    def _without_repeats(self, entries: Any, existing: Any) -> Any:
        """Leave out undated entries that are stored already: a fact without a date became true once, not every day."""
        undated = entries.entered_at == self.query.this_moment
        stands = existing.select(who="buyer", what="stage")
        fresh = entries.filter(undated)
        fresh = fresh.anti_join(stands, [fresh.buyer == stands.who, fresh.stage == stands.what])
        return ibis.union(entries.filter(~undated), fresh)

    # Where they stand, and what they enter now

    def current_positions(self, moves: Any) -> Any:
        """For each buyer asked: the stage it is in, since when and by whom, and how far it came since its last detour."""
        is_out = self._is_detour(moves.stage)
        last = [moves.entered_at.desc(), moves.position.desc()]
        turn = ibis.row_number().over(group_by=moves.buyer, order_by=last)
        out_at = is_out.ifelse(moves.entered_at, ibis.null(MOMENT)).max().over(group_by=moves.buyer)
        ranked = moves.mutate(turn=turn, is_out=is_out, out_at=out_at)
        counts = ~ranked.is_out & (ranked.out_at.isnull() | (ranked.entered_at > ranked.out_at))
        newest = ranked.turn == 0
        return ranked.group_by("buyer").aggregate(
            last_stage=ranked.stage.max(where=newest),
            last_at=ranked.entered_at.max(where=newest),
            is_known=(ranked.by == EXISTING).any(),
            last_by=ranked.was_by.max(where=newest),
            is_out=ranked.is_out.any(where=newest),
            furthest=ranked.position.max(where=counts),
            been=ranked.stage.collect(where=ranked.is_out),
        )

    def moves_by_rule(self, held: Any, positions: Any) -> Any:
        """Moves into undated stages whose criteria hold now, ahead of the buyer's position."""
        wide = held.left_join(positions, held.id == positions.buyer).drop("buyer")
        wide = wide.mutate(
            is_out=wide.is_out.fill_null(False),
            is_known=wide.is_known.fill_null(False),
            furthest=wide.furthest.fill_null(-1),
        )
        wide = self._with_return_allowed(wide)
        out = [wide[f"is_{stage.key}"] for stage in self._undated_stages() if stage.way == "detour"]
        goes_out = reduce(lambda a, b: a | b, out) if out else ibis.literal(False)
        wide = self.query.keep("standing", wide.mutate(goes_out=goes_out))
        pieces = [self._entries_into(wide, stage) for stage in self._undated_stages()]
        pieces += self._undated_conversions(wide)
        if not pieces:
            return ibis.memtable([], schema=MOVE_SCHEMA)
        moves = ibis.union(*pieces) if len(pieces) > 1 else pieces[0]
        in_order = ibis.window(group_by=moves.buyer, order_by=moves.position)
        return moves.mutate(
            from_stage=ibis.coalesce(moves.stage.lag().over(in_order), moves.last_stage, ibis.literal(""))
        )

    def _undated_conversions(self, wide: Any) -> list[Any]:
        """Leads that their CRM calls converted without naming the day."""
        if self.query.subject != "leads":
            return []
        flagged = self.query.converted_leads()
        flagged = flagged.filter(flagged.converted_on.isnull())
        rows = wide.semi_join(flagged, wide.id == flagged.buyer)
        return [self._entries_into(rows, stage, '{"converted": true}') for stage in self.query.dated_by("opened")]

    def _entries_into(self, wide: Any, stage: Stage, evidence: str = "") -> Any:
        position = self.stage_positions()[stage.key]
        is_ahead = ~wide.is_out & (wide.furthest < position)
        may = (
            self._can_enter_detour(wide, stage)
            if stage.way == "detour"
            else ~wide.goes_out & (is_ahead | wide.comes_back)
        )
        rows = wide.filter(wide[f"is_{stage.key}"] & may)
        return rows.select(
            buyer=rows.id, stage=ibis.literal(stage.key), last_stage=rows.last_stage, entered_at=self.query.this_moment,
            by=ibis.literal("rule"), evidence=ibis.literal(evidence) if evidence else self._evidence_json(rows, stage), position=ibis.literal(position, type="int64"), is_dated=rows.is_known | rows.is_new,
        )  # fmt: skip

    def _with_return_allowed(self, wide: Any) -> Any:
        """Mark who may come back from a detour: buyers with activity since, whose day of return has come.

        A buyer who was disqualified comes back only by a dated fact or by a person.
        """
        activity = self._last_activity()
        wide = wide.left_join(activity, wide.id == activity.heard_of).drop("heard_of")
        returns = self._return_days()
        wide = wide.left_join(returns, wide.id == returns.returning).drop("returning")
        never = [stage.key for stage in self.query.funnel.stages if stage.standing == "disqualified"]
        since = (wide.heard_at > wide.last_at).fill_null(False)
        due = wide.return_on.isnull() | (wide.return_on <= self.query.this_moment.date())
        main = [stage.key for stage in self.query.stages if stage.way != "detour"]
        crm_says = wide.crm_stage.isin(main).fill_null(False) & (wide.last_by != "hand").fill_null(False)
        may = wide.last_stage.notin(never or [""]).fill_null(False) & since | crm_says
        return wide.mutate(comes_back=wide.is_out & due & may)

    def _last_activity(self) -> Any:
        """When each buyer was last active: a response to marketing, or use of the product."""
        touches, uses = self.query.tables.table("touches"), self.query.tables.table("usage_events")
        key = self.query.key
        pieces = [uses.filter(uses[key].notnull()).select(heard_of=key, heard_at="happened_at")]
        if key in touches.columns:
            answered = touches.filter(touches.has_responded & touches[key].notnull())
            pieces.append(answered.select(heard_of=key, heard_at="happened_at"))
        rows = ibis.union(*pieces) if len(pieces) > 1 else pieces[0]
        rows = rows.filter(rows.heard_at <= self.query.this_moment)
        return rows.group_by("heard_of").aggregate(heard_at=rows.heard_at.max())

    def _return_days(self) -> Any:
        """The day until which Sales recycled a lead, by the latest verdict."""
        given = self.query.tables.table("verdicts")
        given = given.filter(given.undone_at.isnull() & given.settled_at.notnull())
        turn = ibis.row_number().over(group_by=given.lead_id, order_by=[given.given_at.desc(), given.id.desc()])
        ranked = given.mutate(turn=turn)
        last = ranked.filter((ranked.turn == 0) & ranked.return_on.notnull())
        return_days = last.select(returning="lead_id", return_on="return_on")
        return return_days if self.query.subject == "leads" else return_days.filter(ibis.literal(False))

    @staticmethod
    def _once_a_day(moves: Any) -> Any:
        """One entry of a stage a day: what is written counts, then what the source says, then the earliest."""
        rank = ibis.cases((moves.by == EXISTING, 0), (moves.by == "import", 1), else_=2)
        day = [moves.buyer, moves.stage, moves.entered_at.date()]
        turn = ibis.row_number().over(group_by=day, order_by=[rank, moves.entered_at])
        ranked = moves.mutate(turn=turn)
        return ranked.filter((ranked.turn == 0) | (ranked.by == EXISTING)).drop("turn")

    @staticmethod
    def _in_stage_order(moves: Any) -> Any:
        """An entry of which only the day is known comes after the earlier stages that were entered on that day."""
        order = [moves.position, moves.entered_at]
        same_day = ibis.cumulative_window(group_by=[moves.buyer, moves.entered_at.date()], order_by=order)
        latest = moves.entered_at.max().over(same_day)
        return moves.mutate(entered_at=moves.is_day.ifelse(latest, moves.entered_at))

    @staticmethod
    def _real_entries(moves: Any) -> Any:
        """Leave out new entries into the stage that the buyer is in at that time; set where the others came from."""
        in_time = ibis.window(group_by=moves.buyer, order_by=[moves.entered_at, moves.position])
        before = moves.mutate(before=moves.stage.lag().over(in_time))
        new = (before.by != EXISTING) & (before.before.isnull() | (before.before != before.stage))
        entered = before.filter(new)
        return entered.mutate(from_stage=entered.before.fill_null(""))

    @staticmethod
    def _can_enter_detour(wide: Any, stage: Stage) -> Any:
        """A detour is entered once; what a person said since is not undone by what the CRM still says."""
        elsewhere = wide.last_stage.isnull() | (wide.last_stage != stage.key)
        was_there = wide.been.contains(stage.key).fill_null(False)
        by_hand = (wide.last_by == "hand").fill_null(False)
        return elsewhere & ~(was_there & by_hand)
