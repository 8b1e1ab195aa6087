"""Rows that seem to be there already: found by e-mail, domain and name; kept and listed, or left out and listed."""

from typing import Any

import pytest
from django.urls import reverse

from core.work import run_claimed
from crm.models import Account, Contact, Lead
from imports.actions import confirm_import
from imports.load.company_names import bare_name, name_similarity
from imports.models import Duplicate, ImportJob, Preview
from team.models import User
from tests import make
from tests.imports.importing import bring, picture, queue, wipe

pytestmark = pytest.mark.django_db(transaction=True)

LEADS = "Id,LastName,Company,Status,Email\n{}\n"
ACCOUNTS = "Id,Name,BillingCity,Website\n{}\n"
CONTACTS = "Id,LastName,AccountId,Email\n{}\n"


def leads(*rows: str) -> dict[str, str]:
    return {"Lead.csv": LEADS.format("\n".join(rows))}


def accounts(*rows: str) -> dict[str, str]:
    return {"Account.csv": ACCOUNTS.format("\n".join(rows))}


def listed(run: ImportJob) -> list[tuple[str, str, str, int, str, int | None]]:
    return [
        (pair.external_id, pair.other_external_id, pair.why, pair.sure, pair.done, pair.line)
        for pair in Duplicate.objects.of(run)
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ACME, Inc.", "Acme Corporation"),
        ("The Müller & Söhne GmbH & Co. KG", "muller sohne"),
        ("Dupont S.A.", "DUPONT"),
        ("Betasoloin", "Betasloin Ltd"),
        ("Baker Hughes Holding", "Holding Baker Hughes"),
        ("Unit 7 Trading", "Unit 7 Trading Co."),
        ("Die Müller Maschinenbau GmbH", "Mueller Maschinenbau AG"),
        ("Böhm", "Boehm"),
        ("Łódź Ørsted", "Lodz Orsted"),
    ],
)
def test_near_same_names(one: str, other: str) -> None:
    assert name_similarity(bare_name(one), bare_name(other)) >= 90


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Unit 7", "Unit 8"),
        ("Acme North", "Acme South"),
        ("Zoom", "Zoog"),
        ("Company 12", "Company 112"),
        ("SAP", "SAS"),
    ],
)
def test_different_names(one: str, other: str) -> None:
    assert name_similarity(bare_name(one), bare_name(other)) == 0


def test_leads_with_the_same_email_are_both_imported_and_listed() -> None:
    run = bring(leads("1,Ada,X,New,ada@x.com", "2,Ben,X,New,ben@x.com", "3,ADA,X,New,Ada@X.com", "4,Eve,X,New,"))
    assert Lead.objects.count() == 4
    assert listed(run) == [("3", "1", "email", 100, "keep", None)]
    later = bring(leads("5,Benjamin,X,New,ben@x.com", "6,Eva,X,New,"))
    assert listed(later) == [("5", "2", "email", 95, "keep", None)]
    assert listed(bring(leads("5,Benjamin,X,New,ben@x.com"))) == []


def test_leads_of_another_source_count_too_and_are_left_out_when_asked() -> None:
    bring({"leads.csv": "Lead ID,Name,Email,Company\nh1,Ada,ada@x.com,X\n"}, source="accord")
    assert Lead.objects.get().email == "ada@x.com"
    run = bring(
        leads("1,Ada,X,New,ada@x.com", "2,Ben,X,New,ben@x.com", "3,Ben,X,New,ben@x.com"), duplicates={"email": "skip"}
    )
    assert sorted(Lead.objects.values_list("external_id", flat=True)) == ["2", "h1"]
    assert listed(run) == [("1", "h1", "email", 95, "skip", 2), ("3", "2", "email", 100, "skip", 4)]
    counts = run.counts
    assert (counts["rows"], counts["created"], counts["unchanged"], counts["duplicates"]) == (3, 1, 0, 2)


def test_a_row_that_is_there_is_updated_even_if_it_repeats_another() -> None:
    bring(leads("1,Ada,X,New,ada@x.com", "2,Ada,X,New,ada@x.com"))
    run = bring(leads("1,Ada,X,New,ada@x.com", "2,Ada,X,Working,ada@x.com"), duplicates={"email": "skip"})
    assert (run.counts["updated"], run.counts["duplicates"], Lead.objects.get(external_id="2").status) == (
        1,
        0,
        "Working",
    )


def test_contacts_are_compared_with_contacts() -> None:
    bring(leads("1,Ada,X,New,ada@x.com"))
    run = bring({"Contact.csv": CONTACTS.format("c1,Ada,,ada@x.com\nc2,Ada,,ada@x.com")}, duplicates={"email": "skip"})
    assert (Contact.objects.count(), listed(run)) == (1, [("c2", "c1", "email", 100, "skip", 3)])


def test_accounts_with_the_same_domain_or_a_near_same_name() -> None:
    bring(accounts("1,Acme Inc.,Kiel,https://www.acme.com/", "2,Bolt Trading GmbH,Ulm,bolt.de", "3,Zoom,Rom,gmail.com"))
    run = bring(
        accounts("4,Akme Group,Kiel,acme.com", "5,BOLT Trading,Ulm,", "6,Yoom,Rom,gmail.com", "7,Bolt Tracing Ltd,Ulm,")
    )
    assert Account.objects.count() == 7
    assert sorted(listed(run)) == [
        ("4", "1", "domain", 95, "keep", None),
        ("5", "2", "name", 100, "keep", None),
        ("7", "2", "name", 92, "keep", None),
    ]


@pytest.mark.parametrize(
    ("there", "new"),
    [
        ("Acme Company of Kiel", "The Acme Company of Kiel"),
        ("Müller Maschinenbau", "Mueller Maschinenbau GmbH"),
        ("Acme Turbines", "Akme Turbines"),
        ("Turbinen Nord Kiel", "Kiel Turbinen Nord"),
        ("Übersee Handel", "Uebersee Handel"),
    ],
)
def test_names_that_begin_otherwise_are_found_as_the_preview_said(there: str, new: str) -> None:
    bring(accounts(f"1,{there},Kiel,"))
    rows = accounts("2,Quite Another,Ulm,", f"3,{new},Ulm,")
    held = run_claimed(ImportJob, queue(rows, waits=True).pk, budget=1e9)
    assert held
    run_claimed(Preview, Preview.objects.get(run=held).pk, budget=1e9)
    assert held.files.get().preview["alike"]["name"]["rows"] == 1
    assert [pair[:2] for pair in listed(bring(rows))] == [("3", "1")]


def test_each_kind_of_likeness_is_treated_as_chosen() -> None:
    bring(accounts("1,Acme Inc.,Kiel,acme.com", "2,Bolt Trading,Ulm,bolt.de"))
    new = accounts(
        "4,Akme Group,Kiel,acme.com", "5,Bolt Trading AG,Ulm,", "6,Cargo Lines,Ulm,", "7,Cargo Lines Ltd,Ulm,"
    )
    run = bring(new, duplicates={"name": "skip"})
    assert sorted(Account.objects.values_list("external_id", flat=True)) == ["1", "2", "4", "6"]
    assert sorted(listed(run)) == [
        ("4", "1", "domain", 95, "keep", None),
        ("5", "2", "name", 100, "skip", 3),
        ("7", "6", "name", 100, "skip", 5),
    ]


def test_left_out_twice_is_left_out_once() -> None:
    new = accounts(
        *(
            f"{n},{name},Kiel,"
            for n, name in enumerate(["Bolt Trading", "Bolt Tradings", "Bold Trading", "Bolt Trading"])
        )
    )
    run = bring(new, duplicates={"name": "skip", "domain": "skip"})
    once = picture()
    # names that push themselves between the two neighbours
    bring(accounts(*(f"x{n},Bolt Trading{letter} {'y' * n},Kiel," for n, letter in enumerate("abcdefghijklmno" * 2))))
    before = picture()
    again = bring(new, duplicates={"name": "skip", "domain": "skip"})
    assert picture() == before
    assert again.counts["created"] == 0
    assert again.counts["duplicates"] == run.counts["duplicates"] == 4 - len(once["Account"])


def test_in_blocks_of_any_size_the_same_rows_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [f"{n},Name {n},X,New,mail{n * 7 % 40}@x.com" for n in range(200)]
    run = bring(leads(*rows), duplicates={"email": "skip"})
    whole, found = picture(), listed(run)
    assert len(found) == 160
    wipe()
    monkeypatch.setattr("imports.files.blocks.BLOCK", 500)
    assert listed(bring(leads(*rows), duplicates={"email": "skip"})) == found
    assert picture() == whole


def test_a_choice_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="merge"):
        queue(leads("1,Ada,X,New,ada@x.com"), duplicates={"email": "merge"})


def test_the_page_of_an_import_tells_of_its_pairs(ops: User, as_user: Any) -> None:
    run = bring(leads("1,Ada,X,New,ada@x.com", "2,<b>Ben,X,New,ada@x.com"), duplicates={"email": "skip"})
    page = as_user(ops).get(reverse("import_run", args=[run.pk])).content.decode()
    assert "1 row left out as duplicates" in page
    assert reverse("import_duplicates", args=[run.pk]) in page
    listed = as_user(ops).get(reverse("import_duplicates", args=[run.pk])).content.decode()
    assert "Left out, line 3 of Lead.csv" in listed
    assert "&lt;b&gt;Ben" in listed
    none = bring(leads("9,Zoe,X,New,zoe@x.com"))
    assert "No row repeats another" in as_user(ops).get(reverse("import_duplicates", args=[none.pk])).content.decode()


def test_the_pairs_are_for_those_who_may_import(rep: User, as_user: Any) -> None:
    run = bring(leads("1,Ada,X,New,ada@x.com"))
    assert as_user(rep).get(reverse("import_duplicates", args=[run.pk])).status_code == 403


@pytest.mark.parametrize("done", ["keep", "skip"])
def test_a_preview_counts_what_the_import_will_find(monkeypatch: pytest.MonkeyPatch, done: str) -> None:
    monkeypatch.setattr("imports.files.blocks.BLOCK", 300)
    bring(leads("h,Hal,X,New,mail7@x.com"))
    rows = leads(*(f"{n},Name {n},X,New,mail{n * 7 % 40}@x.com" for n in range(100)))
    run = queue(rows, duplicates={"email": done}, waits=True)
    held = run_claimed(ImportJob, run.pk, budget=1e9)
    assert held
    assert held.is_held
    counting = run_claimed(Preview, Preview.objects.get(run=run).pk, budget=1e9)
    assert counting
    assert counting.state == "done", counting.last_error
    foreseen = run.files.get().preview["kinds"]["lead"]
    confirm_import(run=run, user=make.user("ops"))
    run_claimed(ImportJob, run.pk, budget=1e9)
    found = Duplicate.objects.of(run).count()
    counts = ImportJob.objects.get(pk=run.pk).counts
    assert found == 61
    assert {name: foreseen[name] for name in ("created", "duplicates")} == {
        name: counts[name] for name in ("created", "duplicates")
    }
