"""The states of all deals: stored by the nightly run, so that few questions have to work them out from the records."""

import hashlib
from collections.abc import Iterator
from datetime import date
from typing import Any

import ibis
import pyarrow as pa

from facts import derived
from facts.engine import Facts
from facts.models import Snapshot
from forecast.facts import DEAL_STATES
from forecast.history import Tables, deal_states, with_progress
from team.models import Company

REMEMBERED = 64  # snapshots of which it is known whether they hold the states
INPUTS = ("opportunities", "stage_changes", "deal_changes")

_stored: dict[tuple[Any, ...], bool] = {}


def read_states(tables: Tables, today: date, *, closed_since: date | None = None) -> Any:
    """Return the states of `deal_states` with the progress of each deal: as stored, if they are of these records and this day.

    With `closed_since` deals that closed before may be left out.
    """
    facts = tables if isinstance(tables, Facts) else getattr(tables, "facts", None)
    if isinstance(facts, Facts) and facts.snapshot and _is_stored(facts.snapshot, today):
        return tables.table(DEAL_STATES.name)
    return with_progress(deal_states(tables, today, closed_since=closed_since))


def store_states(facts: Facts, today: date) -> int:
    """Write the states of the newest records; return how many were written, 0 where nothing changed since."""
    snapshot = facts.snapshot
    assert snapshot is not None
    digest = _digest_inputs(snapshot, today, Company.get().time_zone)
    if derived.digest_of_copy(DEAL_STATES, snapshot) == digest:
        return 0
    states = with_progress(deal_states(facts, today))
    rows = states.mutate(id=ibis.row_number().over(order_by=["deal_id", "number"]))
    names = [column.name for column in DEAL_STATES.columns]
    written = derived.write_table(DEAL_STATES, _cast_batches(facts.stream(rows.select(*names))), snapshot, digest)
    return int(written.rows[DEAL_STATES.name])


def _cast_batches(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    schema = DEAL_STATES.arrow_schema
    for batch in batches:
        yield pa.RecordBatch.from_arrays(
            [batch.column(name).cast(schema.field(name).type) for name in schema.names], schema=schema
        )


def _is_stored(snapshot: Snapshot, today: date) -> bool:
    """Whether the snapshot holds the states of its own records. Its tables never change, so the answer is remembered."""
    zone = Company.get().time_zone
    identity = (snapshot.pk, snapshot.taken_at, str(snapshot.versions), str(snapshot.lake_ids), today, zone)
    if identity not in _stored:
        if len(_stored) >= REMEMBERED:
            _stored.clear()
        digest = _digest_inputs(snapshot, today, zone)
        _stored[identity] = derived.digest_of_copy(DEAL_STATES, snapshot) == digest
    return _stored[identity]


def _digest_inputs(snapshot: Snapshot, today: date, zone: str) -> str:
    """Return a hash of all that the states depend on."""
    tables = [(name, snapshot.versions.get(name), snapshot.lake_ids.get(name)) for name in INPUTS]
    return hashlib.sha256(repr((DEAL_STATES.shape, tables, today, zone)).encode()).hexdigest()
