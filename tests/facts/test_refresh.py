"""The copy equals Postgres after every refresh, whatever happened, and costs what changed."""

import threading
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import psycopg2
import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.models import Lead, Opportunity
from facts import delta_tables, registry
from facts.models import Snapshot
from facts.refresh import Busy, refresh
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
    for name in registry.all_tables():
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
    delta = delta_tables.open_version("leads", snapshot.versions["leads"], snapshot.lake_ids["leads"])
    assert delta is not None
    return {part.path for part in delta_tables.list_segments(delta)}


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


def test_much_change_is_written_again(leads: None, small_segments: None) -> None:
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
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
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
    real = delta_tables.append_rows

    def append(*args: Any) -> None:
        real(*args)
        monkeypatch.setattr(delta_tables, "append_rows", real)
        make.opportunity(lead=make.lead())

    make.lead()
    monkeypatch.setattr(delta_tables, "append_rows", append)
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
    real = delta_tables.append_rows

    def append(*args: Any) -> None:
        inside.set()
        assert free.wait(20)
        real(*args)

    monkeypatch.setattr(delta_tables, "append_rows", append)
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
