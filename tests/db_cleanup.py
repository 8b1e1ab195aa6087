"""After a test with real transactions: empty the tables that have rows, and only those.

Django cuts all of them off and writes the permissions again, a quarter of a second each time.
"""

from typing import Any

from django.db import connection
from django.test import TransactionTestCase

KEPT = {"django_content_type", "auth_permission"}  # what the models say, and no test changes
MANY = 2_000  # rows of a table from which it is quicker to cut it off
_cut_off_all = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]


def wipe(self: TransactionTestCase) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        is_ours = cursor.fetchone() == (True,)
        filled = _with_rows(cursor, 0)
        if is_ours and filled and not _with_rows(cursor, MANY):
            deletes = "".join(f'DELETE FROM "{name}";' for name in filled)
            cursor.execute(f"BEGIN; SET LOCAL session_replication_role = replica; {deletes} COMMIT")
            return
    if filled:
        _cut_off_all(self)


def _with_rows(cursor: Any, more_than: int) -> list[str]:
    names = set(connection.introspection.django_table_names(only_existing=True, include_views=False)) - KEPT
    each = (f"(SELECT '{name}' FROM \"{name}\" OFFSET {more_than} LIMIT 1)" for name in sorted(names))
    cursor.execute(" UNION ALL ".join(each))
    return [name for (name,) in cursor.fetchall()]


def install() -> None:
    TransactionTestCase._fixture_teardown = wipe  # type: ignore[attr-defined]
