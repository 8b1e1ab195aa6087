"""The fact tables of the funnel: what happened to each buyer on the way."""

from facts.registry import Column, DerivedTable, FactTable, columns_of, register_derived_table, register_table
from funnel.models import HandOff, Move, Verdict

LEFT_OUT = frozenset({"changed_xid"})

register_table(FactTable("moves", Move, columns_of(Move, leave_out=LEFT_OUT | {"evidence", "override", "recorded_at"})))
register_table(
    FactTable(
        "handoffs",
        HandOff,
        columns_of(
            HandOff,
            leave_out=LEFT_OUT | {"why", "pause_reason", "paused_by", "rated_by"},
            rename={"to_owner": "owner_id"},
        ),
    )
)
register_table(FactTable("verdicts", Verdict, columns_of(Verdict, leave_out=LEFT_OUT | {"note"})))
SILENCES = DerivedTable(
    "silences",
    (
        Column("id", "int64"),  # of the hand-over
        Column("seconds", "float64"),  # of business time until the next hand-over or the answer; empty: it lasts
    ),
    "1",  # change it when the same records give other times
)
register_derived_table(SILENCES)
