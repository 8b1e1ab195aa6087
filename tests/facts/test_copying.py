"""Rows go to Postgres and come back as they were, however odd their texts and however small the pieces."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from django.db import connection

from facts.copying import CsvStream, copy_batches, parse_csv, query_to_csv, query_to_table

SCHEMA = pa.schema(
    [("id", pa.int64()), ("said", pa.string()), ("is_so", pa.bool_()), ("share", pa.float64()),
     ("moment", pa.timestamp("us", "UTC"))]
)  # fmt: skip
MOMENT = datetime(2026, 3, 29, 1, 30, 0, 123456, tzinfo=UTC)
ROWS = [
    {"id": 1, "said": 'Umlaut „Ä", with "quotes",\nand a line', "is_so": True, "share": 0.1, "moment": MOMENT},
    {"id": 2, "said": "", "is_so": False, "share": -1e-300, "moment": None},
    {"id": 3, "said": None, "is_so": None, "share": None, "moment": None},
    {"id": 4, "said": "NULL", "is_so": True, "share": 1e9, "moment": MOMENT},
    {"id": 5, "said": r"\N %s", "is_so": True, "share": 0.0, "moment": MOMENT},
]


def batches(*sizes: int) -> Iterator[pa.RecordBatch]:
    rows = iter(ROWS)
    return (pa.RecordBatch.from_pylist([next(rows) for _ in range(size)], SCHEMA) for size in sizes)


@pytest.mark.django_db
def test_rows_come_back_as_they_went_in() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE told (id bigint, said text, is_so bool, share float8, moment timestamptz)")
        assert copy_batches(cursor, "told (id, said, is_so, share, moment)", batches(2, 0, 3)) == 5
        found = query_to_table(cursor, "SELECT * FROM told WHERE id = ANY(%s) ORDER BY id", [[1, 2, 3, 4, 5]], SCHEMA)
        assert (found.schema, found.to_pylist()) == (SCHEMA, ROWS)
        assert (
            query_to_table(cursor, "SELECT * FROM told WHERE said = %s", ["no one's"], SCHEMA) == SCHEMA.empty_table()
        )
        assert query_to_csv(cursor, "SELECT id FROM told WHERE said LIKE '%s'") == b"5\n"


@pytest.mark.django_db
def test_a_shape_makes_the_columns_that_are_written() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE told (said text, whose bigint)")
        copy_batches(cursor, "told (whose, said)", batches(1, 1), lambda rows: rows.select(["id", "said"]))
        cursor.execute("SELECT whose, said FROM told ORDER BY whose")
        assert cursor.fetchall() == [(row["id"], row["said"]) for row in ROWS[:2]]


@pytest.mark.parametrize("size", [1, 7, 1 << 20, -1])
def test_pieces_of_any_size_are_the_same_text(size: int) -> None:
    text = CsvStream(batches(1, 0, 4))
    pieces = list(iter(lambda: text.read(size), b""))
    assert size < 0 or max(map(len, pieces)) <= size
    again = parse_csv(b"".join(pieces).replace(b"true", b"t").replace(b"false", b"f"), SCHEMA)
    assert again.to_pylist() == ROWS
    assert (text.rows, text.read(size)) == (5, b"")
