"""A record that breaks a step is set aside with its reason; all others are worked on, and it is tried again."""

from typing import Any

import numpy as np
import pytest
from django.db import DataError, OperationalError, connection
from django.db.models import F
from django.utils import timezone

from crm.models import Account, Lead
from facts import set_aside as setting_aside
from facts.batches import Batch
from facts.engine import open_facts
from facts.models import SetAside, Snapshot
from facts.refresh import refresh
from facts.set_aside import TooManyFaults, forget_deleted, work_through
from tests import make
from tests.facts.conftest import Only

pytestmark = pytest.mark.django_db
STEP, TABLE = "score", "crm_lead"


class Worker:
    """Works on ids, fails on those that are bad, and counts how often it was called."""

    def __init__(self, bad: set[int], fault: Exception) -> None:
        self.bad, self.fault = bad, fault
        self.done: list[int] = []
        self.calls = 0

    def __call__(self, portion: Batch, without: np.ndarray) -> bool:
        self.calls += 1
        ids = range(portion.first, portion.last + 1) if portion.ids is None else portion.ids.tolist()
        wanted = [number for number in ids if number not in without]
        if self.bad & set(wanted):
            raise self.fault
        self.done += wanted
        return True


def go(worker: Worker, portion: Batch) -> bool:
    return work_through(portion, worker, run=Snapshot.objects.create(taken_at=timezone.now()), step=STEP, table=TABLE)


def named(ids: list[int]) -> Batch:
    return Batch(ids[0], ids[-1], np.array(ids, dtype=np.int64))


@pytest.mark.parametrize("portion", [Batch(1, 1000), named([1, 5, 7, 421, 422, 999, 1000])])
def test_one_bad_record_among_many_is_alone_set_aside(portion: Batch) -> None:
    worker = Worker({421, 999}, DataError("timestamp out of range"))
    assert go(worker, portion)
    asked = set(range(1, 1001)) if portion.ids is None else set(portion.ids.tolist())
    assert sorted(worker.done) == sorted(asked - {421, 999})
    assert [(row.row_id, row.reason) for row in SetAside.objects.all()] == [
        (421, "DataError: timestamp out of range"), (999, "DataError: timestamp out of range"),
    ]  # fmt: skip
    assert worker.calls < 50


def test_what_is_set_aside_is_tried_alone_and_released_when_it_works() -> None:
    worker = Worker({421}, DataError("no"))
    go(worker, Batch(1, 1000))
    worker.calls, worker.done = 0, []
    go(worker, Batch(1, 1000))
    assert (worker.calls, len(worker.done)) == (2, 999)
    worker.bad, worker.done = set(), []
    go(worker, named([421, 500]))
    assert sorted(worker.done) == [421, 500]
    assert not SetAside.objects.exists()


def test_a_fault_of_the_machine_is_raised() -> None:
    with pytest.raises(OperationalError):
        go(Worker({421}, OperationalError("no connection")), Batch(1, 1000))
    assert not SetAside.objects.exists()


def test_a_step_that_fails_on_everyone_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setting_aside, "MAX_FAULTS", 5)
    with pytest.raises(TooManyFaults, match="More than 5 records failed"):
        go(Worker(set(range(1, 1001)), ValueError("a fault of the step")), Batch(1, 1000))


def test_a_portion_that_came_to_nothing_is_left_to_the_next_look() -> None:
    assert not work_through(
        Batch(1, 9), lambda portion, without: False, run=Snapshot(taken_at=timezone.now()), step=STEP, table=TABLE
    )


def test_what_was_deleted_is_set_aside_no_more() -> None:
    lead = make.lead()
    for number in (lead.pk, lead.pk + 1):
        setting_aside.set_aside(STEP, TABLE, number, ValueError("no"))
    forget_deleted(STEP, TABLE)
    assert [row.row_id for row in SetAside.objects.all()] == [lead.pk]


def spoil(lead: Lead, text: str) -> None:
    """Write a date that no door takes any more, as an earlier Accord did."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE crm_lead SET created_at = %s, first_contact_on = %s WHERE id = %s", [text, text[:10], lead.pk]
        )


def dates(name: str = "leads") -> list[Any]:
    facts = open_facts()
    table = facts.table(name)
    return facts.execute(table.order_by("id").select("created_at"))["created_at"].isna().tolist()


@pytest.mark.parametrize(
    "text", ["0001-01-01 00:00+00", "9999-12-31 23:59:59-12", "1899-12-30 00:00+00", "2500-01-01 00:00+00"]
)
def test_facts_take_a_date_that_cannot_be_meant_for_none_and_say_so(company: Any, only: Only, text: str) -> None:
    only("leads", "accounts")
    fine, bad = (make.lead(created_at=timezone.now()) for _ in range(2))
    spoil(bad, text)
    refresh()
    assert dates() == [False, True]
    row = SetAside.objects.get()
    assert (row.step, row.table, row.row_id) == ("facts", "crm_lead", bad.pk)
    assert "is outside 1900 to 2199" in row.reason
    Lead.objects.filter(pk=fine.pk).update(title="News")
    refresh()
    assert SetAside.objects.count() == 1
    spoil(bad, "2026-01-05 00:00+00")
    refresh()
    assert dates() == [False, False]
    assert not SetAside.objects.exists()


def test_a_row_deleted_or_a_whole_table_of_bad_dates_is_noted_within_bounds(
    company: Any, only: Only, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facts.export.MAX_NOTED", 3)
    only("leads", "accounts")
    for _ in range(6):
        spoil(make.lead(), "0001-01-01 00:00+00")
    refresh()
    assert SetAside.objects.count() == 3
    Lead.objects.all().delete()
    refresh()
    assert not SetAside.objects.exists()


def test_a_year_beyond_arrow_in_another_table_is_left_out_too(company: Any, only: Only) -> None:
    only("accounts")
    account = make.account()
    Account.objects.update(name=F("name"))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE crm_account SET created_at = '20000-01-01' WHERE id = %s", [account.pk])
    refresh()
    assert dates("accounts") == [True]
