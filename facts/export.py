"""One table's rows out of Postgres, as Arrow with the declared types.

Dates that cannot be meant (year 1, year 9999) are exported as none, whatever wrote them: periods, windows and time zones
overflow on them. Which rows had some is kept, to be shown to people.
"""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.dates import FIRST_DAY, FIRST_MOMENT, LAST_DAY, LAST_MOMENT, OUT_OF_BOUNDS
from facts.columns import Column
from facts.copying import parse_csv, query_to_csv
from facts.registry import FactTable

CHUNK_ROWS = 50_000  # rows in memory at once
MAX_NOTED = 1_000  # rows of a table of which it is kept that a date was implausible
LIMITS = {"date": (FIRST_DAY, LAST_DAY), "timestamp": (FIRST_MOMENT, LAST_MOMENT)}


class Export:
    """One table as seen by the cursor's transaction; rows stamped with `horizon` or later may have changed."""

    def __init__(self, cursor: Any, table: FactTable, horizon: str = "0") -> None:
        self.cursor = cursor
        self.table = table
        self.horizon = int(horizon)
        self.rows_read = 0
        self.last_id = 0
        self.implausible: dict[int, str] = {}  # row: what is wrong with a date of it

    def count_rows(self) -> int:
        return self._fetch_number(f'SELECT count(*) FROM "{self.table.source}"')

    def count_changed(self) -> int:
        return self._fetch_number(f'SELECT count(*) FROM "{self.table.source}" WHERE {self._changed_sql}')

    def changed_ids(self, last_id: int) -> np.ndarray:
        """Ids up to `last_id` of the rows that may have changed or come since the horizon, ascending."""
        return self._fetch_ids(
            f'SELECT id FROM "{self.table.source}" WHERE {self._changed_sql} AND id <= {last_id} ORDER BY id'
        )

    def deleted_ids(self) -> np.ndarray:
        """Ids of the rows that may have been deleted since the horizon; some may have come back."""
        return self._fetch_ids(
            f"""SELECT DISTINCT row_id FROM facts_deletion
            WHERE "table" = '{self.table.source}' AND {self._changed_sql} ORDER BY row_id"""
        )

    def changed_between(self, first: int, last: int) -> pa.Table:
        return self._fetch_rows(f"WHERE id BETWEEN {first} AND {last} AND {self._changed_sql} ORDER BY id")

    def count_after(self, last_id: int) -> int:
        return self._fetch_number(f'SELECT count(*) FROM "{self.table.source}" WHERE id > {last_id}')

    def has_after(self, last_id: int) -> bool:
        return bool(
            self._fetch_number(
                f'SELECT count(*) FROM (SELECT FROM "{self.table.source}" WHERE id > {last_id} LIMIT 1) one'
            )
        )

    def iter_batches_after(self, last_id: int, limit: int) -> Iterator[pa.RecordBatch]:
        """Yield at most `limit` rows with higher ids in the order of ids, never many of them at once."""
        while limit > 0:
            rows = self._fetch_rows(f"WHERE id > {last_id} ORDER BY id LIMIT {min(CHUNK_ROWS, limit)}")
            if not len(rows):
                return
            limit -= len(rows)
            last_id = self.last_id = rows["id"][-1].as_py()
            yield from rows.to_batches()

    def read_whole(self) -> tuple[pa.Table, str]:
        """Return a small table as it is, with a checksum of its content."""
        csv_text = self._query_to_csv("ORDER BY id")
        return self._parse_rows(csv_text, "ORDER BY id"), hashlib.sha256(csv_text).hexdigest()

    @property
    def _changed_sql(self) -> str:
        return f"changed_xid >= '{self.horizon}'::xid8"

    def _fetch_number(self, sql: str) -> int:
        self.cursor.execute(sql)
        return int(self.cursor.fetchone()[0])

    def _fetch_ids(self, sql: str) -> np.ndarray:
        return np.array(query_to_csv(self.cursor, sql).split(), dtype=np.int64)

    def _fetch_rows(self, where: str) -> pa.Table:
        return self._parse_rows(self._query_to_csv(where), where)

    def _query_to_csv(self, where: str, expression: Callable[[Column], str] = Column.quoted_name) -> bytes:
        names = ", ".join(map(expression, self.table.columns))
        return query_to_csv(self.cursor, f'SELECT {names} FROM "{self.table.source}" {where}')

    def _parse_rows(self, csv_text: bytes, where: str) -> pa.Table:
        """Parse what was copied; rows with a year that Arrow cannot read are copied again without it."""
        try:
            rows = parse_csv(csv_text, self.table.arrow_schema)
        except pa.ArrowInvalid:
            if not self._note_unreadable(where):
                raise
            rows = parse_csv(self._query_to_csv(where, _plausible_or_null_sql), self.table.arrow_schema)
        self.rows_read += len(rows)
        return self._without_implausible(rows)

    def _without_implausible(self, rows: pa.Table) -> pa.Table:
        for position, column in enumerate(self.table.columns):
            if column.type not in LIMITS or not len(rows):
                continue
            first, last = (pa.scalar(limit, column.arrow_type) for limit in LIMITS[column.type])
            ends = pc.min_max(rows[column.name])
            if not pc.or_(pc.less(ends["min"], first), pc.greater(ends["max"], last)).as_py():
                continue
            is_implausible = pc.or_(pc.less(rows[column.name], first), pc.greater(rows[column.name], last)).fill_null(
                False
            )
            implausible = rows.filter(is_implausible).slice(0, MAX_NOTED)
            for row_id, value in zip(
                implausible["id"].to_pylist(), implausible[column.name].cast(pa.string()).to_pylist(), strict=True
            ):
                self._record_implausible(row_id, column, value)
            rows = rows.set_column(position, column.name, pc.if_else(is_implausible, None, rows[column.name]))
        return rows

    def _note_unreadable(self, where: str) -> bool:
        """Note the rows with an implausible date among those that were asked for; whether there are some."""
        has_some = False
        for column in self.table.columns:
            if column.type in LIMITS:
                self.cursor.execute(
                    f'SELECT id, {column.quoted_name()}::text FROM (SELECT * FROM "{self.table.source}" {where}) part '
                    f"WHERE NOT {is_plausible_sql(column)} LIMIT {MAX_NOTED}"
                )
                for row_id, value in self.cursor.fetchall():
                    has_some = True
                    self._record_implausible(row_id, column, value)
        return has_some

    def _record_implausible(self, row_id: int, column: Column, value: str) -> None:
        if len(self.implausible) < MAX_NOTED:
            name = column.from_column.replace("_", " ")
            self.implausible[row_id] = f"{name} {value[:16]} {OUT_OF_BOUNDS}. Until then the date is ignored."


def is_plausible_sql(column: Column) -> str:
    """SQL that is true of dates within the limits, and NULL where there is none."""
    first, last = LIMITS[column.type]
    return f"({column.quoted_name()} BETWEEN '{first.isoformat()}' AND '{last.isoformat()}')"


def _plausible_or_null_sql(column: Column) -> str:
    return (
        f"CASE WHEN {is_plausible_sql(column)} THEN {column.quoted_name()} END"
        if column.type in LIMITS
        else column.quoted_name()
    )
