"""Questions put into DuckDB's SQL, and the rows of the moment that they hold."""

import weakref
from collections import deque
from functools import lru_cache
from typing import Any

import ibis
import ibis.backends.duckdb
import ibis.expr.types as ir
from ibis.expr.operations import DatabaseTable, InMemoryTable, Node

KEPT_QUESTIONS = 500  # a question holds its expression, about 100 kB


class Backend(ibis.backends.duckdb.Backend):
    """Puts a question into SQL once, for all snapshots and threads: Ibis takes longer over that than DuckDB over few rows.

    Ibis registers what shall drop a memtable to run at the end of the process, which keeps the rows and the database
    until then. Here the rows go with the question that held them.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._unused_memtables: deque[str] = deque()

    def compile(self, expr: ir.Expr, /, **given: Any) -> str:
        question = expr.op()
        if any(given.values()) or question.find((InMemoryTable, DatabaseTable)):  # neither rows nor a database are kept
            return super().compile(expr, **given)
        return _sql(question)

    def _register_in_memory_tables(self, expr: ir.Expr) -> None:
        self._drop_unused_memtables()
        for memtable in self._verify_in_memory_tables_are_unique(expr):
            if memtable not in self._memtables:
                self._register_in_memory_table(memtable)
                self._memtables.add(memtable)
                weakref.finalize(memtable, self._unused_memtables.append, memtable.name).atexit = False

    def _drop_unused_memtables(self) -> None:
        while self._unused_memtables:
            self.con.unregister(self._unused_memtables.popleft())


@lru_cache(maxsize=KEPT_QUESTIONS)
def _sql(question: Node) -> str:
    return str(ibis.to_sql(question.to_expr(), dialect="duckdb", pretty=False))
