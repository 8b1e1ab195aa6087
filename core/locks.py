"""The advisory locks of the database, all in one place so that no two tasks share a number by accident."""

from enum import IntEnum
from typing import Any


class AdvisoryLock(IntEnum):
    """What only one process at a time may do. The numbers are arbitrary, but must not change between releases."""

    FACTS_REFRESH = 7_022_026
    RUN_SCHEDULE = 7_022_027
    STAGE_MOVES = 7_022_028
    HANDOFF_OPENING = 7_022_029
    SCORES = 7_022_030
    IMPORT_WRITES = 7_314_001
    DAY_RATES = 7_314_002
    ALARMS = 7_314_003


def acquire_lock(cursor: Any, lock: int) -> None:
    """Wait for the lock and hold it until the transaction ends."""
    cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int(lock)])


def try_lock(cursor: Any, lock: int) -> bool:
    """Take the lock until the transaction ends, without waiting; False while another process holds it."""
    cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [int(lock)])
    return bool(cursor.fetchone()[0])
