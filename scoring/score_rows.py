"""Write new and changed scores by COPY; the previous ones go to the history."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any

import ibis
import pyarrow as pa

from facts.batches import Batch
from facts.copying import copy_batches, query_to_table
from facts.custom import custom_value
from scoring.models import Reason
from scoring.terms import Model

CLOSE = 1e-6  # logarithms nearer than this say the same
STORED = pa.schema(
    [
        ("stands_for", pa.int64()), ("was_version", pa.int64()), ("was_fit", pa.float64()), ("was_state", pa.string()),
        ("was_next", pa.int64()), ("was_since", pa.float64()),
    ]
)  # fmt: skip
OUT = ("lead_id", "fit_points", "letter", "state", "score", "next_change", "reason")
COLUMNS = "lead_id, fit_points, letter, state, score, next_change_at, reason, model, version_id, since"
STATE = "model, version_id, fit_points, letter, state, score, since, reason"


def read_stored(cursor: Any, model: Model, batch: Batch) -> pa.Table:
    """Read the scores that these leads have under the model."""
    where, values = batch.id_condition
    return query_to_table(
        cursor,
        "SELECT lead_id, version_id, fit_points, state::text, round(extract(epoch FROM next_change_at))::bigint, "
        f"extract(epoch FROM since) FROM scoring_score WHERE model = %s AND lead_id {where}",
        [model.key, *values],
        STORED,
    )


def rows_to_write(model: Model, states: Any, stored: pa.Table, known_at: datetime) -> Any:
    """Return the rows to be written: new ones, and those that differ from what is stored.

    Scores written after `known_at` were computed from newer rows than these, so they are kept.
    """
    rows = states.mutate(state=_state_as_json(model, states))
    if not stored.num_rows:
        return rows.mutate(reason=ibis.literal(str(Reason.FIRST))).select(*OUT)
    old = ibis.memtable(stored)
    wide = rows.left_join(old, rows.lead_id == old.stands_for)
    reason = ibis.cases(
        (wide.stands_for.isnull(), str(Reason.FIRST)),
        (wide.was_version != model.version_id, str(Reason.VERSION)),
        (wide.was_since > known_at.timestamp(), ""),
        ((wide.was_fit - wide.fit_points).abs() > CLOSE, str(Reason.FIELDS)),
        (_has_moved(model, wide), str(Reason.EVENTS)),
        else_="",
    )
    wide = wide.mutate(reason=reason)
    return wide.filter(wide.reason != "").select(*OUT)


def _state_as_json(model: Model, rows: Any) -> Any:
    parts = [
        ibis.literal(f'"{pool_index}": ') + rows[f"log_{pool_index}"].round(9).cast("string")
        for pool_index in range(len(model.pools))
    ]
    return ibis.literal("{") + ibis.literal(", ").join(parts) + "}" if parts else ibis.literal("{}")


def _has_moved(model: Model, wide: Any) -> Any:
    none = ibis.literal(-1e9)
    moved = wide.next_change.fill_null(0) != wide.was_next.fill_null(0)
    for pool_index in range(len(model.pools)):
        was = ibis.coalesce(custom_value(wide.was_state, str(pool_index)).cast("float64"), none)
        moved = moved | ((ibis.coalesce(wide[f"log_{pool_index}"], none) - was).abs() > CLOSE)
    return moved


def write_scores(
    cursor: Any, model: Model, batches: Iterator[pa.RecordBatch], moment: datetime, *, is_empty: bool
) -> int:
    """Copy the rows; where scores stand already, what they were goes to their history."""
    shape = partial(_shape_rows, model=model, moment=moment)
    if is_empty:
        return copy_batches(cursor, f"scoring_score ({COLUMNS})", batches, shape)
    cursor.execute("CREATE TEMP TABLE scoring_fresh (LIKE scoring_score INCLUDING DEFAULTS) ON COMMIT DROP")
    cursor.execute("ALTER TABLE scoring_fresh ALTER id DROP NOT NULL, ALTER id DROP IDENTITY IF EXISTS")
    written = copy_batches(cursor, f"scoring_fresh ({COLUMNS})", batches, shape)
    _archive_scores(cursor, "JOIN scoring_fresh f USING (lead_id, model)", "f.since, f.reason", [])
    sets = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS.split(", ") if name not in {"lead_id", "model"})
    cursor.execute(
        f"INSERT INTO scoring_score ({COLUMNS}) SELECT {COLUMNS} FROM scoring_fresh "
        f"ON CONFLICT (lead_id, model) DO UPDATE SET {sets}"
    )
    cursor.execute("DROP TABLE scoring_fresh")
    return written


def _shape_rows(rows: pa.Table, model: Model, moment: datetime) -> pa.Table:
    """Return answered rows with the columns that are written, in their order."""
    rows = rows.select(OUT)
    moments = rows["next_change"].cast(pa.timestamp("s", "UTC"))
    rows = rows.set_column(rows.column_names.index("next_change"), "next_change_at", moments)
    for name, value in (("model", model.key), ("version_id", model.version_id), ("since", moment.isoformat())):
        rows = rows.append_column(name, pa.repeat(value, rows.num_rows))
    return rows


def end_scores(cursor: Any, moment: datetime, where: str, values: list[Any]) -> int:
    """End scores that no active model gives any more; they go to their history."""
    _archive_scores(cursor, f"WHERE {where}", "%s, 'gone'", [moment, *values])
    cursor.execute(f"DELETE FROM scoring_score s WHERE {where}", values)
    return int(cursor.rowcount)


def _archive_scores(cursor: Any, where_clause: str, ending: str, values: list[Any]) -> None:
    old = ", ".join(f"s.{name}" for name in STATE.split(", "))
    cursor.execute(
        f"INSERT INTO scoring_scorechange (lead_id, {STATE}, until, because) "
        f"SELECT s.lead_id, {old}, {ending} FROM scoring_score s {where_clause}",
        values,
    )
