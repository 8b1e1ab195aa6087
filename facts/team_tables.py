"""The fact tables of the app `team`, which is below this one and cannot declare them itself."""

from facts.registry import FactTable, columns_of, register_table
from team.models import Territory

register_table(FactTable("territories", Territory, columns_of(Territory, leave_out=frozenset({"calendar"}))))
