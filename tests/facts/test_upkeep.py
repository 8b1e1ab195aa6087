"""What makes a copy worthless is noticed, and what no reader wants is swept away."""

import shutil
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable
from django.db import connection

from crm.models import Lead
from facts import delta_tables, registry
from facts.columns import Column
from facts.models import Copy, Deletion, Snapshot
from facts.refresh import refresh
from facts.registry import FactTable, columns_of
from team.models import Territory
from tests import make
from tests.facts.conftest import Only, copied, true_rows
from tests.facts.test_refresh import many_leads, paths


def test_an_emptied_folder_is_filled_again(leads: None) -> None:
    many_leads(5)
    refresh()
    shutil.rmtree(delta_tables.table_uri("leads"))
    assert refresh().exported["leads"] == 5
    assert copied("leads") == true_rows("leads")


def test_a_truncated_table_leaves_no_trace_but_is_noticed(leads: None, small_segments: None) -> None:
    many_leads(50)
    refresh()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE crm_lead CASCADE")
    many_leads(3)
    refresh()
    assert copied("leads") == true_rows("leads")
    assert len(copied("leads")) == 3


def test_a_table_that_was_restored_from_a_dump_is_copied_again(leads: None) -> None:
    """Its rows may carry stamps of another age; a dump makes the table again, so it has another oid."""
    many_leads(5)
    refresh()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE saved (LIKE crm_lead INCLUDING ALL)")
        cursor.execute("INSERT INTO saved SELECT * FROM crm_lead")
        cursor.execute("UPDATE saved SET status = 'restored', changed_xid = '4'")
        cursor.execute("ALTER TABLE crm_lead RENAME TO crm_lead_before; ALTER TABLE saved RENAME TO crm_lead")
    try:
        assert refresh().exported["leads"] == 5
        assert copied("leads") == true_rows("leads")
        assert {row["status"] for row in copied("leads")} == {"restored"}
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE crm_lead; ALTER TABLE crm_lead_before RENAME TO crm_lead")


def test_a_changed_declaration_builds_that_table_again(
    transactional_db: None, only: Only, monkeypatch: pytest.MonkeyPatch
) -> None:
    only("leads", "owners")
    make.lead(rating="hot")
    make.owner()
    refresh()
    table = registry.get_table("leads")
    less = tuple(column for column in table.columns if column.name != "rating")
    other = FactTable("leads", Lead, (*less, Column("heat", "string", "rating")))
    monkeypatch.setitem(registry._tables, "leads", other)
    snapshot = refresh()
    assert snapshot.exported == {"leads": 1, "owners": 0}
    assert copied("leads")[0]["heat"] == "hot"


def test_a_table_without_stamps_is_written_only_when_it_differs(transactional_db: None, only: Only) -> None:
    only("territories")
    assert FactTable("territories", Territory, columns_of(Territory)).is_stamped is False
    nord = make.territory(name="Nord")
    first = refresh()
    assert refresh().versions == first.versions
    nord.name = "Norden"
    nord.save()
    assert refresh().versions != first.versions
    assert copied("territories") == true_rows("territories")


def test_deletions_are_forgotten_once_they_are_done(leads: None) -> None:
    many_leads(4)
    refresh()
    Lead.objects.filter(external_id="many-2").delete()
    assert Deletion.objects.count() == 1
    refresh()
    assert Deletion.objects.count() == 0


def test_rebuild_copies_everything(leads: None) -> None:
    many_leads(4)
    refresh()
    assert refresh(rebuild=True).exported["leads"] == 4
    assert copied("leads") == true_rows("leads")


def test_progress_counts_to_the_end(leads: None, small_segments: None) -> None:
    many_leads(35)
    seen: list[tuple[int, int, str]] = []
    refresh(progress=lambda *news: seen.append(news))
    assert seen == [(10, 35, "leads"), (20, 35, "leads"), (30, 35, "leads"), (35, 35, "leads")]


def test_old_files_are_swept_and_kept_snapshots_stay_readable(
    leads: None, small_segments: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delta_tables, "KEPT_HOURS", 0)
    monkeypatch.setattr("facts.refresh.RETAINED_SNAPSHOTS", 2)
    monkeypatch.setattr("facts.refresh._is_first_of_its_day", bool)
    many_leads(20)
    seen = []
    for round_ in range(5):
        Lead.objects.update(rating=str(round_))
        refresh()
        seen.append((Snapshot.objects.latest(), true_rows("leads")))
    for snapshot, rows in seen[-2:]:
        assert copied("leads", snapshot) == rows
    kept = {str(path) for path in Path(delta_tables.table_uri("leads")).glob("*.parquet")}
    assert paths(seen[-1][0]) | paths(seen[-2][0]) == kept


def test_old_files_are_swept_once_a_day(leads: None, monkeypatch: pytest.MonkeyPatch) -> None:
    swept: list[int] = []
    monkeypatch.setattr("facts.refresh._vacuum_tables", lambda kept: swept.append(kept[0].pk))
    refresh()
    yesterday = refresh()
    assert not swept
    Snapshot.objects.update(taken_at=yesterday.taken_at - timedelta(days=1))
    today = refresh()
    refresh()
    assert swept == [today.pk]


def test_the_log_is_swept_too_and_the_newest_version_stays(leads: None, monkeypatch: pytest.MonkeyPatch) -> None:
    hasty = {"delta.checkpointInterval": "3", "delta.logRetentionDuration": "interval 0 days"}
    monkeypatch.setattr(delta_tables, "CONFIGURATION", {**delta_tables.CONFIGURATION, **hasty})
    monkeypatch.setattr("facts.refresh._is_first_of_its_day", bool)
    for number in range(8):
        many_leads(1, number)
        refresh()
    commits = sorted(path.name for path in Path(delta_tables.table_uri("leads"), "_delta_log").glob("*.json"))
    assert len(commits) <= 4
    assert copied("leads") == true_rows("leads")


def test_readers_from_outside_are_told_which_versions_belong_together(transactional_db: None, only: Only) -> None:
    only("leads", "owners")
    make.lead(owner=make.owner())
    refresh()
    make.lead()
    snapshot = refresh()
    told = pa.table(DeltaTable(delta_tables.table_uri(delta_tables.SNAPSHOT)).to_pyarrow_table()).to_pylist()
    assert told == [
        {"table": name, "version": snapshot.versions[name], "rows": rows, "as_of": snapshot.taken_at}
        for name, rows in [("leads", 2), ("owners", 1)]
    ]


def test_snapshots_are_forgotten_in_the_end(leads: None) -> None:
    old = refresh()
    Snapshot.objects.filter(pk=old.pk).update(taken_at=old.taken_at - timedelta(days=91))
    new = refresh()
    assert list(Snapshot.objects.all()) == [new]


def test_what_a_copy_claims_is_in_the_copy(leads: None) -> None:
    many_leads(4)
    snapshot = refresh()
    copy = Copy.objects.get()
    assert (copy.table, copy.rows, copy.version) == ("leads", 4, snapshot.versions["leads"])
    assert copy.horizon == snapshot.horizon
