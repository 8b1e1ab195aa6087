"""An import as a whole: twice is once, order does not matter, bad rows stay out and good ones go in."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from core.work import State, run_claimed, start_worker
from crm.models import Account, Contact, Lead, Opportunity, Owner
from imports.actions import cancel_import
from imports.files import blocks as blocks_module
from imports.load.pipeline import ImportPipeline
from imports.models import ImportJob, RowError
from team.models import Role
from tests import make
from tests.imports.importing import FIXTURES, bring, picture, queue, refused, wipe

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
LEADS = "Id,LastName,Company,Status,Email\n"
OPPORTUNITIES = "Id,AccountId,Name,StageName,Amount,CloseDate\n"
ACCOUNTS = "Id,Name,BillingCity,Website\n"


@pytest.mark.parametrize("folder", ["salesforce", "hubspot", "olist"])
def test_the_order_of_files_does_not_matter(folder: str) -> None:
    files = {path.name: path.read_bytes() for path in sorted((FIXTURES / folder).iterdir())}
    bring(files, source=folder)
    whole = picture()
    wipe()
    for name in reversed(files):
        bring({name: files[name]}, source=folder)
    assert picture() == whole


def test_a_link_waits_for_its_record_over_several_imports() -> None:
    bring({"Opportunity.csv": OPPORTUNITIES + "006,001,Deal,Prospecting,5,2027-01-01\n"})
    deal = Opportunity.objects.get()
    assert (deal.account, deal.pending) == (None, {"account": {"external_id": "001"}})
    bring({"Account.csv": ACCOUNTS + "002,Other,Kiel,\n"})
    assert Opportunity.objects.get().account is None
    bring({"Account.csv": ACCOUNTS + "001,Mine,Kiel,\n"})
    deal = Opportunity.objects.get()
    assert (deal.account.name, deal.pending) == ("Mine", {})


def test_links_are_tied_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imports.load.linking.BATCH", 2)
    bring({"Opportunity.csv": OPPORTUNITIES + "".join(f"006{n},001,Deal,New,5,2027-01-01\n" for n in range(7))})
    bring({"Account.csv": ACCOUNTS + "001,Mine,Kiel,\n"})
    assert Opportunity.objects.filter(account__name="Mine", pending={}).count() == 7


def test_a_link_that_is_emptied_in_the_source_is_emptied_here() -> None:
    bring({"Account.csv": ACCOUNTS + "001,Mine,,\n", "Opportunity.csv": OPPORTUNITIES + "006,001,D,New,5,2027-01-01\n"})
    bring({"Opportunity.csv": OPPORTUNITIES + "006,000000000000000AAA,D,New,5,2027-01-01\n"})
    assert Opportunity.objects.get().account is None


def test_a_stand_in_is_filled_by_the_row_with_its_id() -> None:
    bring({"Lead.csv": "Id,LastName,Company,Status,OwnerId\n00Q,A,B,New,005\n"})
    assert Owner.objects.get().name == "005"
    bring({"User.csv": "Id,Username,FirstName,LastName,Email,ProfileId\n005,a@b,Rita,Rep,Rita@Acme.test,p\n"})
    assert (Owner.objects.get().name, Lead.objects.get().owner.email) == ("Rita Rep", "rita@acme.test")


def test_owners_are_tied_to_the_users_with_their_address() -> None:
    rita = make.user(Role.REP, email="Rita@acme.test")
    bring({"User.csv": "Id,Username,FirstName,LastName,Email,ProfileId\n005,a@b,Rita,Rep,rita@ACME.test,p\n"})
    assert Owner.objects.get().user == rita


def test_columns_that_a_file_does_not_have_are_left_alone() -> None:
    bring({"Account.csv": "Id,Name,BillingCity,Tier,Size\n001,Mine,Kiel,Gold,9\n"})
    bring({"Account.csv": "Id,Name,Industry,Size,Mood\n001,Yours,Energy,,good\n"}, source="salesforce")
    account = Account.objects.get()
    assert (account.name, account.city, account.vertical.name) == ("Yours", "Kiel", "Energy")
    assert account.custom == {"Tier": "Gold", "Mood": "good"}


def test_more_custom_columns_than_one_call_of_the_database_takes() -> None:
    names = [f"Extra {number}" for number in range(130)]
    bring({"Account.csv": ",".join(["Id", "Name", "BillingCity", *names]) + "\n001,A,B," + ",".join(["%s {} \"\""] * 130).replace('""', "") + "\n"})  # fmt: skip
    assert Account.objects.get().custom == dict.fromkeys(names, "%s {}")


def test_of_rows_with_the_same_id_the_last_counts() -> None:
    run = bring({"Lead.csv": LEADS + "1,A,X,New,\n2,B,X,New,\n1,C,X,New,\n"})
    assert dict(Lead.objects.values_list("external_id", "last_name")) == {"1": "C", "2": "B"}
    counts = run.counts
    assert (counts["rows"], counts["created"], counts["repeated"]) == (3, 2, 1)


def test_every_row_is_accounted_for() -> None:
    run = bring({"Lead.csv": "Id,LastName,Company,Status,IsDeleted\n1,A,X,New,0\n1,A,X,New,\n2,B,X,New,1\n,C,X,New,0\n3\n\n4,D,X,New,0\n"})  # fmt: skip
    counts = run.counts
    assert (counts["created"], counts["repeated"], counts["dropped"], counts["rejected"]) == (2, 1, 1, 2)
    assert counts["rows"] == 6


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        (",A,X,New,,,,", "Id", "The id is missing"),
        ("1,A,X,New,,2024-02-30,,", "CreatedDate", "“2024-02-30” is not a valid date"),
        ("1,A,X,New,,,many,", "NumberOfEmployees", "“many” is not a valid number"),
        ("1,A,X,New,,,,12x", "AnnualRevenue", "“12x” is not a valid number"),
        (f"1,{'A' * 300},X,New,,,,", "LastName", "The text has 300 characters; at most 255 fit"),
        (f"{'1' * 300},A,X,New,,,,", "Id", "The id is longer than 255 characters"),
        ("1,A\0,X,New,,,,", "LastName", "The cell holds a NUL character"),
        ("1,A,X,New,perhaps,,,", "IsConverted", "“perhaps” is neither yes nor no"),
        ("1,A,X", "", "The row has 3 cells where the header has 8"),
        ('1,"A,X,New,,,,', "", "A quote is not closed"),
    ],
)
def test_a_bad_row_comes_back_with_line_and_reason_and_the_good_ones_go_in(row: str, column: str, words: str) -> None:
    header = "Id,LastName,Company,Status,IsConverted,CreatedDate,NumberOfEmployees,AnnualRevenue\n"
    run = bring({"Lead.csv": f'{header}a,"Good\none",X,New,,,,\n{row}\nb,Good,X,New,,,,\n'})
    assert set(Lead.objects.values_list("external_id", flat=True)) == {"a", "b"}
    [(line, named, reason)] = refused(run)
    assert (line, named) == (4, column)
    assert reason.startswith(words)


def test_the_row_itself_is_kept_with_the_reason() -> None:
    run = bring({"Lead.csv": LEADS + '"",Müller,"X, Y",New,m@x\n'})
    assert RowError.objects.of(run).get().row == {
        "Id": "", "LastName": "Müller", "Company": "X, Y", "Status": "New", "Email": "m@x",
    }  # fmt: skip


def test_percentages_and_currencies_out_of_bounds_are_refused() -> None:
    header = "Id,Name,StageName,CloseDate,Probability,CurrencyIsoCode\n"
    run = bring({"Opportunity.csv": header + "1,A,New,2027-01-01,101,EUR\n2,B,New,2027-01-01,50,Euro\n3,C,New,,,usd\n"})
    assert [reason for _, _, reason in refused(run)] == [
        "“101” is not a percentage from 0 to 100", "“Euro” is not a currency; write it as EUR",
    ]  # fmt: skip
    assert Opportunity.objects.get().currency == "USD"


def test_a_file_that_no_mapping_knows_is_skipped_and_an_unreadable_one_named() -> None:
    run = bring(
        {"x.csv": "Table,Field\na,b\n", "y.csv": b"%PDF-1.4", "z.md": "# hello", "Lead.csv": LEADS + "1,A,X,New,\n"}
    )
    found = {file.name: (file.state, file.reason) for file in run.files.all()}
    assert found["x.csv"] == ("skipped", "No mapping matches a file with these columns: Table, Field")
    assert found["y.csv"] == ("failed", "This is a PDF. Export the table as CSV.")
    assert found["z.md"][0] == "skipped"
    assert (found["Lead.csv"][0], run.state) == ("done", State.DONE)


def test_a_wrong_mapping_of_the_company_ends_the_import_with_its_name(tmp_path: Path, settings: Any) -> None:
    settings.MAPPINGS_DIR = str(tmp_path)
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "lead.toml").write_text('id = "x"\n[fields]\nshoe = "y"')
    run = queue({"Lead.csv": LEADS})
    failed = run_claimed(ImportJob, run.pk)
    assert failed is not None
    assert (failed.state, failed.last_error) == (State.FAILED, "own/lead.toml: lead has no field “shoe”")


def test_the_size_of_the_blocks_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    bring(FIXTURES / "salesforce")
    whole = picture()
    wipe()
    monkeypatch.setattr(blocks_module, "BLOCK", 70)
    run = bring(FIXTURES / "salesforce")
    assert picture() == whole
    assert run.counts["rejected"] == 0


@pytest.mark.parametrize("stop", [1, 3, 5, 8, 12])
def test_a_run_taken_up_by_another_worker_goes_on_where_it_was(stop: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks_module, "BLOCK", 60)
    files = {"Lead.csv": LEADS + "".join(f"{n},L{n},X,New,\n" for n in range(60)) + "bad\n"}
    run = queue(files)
    first = ImportJob.claim(run.pk)
    assert first is not None
    worker = start_worker(first)
    for _ in range(stop):
        worker.step()
    worker.close()
    ImportJob.objects.filter(pk=run.pk).update(lease_until="2020-01-01T00:00Z")
    done = run_claimed(ImportJob, run.pk, budget=1e9)
    assert done is not None
    assert Lead.objects.count() == 60
    assert (done.counts["created"], done.counts["rejected"], done.counts["rows"]) == (60, 1, 61)
    with pytest.raises(Exception, match=r"imports\.ImportJob"):
        worker = start_worker(first)
        while not worker.step():
            pass


def test_progress_is_measured_in_bytes_and_ends_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks_module, "BLOCK", 60)
    run = queue({"Lead.csv": LEADS + "".join(f"{n},L{n},X,New,\n" for n in range(40)), "x.csv": "what\never\n"})
    claimed = ImportJob.claim(run.pk)
    assert claimed is not None
    seen = [claimed.fraction_done or 0.0]
    worker = start_worker(claimed)
    while not worker.step():
        seen.append(claimed.fraction_done or 0.0)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert len(set(seen)) > 5


def test_a_cancelled_import_stops_and_what_is_in_stays_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks_module, "BLOCK", 60)
    run = queue({"Lead.csv": LEADS + "".join(f"{n},L{n},X,New,\n" for n in range(60))})
    steps = itertools.count()
    original = ImportPipeline.step

    def step(self: ImportPipeline) -> bool:
        if next(steps) == 6:
            assert cancel_import(run=run, user=None)
        return original(self)

    monkeypatch.setattr(ImportPipeline, "step", step)
    assert run_claimed(ImportJob, run.pk, budget=1e9) is None
    run.refresh_from_db()
    assert (run.state, run.finished_at is not None) == (State.CANCELLED, True)
    assert 0 < Lead.objects.count() < 60
    assert not cancel_import(run=run, user=None)


def test_two_sources_may_use_the_same_id() -> None:
    bring({"Lead.csv": LEADS + "1,A,X,New,\n"}, source="salesforce")
    bring({"contacts.csv": "Contact ID,Email,First Name,Lifecycle Stage\n1,b@x,B,Lead\n"}, source="hubspot")
    assert set(Lead.objects.values_list("source", "external_id")) == {("salesforce", "1"), ("hubspot", "1")}


def test_an_account_that_shares_its_domain_is_found_the_same_way_each_time() -> None:
    companies = "Company ID,Company Name,Company Domain Name\n1,One,x.example\n2,Two,x.example\n"
    contacts = "Contact ID,Email,First Name,Lifecycle Stage,Associated Company Domain\n9,a@x,A,Lead,x.example\n"
    bring({"contacts.csv": contacts})
    bring({"companies.csv": companies})
    assert Contact.objects.get().account.name == "One"
    assert bring({"contacts.csv": contacts}).counts["updated"] == 0


def test_the_hash_and_size_of_what_came_in_are_kept() -> None:
    run = bring({"Lead.csv": LEADS})
    assert len(run.sha256) == 64
    assert run.sha256 == run.files.get().sha256
    assert run.size == len(LEADS)


def test_no_plain_copy_is_left_behind(settings: Any) -> None:
    run = bring({"Lead.csv": LEADS + "1,A,X,New,\n"})
    assert [path.name for path in (Path(settings.MEDIA_ROOT) / run.folder).iterdir()] == ["1"]


def test_json_of_bad_rows_stands_what_people_type() -> None:
    run = bring({"Lead.csv": LEADS + ',"a\0\\u0000 “x” \U0001f600",X,New,\n'})
    with connection.cursor() as cursor:
        cursor.execute("SELECT row::text FROM imports_rowerror WHERE file_id = %s", [run.files.get().pk])
        assert "\U0001f600" in json.loads(cursor.fetchone()[0])["LastName"]
