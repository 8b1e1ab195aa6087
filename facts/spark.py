"""Spark, for a company that has outgrown one machine: `pip install accord[spark]` and FACTS_ENGINE=spark.

The session is made as Spark's own settings say (SPARK_HOME/conf, SPARK_REMOTE); without any it runs in the process.
"""

from collections.abc import Iterator
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa
from deltalake import DeltaTable
from django.core.exceptions import ImproperlyConfigured
from ibis.formats.pandas import PandasData

from facts import custom, delta_tables
from facts.registry import DerivedTable, FactTable


class SparkEngine:
    """A session with views of its own over the Parquet files that the Delta log names."""

    def __init__(self, zone: str) -> None:
        self.session = _new_session()
        self._backend = ibis.pyspark.connect(self.session)
        self.session.conf.set("spark.sql.session.timeZone", zone)
        for statement in custom.SPARK_FUNCTIONS:
            self.session.sql(statement)
        self._views: set[str] = set()

    def table(self, table: FactTable | DerivedTable, delta: DeltaTable | None) -> ir.Table:
        if table.name not in self._views:
            self._create_view(table, delta)
            self._views.add(table.name)
        timestamps = [column.name for column in table.columns if column.type == "timestamp"]
        rows = self._backend.table(table.name)
        return rows.mutate(
            **{name: rows[name].cast("timestamp('UTC')") for name in timestamps}
        )  # Ibis takes them for naive

    def execute(self, expression: ir.Table) -> pd.DataFrame:
        rows = self.session.sql(self._backend.compile(expression)).toArrow()
        frame = {
            name: column.to_pylist() if column.null_count else column.to_pandas()  # as Ibis does for DuckDB
            for name, column in zip(rows.column_names, rows.columns, strict=True)
        }
        return PandasData.convert_table(pd.DataFrame(frame), expression.schema())

    def stream(self, expression: ir.Table) -> Iterator[pa.RecordBatch]:
        self._backend._run_pre_execute_hooks(expression)  # shows it the rows of the moment that the question holds
        yield from self.session.sql(self._backend.compile(expression)).toArrow().to_batches()

    def materialize(self, name: str, expression: ir.Table) -> ir.Table:
        self._backend._run_pre_execute_hooks(expression)
        self.session.sql(self._backend.compile(expression)).cache().createOrReplaceTempView(name)
        rows = self._backend.table(name)
        timestamps = [column for column, type_ in rows.schema().items() if type_.is_timestamp()]
        return rows.mutate(**{column: rows[column].cast("timestamp('UTC')") for column in timestamps})

    def _create_view(self, table: FactTable | DerivedTable, delta: DeltaTable | None) -> None:
        files = [segment.path for segment in delta_tables.list_segments(delta)] if delta is not None else []
        declared = ", ".join(f"`{column.name}` {column.spark_type}" for column in table.columns)
        if files:
            rows = self.session.read.schema(declared).parquet(*files)
        else:
            rows = self.session.createDataFrame([], declared)
        rows.createOrReplaceTempView(table.name)


def _new_session() -> Any:
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise ImproperlyConfigured("FACTS_ENGINE=spark needs PySpark: pip install accord[spark].") from error
    return SparkSession.builder.appName("accord").getOrCreate().newSession()


def open_engine(zone: str) -> SparkEngine:
    return SparkEngine(zone)
