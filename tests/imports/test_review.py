"""An import that waits for a person: what it would do is what it then does, and nothing of it is written before."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.tasks import queue_due_work
from core.work import LostLease, State, run_claimed, start_worker
from crm.models import Lead, Owner
from imports import actions
from imports.actions import CannotImport, NotHeld
from imports.files import blocks as blocks_module
from imports.models import CustomField, ImportFile, ImportJob, Preview, RememberedMapping, SeenKey
from imports.preview.counting import sum_totals
from imports.preview.summary import summarise_preview
from team.models import User
from tests.imports.importing import FIXTURES, bring, checksums, queue

pytestmark = pytest.mark.slow

LEADS = b"Id,LastName,Company,Status,OwnerId\n1,A,X,New,005a\n2,B,X,New,005b\n2,B,Y,New,005b\n,C,X,New,\n"
COUNTED = ("rows", "created", "updated", "unchanged", "repeated", "rejected", "dropped", "duplicates")


def hold(files: Any, **options: Any) -> ImportJob:
    """Hand files in as the screen does, and let the worker look at them and count."""
    run = queue(files, waits=True, **options)
    run_claimed(ImportJob, run.pk, budget=1e9)
    count(run)
    run.refresh_from_db()
    return run


def count(run: ImportJob) -> Preview:
    row = run_claimed(Preview, Preview.objects.get(run=run).pk, budget=1e9)
    assert isinstance(row, Preview)
    assert row.state == State.DONE, row.last_error
    return row


def go(run: ImportJob, user: User) -> ImportJob:
    actions.confirm_import(run=run, user=user)
    done = run_claimed(ImportJob, run.pk, budget=1e9)
    assert isinstance(done, ImportJob)
    assert done.state == State.DONE, done.last_error
    return done


def counted(run: ImportJob) -> dict[str, int]:
    total = sum_totals(list(run.files.all()))
    return {name: getattr(total, name) for name in COUNTED}


def became(run: ImportJob) -> dict[str, int]:
    return {name: run.counts[name] for name in COUNTED}


def test_an_import_from_the_screen_waits_and_no_worker_takes_it(ops: User) -> None:
    run = hold({"Lead.csv": LEADS}, user=ops)
    assert run.is_held
    assert ImportJob.claim(run.pk) is None
    assert not ImportJob.due().exists()
    queue_due_work()
    assert not Lead.objects.exists()
    go(run, ops)
    assert Lead.objects.count() == 2


def test_an_import_that_no_one_asked_to_wait_goes_straight_in(ops: User) -> None:
    assert bring({"Lead.csv": LEADS}).state == State.DONE
    assert not Preview.objects.exists()


def test_what_no_one_imports_for_a_week_is_discarded(ops: User) -> None:
    run, young = hold({"Lead.csv": LEADS}, user=ops), hold({"Lead.csv": LEADS}, user=ops)
    ImportJob.objects.filter(pk=run.pk).update(held_since=timezone.now() - timedelta(days=8))
    ImportJob.discard_expired()
    run.refresh_from_db()
    young.refresh_from_db()
    assert (run.state, run.last_error) == (State.CANCELLED, "It was not imported within 7 days.")
    assert young.is_held


def test_a_preview_writes_to_no_table_of_records(ops: User) -> None:
    bring({"Lead.csv": b"Id,LastName,Company,Status\n2,B,X,Old\n"})
    before = checksums()
    run = hold(FIXTURES / "salesforce", user=ops)
    assert counted(run)["created"] > 0
    assert checksums() == before
    assert not SeenKey.objects.exists()
    assert run.counts["rows"] == 0


@pytest.mark.parametrize("source", ["salesforce", "hubspot", "maven", "olist"])
def test_every_source_counts_what_then_comes(ops: User, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks_module, "BLOCK", 2000)
    for _ in range(2):
        run = hold(FIXTURES / source, user=ops)
        foreseen = counted(run)
        assert became(go(run, ops)) == foreseen
    assert foreseen["created"] == 0


words = st.sampled_from(["", "A", "B", "C"])
rows = st.lists(st.tuples(st.sampled_from(["1", "2", "3", "4", ""]), words, words, words), max_size=12)


@given(before=rows, after=rows, block=st.sampled_from([20, 60, 4000]))
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_preview_counts_what_the_run_counts(
    ops: User, monkeypatch: pytest.MonkeyPatch, before: Any, after: Any, block: int
) -> None:
    monkeypatch.setattr(blocks_module, "BLOCK", block)
    Lead.objects.all().delete()
    Owner.objects.all().delete()
    header = "Id,LastName,Company,Status,OwnerId,Mood\n"
    for given_rows in (before, after):
        text = header + "".join(f"{key},{a},{b},New,{c},{a}\n" for key, a, b, c in given_rows)
        run = hold({"Lead.csv": text}, user=ops)
        foreseen = counted(run)
        assert became(go(run, ops)) == foreseen


def test_an_id_that_comes_again_in_another_block_is_not_new_twice(ops: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks_module, "BLOCK", 40)
    rows = "".join(f"{number % 3},A{number // 6},X,New\n" for number in range(30))
    run = hold({"Lead.csv": "Id,LastName,Company,Status\n" + rows}, user=ops)
    foreseen = counted(run)
    assert foreseen["created"] == 3
    assert foreseen["updated"] > 0
    assert became(go(run, ops)) == foreseen


def test_refused_rows_are_named_with_line_column_and_reason(ops: User) -> None:
    run = hold({"Lead.csv": LEADS}, user=ops)
    assert run.files.get().preview["refused"] == [{"line": 5, "column": "Id", "reason": "The id is missing"}]


def test_links_say_what_they_find_and_what_they_would_make(ops: User) -> None:
    accounts = "Account,Domain,Owner\nAcme,acme.example,ann@example.com\n"
    deals = "Opportunity,Account,Stage,Owner\nOne,Acme,New,ann@example.com\nTwo,No one Ltd,New,Ben\nThree,No one Ltd,New,Ben\n"
    run = hold({"accounts.csv": accounts, "opportunities.csv": deals}, user=ops)
    lines = {(line.title, line.label): line for line in summarise_preview(run, list(run.files.all())).links}
    accounts_line = lines["Opportunities", "Account"]
    assert (accounts_line.rows, accounts_line.examples) == (2, [("No one Ltd", 2)])
    assert sum(line.made for line in lines.values()) == 2
    go(run, ops)
    assert Owner.objects.count() == 2


def test_a_changed_mapping_restarts_the_count_and_ends_the_old_one(ops: User) -> None:
    run = queue({"Lead.csv": LEADS}, waits=True, user=ops)
    run_claimed(ImportJob, run.pk, budget=1e9)
    old = Preview.claim(Preview.objects.get(run=run).pk)
    assert old is not None
    worker = start_worker(old)
    worker.step()
    file = run.files.get()
    actions.leave_out(file=file, user=ops)
    actions.include_file(file=file, user=None)
    with pytest.raises(LostLease):
        worker.step()
    worker.close()
    file.refresh_from_db()
    assert file.preview == {}
    count(run)
    run.refresh_from_db()
    assert counted(run)["created"] == 2


def test_what_does_not_wait_cannot_be_changed(ops: User) -> None:
    run = go(hold({"Lead.csv": LEADS}, user=ops), ops)
    for change in (
        lambda: actions.confirm_import(run=run, user=ops),
        lambda: actions.leave_out(file=run.files.get(), user=ops),
        lambda: actions.choose_duplicates(run=run, chosen={"email": "skip"}, user=None),
    ):
        with pytest.raises(NotHeld):
            change()


def test_what_no_one_knows_must_be_mapped_first(ops: User) -> None:
    run = hold({"odd.csv": "Foo,Bar\n1,2\n"}, user=ops)
    assert run.is_held
    with pytest.raises(CannotImport):
        actions.confirm_import(run=run, user=ops)


def test_files_of_which_nothing_can_be_read_do_not_wait(ops: User) -> None:
    run = queue({"picture.csv": b"\x89PNG\r\n\x1a\n0000"}, waits=True, user=ops)
    run_claimed(ImportJob, run.pk, budget=1e9)
    run.refresh_from_db()
    assert run.state == State.DONE


def test_cancelling_what_waits(ops: User) -> None:
    run = hold({"Lead.csv": LEADS}, user=ops)
    assert actions.cancel_import(run=run, user=None)
    run.refresh_from_db()
    assert (run.state, run.is_held) == (State.CANCELLED, False)
    assert not Lead.objects.exists()


def test_custom_fields_are_listed_with_their_type(ops: User) -> None:
    go(hold({"Lead.csv": b"Id,LastName,Company,Status,Mood\n1,A,X,New,good\n"}, user=ops), ops)
    assert list(CustomField.objects.values_list("kind", "key", "type")) == [("lead", "Mood", "text")]
    assert not RememberedMapping.objects.exists()
    assert ImportFile.objects.get().mappings == []
