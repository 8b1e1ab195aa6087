"""What the tests of the facts share: a few tables, small segments, and a comparison with Postgres."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import pyarrow.parquet as parquet
import pytest

from facts import delta_tables, registry, writing
from facts.engine import latest_snapshot
from facts.models import Snapshot
from team.models import Company

Only = Callable[..., None]


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Only:
    """Leave only the named tables declared, so that a refresh is quick: `only("leads")`."""

    def leave(*names: str) -> None:
        monkeypatch.setattr(registry, "_tables", {name: registry.get_table(name) for name in names})

    return leave


@pytest.fixture
def small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of at most ten rows, so that a few rows behave as millions do."""
    monkeypatch.setattr(delta_tables, "SEGMENT_ROWS", 10)
    monkeypatch.setattr(writing, "REWRITE_MIN_ROWS", 0)


@pytest.fixture
def leads(transactional_db: None, only: Only) -> None:
    """A database whose transactions are real, with only the table of leads declared."""
    Company.get()
    only("leads")


def copied(name: str, snapshot: Snapshot | None = None) -> list[dict[str, Any]]:
    """Read a table's copy from its files, in the order of ids; a table that never had rows has none."""
    snapshot = snapshot or latest_snapshot()
    assert snapshot
    if name not in snapshot.versions:
        return []
    delta = delta_tables.open_version(name, snapshot.versions[name], snapshot.lake_ids[name])
    assert delta is not None
    rows = [row for part in delta_tables.list_segments(delta) for row in parquet.read_table(part.path).to_pylist()]
    return _comparable(sorted(rows, key=lambda row: row["id"]))


def true_rows(name: str) -> list[dict[str, Any]]:
    """Read the same table from Postgres through the ORM."""
    table = registry.get_table(name)
    rows = table.model._default_manager.order_by("pk").values(*(column.from_column for column in table.columns))
    return _comparable({column.name: row[column.from_column] for column in table.columns} for row in rows)


def _comparable(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {key: json.loads(value) if key == "custom" and isinstance(value, str) else value for key, value in row.items()}
        for row in rows
    ]
