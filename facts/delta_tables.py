"""The Delta tables under FACTS_DIR, on disk or in an object store: one folder per fact table.

A table's files hold ranges of ids that do not overlap, called segments here, so that a change of a few rows writes
only the files those rows lie in. Readers never take the newest version but the one that a Snapshot names.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

import pyarrow as pa
import pyarrow.compute as compute
import pyarrow.dataset as dataset
from deltalake import DeltaTable, WriterProperties, write_deltalake
from deltalake.exceptions import DeltaError
from django.conf import settings

SEGMENT_ROWS = 250_000
KEPT_HOURS = 24  # a page that opened an old version must be able to finish
CONFIGURATION = {
    "delta.checkpointInterval": "20",
    "delta.logRetentionDuration": "interval 7 days",
    "delta.enableExpiredLogCleanup": "false",  # a commit must not drop the version that readers still use; sweep() does
}
SNAPSHOT = "_snapshot"  # names, for readers from outside, the versions that belong together
STORE_VARIABLES = ("AWS_", "AZURE_", "GOOGLE_")


@dataclass(frozen=True)
class Segment:
    """One file of a table, the ids from first to last in it, and where it lies."""

    first: int
    last: int
    rows: int
    path: str


def is_remote() -> bool:
    return "://" in str(settings.FACTS_DIR)


def table_uri(name: str) -> str:
    return f"{str(settings.FACTS_DIR).rstrip('/')}/{name}"


def store_options() -> dict[str, str] | None:
    """Credentials and endpoint of an object store, as the environment has them; none for a folder."""
    if not is_remote():
        return None
    return {name: value for name, value in os.environ.items() if name.startswith(STORE_VARIABLES)}


def open_version(name: str, version: int, lake_id: str) -> DeltaTable | None:
    """Open a table as it was at the version; None when that version, or that very table, is no longer there."""
    try:
        table = DeltaTable(table_uri(name), version=version, storage_options=store_options())
    except (DeltaError, OSError):
        return None
    return table if str(table.metadata().id) == lake_id else None


def reset_table(name: str, schema: pa.Schema) -> DeltaTable:
    """Make the table, or make it empty with this schema; older versions stay readable."""
    write_deltalake(
        table_uri(name),
        schema.empty_table(),
        mode="overwrite",
        schema_mode="overwrite",
        name=name,
        configuration=CONFIGURATION,
        storage_options=store_options(),
    )
    return DeltaTable(table_uri(name), storage_options=store_options())


def restore_version(name: str, version: int, lake_id: str) -> DeltaTable | None:
    """Open the newest version for writing with the content of the given one: what a dead refresh wrote is undone."""
    if open_version(name, version, lake_id) is None:
        return None
    newest = DeltaTable(table_uri(name), storage_options=store_options())
    if newest.version() != version:
        newest.restore(version)
        newest.update_incremental()
    return newest


def append_rows(table: DeltaTable, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
    write_deltalake(
        table, pa.RecordBatchReader.from_batches(schema, batches), mode="append", writer_properties=_writer_properties()
    )


def replace_rows(
    table: DeltaTable, within: tuple[int, int], parts: Iterable[Segment], fresh: pa.Table, gone: pa.Array
) -> None:
    """Within a range of ids put the fresh rows in place of their older selves, and take out the gone.

    `parts` are the files that the range covers.
    """
    first, last = within
    out = pa.concat_arrays([fresh["id"].combine_chunks(), gone])
    key = compute.field("id")
    kept = _rows(table, parts, fresh.schema).scanner(
        filter=(key >= first) & (key <= last) & ~key.isin(out), columns=fresh.schema.names, batch_readahead=2
    )
    batches = chain(kept.to_batches(), fresh.to_batches())
    write_deltalake(
        table,
        pa.RecordBatchReader.from_batches(fresh.schema, batches),
        mode="overwrite",
        predicate=f"id >= {first} AND id <= {last}",
        writer_properties=_writer_properties(),
    )


def _rows(table: DeltaTable, parts: Iterable[Segment], schema: pa.Schema) -> dataset.Dataset:
    if is_remote():
        return table.to_pyarrow_dataset()
    return dataset.dataset([part.path for part in parts], schema=schema, format="parquet")


def _writer_properties() -> WriterProperties:
    return WriterProperties(compression="ZSTD", max_row_group_size=122_880)


def list_segments(table: DeltaTable) -> list[Segment]:
    """Return the table's files in the order of their ids; empty files hold nothing and are left out."""
    actions: list[dict[str, Any]] = pa.table(table.get_add_actions(flatten=True)).to_pylist()
    folder = table_uri(str(table.metadata().name))  # Delta's own addresses are percent-encoded
    found = [
        Segment(action["min.id"], action["max.id"], action["num_records"], f"{folder}/{action['path']}")
        for action in actions
        if action["num_records"]
    ]
    return sorted(found, key=lambda segment: segment.first)


def publish_versions(versions: dict[str, int], rows: dict[str, int], as_of: datetime) -> None:
    """Tell whoever reads the tables with another tool which versions make one consistent set."""
    names = sorted(versions)
    columns = {
        "table": pa.array(names, pa.string()),
        "version": pa.array([versions[name] for name in names], pa.int64()),
        "rows": pa.array([rows[name] for name in names], pa.int64()),
        "as_of": pa.array([as_of] * len(names), pa.timestamp("us", "UTC")),
    }
    write_deltalake(
        table_uri(SNAPSHOT),
        pa.table(columns),
        mode="overwrite",
        configuration=CONFIGURATION,
        storage_options=store_options(),
    )


def vacuum_versions() -> None:
    vacuum_table(DeltaTable(table_uri(SNAPSHOT), storage_options=store_options()), [])


def vacuum_table(table: DeltaTable, keep_versions: list[int]) -> int:
    """Delete files that no kept version and no version of the last day needs; return how many.

    It is for after a new version was published: of the log everything from the last checkpoint on stays.
    """
    table.cleanup_metadata()
    gone = table.vacuum(
        retention_hours=KEPT_HOURS,
        dry_run=False,
        enforce_retention_duration=False,
        full=True,
        keep_versions=keep_versions,
    )
    return len(gone)
