"""The fact table of this app: how every deal stood, from when on, written by a step of the nightly run."""

from facts.registry import Column, DerivedTable, register_derived_table
from forecast.history import CENTS

CONTENT = "1"  # change it when the same records give other states
DEAL_STATES = DerivedTable(
    "deal_states",
    (
        Column("id", "int64"),
        Column("deal_id", "int64"),
        Column("number", "int64"),  # among the states of the deal, from 0
        Column("on", "date"),
        Column("until_on", "date"),  # the day of the next state; empty: there is none
        Column("pipeline", "string"),
        Column("stage", "string"),
        Column("outcome", "string"),
        Column("amount", CENTS),
        Column("currency", "string"),
        Column("close_on", "date"),
        Column("is_assumed", "boolean"),
        Column("old_on", "date"),
        Column("old_outcome", "string"),
        Column("old_stage", "string"),
        Column("old_pipeline", "string"),
        Column("old_amount", CENTS),
        Column("old_currency", "string"),
        Column("old_close_on", "date"),
        Column("pushes", "int64"),
        Column("stage_since", "date"),
        Column("enters_stage", "boolean"),
        Column("is_change", "boolean"),
    ),
    CONTENT,
)
register_derived_table(DEAL_STATES)
