"""Questions asked of one snapshot after another: threads, memory and kept expressions stay bounded."""

import gc
import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import ibis
import psutil
import pyarrow as pa
import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.live_tables import LiveTables
from facts import engine, sql_cache
from facts.engine import Facts, latest_snapshot, open_facts
from facts.models import Snapshot
from facts.refresh import refresh
from facts.sql_cache import Backend, Form
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
    snapshot = latest_snapshot()
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
    kept = facts.materialize("leads", recent.semi_join(rows, recent.id == rows.named))
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
    for place in range(engine.CACHED_ENGINES + 1):
        next_snapshot()
        ask(open_facts(), place)
    assert facts.execute(facts.table("leads").count()).iat[0, 0] == 1


def test_the_same_question_is_put_into_sql_once_for_all_snapshots(facts: Facts) -> None:
    from facts.sql_cache import _compile_template

    facts.execute(facts.table("leads").count())
    before = _compile_template.cache_info()
    next_snapshot()
    newer = open_facts()
    newer.execute(newer.table("leads").count())
    after = _compile_template.cache_info()
    assert (after.misses, after.hits) == (before.misses, before.hits + 1)


@pytest.fixture
def sql_files(settings: Any, tmp_path: Path) -> Path:
    settings.CACHES = settings.CACHES | {"sql": settings.CACHES["sql"] | {"LOCATION": str(tmp_path)}}
    sql_cache._compile_template.cache_clear()
    return tmp_path


def test_another_process_does_not_write_the_sql_again(sql_files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    question = ibis.table({"id": "int64"}, name="leads").filter(lambda leads: leads.id > 3).count()
    written = Backend().compile(question)
    (path,) = sql_files.iterdir()
    sql_cache._compile_template.cache_clear()  # as in a new process
    with monkeypatch.context() as patch:
        patch.setattr(sql_cache, "_write_template", None)
        assert Backend().compile(question) == written
    path.write_bytes(path.read_bytes()[:-9])  # damaged, as when the disk was full
    sql_cache._compile_template.cache_clear()
    assert Backend().compile(question) == written
    sql_cache._compile_template.cache_clear()
    monkeypatch.setattr(sql_cache, "_write_template", None)
    assert Backend().compile(question) == written


DIGEST = """
import ibis
from facts.sql_cache import Form
leads = ibis.table({name: "int64" for name in ("id", "first", "second", "third")}, name="leads")
print(Form(leads.drop("first", "second", "third").op()).digest)
"""


def test_a_question_has_one_name_in_all_processes() -> None:
    seeds = [{**os.environ, "PYTHONHASHSEED": seed, "DJANGO_SETTINGS_MODULE": "revops.settings"} for seed in "1234"]
    names = {subprocess.check_output([sys.executable, "-c", DIGEST], env=seed, text=True) for seed in seeds}
    assert len(names) == 1
    assert names != {"None\n"}


def test_rows_of_the_moment_go_with_the_question_that_held_them(facts: Facts) -> None:
    for _ in range(5):
        ask(facts, 0)
    gc.collect()
    ask(facts, 0)
    views = duckdb_views(facts)
    assert len(views) <= 2, views  # the table, and at most the rows of the last question


def duckdb_views(facts: Facts) -> list[str]:
    found = (
        facts._engine._thread_backend().con.sql("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()
    )
    return [name for (name,) in found]


def test_an_engine_that_no_one_holds_is_closed(company: Company) -> None:
    few = LiveTables([make.lead()])
    few.execute(few.table("leads"))
    con = few._engine._thread_backend().con
    del few
    gc.collect()
    with pytest.raises(duckdb.ConnectionException):
        con.sql("SELECT 1")


MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))


@given(st.lists(MOMENTS, min_size=3, max_size=3), st.dates(), st.integers(0, 2**62))
@settings(max_examples=15, deadline=None, database=None)
def test_a_text_that_is_shared_is_what_ibis_would_write(moments: list[datetime], day: date, number: int) -> None:
    leads = ibis.table({"id": "int64", "created_at": "timestamp('UTC')", "day": "date", "n": "int64"}, name="leads")
    rows = ibis.memtable(pa.table({"named": [1, 2]}))
    since, until, other = (ibis.literal(moment, type="timestamp('UTC')") for moment in moments)
    asked = leads.filter(leads.created_at.between(since, until), leads.id != ibis.literal(number, type="int64"))
    asked = asked.semi_join(rows, asked.id == rows.named).mutate(
        age=(other - asked.created_at), bare=ibis.literal(moments[0].replace(tzinfo=None)), is_day=asked.day == day,
    )  # fmt: skip
    expected = ibis.to_sql(asked, dialect="duckdb", pretty=False)
    assert Backend.from_connection(duckdb.connect()).compile(asked) == expected


def test_questions_share_a_text_only_when_they_ask_the_same() -> None:
    leads = ibis.table({"id": "int64", "n": "int64", "day": "date"}, name="leads")
    first, second = date(2026, 1, 1), date(2026, 2, 2)
    within = leads.filter(leads.day >= first, leads.day < second)
    assert Form(within.op()) == Form(leads.filter(leads.day >= second, leads.day < first).op())
    others = [
        leads.filter(leads.day >= first, leads.day < first),
        leads.filter(leads.day >= first, leads.day <= second),
        leads.filter(leads.day > first, leads.day < second),
        leads.filter(leads.day >= first),
        leads.filter(leads.n >= 5, leads.n < 7),
        leads.filter(leads.n >= 5, leads.n < 8),
        leads.select("id").limit(5),
        leads.select("id").limit(6),
        leads.select("n").limit(5),
        leads.mutate(word=ibis.literal("a")),
        leads.mutate(word=ibis.literal("b")),
        leads.mutate(is_early=leads.day.isin([first, second])),
        leads.mutate(is_early=leads.day.isin([first])),
    ]
    assert len({Form(question.op()) for question in [within, *others]}) == len(others) + 1


def test_a_question_that_names_another_moment_is_not_put_into_sql_again(facts: Facts) -> None:
    from facts.sql_cache import _compile_template

    ask(facts, 0)
    before = _compile_template.cache_info()
    ask(facts, 4)  # another moment, other rows
    after = _compile_template.cache_info()
    assert (after.misses, after.hits) == (before.misses, before.hits + 3)
    ours = (found for found in gc.get_objects() if type(found) is Form)  # a weak reference may be to nothing any more
    assert not [form for form in ours if form.question is not None or form.blanks]
