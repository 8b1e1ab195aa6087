"""Lists of records say how to ask later for what has changed since."""

import hashlib
from typing import Any

from django.db import connection
from django.db.models import Model, QuerySet

from core.api.paging import KeyPagination


class RecordPagination(KeyPagination):
    def describe_list(self, queryset: QuerySet[Any]) -> dict[str, Any]:
        """Take the horizon before the rows: what a transaction still open writes will come again, never get lost."""
        return {
            "sync_token": f"{oldest_open_transaction()}-{table_identity(queryset.model)}",
            **super().describe_list(queryset),
        }

    def describe_schema(self) -> dict[str, Any]:
        description = "Pass it as changed_since later to get only what was written since this list began."
        return {"sync_token": {"type": "string", "description": description}, **super().describe_schema()}


def oldest_open_transaction() -> str:
    """Return the oldest transaction still open: every row written from now on is stamped with it or a later one."""
    return _query_scalar("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")


def table_identity(model: type[Model]) -> str:
    """Name this very table of this very database; in a restored one transactions are counted again."""
    identity = _query_scalar(
        "SELECT system_identifier || '.' || %s::regclass::oid FROM pg_control_system()", f'"{model._meta.db_table}"'
    )
    return hashlib.sha256(identity.encode()).hexdigest()[:8]


def _query_scalar(statement: str, *values: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return str(cursor.fetchone()[0])
