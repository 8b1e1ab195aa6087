"""A run goes through its tables batch by batch, once each, wherever it was stopped; the next asks what changed."""

from datetime import datetime
from typing import Any

import numpy as np
import pytest
from django.utils import timezone

from crm.models import Lead
from facts import batches
from facts.batch_run import BatchJob
from facts.batches import Batch
from facts.engine import open_facts
from facts.models import SetAside
from facts.refresh import refresh
from scoring.models import ScoringRun
from tests import make
from tests.facts.conftest import Only

pytestmark = pytest.mark.django_db


class CountingJob(BatchJob[ScoringRun]):
    """Writes nothing but down which rows it was asked to write."""

    runs = ScoringRun
    step = "count"
    lock = 1
    tables = ("crm_lead", "crm_account")
    unit = "rows counted"
    digest = "one"

    def __init__(self, *, stop_after: int = 100, bad: int = 0, changed: dict[str, list[int]] | None = None) -> None:
        super().__init__(open_facts())
        self.asked: list[tuple[str, list[int]]] = []
        self.stop_after, self.bad, self.changed = stop_after, bad, changed

    def changed_ids(self, table: str, since: str, moment: datetime) -> np.ndarray:
        assert self.changed is not None
        return np.array(self.changed[table], dtype=np.int64)

    def must_ask_all(self, last: ScoringRun, moment: datetime) -> bool:
        return self.changed is None

    def prepare_run(self, last: ScoringRun | None, since: str, moment: datetime) -> dict[str, Any]:
        return {"known": {"last": last.pk if last else 0}}

    def write_batch(self, cursor: Any, run: ScoringRun, table: str, batch: Batch, left_out: np.ndarray) -> int:
        if len(self.asked) == self.stop_after:
            raise KeyboardInterrupt
        ids = range(batch.first, batch.last + 1) if batch.ids is None else batch.ids.tolist()
        wanted = [number for number in ids if number not in left_out]
        if self.bad in wanted:
            raise ValueError("a broken row")
        self.asked.append((table, wanted))
        return len(wanted)

    def go(self) -> int | None:
        return self.run_batches(None, seconds=1e9, moment=timezone.now())


@pytest.fixture
def rows(only: Only, monkeypatch: pytest.MonkeyPatch) -> tuple[list[int], list[int]]:
    """Five leads and three accounts, copied to the facts; two rows make a batch."""
    monkeypatch.setattr(batches, "BATCH_ROWS", 2)
    monkeypatch.setattr(batches, "FULL_SCAN_SHARE", 1)
    only("leads", "accounts")
    leads, accounts = [make.lead().pk for _ in range(5)], [make.account().pk for _ in range(3)]
    refresh()
    return leads, accounts


def test_every_row_of_every_table_is_asked_about_once(rows: tuple[list[int], list[int]]) -> None:
    leads, accounts = rows
    job = CountingJob()
    assert job.go() == 8
    assert job.asked == [
        ("crm_lead", leads[:2]), ("crm_lead", leads[2:4]), ("crm_lead", leads[4:]),
        ("crm_account", accounts[:2]), ("crm_account", accounts[2:]),
    ]  # fmt: skip
    run = ScoringRun.objects.get()
    assert (run.asked, run.written, run.since, run.known) == (8, 8, "", {"last": 0})
    assert run.reached == {"crm_lead": leads[-1], "crm_account": accounts[-1]}
    assert run.finished_at


@pytest.mark.parametrize("stop", range(5))
def test_a_killed_run_goes_on_with_the_next_batch(rows: tuple[list[int], list[int]], stop: int) -> None:
    first, second = CountingJob(stop_after=stop), CountingJob()
    with pytest.raises(KeyboardInterrupt):
        first.go()
    assert second.go() == 8
    assert [number for _, ids in first.asked + second.asked for number in ids] == [*rows[0], *rows[1]]
    assert ScoringRun.objects.count() == 1


def test_a_run_whose_time_is_over_says_that_something_is_left(rows: tuple[list[int], list[int]]) -> None:
    assert CountingJob().run_batches(None, seconds=-1, moment=None) is None
    assert ScoringRun.objects.get().finished_at is None


@pytest.fixture
def changed(rows: tuple[list[int], list[int]], monkeypatch: pytest.MonkeyPatch) -> dict[str, list[int]]:
    """A lead and an account that changed after a first run."""
    assert CountingJob().go() == 8
    monkeypatch.setattr(batches, "BATCH_ROWS", 100)  # of which one is few
    return {"crm_lead": rows[0][3:4], "crm_account": rows[1][1:2]}


def test_the_next_run_asks_only_about_what_changed(changed: dict[str, list[int]]) -> None:
    first, job = ScoringRun.objects.get(), CountingJob(changed=changed)
    assert job.go() == 2
    assert job.asked == list(changed.items())
    run = ScoringRun.objects.latest("pk")
    assert (run.since, run.known) == (first.horizon, {"last": first.pk})


def test_everything_is_asked_again_when_the_definitions_changed(changed: dict[str, list[int]]) -> None:
    job = CountingJob(changed=changed)
    job.digest = "another"
    assert job.go() == 8
    assert CountingJob(changed=changed).go() == 8  # and again when they are the old ones


def test_everything_is_asked_again_where_so_much_changed_that_naming_it_costs_more(
    changed: dict[str, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "BATCH_ROWS", 2)
    assert CountingJob(changed=changed).go() == 8


def test_rows_deleted_since_and_rows_that_break_the_question_are_left_out(rows: tuple[list[int], list[int]]) -> None:
    leads, accounts = rows
    Lead.objects.filter(pk=leads[1]).delete()
    job = CountingJob(bad=leads[2])
    assert job.go() == 6
    assert sorted(number for _, ids in job.asked for number in ids) == sorted(
        {*leads, *accounts} - {leads[1], leads[2]}
    )
    assert SetAside.objects.get().row_id == leads[2]
