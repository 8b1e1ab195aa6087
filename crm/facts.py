"""The fact tables of the records: every field of every kind but the house-keeping of an import, and what a kind leaves out."""

from crm.models import DayRate, DealChange
from crm.registry import kinds_by_plural
from facts.registry import FactTable, columns_of, register_table

LEFT_OUT = frozenset({"changed_xid", "pending", "first_import_id", "last_import_id", "told"})
RENAMED = {"source": "source_system"}

for name, kind in kinds_by_plural().items():
    columns = columns_of(kind.model, leave_out=LEFT_OUT.union(kind.not_in_facts), rename=RENAMED)
    register_table(FactTable(name, kind.model, columns))
register_table(FactTable("day_rates", DayRate, columns_of(DayRate, leave_out=LEFT_OUT)))
register_table(FactTable("deal_changes", DealChange, columns_of(DealChange, leave_out=LEFT_OUT | {"import_id"})))
