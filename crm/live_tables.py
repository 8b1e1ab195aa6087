"""One buyer, or a few, as rows of the moment, read from Postgres in the shape of the facts: the same rules work on all buyers and on one."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import ibis
import pyarrow as pa
from django.db import connection

from crm.models import Account, Lead
from crm.rule_fields import LINKS
from facts import registry
from facts.duckdb_engine import open_engine
from team.models import Company

TABLES_OF_SUBJECT = {
    "leads": ("touches", "activities", "usage_events", "opportunities", "stage_changes", "verdicts", "moves", "scores"),
    "accounts": ("touches", "activities", "usage_events", "opportunities"),
}


class LiveTables:
    """The fact tables as far as they concern some buyers of one kind, few enough to be held in memory."""

    def __init__(self, buyers: Sequence[Lead | Account]) -> None:
        self.subject = "accounts" if buyers and isinstance(buyers[0], Account) else "leads"
        self.buyers = buyers
        self._tables: dict[str, pa.Table] = {}
        self._engine = open_engine(Company.get().time_zone)
        self._read()

    def table(self, name: str) -> Any:
        rows = self._tables.get(name)
        return ibis.memtable(registry.get_table(name).arrow_schema.empty_table() if rows is None else rows)

    def execute(self, expression: Any) -> Any:
        return self._engine.execute(expression.as_table())

    def stream(self, expression: Any) -> Iterator[pa.RecordBatch]:
        return self._engine.stream(expression.as_table())

    def materialize(self, name: str, expression: Any) -> Any:
        return self._engine.materialize(f"kept_{name}", expression.as_table())

    def _read(self) -> None:
        """Read the buyers, their events, and then all that these point to."""
        tables = registry.all_tables()
        key, ids = "lead_id" if self.subject == "leads" else "account_id", {buyer.pk for buyer in self.buyers}
        self._read_rows(self.subject, "id", ids)
        for name in TABLES_OF_SUBJECT[self.subject]:
            if name in tables and key in {column.name for column in tables[name].columns}:
                self._read_rows(name, key, ids)
        if self.subject == "leads":
            self._read_rows("usage_events", "account_id", self._ids("leads", "account_id"), add=True)
            self._read_rows("stage_changes", "opportunity_id", self._ids("opportunities", "id"), add=True)
        else:
            self._read_rows("leads", "account_id", ids)
            self._read_rows("touches", "lead_id", self._ids("leads", "id"), add=True)
        for _ in range(3):  # as deep as paths of fields go
            self._read_linked_rows()

    def _ids(self, name: str, column: str) -> set[int]:
        return set(self._tables[name][column].drop_null().to_pylist())

    def _read_linked_rows(self) -> None:
        wanted: dict[str, set[int]] = {}
        for rows in list(self._tables.values()):
            for pointer, name in LINKS.items():
                if f"{pointer}_id" in rows.column_names:
                    wanted.setdefault(name, set()).update(filter(None, rows[f"{pointer}_id"].to_pylist()))
        for name, ids in wanted.items():
            there = self._ids(name, "id") if name in self._tables else set()
            if ids - there:
                self._read_rows(name, "id", ids - there, add=True)

    def _read_rows(self, name: str, column: str, values: set[int], add: bool = False) -> None:
        """Read rows by a column; with `add` those that are not there yet are added."""
        table = registry.get_table(name)
        names = ", ".join(f'"{column.from_column}"' for column in table.columns)
        source = next(candidate.from_column for candidate in table.columns if candidate.name == column)
        there = self._ids(name, "id") if add and name in self._tables else set()
        with connection.cursor() as cursor:
            cursor.execute(
                f'SELECT {names} FROM "{table.source}" WHERE "{source}" = ANY(%s) AND id <> ALL(%s)',
                [sorted(values), sorted(there)],
            )
            rows = [
                dict(zip(table.arrow_schema.names, map(_json_as_text, row), strict=True)) for row in cursor.fetchall()
            ]
        read = pa.Table.from_pylist(rows, schema=table.arrow_schema)
        self._tables[name] = pa.concat_tables([self._tables[name], read]) if add and name in self._tables else read


class OneBuyerTables(LiveTables):
    """The fact tables as far as they concern one buyer."""

    def __init__(self, buyer: Lead | Account) -> None:
        super().__init__([buyer])


def _json_as_text(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict | list) else value
