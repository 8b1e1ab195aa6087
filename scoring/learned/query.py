"""Ask the facts what the learner needs: which kinds of events there are, and how every candidate rule answers."""

from typing import Any

import pandas as pd

from crm.rule_fields import RuleTables
from facts.rules import Rule
from imports.history import RecordHistory
from scoring.compiling import MOMENT, ScoringInput, lead_columns, measure_rules
from scoring.fields import moments_table
from scoring.learned.candidates import Kind
from scoring.terms import COUNTED, SCORED, Model

KINDS = 6  # of each table, the most frequent first
NAMED = {"touches": "kind", "activities": "kind", "usage_events": "name"}
LEAST = 20  # leads that must have one
RESPONDED: Rule = {"field": "has_responded", "is": "yes"}
PORTION = 50_000


def event_kinds(facts: Any) -> list[Kind]:
    """Return the kinds of events that enough leads have."""
    kinds = [kind for table in COUNTED for kind in _kinds_of(facts, table)]
    if any(kind.events == "touches" for kind in kinds):
        kinds.append(Kind("touches", "Responded", RESPONDED))
    return kinds


def _kinds_of(facts: Any, table: str) -> list[Kind]:
    events, name = SCORED.events[table], NAMED[table]
    rows = RuleTables(facts, "leads").table(table)
    own = facts.table("leads").select(of_scope="id")
    rows = rows.semi_join(own, rows[events.key] == own.of_scope)
    lead_counts = rows.group_by(kind=rows[name]).aggregate(leads=rows[events.key].nunique())
    counts = facts.execute(lead_counts.filter(lead_counts.leads >= LEAST)).sort_values("leads", ascending=False)
    return [
        Kind(table, str(kind), {"field": name, "is": "is", "value": str(kind)})
        for kind in counts["kind"]
        if isinstance(kind, str) and kind.strip()
    ][:KINDS]


def answer_rules(facts: Any, model: Model, rows: pd.DataFrame, tell: Any) -> pd.DataFrame:
    """Return for each lead in `rows`, in their order, how every rule of the model answers as of its moment.

    Columns: fit_<n> (0 or 1) and sum_<n> (what its events are worth, a point each when fresh).
    """
    pieces = []
    for first in range(0, len(rows), PORTION):
        tell(first, len(rows), "Asking every candidate rule of every lead")
        pieces.append(_answer_portion(facts, model, rows.iloc[first : first + PORTION]))
    return pd.concat(pieces, ignore_index=True)


def _answer_portion(facts: Any, model: Model, rows: pd.DataFrame) -> pd.DataFrame:
    moments = rows.assign(**{MOMENT: rows[MOMENT].fillna(pd.Timestamp(facts.as_of))})
    past = RecordHistory(facts, moments_table(moments), lead_columns(model, facts.table("leads").columns))
    answer = facts.execute(measure_rules(model, ScoringInput(RuleTables(past, "leads"), past.leads, facts.as_of)))
    names = [name for name in answer.columns if name.startswith(("fit_", "sum_")) and name != "fit_points"]
    return answer.set_index("id")[names].reindex(rows["lead_id"]).fillna(0).astype(float).reset_index(drop=True)
