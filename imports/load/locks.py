"""One writer of imports at a time, so that two never wait for each other's rows."""

from django.db import connection

from core.locks import AdvisoryLock, acquire_lock


def one_at_a_time() -> None:
    """Hold the lock until the transaction ends."""
    with connection.cursor() as cursor:
        acquire_lock(cursor, AdvisoryLock.IMPORT_WRITES)
