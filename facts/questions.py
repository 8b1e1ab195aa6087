"""Questions put into DuckDB's SQL."""

from functools import lru_cache
from typing import Any

import ibis
import ibis.backends.duckdb
import ibis.expr.types as ir
from ibis.expr.operations import InMemoryTable, Node

KEPT_QUESTIONS = 2_000


class Backend(ibis.backends.duckdb.Backend):
    """Puts a question into SQL once, for all snapshots and threads: Ibis takes longer over that than DuckDB over few rows."""

    def compile(self, expr: ir.Expr, /, **given: Any) -> str:
        question = expr.op()
        if any(given.values()) or question.find(InMemoryTable):  # rows of the moment are not to be held
            return super().compile(expr, **given)
        return _sql(question)


@lru_cache(maxsize=KEPT_QUESTIONS)
def _sql(question: Node) -> str:
    return str(ibis.to_sql(question.to_expr(), dialect="duckdb", pretty=False))
