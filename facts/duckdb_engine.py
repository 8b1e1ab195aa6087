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
from facts.registry import Column, DerivedTable, FactTable

STREAM_ROWS = 100_000  # rows of an answer in memory at once


class DuckdbEngine:
    """Tables are views that scan the Parquet files natively; nothing is copied into the database.

    A table is handed out by its name and schema alone, so no expression keeps the database open: it is closed, with its
    threads, as soon as the engine is not in use.
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
        self._thread_state = threading.local()
        self._backends: weakref.WeakSet[Any] = weakref.WeakSet()
        weakref.finalize(self, _close_connections, self.database, self._backends)

    def execute(self, expression: ir.Table) -> pd.DataFrame:
        return self._thread_backend().execute(expression)

    def stream(self, expression: ir.Table) -> Iterator[pa.RecordBatch]:
        """Ask in the calling thread, whose tables the question names; the rows may be read in another one."""
        backend = self._thread_backend()
        backend._run_pre_execute_hooks(expression)  # shows it the rows of the moment that the question holds
        # not Ibis' own to_pyarrow_batches: Ibis 12 calls a method that DuckDB has renamed
        return _read_batches(backend.con.sql(backend.compile(expression)).to_arrow_reader(STREAM_ROWS))

    def materialize(self, name: str, expression: ir.Table) -> ir.Table:
        backend = self._thread_backend()
        backend._run_pre_execute_hooks(expression)
        backend.raw_sql(f'CREATE OR REPLACE TEMP TABLE "{name}" AS {backend.compile(expression)}')
        return backend.table(name).unbind()

    def _thread_backend(self) -> Any:
        """Return the calling thread's own backend: DuckDB's cursors must not be shared between threads."""
        if not hasattr(self._thread_state, "backend"):
            from facts.sql_cache import Backend

            backend = Backend.from_connection(self.database.cursor())
            backend.raw_sql(f"SET TimeZone = {_quote_text(self.zone)}")
            self._thread_state.backend, self._thread_state.tables = backend, {}
            self._backends.add(backend)
        return self._thread_state.backend

    def table(self, table: FactTable | DerivedTable, delta: DeltaTable | None) -> ir.Table:
        backend = self._thread_backend()
        if table.name not in self._thread_state.tables:
            self._create_view(table, delta)
            self._thread_state.tables[table.name] = backend.table(table.name).unbind()
        return self._thread_state.tables[table.name]

    def _create_view(self, table: FactTable | DerivedTable, delta: DeltaTable | None) -> None:
        copied_schema, rows = pa.schema([]), "(SELECT 1) WHERE false"
        if delta is not None and (files := [segment.path for segment in delta_tables.list_segments(delta)]):
            copied_schema, rows = pa.schema(delta.schema().to_arrow()), self._rows_sql(table, delta, files)
        columns = ", ".join(_column_sql(column, copied_schema) for column in table.columns)
        self._thread_state.backend.raw_sql(
            f'CREATE OR REPLACE TEMP VIEW "{table.name}" AS SELECT {columns} FROM {rows}'
        )

    def _rows_sql(self, table: FactTable | DerivedTable, delta: DeltaTable, files: list[str]) -> str:
        if not delta_tables.is_remote():
            return f"read_parquet([{', '.join(_quote_text(file) for file in files)}])"
        self._thread_state.backend.con.register(f"files of {table.name}", delta.to_pyarrow_dataset())  # else a download
        return f'"files of {table.name}"'


def _read_batches(reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    try:
        yield from reader
    finally:
        reader.close()  # an answer left open would block all further questions of this thread


def _close_connections(database: duckdb.DuckDBPyConnection, backends: Iterable[Any]) -> None:
    for backend in list(backends):
        backend.con.close()
    database.close()


def _column_sql(column: Column, copied_schema: pa.Schema) -> str:
    """Return SQL that reads the column as declared, also from a copy made under an older declaration."""
    if column.name not in copied_schema.names:
        return f'CAST(NULL AS {column.duckdb_type}) AS "{column.name}"'
    if copied_schema.field(column.name).type == column.arrow_type:
        return f'"{column.name}"'
    return f'TRY_CAST("{column.name}" AS {column.duckdb_type}) AS "{column.name}"'


def _quote_text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def open_engine(zone: str) -> DuckdbEngine:
    return DuckdbEngine(zone)
