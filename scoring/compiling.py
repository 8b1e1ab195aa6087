"""Score models to Ibis: all rules of a model in one query over leads, whether a million or one.

Each kind of event is read once: a yes/no for every rule that counts it, then one sum for every rule. Points are summed
as points · 2^((event − base) / half-life), so that one number per rule represents all its events. The base is the
moment asked about; for the form that time does not change, a day that all leads share.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from operator import or_
from typing import Any

import ibis

from crm.rule_fields import LINKS
from facts.compiling import HasTables, RuleContext, add_rule_columns
from facts.custom import unix_seconds
from facts.rules import Rule, events_subject, list_conditions
from scoring.decay import DAY, DIGITS, EPOCH, days_since_epoch, total_points
from scoring.icp.rules import add_icp_columns, columns_of
from scoring.terms import EVERYBODY, LETTERS, LOWEST, SCORED, EngagementRule, Model

ALWAYS = {"id"}
MOMENT = "asked_at"
NOTHING = -1e6  # the logarithm of no points


@dataclass(frozen=True)
class ScoringInput:
    """What a model is evaluated on: the tables, the leads, and the moment; later events do not count.

    With a column `asked_at` in the rows each lead is scored as of a moment of its own.
    """

    tables: HasTables
    rows: Any
    now: datetime

    @property
    def has_moments(self) -> bool:
        return MOMENT in self.rows.columns


def lead_columns(model: Model, columns: tuple[str, ...]) -> list[str]:
    """Return the columns of leads that the model can need: with fewer of them the query is compiled faster."""
    rules = [model.leads, *(rule.rule for rule in model.fit)]
    paths = [leaf["field"] for rule in rules for leaf in list_conditions(rule)]
    return _needed_columns(paths, columns, ALWAYS | {MOMENT} | columns_of(model.profile))


def _needed_columns(paths: list[str], columns: tuple[str, ...], always: set[str]) -> list[str]:
    heads = {
        "custom" if path.startswith("custom.") else f"{path.split('.')[0]}_id" if "." in path else path
        for path in paths
    }
    return [name for name in columns if name in heads | always]


def measure_rules(model: Model, scoring_input: ScoringInput, base: datetime | None = None) -> Any:
    """Return a row for each lead that the model scores: its fit, and for each engagement rule what its events are.

    Columns: id; fit_<n> (yes/no) and fit_points; sum_<n> (weight of its events, without the sign), count_<n>, last_<n>
    (days); next_day (when an event enters or leaves). Days count from 2020.
    """
    context = RuleContext(scoring_input.tables, scoring_input.now, LINKS)
    rules: dict[str, Rule] = {"is_meant": model.leads, **{f"fit_{n}": rule.rule for n, rule in enumerate(model.fit)}}
    lead_rows = scoring_input.rows.select(*lead_columns(model, scoring_input.rows.columns))
    if model.names_icp:
        lead_rows = add_icp_columns(context, lead_rows, model.profile)
    measured = add_rule_columns(context, SCORED, rules, lead_rows)
    if model.leads != EVERYBODY:
        measured = measured.filter(measured.is_meant)
    points = sum(
        (measured[f"fit_{n}"].ifelse(rule.points, 0.0) for n, rule in enumerate(model.fit)), start=ibis.literal(0.0)
    )
    columns = ["id", *([MOMENT] if scoring_input.has_moments else []), *(f"fit_{n}" for n in range(len(model.fit)))]
    measured = measured.select(*columns, fit_points=points)
    for name in sorted({rule.events for rule in model.engagement}):
        grouped = _sum_events(model, scoring_input, name, base)
        measured = measured.left_join(grouped, measured.id == grouped.event_of).drop("event_of")
    days = [measured[name] for name in measured.columns if name.startswith("next_")]
    earliest = ibis.least(*days) if len(days) > 1 else days[0] if days else ibis.null("float64")
    return measured.mutate(next_day=earliest)


def _sum_events(model: Model, scoring_input: ScoringInput, name: str, base: datetime | None) -> Any:
    """Sum up the events of one kind, lead by lead."""
    rules = {n: rule for n, rule in enumerate(model.engagement) if rule.events == name}
    marked, day, now = _mark_events(scoring_input, name, rules)
    reference = now if base is None else ibis.literal(days_since_epoch(base))
    sums: dict[str, Any] = {}
    to_come = reduce(or_, (marked[f"is_{n}"] for n in rules)) & (day > now)
    next_days = [_day_where(day, to_come).min()]
    for n, rule in rules.items():
        has_begun = marked[f"is_{n}"] & (day <= now)
        is_counted = has_begun & (day > now - rule.days) if rule.days else has_begun
        sums[f"sum_{n}"] = is_counted.ifelse(_event_weight(rule, day, reference), 0.0).sum()
        sums[f"count_{n}"] = is_counted.sum()
        sums[f"last_{n}"] = _day_where(day, is_counted).max()
        if rule.days:
            next_days.append(_day_where(day, is_counted).min() + rule.days)
    sums[f"next_{name}"] = ibis.least(*next_days) if len(next_days) > 1 else next_days[0]
    return marked.group_by(event_of=marked[SCORED.events[name].key]).aggregate(**sums)


def _day_where(day: Any, holds: Any) -> Any:
    """The day where something holds: DuckDB looks through a condition within the sum faster than through a filter of it."""
    return holds.ifelse(day, ibis.null("float64"))


def _mark_events(scoring_input: ScoringInput, name: str, rules: Mapping[int, EngagementRule]) -> tuple[Any, Any, Any]:
    """Return the events with a yes/no for each rule, their day, and the day that is asked about."""
    events = SCORED.events[name]
    rows = scoring_input.tables.table(name)
    rows = rows.filter(rows[events.key].notnull() & rows[events.moment].notnull())
    conditions = {f"is_{n}": rule.where or EVERYBODY for n, rule in rules.items()}
    paths = [leaf["field"] for rule in conditions.values() for leaf in list_conditions(rule)]
    rows = rows.select(*_needed_columns(paths, rows.columns, {events.key, events.moment}))
    marked = add_rule_columns(
        RuleContext(scoring_input.tables, scoring_input.now, LINKS), events_subject(events), conditions, rows
    )
    if scoring_input.has_moments:
        moments = scoring_input.rows.select(moment_of="id", **{MOMENT: MOMENT})
        marked = marked.join(moments, marked[events.key] == moments.moment_of)
        return marked, _days_since_epoch(marked[events.moment]), _days_since_epoch(marked[MOMENT])
    return marked, _days_since_epoch(marked[events.moment]), ibis.literal(days_since_epoch(scoring_input.now))


def _days_since_epoch(moment: Any) -> Any:
    return (unix_seconds(moment) - int(EPOCH.timestamp())).cast("float64") / DAY


def _event_weight(rule: EngagementRule, day: Any, reference: Any) -> Any:
    if not rule.half_life:
        return ibis.literal(abs(rule.points))
    return abs(rule.points) * ((day - reference) * (math.log(2) / rule.half_life)).exp()


def base_day(now: datetime) -> datetime:
    """The day that all leads share: the first of the year, so that no power grows beyond what a float holds."""
    return datetime(now.year, 1, 1, tzinfo=UTC)


def compute_scores(model: Model, scoring_input: ScoringInput) -> Any:
    """Return id, fit_points and score as of the moment asked about, one row for each lead that the model scores."""
    measured = measure_rules(model, scoring_input)
    amounts = [_pool_amount(model, measured, pool_index) for pool_index in range(len(model.pools))]
    return measured.select(
        "id", "fit_points", score=total_points(model, measured.fit_points, amounts, ibis.least).round(DIGITS)
    )


def _pool_amount(model: Model, measured: Any, pool_index: int) -> Any:
    """Add up the rules of one pool."""
    members = [n for n, rule in enumerate(model.engagement) if rule.pool == model.pools[pool_index]]
    return sum((measured[f"sum_{n}"].cast("float64").fill_null(0.0) for n in members), start=ibis.literal(0.0))


def compute_states(model: Model, scoring_input: ScoringInput) -> Any:
    """Return what is stored: lead_id, fit_points, letter, log_<pool>, score, next_change (seconds since 1970)."""
    base = base_day(scoring_input.now)
    measured = measure_rules(model, scoring_input, base)
    logs = {
        f"log_{pool_index}": _log_amount(model, measured, pool_index, base) for pool_index in range(len(model.pools))
    }
    measured = measured.select("id", "fit_points", "next_day", **logs)
    return measured.select(
        lead_id=measured.id,
        fit_points=measured.fit_points,
        letter=_letter_column(model, measured.fit_points),
        **{name: measured[name] for name in logs},
        score=score_column(model, measured, scoring_input.now),
        next_change=(measured.next_day * DAY).round().cast("int64") + int(EPOCH.timestamp()),
    )


def _log_amount(model: Model, measured: Any, pool_index: int, base: datetime) -> Any:
    amount = _pool_amount(model, measured, pool_index)
    return (amount > 0).ifelse(amount, ibis.null("float64")).log2() + days_since_epoch(base) * model.pools[
        pool_index
    ].rate


def score_column(model: Model, states: Any, now: datetime) -> Any:
    """The score at a moment, of columns fit_points and log_<pool>."""
    day = days_since_epoch(now)
    exponents = [
        states[f"log_{pool_index}"].fill_null(NOTHING) - day * pool.rate for pool_index, pool in enumerate(model.pools)
    ]
    # 2 ** exponent, bounded because a float holds no more than 2 ** 1023
    amounts = [(ibis.least(exponent, ibis.literal(1_000.0)) * math.log(2)).exp() for exponent in exponents]
    return total_points(model, states.fit_points, amounts, ibis.least).round(DIGITS)


def _letter_column(model: Model, points: Any) -> Any:
    if not model.possible_fit:
        return ibis.literal("")
    cases = [(points / model.possible_fit >= least, ibis.literal(letter)) for letter, least in LETTERS]
    return ibis.cases(*cases, else_=ibis.literal(LOWEST))
