"""The fact tables of scores and of places by the ideal customer profile.

Of a score the form that time does not change is stored; scoring.scores_in_force makes the score of a moment of it.
"""

from facts.registry import Column, DerivedTable, FactTable, columns_of, register_derived_table, register_table
from scoring.models import Score

register_table(FactTable("scores", Score, columns_of(Score, leave_out=frozenset({"changed_xid"}))))
ICP_PLACES = DerivedTable(
    "icp_places",
    (
        Column("id", "int64"),
        Column("lead_id", "int64"),  # a lead …
        Column("account_id", "int64"),  # … or an account
        Column("place", "string"),
        Column("distance", "float64"),
    ),
    "1",  # change it when the same records give other places
)
register_derived_table(ICP_PLACES)
