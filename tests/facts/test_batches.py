"""A long run meets every row once, whatever the size of its portions and wherever it was stopped."""

from collections.abc import Iterator

import numpy as np
import pytest
from django.db import IntegrityError, connection

from crm.models import Lead
from facts import batches
from facts.batches import Batch, exclude_ids, is_full_scan_cheaper, next_batch, skipping_deleted
from facts.engine import open_facts
from facts.refresh import refresh
from tests import make
from tests.facts.conftest import Only

pytestmark = pytest.mark.django_db


@pytest.fixture
def leads() -> np.ndarray:
    return np.array([make.lead().pk for _ in range(5)], dtype=np.int64)


def walk(ids: np.ndarray | None) -> Iterator[Batch]:
    reached = 0
    while portion := next_batch("crm_lead", ids, reached):
        yield portion
        reached = portion.last


@pytest.mark.parametrize("size", [1, 2, 5, 9])
@pytest.mark.parametrize("named", [True, False])
def test_portions_cover_all_once(
    leads: np.ndarray, only: Only, monkeypatch: pytest.MonkeyPatch, size: int, named: bool
) -> None:
    monkeypatch.setattr(batches, "BATCH_ROWS", size)
    only("leads")
    refresh()
    asked = leads[[0, 2, 3]] if named else leads
    facts = open_facts()
    rows = facts.table("leads").select("id")
    found = [
        facts.execute(portion.filter_rows(rows, "id"))["id"].tolist() for portion in walk(asked if named else None)
    ]
    assert [number for ids in found for number in sorted(ids)] == asked.tolist()
    assert max(map(len, found)) <= size


def test_rows_are_counted_as_asked(leads: np.ndarray) -> None:
    first, last = int(leads[0]), int(leads[-1])
    with connection.cursor() as cursor:
        assert Batch(first, last - 1).count_rows(cursor, "crm_lead") == 4
        assert Batch(first, last, leads[[0, 4]]).count_rows(cursor, "crm_lead") == 2


def test_whom_the_facts_still_know_is_spared(leads: np.ndarray) -> None:
    snapshot = refresh()  # it represents the run as well
    Lead.objects.filter(pk=leads[1]).delete()
    with skipping_deleted(snapshot, "crm_lead", snapshot) as gone:
        assert gone.tolist() == [leads[1]]
    rows = open_facts().table("leads").select("id")
    assert set(open_facts().execute(exclude_ids(rows, "id", gone))["id"]) == set(leads) - {leads[1]}


def test_what_fails_for_a_row_deleted_meanwhile_is_undone_and_anything_else_is_told(leads: np.ndarray) -> None:
    snapshot = refresh()  # it represents the run as well
    kept = snapshot.seconds
    with skipping_deleted(snapshot, "crm_lead", snapshot):
        snapshot.seconds += 1
        Lead.objects.filter(pk=leads[1]).delete()
        raise IntegrityError
    assert snapshot.seconds == kept
    with pytest.raises(IntegrityError), skipping_deleted(snapshot, "crm_lead", snapshot):
        raise IntegrityError


def test_few_are_named_and_many_are_not() -> None:
    assert not is_full_scan_cheaper(np.arange(batches.BATCH_ROWS // 10), "crm_lead")
    assert is_full_scan_cheaper(np.arange(batches.BATCH_ROWS), "crm_lead")
