"""Staged rows that write the id of a Salesforce record in another way than it is stored get the stored one.

Ids are kept with 18 characters (`record_ids`). Records from before that rule are stored with 15, and ids whose last three
characters do not fit the others are stored as they were written; their first 15 characters tell which record they are.
"""

from functools import lru_cache
from typing import Any

from django.db import connection

from crm.imports.plan import Plan
from crm.imports.record_ids import LONG, SHORT, is_of_salesforce

EXTERNAL_ID = "external_id"
quoted = connection.ops.quote_name


def use_stored_ids(cursor: Any, plan: Plan, stage: str, *, is_mixed: bool, run: tuple[str, int]) -> None:
    """Rewrite the ids of staged rows, and those by which they name others.

    Args:
        is_mixed: some were written with 15 characters, or do not fit; else only what is stored can differ.
        run: the import or preview, for which it is asked once whether any stored id has 15 characters.
    """
    if not is_of_salesforce(plan.source.name):
        return
    columns = [(EXTERNAL_ID, plan.table)]
    columns += [(one.staged, one.model._meta.db_table) for one in plan.references if one.rule.by == EXTERNAL_ID]
    for column, table in columns:
        if is_mixed or has_short_ids(table, plan.source.name, run):
            _rewrite(cursor, plan.source.name, stage, column, table)


@lru_cache(maxsize=256)
def has_short_ids(table: str, source: str, run: tuple[str, int]) -> bool:
    """Tell whether any record of a source is stored under an id of 15 characters."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT EXISTS (SELECT 1 FROM {quoted(table)} WHERE source = %s AND length(external_id) = {SHORT})",
            [source],
        )
        return bool(cursor.fetchone()[0])


def _rewrite(cursor: Any, source: str, stage: str, column: str, table: str) -> None:
    key, stored = quoted(column), quoted(table)
    cursor.execute(
        f"UPDATE {stage} s SET {key} = k.stored FROM (SELECT DISTINCT ON (w.key) w.key, x.external_id AS stored FROM "
        f"(SELECT DISTINCT {key} AS key FROM {stage} WHERE length({key}) = {LONG}) w JOIN {stored} x ON x.source = %s "
        f"AND length(x.external_id) IN ({SHORT}, {LONG}) AND left(x.external_id, {SHORT}) = left(w.key, {SHORT}) "
        f"WHERE NOT EXISTS (SELECT 1 FROM {stored} y WHERE y.source = %s AND y.external_id = w.key) "
        f"ORDER BY w.key, x.id) k WHERE s.{key} = k.key",
        [source, source],
    )
