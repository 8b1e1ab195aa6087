"""Whether the facts still say what the records say."""

from django.db import connection

from facts.engine import Facts, latest_snapshot, open_facts
from facts.models import Deletion, Snapshot
from facts.refresh import refresh
from facts.registry import all_tables


def up_to_date_facts() -> Facts:
    """Return facts that know every committed record; they are refreshed first when they do not."""
    if is_stale(latest_snapshot()):
        refresh()
    return open_facts()


def is_stale(snapshot: Snapshot | None) -> bool:
    """Tell whether any record was written or deleted since the snapshot was taken. One query."""
    if snapshot is None or open_facts(snapshot).snapshot is None:
        return True
    written = [table.source for table in all_tables().values() if table.is_stamped] + [Deletion._meta.db_table]
    question = " OR ".join(f'EXISTS (SELECT 1 FROM "{name}" WHERE changed_xid >= %s::xid8)' for name in written)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {question}", [snapshot.horizon] * len(written))
        return bool(cursor.fetchone()[0])
