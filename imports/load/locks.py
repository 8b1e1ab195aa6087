"""One writer of imports at a time, so that two never wait for each other's rows."""

from django.db import connection

LOCK = 7_314_001


def one_at_a_time() -> None:
    """Hold the lock until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
