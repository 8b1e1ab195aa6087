"""Rows between Postgres and Arrow by COPY, both ways as CSV: no row becomes an object of Python on the way.

An empty cell is NULL, and "" in quotes is an empty text, as Postgres writes them and reads them.
"""

import io
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.csv as csv

CHUNK_BYTES = 1 << 20  # bytes that Postgres is handed in one piece
Shape = Callable[[pa.Table], pa.Table]


def query_to_csv(cursor: Any, query: str, values: Sequence[Any] = ()) -> bytes:
    """Return what a query finds as the CSV that Postgres makes of it; moments are written in the session's zone."""
    sql = cursor.mogrify(query, values).decode() if values else query
    out = io.BytesIO()
    cursor.copy_expert(f"COPY ({sql}) TO STDOUT (FORMAT csv)", out)
    return out.getvalue()


def parse_csv(csv_text: bytes, schema: pa.Schema) -> pa.Table:
    """Read CSV of Postgres, whose columns are in the order of the schema, with the schema's types."""
    if not csv_text:
        return schema.empty_table()
    return csv.read_csv(
        io.BytesIO(csv_text),
        read_options=csv.ReadOptions(column_names=schema.names),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types=schema,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            true_values=["t"],
            false_values=["f"],
        ),
    )


def query_to_table(cursor: Any, query: str, values: Sequence[Any], schema: pa.Schema) -> pa.Table:
    """Return what a query finds as a table of the schema, whose columns are those of the query in their order."""
    return parse_csv(query_to_csv(cursor, query, values), schema)


def copy_batches(cursor: Any, target: str, batches: Iterator[pa.RecordBatch], shape: Shape | None = None) -> int:
    """Copy batches to a target, `table (column, …)`, as they come; return how many rows that were.

    The columns of what `shape` makes of each batch are those of the target, in its order.
    """
    stream = CsvStream(batches, shape)
    try:
        cursor.copy_expert(f"COPY {target} FROM STDIN (FORMAT csv)", stream, size=CHUNK_BYTES)
    except Exception:
        if stream.error is not None:  # psycopg2 only reports that reading failed, not why
            raise stream.error from None
        raise
    finally:
        stream.close()
    return stream.rows


class CsvStream:
    """A file of CSV for COPY to read, made of batches as they come; `rows` counts what was handed out so far."""

    def __init__(self, batches: Iterator[pa.RecordBatch], shape: Shape | None = None) -> None:
        self.rows = 0
        self.error: Exception | None = None
        self._batches = batches
        self._shape = shape
        self._unread = memoryview(b"")

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, at most `size` and at most those of one batch; b"" behind the last."""
        try:
            while not self._unread:
                batch = next(self._batches, None)
                if batch is None:
                    return b""
                self.rows += batch.num_rows
                self._unread = memoryview(self._batch_to_csv(batch))
        except Exception as error:
            self.error = error
            raise
        size = len(self._unread) if size < 0 else size
        chunk, self._unread = self._unread[:size], self._unread[size:]
        return bytes(chunk)

    def close(self) -> None:
        """Close a stream of batches that was not read to its end."""
        if isinstance(self._batches, Generator):
            self._batches.close()

    def _batch_to_csv(self, batch: pa.RecordBatch) -> bytes:
        rows = pa.Table.from_batches([batch])
        out = io.BytesIO()
        csv.write_csv(self._shape(rows) if self._shape else rows, out, csv.WriteOptions(include_header=False))
        return out.getvalue()
