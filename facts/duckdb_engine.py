"""DuckDB inside the process: one in-memory database per snapshot, one cursor per thread."""

import threading
import weakref
from collections.abc import Iterable, Iterator
from typing import Any

import duckdb
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa
from deltalake import DeltaTable
from django.conf import settings

from facts import custom, delta_tables
from facts.registry import Column, FactTable

PORTION = 100_000  # rows of an answer in memory at once


class DuckdbEngine:
    """Tables are views that scan the Parquet files natively; nothing is copied into the database.

    A table is handed out by its name and schema alone, so no expression keeps the database open: it is closed, with its
    threads, as soon as nobody holds the engine.
    """

    def __init__(self, zone: str) -> None:
        self.zone = zone
        self.database = duckdb.connect(
            ":memory:",
            config={
                "memory_limit": settings.FACTS_MEMORY,
                "temp_directory": str(settings.DATA_DIR / "spill"),
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
            },
        )
        self.database.execute(custom.DUCKDB_MACROS)
        self._local = threading.local()
        self._backends: weakref.WeakSet[Any] = weakref.WeakSet()
        weakref.finalize(self, _close_connections, self.database, self._backends)

    def execute(self, expression: ir.Table) -> pd.DataFrame:
        return self._backend().execute(expression)

    def stream(self, expression: ir.Table) -> Iterator[pa.RecordBatch]:
        backend = self._backend()
        backend._run_pre_execute_hooks(expression)  # shows it the rows of the moment that the question holds
        answer = backend.con.sql(backend.compile(expression)).to_arrow_reader(PORTION)  # Ibis 12 knows an older name
        try:
            yield from answer
        finally:
            answer.close()  # an answer left open would block all further questions of this thread

    def keep(self, name: str, expression: ir.Table) -> ir.Table:
        backend = self._backend()
        backend._run_pre_execute_hooks(expression)
        backend.raw_sql(f'CREATE OR REPLACE TEMP TABLE "{name}" AS {backend.compile(expression)}')
        return backend.table(name).unbind()

    def _backend(self) -> Any:
        """Return the calling thread's own way in: DuckDB's cursors are not to be shared."""
        if not hasattr(self._local, "backend"):
            from facts.sql_cache import Backend

            backend = Backend.from_connection(self.database.cursor())
            backend.raw_sql(f"SET TimeZone = {_quote_text(self.zone)}")
            self._local.backend, self._local.tables = backend, {}
            self._backends.add(backend)
        return self._local.backend

    def table(self, table: FactTable, delta: DeltaTable | None) -> ir.Table:
        backend = self._backend()
        if table.name not in self._local.tables:
            self._show(table, delta)
            self._local.tables[table.name] = backend.table(table.name).unbind()
        return self._local.tables[table.name]

    def _show(self, table: FactTable, delta: DeltaTable | None) -> None:
        known, rows = pa.schema([]), "(SELECT 1) WHERE false"
        if delta is not None and (files := [part.path for part in delta_tables.list_segments(delta)]):
            known, rows = pa.schema(delta.schema().to_arrow()), self._rows(table, delta, files)
        columns = ", ".join(_column_sql(column, known) for column in table.columns)
        self._local.backend.raw_sql(f'CREATE OR REPLACE TEMP VIEW "{table.name}" AS SELECT {columns} FROM {rows}')

    def _rows(self, table: FactTable, delta: DeltaTable, files: list[str]) -> str:
        if not delta_tables.is_remote():
            return f"read_parquet([{', '.join(_quote_text(file) for file in files)}])"
        self._local.backend.con.register(f"files of {table.name}", delta.to_pyarrow_dataset())  # else a download
        return f'"files of {table.name}"'


def _close_connections(database: duckdb.DuckDBPyConnection, backends: Iterable[Any]) -> None:
    for backend in list(backends):
        backend.con.close()
    database.close()


def _column_sql(column: Column, known: pa.Schema) -> str:
    """Read the column as declared, also from a copy made under an older declaration."""
    if column.name not in known.names:
        return f'CAST(NULL AS {column.duckdb}) AS "{column.name}"'
    if known.field(column.name).type == column.arrow:
        return f'"{column.name}"'
    return f'TRY_CAST("{column.name}" AS {column.duckdb}) AS "{column.name}"'


def _quote_text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def open_engine(zone: str) -> DuckdbEngine:
    return DuckdbEngine(zone)
