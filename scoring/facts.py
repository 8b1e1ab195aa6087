"""The fact tables of the scores: the form that time does not change; scoring.scores_in_force makes the score of a moment of it."""

from facts.registry import FactTable, columns_of, register_table
from scoring.models import Score

register_table(FactTable("scores", Score, columns_of(Score, leave_out=frozenset({"changed_xid"}))))
