"""One deal as rows of the moment, read from Postgres in the shape of the facts, so that the same rules tell its history."""

import json
from typing import Any

import ibis
import pyarrow as pa
from django.db import connection

from crm.models import Opportunity
from facts import registry
from facts.duckdb_engine import open_engine
from facts.plain_rows import plain_rows
from forecast.history import deal_states
from team.models import Company

COLUMNS = {"opportunities": "id", "stage_changes": "opportunity_id", "deal_changes": "opportunity_id"}


class OneDealTables:
    """The fact tables that tell the history of a deal, with the rows of that deal alone."""

    def __init__(self, deal: Opportunity) -> None:
        self._tables = {name: ibis.memtable(_read_rows(name, column, deal.pk)) for name, column in COLUMNS.items()}

    def table(self, name: str) -> Any:
        return self._tables[name]


def _read_rows(name: str, column: str, pk: int) -> pa.Table:
    table = registry.get_table(name)
    names = ", ".join(f'"{field.from_column}"' for field in table.columns)
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT {names} FROM "{table.source}" WHERE "{column}" = %s', [pk])
        rows = [dict(zip(table.arrow_schema.names, map(_as_plain, row), strict=True)) for row in cursor.fetchall()]
    return pa.Table.from_pylist(rows, schema=table.arrow_schema)


def _as_plain(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict | list) else value


def read_states(deal: Opportunity) -> list[dict[str, Any]]:
    """Return the states of the deal in order, None for what is empty."""
    company = Company.get()
    states = deal_states(OneDealTables(deal), company.today())
    frame = open_engine(company.time_zone).execute(states.order_by("number"))
    return plain_rows(frame)
