"""Questions asked of one snapshot after another: threads, memory and kept expressions stay bounded."""

import gc
from datetime import timedelta

import duckdb
import ibis
import psutil
import pyarrow as pa
import pytest
from django.utils import timezone

from crm.one import FewBuyers
from facts import engine
from facts.engine import Facts, latest, open_facts
from facts.models import Snapshot
from facts.refresh import refresh
from team.models import Company
from tests import make
from tests.facts.conftest import Only

SNAPSHOTS = 200
WARM_UP = 20
MEGABYTES = 1 << 20
MOST_GROWTH = 60 * MEGABYTES  # of 180 snapshots: what leaked took 5 MB each


@pytest.fixture
def facts(company: Company, only: Only) -> Facts:
    only("leads")
    make.lead()
    refresh()
    return open_facts()


def next_snapshot() -> Snapshot:
    """Take the newest snapshot over under a later time, as a run without news does."""
    snapshot = latest()
    assert snapshot
    snapshot.pk, snapshot.taken_at = None, snapshot.taken_at + timedelta(seconds=1)
    snapshot.save(force_insert=True)
    return snapshot


def ask(facts: Facts, place: int) -> None:
    """Ask as pages and runs do: with a moment that no other question has, and beside rows of the moment."""
    leads = facts.table("leads")
    recent = leads.filter(leads.created_at < ibis.literal(timezone.now() + timedelta(seconds=place)))
    facts.execute(recent.aggregate(n=recent.count()))
    if place % 4:
        return
    rows = ibis.memtable(pa.table({"named": pa.array(range(20_000), pa.int64())}))
    kept = facts.keep("leads", recent.semi_join(rows, recent.id == rows.named))
    list(facts.stream(kept.select("id")))


@pytest.mark.slow
def test_threads_and_memory_stay_flat_over_two_hundred_snapshots(facts: Facts) -> None:
    process, threads, memory = psutil.Process(), 0, 0
    del facts
    for place in range(SNAPSHOTS):
        next_snapshot()
        ask(open_facts(), place)
        if place == WARM_UP:
            gc.collect()
            threads, memory = process.num_threads(), process.memory_info().rss
    gc.collect()
    assert process.num_threads() <= threads
    assert process.memory_info().rss - memory < MOST_GROWTH


def test_a_request_finishes_on_a_snapshot_that_newer_ones_have_displaced(facts: Facts) -> None:
    for place in range(engine.KEPT_ENGINES + 1):
        next_snapshot()
        ask(open_facts(), place)
    assert facts.execute(facts.table("leads").count()).iat[0, 0] == 1


def test_the_same_question_is_put_into_sql_once_for_all_snapshots(facts: Facts) -> None:
    from facts.questions import _sql

    facts.execute(facts.table("leads").count())
    before = _sql.cache_info()
    next_snapshot()
    newer = open_facts()
    newer.execute(newer.table("leads").count())
    after = _sql.cache_info()
    assert (after.misses, after.hits) == (before.misses, before.hits + 1)


def test_rows_of_the_moment_go_with_the_question_that_held_them(facts: Facts) -> None:
    for _ in range(5):
        ask(facts, 0)
    gc.collect()
    ask(facts, 0)
    views = duckdb_views(facts)
    assert len(views) <= 2, views  # the table, and at most the rows of the last question


def duckdb_views(facts: Facts) -> list[str]:
    found = facts._engine._backend().con.sql("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()
    return [name for (name,) in found]


def test_an_engine_that_nobody_holds_is_closed(company: Company) -> None:
    few = FewBuyers([make.lead()])
    few.execute(few.table("leads"))
    con = few._engine._backend().con
    del few
    gc.collect()
    with pytest.raises(duckdb.ConnectionException):
        con.sql("SELECT 1")
