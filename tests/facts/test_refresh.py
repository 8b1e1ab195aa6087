"""The copy equals Postgres after every refresh, whatever happened, and costs what changed."""

import shutil
import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg2
import pyarrow as pa
import pytest
from deltalake import DeltaTable
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.models import Lead, Opportunity
from facts import lake, registry
from facts.columns import Column
from facts.models import Copy, Deletion, Snapshot
from facts.refresh import Busy, refresh
from facts.registry import FactTable, columns_of
from team.models import Territory
from tests import make
from tests.facts.conftest import Only, copied, true_rows


def many_leads(number: int, start: int = 0) -> None:
    rows = [Lead(source="test", external_id=f"many-{start + index}") for index in range(number)]
    Lead.objects.bulk_create(rows)


def outsider() -> Any:
    """Another client of the database, with a transaction of its own."""
    return psycopg2.connect(**connection.get_connection_params())


@pytest.mark.django_db
def test_every_kind_of_record_is_copied_as_it_is() -> None:
    territory = make.territory(name="Nord")
    account = make.account(owner=make.owner(territory=territory), annual_revenue=Decimal("99999999999999.99"))
    make.lead(
        account=account,
        name='Umlaut „Ä", with "quotes"\nand a line',
        email="",
        custom={"lead_type": "pink", "deep": {"a": [1, None]}, "text": 'a,b\n"c"'},
        created_at=datetime(2026, 3, 29, 1, 30, 0, 123456, tzinfo=UTC),
    )
    make.opportunity(account=account, amount=Decimal("0.01"), probability=Decimal("0.3333"), is_new_business=None)
    make.spend(amount=Decimal("-12.30"), territory=territory)
    make.invoice(account=account, is_new_business=False)
    make.contact(account=account)
    make.campaign()
    refresh()
    for name in registry.tables():
        assert copied(name) == true_rows(name), name
    assert copied("leads")[0]["custom"]["text"] == 'a,b\n"c"'
    assert copied("leads")[0]["created_at"] == datetime(2026, 3, 29, 1, 30, 0, 123456, tzinfo=UTC)


@pytest.mark.django_db
def test_money_is_copied_to_the_cent(only: Only) -> None:
    only("opportunities")
    amounts = [Decimal(cents) / 100 for cents in (1, 10, 99, 123456789, 9999999999999999)]
    for amount in amounts:
        make.opportunity(amount=amount)
    refresh()
    assert [row["amount"] for row in copied("opportunities")] == amounts


def test_a_second_refresh_reads_and_writes_nothing(leads: None) -> None:
    many_leads(30)
    first = refresh()
    second = refresh()
    assert first.exported["leads"] == 30
    assert second.exported["leads"] == 0
    assert second.versions == first.versions
    assert second.taken_at > first.taken_at


def test_a_refresh_reads_what_changed_and_writes_the_files_it_lies_in(leads: None, small_segments: None) -> None:
    many_leads(100)
    before = refresh()
    ids = list(Lead.objects.order_by("pk").values_list("pk", flat=True))
    Lead.objects.filter(pk__in=[ids[3], ids[55]]).update(status="worked")
    Lead.objects.filter(pk=ids[77]).delete()
    files = paths(before)
    after = refresh()
    assert after.exported["leads"] == 2
    assert len(files - paths(after)) == 3, "one file for each of the three segments"
    assert copied("leads") == true_rows("leads")


def paths(snapshot: Snapshot) -> set[str]:
    delta = lake.open_at("leads", snapshot.versions["leads"], snapshot.lake_ids["leads"])
    assert delta is not None
    return {part.path for part in lake.segments(delta)}


def test_new_rows_fill_the_last_file_before_they_get_one_of_their_own(leads: None, small_segments: None) -> None:
    many_leads(25)
    refresh()
    for start in range(25, 40):
        many_leads(1, start)
        snapshot = refresh()
        assert snapshot.exported["leads"] == 1
    assert len(paths(snapshot)) <= 5
    assert copied("leads") == true_rows("leads")


def test_a_large_import_beside_small_changes_is_read_once(leads: None, small_segments: None) -> None:
    many_leads(40)
    refresh()
    ids = list(Lead.objects.order_by("pk").values_list("pk", flat=True))
    Lead.objects.filter(pk=ids[7]).update(status="worked")
    Lead.objects.filter(pk=ids[21]).delete()
    many_leads(65, start=40)
    assert refresh().exported["leads"] == 66
    assert copied("leads") == true_rows("leads")
    assert refresh().exported["leads"] == 0


def test_much_change_is_written_anew(leads: None, small_segments: None) -> None:
    many_leads(100)
    refresh()
    Lead.objects.update(status="worked")
    assert refresh().exported["leads"] == 100
    assert copied("leads") == true_rows("leads")


def test_a_transaction_that_commits_late_is_not_missed(leads: None) -> None:
    many_leads(3)
    pk = Lead.objects.order_by("pk").values_list("pk", flat=True)[1]
    late = outsider()
    with late.cursor() as cursor:
        cursor.execute("INSERT INTO crm_lead (source, external_id) VALUES ('late', 'one')")
        cursor.execute("UPDATE crm_lead SET status = 'late' WHERE id = %s", [pk])
    many_leads(3, start=10)  # a younger transaction that commits first
    refresh()
    assert copied("leads") == true_rows("leads")
    assert "late" not in {row["source_system"] for row in copied("leads")}
    late.commit()
    late.close()
    refresh()
    assert copied("leads") == true_rows("leads")
    assert {"late"} < {row["source_system"] for row in copied("leads")}
    assert refresh().exported["leads"] == 0


def test_a_mere_change_that_commits_late_is_not_missed(leads: None) -> None:
    """No count gives it away: only its stamp does."""
    many_leads(3)
    refresh()
    late = outsider()
    with late.cursor() as cursor:
        cursor.execute("UPDATE crm_lead SET status = 'late' WHERE external_id = 'many-1'")
    many_leads(3, start=10)
    refresh()
    late.commit()
    late.close()
    assert refresh().exported["leads"] == 4, "the late row, and the three that its transaction made doubtful"
    assert copied("leads") == true_rows("leads")


def test_a_deletion_that_commits_late_is_not_missed(leads: None) -> None:
    many_leads(3)
    refresh()
    late = outsider()
    with late.cursor() as cursor:
        cursor.execute("DELETE FROM crm_lead WHERE external_id = 'many-1'")
    many_leads(1, start=10)
    refresh()
    assert len(copied("leads")) == 4
    late.commit()
    late.close()
    refresh()
    assert len(copied("leads")) == 3
    assert copied("leads") == true_rows("leads")


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("insert"), st.integers(1, 25)),
        st.tuples(st.just("update"), st.integers(1, 9)),
        st.tuples(st.just("delete"), st.integers(2, 9)),
        st.tuples(st.just("open"), st.integers(1, 5)),
        st.tuples(st.just("commit"), st.just(0)),
        st.tuples(st.just("roll back"), st.just(0)),
        st.tuples(st.just("refresh"), st.just(0)),
    ),
    min_size=3,
    max_size=14,
)


class Story:
    """A database that lives: rows come, change and go, and one transaction stays open for a while."""

    def __init__(self) -> None:
        Lead.objects.all().delete()
        Lead.objects.bulk_create(Lead(source="late", external_id=f"there-{number}") for number in range(6))
        self.number = 0
        self.open: Any = None

    def tell(self, step: str, size: int) -> None:
        match step:
            case "insert":
                many_leads(size, self.number)
                self.number += size
            case "update":
                Lead.objects.extra(where=[f"id %% 10 = {size}"]).exclude(source="late").update(rating=f"r{self.number}")
            case "delete":
                Lead.objects.extra(where=[f"id %% 10 = {size}"]).exclude(source="late").delete()
            case "open":
                self.write_late(size)
            case "commit" | "roll back":
                self.end(step)
            case "refresh":
                refresh()
                assert copied("leads") == true_rows("leads")

    def write_late(self, size: int) -> None:
        self.open = self.open or outsider()
        with self.open.cursor() as cursor:
            for _ in range(size - 3):
                self.number += 1
                cursor.execute("INSERT INTO crm_lead (source, external_id) VALUES ('late', %s)", [self.number])
            if size < 3:
                cursor.execute("UPDATE crm_lead SET rating = %s WHERE source = 'late'", [self.number])
                return
            cursor.execute("DELETE FROM crm_lead WHERE source = 'late' AND mod(id, 3) = 0")
            cursor.execute("UPDATE crm_lead SET status = %s WHERE source = 'late' AND mod(id, 3) = 1", [self.number])

    def end(self, how: str) -> None:
        if self.open is None:
            return
        self.open.commit() if how == "commit" else self.open.rollback()
        self.open.close()
        self.open = None


@given(steps=STEPS)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_happens_the_copy_equals_postgres(leads: None, small_segments: None, steps: list[Any]) -> None:
    story = Story()
    try:
        for step, size in steps:
            story.tell(step, size)
        story.tell("commit", 0)
        story.tell("refresh", 0)
    finally:
        story.end("roll back")


def test_the_copy_is_of_one_moment_for_all_tables(
    transactional_db: None, only: Only, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deal that is made after its lead was copied must not appear without it."""
    only("leads", "opportunities")
    real = lake.append

    def append(*args: Any) -> None:
        real(*args)
        monkeypatch.setattr(lake, "append", real)
        make.opportunity(lead=make.lead())

    make.lead()
    monkeypatch.setattr(lake, "append", append)
    refresh()
    assert Opportunity.objects.count() == 1
    assert len(copied("leads")) == 1
    assert copied("opportunities") == []
    refresh()
    assert copied("opportunities") == true_rows("opportunities")
    assert copied("leads") == true_rows("leads")


def test_two_refreshes_never_interleave(leads: None, monkeypatch: pytest.MonkeyPatch) -> None:
    many_leads(5)
    inside, free, busy = threading.Event(), threading.Event(), []
    real = lake.append

    def append(*args: Any) -> None:
        inside.set()
        assert free.wait(20)
        real(*args)

    monkeypatch.setattr(lake, "append", append)
    first = threading.Thread(target=in_thread, args=(refresh,))
    first.start()
    assert inside.wait(20)
    with pytest.raises(Busy):
        refresh(wait=False)
    second = threading.Thread(target=in_thread, args=(refresh, busy))
    second.start()
    second.join(0.5)
    assert second.is_alive(), "it waits for the first"
    free.set()
    first.join(20)
    second.join(20)
    assert busy[0].exported["leads"] == 0, "the second found everything done"
    assert Snapshot.objects.count() == 2


def in_thread(work: Any, results: list[Any] | None = None) -> None:
    try:
        done = work()
        if results is not None:
            results.append(done)
    finally:
        connection.close()


def test_an_emptied_folder_is_filled_again(leads: None) -> None:
    many_leads(5)
    refresh()
    shutil.rmtree(lake.address("leads"))
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


def test_a_table_that_was_restored_from_a_dump_is_copied_anew(leads: None) -> None:
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


def test_a_changed_declaration_builds_that_table_anew(
    transactional_db: None, only: Only, monkeypatch: pytest.MonkeyPatch
) -> None:
    only("leads", "owners")
    make.lead(rating="hot")
    make.owner()
    refresh()
    table = registry.get("leads")
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
    monkeypatch.setattr(lake, "KEPT_HOURS", 0)
    monkeypatch.setattr("facts.refresh.KEPT_SNAPSHOTS", 2)
    many_leads(20)
    seen = []
    for round_ in range(5):
        Lead.objects.update(rating=str(round_))
        refresh()
        seen.append((Snapshot.objects.latest(), true_rows("leads")))
    for snapshot, rows in seen[-2:]:
        assert copied("leads", snapshot) == rows
    kept = {str(path) for path in Path(lake.address("leads")).glob("*.parquet")}
    assert paths(seen[-1][0]) | paths(seen[-2][0]) == kept


def test_the_log_is_swept_too_and_the_newest_version_stays(leads: None, monkeypatch: pytest.MonkeyPatch) -> None:
    hasty = {"delta.checkpointInterval": "3", "delta.logRetentionDuration": "interval 0 days"}
    monkeypatch.setattr(lake, "CONFIGURATION", {**lake.CONFIGURATION, **hasty})
    for number in range(8):
        many_leads(1, number)
        refresh()
    commits = sorted(path.name for path in Path(lake.address("leads"), "_delta_log").glob("*.json"))
    assert len(commits) <= 4
    assert copied("leads") == true_rows("leads")


def test_readers_from_outside_are_told_which_versions_belong_together(transactional_db: None, only: Only) -> None:
    only("leads", "owners")
    make.lead(owner=make.owner())
    refresh()
    make.lead()
    snapshot = refresh()
    told = pa.table(DeltaTable(lake.address(lake.SNAPSHOT)).to_pyarrow_table()).to_pylist()
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
