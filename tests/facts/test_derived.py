"""A table that is computed from the facts: each batch in the calling thread, and nothing of it when one fails."""

import threading
from collections.abc import Iterator

import pyarrow as pa
import pytest
from django.db import connection

from facts import derived
from facts.engine import latest_snapshot, open_facts
from facts.refresh import refresh
from facts.registry import derived_tables
from team.models import Company
from tests import make

TABLE = derived_tables()["silences"]


def batch_of(*ids: int) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([{"id": pk, "seconds": 1.0} for pk in ids], schema=TABLE.arrow_schema)


def test_batches_are_computed_in_the_calling_thread_and_see_its_transaction(company: Company) -> None:
    refresh()
    lead = make.lead()
    threads = set()

    def batches() -> Iterator[pa.RecordBatch]:
        for turn in range(5):
            threads.add(threading.get_ident())
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM crm_lead WHERE id = %s", [lead.pk])
                yield batch_of(turn * 10 + cursor.fetchone()[0])

    snapshot = latest_snapshot()
    assert snapshot
    assert derived.write_table(TABLE, batches(), snapshot, "digest").rows["silences"] == 5
    assert threads == {threading.get_ident()}
    facts = open_facts()
    assert sorted(facts.execute(facts.table("silences"))["id"]) == [1, 11, 21, 31, 41]


def test_a_batch_that_fails_leaves_the_snapshot_as_it_was(company: Company) -> None:
    refresh()
    snapshot = latest_snapshot()
    assert snapshot

    def batches() -> Iterator[pa.RecordBatch]:
        yield batch_of(1)
        raise ValueError("a record that cannot be read")

    with pytest.raises(ValueError, match="cannot be read"):
        derived.write_table(TABLE, batches(), snapshot, "digest")
    assert latest_snapshot() == snapshot
    assert derived.digest_of_copy(TABLE, snapshot) == ""


def test_a_writer_that_fails_is_told_of(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    refresh()
    snapshot = latest_snapshot()
    assert snapshot

    def fail(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(derived.delta_tables, "append_rows", fail)
    with pytest.raises(OSError, match="no space"):
        derived.write_table(TABLE, (batch_of(pk) for pk in range(9)), snapshot, "digest")
