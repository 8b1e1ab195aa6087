"""What an import writes is marked as its own, so that it can be undone completely.

`mark_transaction` opens a transaction of an import: the database stamps new rows with its number (`first_import_id`), keeps
the old image of rows that it changes (`imports_rowversion`), and notes the transaction.
"""

from django.db import connection

from core.locks import AdvisoryLock, acquire_lock
from crm.models.deal_changes import RESTORING


def lock_import_writes() -> None:
    """Let one import or undo write at a time, until the transaction ends, so that two never wait for each other's rows."""
    with connection.cursor() as cursor:
        acquire_lock(cursor, AdvisoryLock.IMPORT_WRITES)


def mark_transaction(run_id: int) -> None:
    """Mark everything that this transaction writes to the records as the import's; call it inside `atomic`."""
    lock_import_writes()
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('accord.import', %s, true)", [str(run_id)])
        cursor.execute(
            "INSERT INTO imports_importtransaction (run_id, xid) VALUES (%s, pg_current_xact_id()) ON CONFLICT DO NOTHING",
            [run_id],
        )


def mark_restoring() -> None:
    """Mark this transaction as one that gives rows their earlier values back, which is no change of a deal."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, 'on', true)", [RESTORING])


def note_made_rows(run_id: int, table: str, row_ids: list[int]) -> None:
    """Note rows that the import made in a table without a stamp of its own."""
    with connection.cursor() as cursor:
        cursor.execute(
            'INSERT INTO imports_rowversion (run_id, "table", row_id) SELECT %s, %s, unnest(%s::bigint[]) ON CONFLICT DO NOTHING',
            [run_id, table, row_ids],
        )
