"""Lists of records say how to ask later for what has changed since."""

from typing import Any

from django.db import connection
from django.db.models import QuerySet

from core.api.paging import KeyPagination


class RecordPagination(KeyPagination):
    def describe(self, queryset: QuerySet[Any]) -> dict[str, Any]:
        """Take the horizon before the rows: what a transaction still open writes will come again, never get lost."""
        return {"sync_token": horizon(), **super().describe(queryset)}

    def describe_schema(self) -> dict[str, Any]:
        words = "Pass it as changed_since later to get only what was written since this list began."
        return {"sync_token": {"type": "string", "description": words}, **super().describe_schema()}


def horizon() -> str:
    """Return the oldest transaction still open: every row written from now on is stamped with it or a later one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")
        return str(cursor.fetchone()[0])
