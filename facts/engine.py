"""Query the facts: Ibis tables over the Parquet files of one Snapshot, run by DuckDB in the process or by Spark.

    facts = open_facts()
    leads = facts.table("leads")
    facts.execute(leads.group_by("country").agg(leads=leads.count()))

A moment counts to the day it has in the company's time zone: `leads.created_at.date()` is the local day on either
engine. Sums of money stay exact: they arrive as `Decimal`.
"""

import logging
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator
from datetime import datetime
from importlib import import_module
from typing import Any, Protocol

import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa
from deltalake import DeltaTable
from django.conf import settings

from facts import delta_tables
from facts.models import Snapshot
from facts.registry import DerivedTable, FactTable, all_tables, derived_tables, find_declaration
from team.models import Company

log = logging.getLogger(__name__)
CACHED_ENGINES = 2  # the newest snapshot, and the one that running requests still read


class Engine(Protocol):
    """What runs the queries on one snapshot, for all threads of the process."""

    def table(self, table: FactTable | DerivedTable, delta: DeltaTable | None) -> ir.Table:
        """Return the table for the calling thread, empty when there is no Delta table."""

    def execute(self, expression: ir.Table) -> pd.DataFrame:
        """Run a query on this engine's tables."""

    def stream(self, expression: ir.Table) -> Iterator[pa.RecordBatch]:
        """Run a query and yield its rows in batches."""

    def materialize(self, name: str, expression: ir.Table) -> ir.Table:
        """Run a query and store its result as a table of the calling thread, replacing one of that name."""


class Facts:
    """All fact tables as they stood at one snapshot; `as_of` is None while nothing was ever copied."""

    def __init__(self, engine: Engine, snapshot: Snapshot | None, deltas: dict[str, DeltaTable]) -> None:
        self.snapshot = snapshot
        self._engine = engine
        self._deltas = deltas

    @property
    def as_of(self) -> datetime | None:
        return self.snapshot.taken_at if self.snapshot else None

    def table(self, name: str) -> ir.Table:
        """Return the table, empty but with the right columns when it was never copied."""
        return self._engine.table(find_declaration(name), self._deltas.get(name))

    def execute(self, expression: ir.Expr) -> pd.DataFrame:
        """Run the question and return its rows; a single value comes as a frame of one cell."""
        return self._engine.execute(expression.as_table())

    def stream(self, expression: ir.Expr) -> Iterator[pa.RecordBatch]:
        """Run the question and yield its rows as they come, for answers too large to hold."""
        return self._engine.stream(expression.as_table())

    def materialize(self, name: str, expression: ir.Expr) -> ir.Table:
        """Run a query that several others build on, and store its result until one of that name replaces it."""
        return self._engine.materialize(f"kept_{name}", expression.as_table())


_opened: OrderedDict[tuple[Any, ...], Facts] = OrderedDict()
_opening = threading.Lock()


def latest_snapshot() -> Snapshot | None:
    return Snapshot.objects.order_by("-taken_at", "-pk").first()


def as_of() -> datetime | None:
    """Return the moment up to which the numbers know the records, None before the first refresh. One query."""
    return Snapshot.objects.order_by("-taken_at", "-pk").values_list("taken_at", flat=True).first()


def open_facts(snapshot: Snapshot | None = None) -> Facts:
    """Open the given snapshot, or the newest. The result is cached and shared by all threads of the process."""
    snapshot = snapshot or latest_snapshot()
    zone = Company.get().time_zone
    shapes = (
        *(table.shape for table in all_tables().values()),
        *(table.shape for table in derived_tables().values()),
    )
    versions = str((snapshot.pk, snapshot.taken_at, snapshot.versions, snapshot.lake_ids)) if snapshot else ""
    # the process id is part of the key because a forked process must open its own
    key = (os.getpid(), settings.FACTS_ENGINE, str(settings.FACTS_DIR), shapes, versions, zone)
    with _opening:
        if key not in _opened:
            _opened[key] = _open_snapshot(snapshot, zone)
            while len(_opened) > CACHED_ENGINES:
                _opened.popitem(last=False)
        _opened.move_to_end(key)
        return _opened[key]


def _open_snapshot(snapshot: Snapshot | None, zone: str) -> Facts:
    engine_module = import_module({"duckdb": "facts.duckdb_engine", "spark": "facts.spark"}[settings.FACTS_ENGINE])
    deltas = _open_delta_tables(snapshot) if snapshot else {}
    if deltas is None:
        log.error("The facts of %s are gone from %s; the next refresh rebuilds them.", snapshot, settings.FACTS_DIR)
        snapshot, deltas = None, {}
    return Facts(engine_module.open_engine(zone), snapshot, deltas)


def _open_delta_tables(snapshot: Snapshot) -> dict[str, DeltaTable] | None:
    """Open every table at the version that the snapshot names; None when one of them is no longer there."""
    declared = all_tables().keys() | derived_tables().keys()
    names = [name for name in snapshot.versions if name in declared]
    deltas = {name: delta_tables.open_version(name, snapshot.versions[name], snapshot.lake_ids[name]) for name in names}
    present = {name: delta for name, delta in deltas.items() if delta is not None}
    return present if len(present) == len(names) else None
