"""Which stages the buyers asked have entered and nobody has written down yet, as one question.

Dated entries come first: they are what happened, in the order of time. Then whoever fulfils the criteria of a stage
that no date tells enters it now, unless that would be a step back: a step back is taken by a dated fact, by a person,
or out of a detour after something new. What stands already is never entered again, and nothing is made up for a
stage that was skipped.
"""

import json
from datetime import timedelta
from functools import reduce
from typing import Any

import ibis

from crm.rule_fields import SUBJECTS
from facts.compiling import add_rule_columns
from facts.rules import Rule, describe_rule, list_conditions
from funnel.entry_dates import MOMENT, Asked, conversions, entries, to_json
from funnel.stages.drafts import Stage

STANDING = "existing"  # a move that is written already
NEWLY = timedelta(days=1)
OUT = ("buyer", "stage", "from_stage", "entered_at", "by", "evidence", "position", "is_dated")


def new_moves(asked: Asked, standing: Any) -> Any:
    """Return the moves to be written: buyer, stage, from_stage, entered_at, by, evidence, position, is_dated.

    A stage whose criteria held already when a buyer was seen first was entered on an unknown day, unless the buyer is as new.

    `standing` holds the moves that are written already: buyer, stage, entered_at, by.
    """
    held = asked.keep("held", _held(asked))
    known = asked.keep("known", _known(asked, standing))
    dated = asked.keep("dated", _dated(asked, held, known))
    where = asked.keep("where", _where(asked, ibis.union(known.select(*dated.columns), dated)))
    ruled = _ruled(asked, held, where)
    fresh = dated.filter(dated.by != STANDING)
    fresh = fresh.mutate(is_dated=fresh.entered_at != asked.this_moment)
    return ibis.union(fresh.select(*OUT), ruled.select(*OUT))


def positions(asked: Asked) -> dict[str, int]:
    """The places of the stages in the funnel's order, and so the order of entries of one moment."""
    return {stage.key: place for place, stage in enumerate(asked.funnel.stages)}


def _placed(asked: Asked, stage: Any) -> Any:
    cases = [(stage == key, ibis.literal(place)) for key, place in positions(asked).items()]
    return ibis.cases(*cases, else_=ibis.literal(-1)).cast("int64")


def _is_detour(asked: Asked, stage: Any) -> Any:
    return stage.isin([one.key for one in asked.funnel.detours] or [""]).fill_null(False)


# Criteria


def _held(asked: Asked) -> Any:
    """The buyers asked with one yes/no for each stage's criteria, and for each condition its answer and its value."""
    rules: dict[str, Rule] = {f"is_{stage.key}": stage.rule for stage in asked.stages}
    conditions = {f"held_{name}": leaf for name, leaf in _conditions(asked).items()}
    values = {f"value_{name}": leaf for name, leaf in _conditions(asked).items()}
    found = add_rule_columns(asked.question, SUBJECTS[asked.subject], rules | conditions, asked.rows, values)
    found = found.mutate(is_new=(found.created_at > ibis.literal(asked.now - NEWLY, type=MOMENT)).fill_null(False))
    return found.select("id", "crm_stage", "is_new", *rules, *conditions, *values)


def _conditions(asked: Asked) -> dict[str, Rule]:
    """The conditions of the stages that no date tells: their entries say which of them held, with which values."""
    return {
        f"{stage.key}_{place}": leaf
        for stage in _undated(asked)
        for place, leaf in enumerate(list_conditions(stage.rule))
    }


def _undated(asked: Asked) -> list[Stage]:
    return [stage for stage in asked.stages if not stage.dated_by]


def _evidence(asked: Asked, held: Any, stage: Stage) -> Any:
    subject = SUBJECTS[asked.subject]
    parts = []
    for place, leaf in enumerate(list_conditions(stage.rule)):
        said = ibis.literal(json.dumps(describe_rule(leaf, subject), ensure_ascii=False) + ": ")
        value = to_json(held[f"value_{stage.key}_{place}"].cast("string")).fill_null("null")
        parts.append(held[f"held_{stage.key}_{place}"].ifelse(said + value, ibis.null("string")))
    if not parts:
        return ibis.literal('{"held": {}}')
    return ibis.literal('{"held": {') + ibis.array(parts).join(", ") + "}}"


# What happened


def _known(asked: Asked, standing: Any) -> Any:
    return standing.mutate(
        entered_at=standing.entered_at.cast(MOMENT),
        is_day=ibis.literal(False), evidence=ibis.literal("{}"), position=_placed(asked, standing.stage),
        from_stage=ibis.literal(""), was_by=standing.by, by=ibis.literal(STANDING),
    )  # fmt: skip


def _dated(asked: Asked, held: Any, known: Any) -> Any:
    """Put dated entries among the standing moves, and keep those that are entries indeed."""
    found = _not_again(asked, entries(asked), known)
    answers = held.select(asked_id="id", **{f"is_{stage.key}": held[f"is_{stage.key}"] for stage in asked.stages})
    found = found.join(answers, found.buyer == answers.asked_id)
    fulfilled = [(found.stage == stage.key, found[f"is_{stage.key}"]) for stage in asked.stages]
    found = found.filter((found.by == "import") | ibis.cases(*fulfilled, else_=ibis.literal(False)))
    fresh = found.mutate(position=_placed(asked, found.stage), from_stage=ibis.literal(""), was_by=found.by)
    together = ibis.union(known, fresh.select(*known.columns))
    return _entered(_in_time(_once_a_day(together))).select(*known.columns)


def _not_again(asked: Asked, found: Any, known: Any) -> Any:
    """Leave out what no date tells and is written already: a fact without a date became true once, not every day."""
    undated = found.entered_at == asked.this_moment
    stands = known.select(who="buyer", what="stage")
    fresh = found.filter(undated)
    fresh = fresh.anti_join(stands, [fresh.buyer == stands.who, fresh.stage == stands.what])
    return ibis.union(found.filter(~undated), fresh)


def _once_a_day(moves: Any) -> Any:
    """One entry of a stage a day: what is written counts, then what the source says, then the earliest."""
    rank = ibis.cases((moves.by == STANDING, 0), (moves.by == "import", 1), else_=2)
    day = [moves.buyer, moves.stage, moves.entered_at.date()]
    turn = ibis.row_number().over(group_by=day, order_by=[rank, moves.entered_at])
    ranked = moves.mutate(turn=turn)
    return ranked.filter((ranked.turn == 0) | (ranked.by == STANDING)).drop("turn")


def _in_time(moves: Any) -> Any:
    """An entry of which only the day is known comes after the earlier stages that were entered on that day."""
    order = [moves.position, moves.entered_at]
    same_day = ibis.cumulative_window(group_by=[moves.buyer, moves.entered_at.date()], order_by=order)
    latest = moves.entered_at.max().over(same_day)
    return moves.mutate(entered_at=moves.is_day.ifelse(latest, moves.entered_at))


def _entered(moves: Any) -> Any:
    """Leave out fresh entries into the stage that the buyer is in at that time; say where the others came from."""
    in_time = ibis.window(group_by=moves.buyer, order_by=[moves.entered_at, moves.position])
    before = moves.mutate(before=moves.stage.lag().over(in_time))
    new = (before.by != STANDING) & (before.before.isnull() | (before.before != before.stage))
    kept = before.filter(new)
    return kept.mutate(from_stage=kept.before.fill_null(""))


# Where they stand, and what they enter now


def _where(asked: Asked, moves: Any) -> Any:
    """For each buyer asked: the stage it is in, since when and by whom, and how far it came since its last detour."""
    is_out = _is_detour(asked, moves.stage)
    last = [moves.entered_at.desc(), moves.position.desc()]
    turn = ibis.row_number().over(group_by=moves.buyer, order_by=last)
    out_at = is_out.ifelse(moves.entered_at, ibis.null(MOMENT)).max().over(group_by=moves.buyer)
    ranked = moves.mutate(turn=turn, is_out=is_out, out_at=out_at)
    counts = ~ranked.is_out & (ranked.out_at.isnull() | (ranked.entered_at > ranked.out_at))
    newest = ranked.turn == 0
    return ranked.group_by("buyer").aggregate(
        last_stage=ranked.stage.max(where=newest),
        last_at=ranked.entered_at.max(where=newest),
        is_known=(ranked.by == STANDING).any(),
        last_by=ranked.was_by.max(where=newest),
        is_out=ranked.is_out.any(where=newest),
        furthest=ranked.position.max(where=counts),
        been=ranked.stage.collect(where=ranked.is_out),
    )


def _ruled(asked: Asked, held: Any, where: Any) -> Any:
    """The stages that nothing dates and whose criteria hold now, ahead of where the buyer stands."""
    wide = held.left_join(where, held.id == where.buyer).drop("buyer")
    wide = wide.mutate(
        is_out=wide.is_out.fill_null(False),
        is_known=wide.is_known.fill_null(False),
        furthest=wide.furthest.fill_null(-1),
    )
    wide = _with_news(asked, wide)
    out = [wide[f"is_{stage.key}"] for stage in _undated(asked) if stage.way == "detour"]
    goes_out = reduce(lambda a, b: a | b, out) if out else ibis.literal(False)
    wide = asked.keep("standing", wide.mutate(goes_out=goes_out))
    pieces = [_entering(asked, wide, stage) for stage in _undated(asked)]
    pieces += _undated_conversions(asked, wide)
    if not pieces:
        return _nothing()
    found = ibis.union(*pieces) if len(pieces) > 1 else pieces[0]
    in_order = ibis.window(group_by=found.buyer, order_by=found.position)
    return found.mutate(from_stage=ibis.coalesce(found.stage.lag().over(in_order), found.last_stage, ibis.literal("")))


def _nothing() -> Any:
    schema = {
        "buyer": "int64",
        "stage": "string",
        "from_stage": "string",
        "entered_at": MOMENT,
        "by": "string",
        "evidence": "string",
        "position": "int64",
        "is_dated": "boolean",
    }
    return ibis.memtable([], schema=schema)


def _undated_conversions(asked: Asked, wide: Any) -> list[Any]:
    """Leads that their CRM calls converted, on a day that it does not name, and that nothing tells to be further."""
    if asked.subject != "leads":
        return []
    flagged = conversions(asked)
    flagged = flagged.filter(flagged.converted_on.isnull())
    rows = wide.semi_join(flagged, wide.id == flagged.buyer)
    return [_entering(asked, rows, stage, '{"converted": true}') for stage in asked.dated_by("opened")]


def _entering(asked: Asked, wide: Any, stage: Stage, evidence: str = "") -> Any:
    place = positions(asked)[stage.key]
    may = _may_leave(wide, stage) if stage.way == "detour" else _may_go_on(wide, place)
    rows = wide.filter(wide[f"is_{stage.key}"] & may)
    return rows.select(
        buyer=rows.id, stage=ibis.literal(stage.key), last_stage=rows.last_stage, entered_at=asked.this_moment,
        by=ibis.literal("rule"), evidence=ibis.literal(evidence) if evidence else _evidence(asked, rows, stage), position=ibis.literal(place, type="int64"), is_dated=rows.is_known | rows.is_new,
    )  # fmt: skip


def _may_go_on(wide: Any, place: int) -> Any:
    ahead = ~wide.is_out & (wide.furthest < place)
    return ~wide.goes_out & (ahead | wide.comes_back)


def _may_leave(wide: Any, stage: Stage) -> Any:
    """A detour is entered once; what a person said since is not undone by what the CRM still says."""
    elsewhere = wide.last_stage.isnull() | (wide.last_stage != stage.key)
    was_there = wide.been.contains(stage.key).fill_null(False)
    by_hand = (wide.last_by == "hand").fill_null(False)
    return elsewhere & ~(was_there & by_hand)


def _with_news(asked: Asked, wide: Any) -> Any:
    """Say who may come back from a detour: somebody who was heard of since, and whose day of return has come.

    One who was disqualified comes back only by a dated fact or by a person.
    """
    heard = _last_heard(asked)
    wide = wide.left_join(heard, wide.id == heard.heard_of).drop("heard_of")
    returns = _returns(asked)
    wide = wide.left_join(returns, wide.id == returns.returning).drop("returning")
    never = [stage.key for stage in asked.funnel.stages if stage.standing == "disqualified"]
    since = (wide.heard_at > wide.last_at).fill_null(False)
    due = wide.return_on.isnull() | (wide.return_on <= asked.this_moment.date())
    main = [stage.key for stage in asked.stages if stage.way != "detour"]
    crm_says = wide.crm_stage.isin(main).fill_null(False) & (wide.last_by != "hand").fill_null(False)
    may = wide.last_stage.notin(never or [""]).fill_null(False) & since | crm_says
    return wide.mutate(comes_back=wide.is_out & due & may)


def _last_heard(asked: Asked) -> Any:
    """When each buyer was last heard of: a response to marketing, or use of the product."""
    touches, uses = asked.tables.table("touches"), asked.tables.table("usage_events")
    key = asked.key
    pieces = [uses.filter(uses[key].notnull()).select(heard_of=key, heard_at="happened_at")]
    if key in touches.columns:
        answered = touches.filter(touches.has_responded & touches[key].notnull())
        pieces.append(answered.select(heard_of=key, heard_at="happened_at"))
    rows = ibis.union(*pieces) if len(pieces) > 1 else pieces[0]
    rows = rows.filter(rows.heard_at <= asked.this_moment)
    return rows.group_by("heard_of").aggregate(heard_at=rows.heard_at.max())


def _returns(asked: Asked) -> Any:
    """The day until which Sales put a lead back: the one that was said last."""
    given = asked.tables.table("verdicts")
    given = given.filter(given.undone_at.isnull() & given.settled_at.notnull())
    turn = ibis.row_number().over(group_by=given.lead_id, order_by=[given.given_at.desc(), given.id.desc()])
    ranked = given.mutate(turn=turn)
    last = ranked.filter((ranked.turn == 0) & ranked.return_on.notnull())
    found = last.select(returning="lead_id", return_on="return_on")
    return found if asked.subject == "leads" else found.filter(ibis.literal(False))
