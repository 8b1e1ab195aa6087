"""Short ways to run a statement whose text is built from names of the models; values always travel apart from it."""

from collections.abc import Sequence
from typing import Any

from django.db import connection, models

quote_name = connection.ops.quote_name


def table_of(model: type[models.Model]) -> str:
    return str(quote_name(model._meta.db_table))


def run_statement(statement: str, values: Sequence[Any] = ()) -> int:
    """Return how many rows the statement wrote."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)


def fetch_value(statement: str, values: Sequence[Any] = ()) -> Any:
    """Return the one value that a query gives."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()[0]
