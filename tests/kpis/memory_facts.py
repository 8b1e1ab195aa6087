"""Facts made of plain rows, in memory: the declared tables with only what a test says."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from attribution.credits import compute_credits
from attribution.facts import CREDITS
from facts import custom
from facts.registry import find_declaration
from facts.sql_cache import Backend

Rows = Iterable[dict[str, Any]]
ZONE = "Europe/Berlin"
DEFAULTS: dict[str, dict[str, Any]] = {
    "opportunities": {"outcome": "open", "currency": "EUR"},
    "invoices": {"kind": "invoice", "currency": "EUR"},
    "spend": {"side": "marketing", "category": "people", "currency": "EUR"},
    "leads": {"is_converted": False},
    "payments": {"currency": "EUR"},
    "line_items": {"currency": "EUR"},
    "subscriptions": {"currency": "EUR", "period": "month"},
}


class MemoryFacts:
    """Stands for `Facts`: `MemoryFacts(leads=[{"lead_source": "web"}])`; what is not said is NULL."""

    snapshot = None
    as_of = datetime(2026, 11, 22, 12, tzinfo=UTC)

    def __init__(self, zone: str = ZONE, **given: Rows) -> None:
        self.backend = Backend.from_connection(duckdb.connect())
        self.backend.raw_sql(f"SET TimeZone = '{zone}'")
        self.backend.raw_sql(custom.DUCKDB_MACROS)
        self.questions = 0
        self._given = given
        self._made: dict[str, Any] = {}

    def table(self, name: str) -> Any:
        if name not in self._made:
            self._put(name, self._given.get(name, []))
            self._made[name] = self.backend.table(name)
        return self._made[name]

    def _put(self, name: str, given: Rows) -> None:
        ids = count(1)
        common = {"source_system": "test", "custom": "{}", **DEFAULTS.get(name, {})}
        schema = find_declaration(name).arrow_schema
        rows = given if isinstance(given, pa.Table) else [{"id": next(ids), **common, **row} for row in given]
        arrived = rows if isinstance(rows, pa.Table) else pa.Table.from_pylist(rows, schema=schema)
        self.backend.con.register("arrived", arrived)
        self.backend.raw_sql(f'CREATE OR REPLACE TABLE "{name}" AS SELECT * FROM arrived')
        self.backend.con.unregister("arrived")

    def execute(self, expression: Any) -> pd.DataFrame:
        self.questions += 1
        return self.backend.execute(expression.as_table())

    def materialize(self, name: str, expression: Any) -> Any:
        self.backend.raw_sql(f'CREATE OR REPLACE TEMP TABLE "kept_{name}" AS {self.backend.compile(expression)}')
        return self.backend.table(f"kept_{name}")

    def stream(self, expression: Any) -> Iterator[pa.RecordBatch]:
        yield from self.backend.to_pyarrow(expression.as_table()).to_batches()

    def add_credits(self, company: Any) -> None:
        """Divide the leads and deals over the touches, as the nightly run does."""
        batches = list(compute_credits(self, company, self.as_of))
        self._given["credits"] = pa.Table.from_batches(batches, schema=CREDITS.arrow_schema)
        self._made.pop("credits", None)
