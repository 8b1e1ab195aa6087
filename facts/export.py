"""One table's rows out of Postgres, as Arrow with the declared types."""

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from facts.copying import parsed, text_of
from facts.registry import FactTable

STEP_ROWS = 50_000  # rows in memory at once


class Export:
    """One table as seen by the cursor's transaction; `horizon` parts the rows that may have changed since."""

    def __init__(self, cursor: Any, table: FactTable, horizon: str = "0") -> None:
        self.cursor = cursor
        self.table = table
        self.horizon = int(horizon)
        self.rows_read = 0
        self.last_id = 0

    def count(self) -> int:
        return self._number(f'SELECT count(*) FROM "{self.table.source}"')

    def count_changed(self) -> int:
        return self._number(f'SELECT count(*) FROM "{self.table.source}" WHERE {self._changed}')

    def changed_ids(self, last_id: int) -> np.ndarray:
        """Ids up to `last_id` of the rows that may have changed or come since the horizon, ascending."""
        return self._ids(f'SELECT id FROM "{self.table.source}" WHERE {self._changed} AND id <= {last_id} ORDER BY id')

    def gone_ids(self) -> np.ndarray:
        """Ids of the rows that may have been deleted since the horizon; some may have come back."""
        return self._ids(
            f"""SELECT DISTINCT row_id FROM facts_deletion
            WHERE "table" = '{self.table.source}' AND {self._changed} ORDER BY row_id"""
        )

    def changed_between(self, first: int, last: int) -> pa.Table:
        return self._rows(f"WHERE id BETWEEN {first} AND {last} AND {self._changed} ORDER BY id")

    def count_after(self, last_id: int) -> int:
        return self._number(f'SELECT count(*) FROM "{self.table.source}" WHERE id > {last_id}')

    def has_after(self, last_id: int) -> bool:
        return bool(
            self._number(f'SELECT count(*) FROM (SELECT FROM "{self.table.source}" WHERE id > {last_id} LIMIT 1) one')
        )

    def after(self, last_id: int, limit: int) -> Iterator[pa.RecordBatch]:
        """Yield at most `limit` rows with higher ids in the order of ids, never many of them at once."""
        while limit > 0:
            rows = self._rows(f"WHERE id > {last_id} ORDER BY id LIMIT {min(STEP_ROWS, limit)}")
            if not len(rows):
                return
            limit -= len(rows)
            last_id = self.last_id = rows["id"][-1].as_py()
            yield from rows.to_batches()

    def whole(self) -> tuple[pa.Table, str]:
        """Return a small table as it is, with a checksum of its content."""
        text = self._copy("ORDER BY id")
        return self._parsed(text), hashlib.sha256(text).hexdigest()

    @property
    def _changed(self) -> str:
        return f"changed_xid >= '{self.horizon}'::xid8"

    def _number(self, sql: str) -> int:
        self.cursor.execute(sql)
        return int(self.cursor.fetchone()[0])

    def _ids(self, sql: str) -> np.ndarray:
        return np.array(text_of(self.cursor, sql).split(), dtype=np.int64)

    def _rows(self, where: str) -> pa.Table:
        return self._parsed(self._copy(where))

    def _copy(self, where: str) -> bytes:
        names = ", ".join(f'"{column.from_column}"' for column in self.table.columns)
        return text_of(self.cursor, f'SELECT {names} FROM "{self.table.source}" {where}')

    def _parsed(self, text: bytes) -> pa.Table:
        rows = parsed(text, self.table.arrow)
        self.rows_read += len(rows)
        return rows
