"""The Delta tables under FACTS_DIR, on disk or in an object store: one folder per fact table.

A table's files hold ranges of ids that do not overlap, called segments here, so that a change of a few rows writes
only the files those rows are in. Readers never take the newest version but the one that a Snapshot names.
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
    """Create the table, or empty it and give it this schema; older versions stay readable."""
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
    """Open the newest version for writing with the content of the given one: this undoes what a killed refresh wrote."""
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
    table: DeltaTable, within: tuple[int, int], segments: Iterable[Segment], new_rows: pa.Table, deleted_ids: pa.Array
) -> None:
    """Within a range of ids, replace older versions of the new rows and remove the deleted ones.

    `segments` are the files that the range covers.
    """
    first, last = within
    replaced_ids = pa.concat_arrays([new_rows["id"].combine_chunks(), deleted_ids])
    key = compute.field("id")
    # on disk only the files of the range are opened
    paths = [segment.path for segment in segments]
    copied = (
        table.to_pyarrow_dataset() if is_remote() else dataset.dataset(paths, schema=new_rows.schema, format="parquet")
    )
    unchanged = copied.scanner(
        filter=(key >= first) & (key <= last) & ~key.isin(replaced_ids),
        columns=new_rows.schema.names,
        batch_readahead=2,
    )
    batches = chain(unchanged.to_batches(), new_rows.to_batches())
    write_deltalake(
        table,
        pa.RecordBatchReader.from_batches(new_rows.schema, batches),
        mode="overwrite",
        predicate=f"id >= {first} AND id <= {last}",
        writer_properties=_writer_properties(),
    )


def _writer_properties() -> WriterProperties:
    return WriterProperties(compression="ZSTD", max_row_group_size=122_880)


def list_segments(table: DeltaTable) -> list[Segment]:
    """Return the table's files in the order of their ids; empty files hold nothing and are left out."""
    actions: list[dict[str, Any]] = pa.table(table.get_add_actions(flatten=True)).to_pylist()
    folder = table_uri(str(table.metadata().name))  # Delta's own addresses are percent-encoded
    segments = [
        Segment(action["min.id"], action["max.id"], action["num_records"], f"{folder}/{action['path']}")
        for action in actions
        if action["num_records"]
    ]
    return sorted(segments, key=lambda segment: segment.first)


def publish_versions(versions: dict[str, int], rows: dict[str, int], as_of: datetime) -> None:
    """Record, for readers with other tools, which versions make one consistent set."""
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

    Call it after a new version was published: the log is kept from its last checkpoint on.
    """
    table.cleanup_metadata()
    deleted_files = table.vacuum(
        retention_hours=KEPT_HOURS,
        dry_run=False,
        enforce_retention_duration=False,
        full=True,
        keep_versions=keep_versions,
    )
    return len(deleted_files)
