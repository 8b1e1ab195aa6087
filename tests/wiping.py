"""After a test with real transactions: empty the tables that have rows, and only those.

Django cuts all of them off and writes the permissions anew, a quarter of a second each time.
"""

from typing import Any

from django.db import connection
from django.test import TransactionTestCase

KEPT = {"django_content_type", "auth_permission"}  # what the models say, and no test changes
_cut_off_all = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]


def wipe(self: TransactionTestCase) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if cursor.fetchone() != (True,):  # on a database of one's own: it takes longer
            _cut_off_all(self)
            return
        filled = _filled(cursor)
        if filled:
            deletes = "".join(f'DELETE FROM "{name}";' for name in filled)
            cursor.execute(f"BEGIN; SET LOCAL session_replication_role = replica; {deletes} COMMIT")


def _filled(cursor: Any) -> list[str]:
    names = set(connection.introspection.django_table_names(only_existing=True, include_views=False)) - KEPT
    cursor.execute(" UNION ALL ".join(f"(SELECT '{name}' FROM \"{name}\" LIMIT 1)" for name in sorted(names)))
    return [name for (name,) in cursor.fetchall()]


def install() -> None:
    TransactionTestCase._fixture_teardown = wipe  # type: ignore[attr-defined]
