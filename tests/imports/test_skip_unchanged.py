"""A file imported again is not read again where that provably changes nothing; everything else takes the long way."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.work import run_claimed
from crm.models import Account, Lead, Owner, StageTrack
from funnel.mapping.decisions import Stage, decide_meaning
from imports import actions
from imports.load import skip_unchanged
from imports.mapping.stage_meanings import Meaning
from imports.models import ImportFile, ImportJob, Undo
from team.models import User
from tests import make
from tests.imports.importing import bring, picture, queue, refused, stamps, wipe

pytestmark = pytest.mark.django_db(transaction=True)

LEADS = "Id,LastName,Company,Status,OwnerId,Email,Shoe size\n" + "".join(
    f"00Q{n},Name {n},X,New,005{n % 3},n{n % 8}@x.com,{n}\n" for n in range(10)
) + ",no one,X,New,,,\n00Q3,Name again,X,New,,,\n"  # fmt: skip
DEALS = "Id,AccountId,Name,StageName,Amount,CloseDate,OwnerId\n" + "".join(
    f"006{n},001{n % 3},Deal {n},Closed Won,{n}.50,2025-03-31,0051\n" for n in range(5)
)
ACCOUNTS = "Id,Name,BillingCity,ParentId\n" + "".join(f"001{n},Account {n},Kiel,001{n // 2}\n" for n in range(4))


def skipped(run: ImportJob) -> list[bool]:
    return [bool(found) for found in run.files.order_by("pk").values_list("same_as", flat=True)]


def again(**options: Any) -> ImportJob:
    return bring({"Lead.csv": LEADS}, **options)


def test_the_same_file_is_not_read_again_and_counted_as_if_it_were() -> None:
    first = again()
    before, stamped = picture(), stamps()
    second, third = again(), again()
    assert (skipped(first), skipped(second), skipped(third)) == ([False], [True], [True])
    assert (picture(), stamps()) == (before, stamped)
    assert refused(second) == refused(first) != []
    expected = {
        "rows": 12,
        "created": 0,
        "updated": 0,
        "unchanged": 10,
        "repeated": 1,
        "rejected": 1,
        "duplicates": 0,
        "dropped": 0,
        "older": 0,
        "removed": 0,
        "merged": 0,
    }
    assert second.counts == third.counts == expected
    wipe()
    ImportJob.objects.all().delete()
    again()
    ImportFile.objects.update(fingerprint="")
    assert again().counts == expected


def test_all_files_of_an_import_stand_or_fall_by_themselves() -> None:
    files = {"Opportunity.csv": DEALS, "Account.csv": ACCOUNTS, "Lead.csv": LEADS}
    bring(files)
    assert skipped(bring(files)) == [True, True, True]
    Lead.objects.filter(external_id="00Q2").update(name="Someone else")
    assert skipped(bring(files)) == [True, True, False]
    assert Lead.objects.get(external_id="00Q2").name == "Name 2"
    Account.objects.filter(external_id="0012").update(name="Someone else")
    assert skipped(bring(files)) == [False, False, False]
    assert Account.objects.get(external_id="0012").name == "Account 2"
    assert skipped(bring(files)) == [True, True, True]


def edit() -> None:
    Lead.objects.filter(external_id="00Q2").update(status="Working")


def delete() -> None:
    Lead.objects.filter(external_id="00Q2").delete()


def delete_an_owner() -> None:
    Owner.objects.filter(external_id="0051").delete()


def another_file() -> None:
    bring({"Lead.csv": "Id,LastName,Company,Status\n00Q2,Other,X,Working\n"})


def a_new_row_of_the_source() -> None:
    bring({"Lead.csv": "Id,LastName,Company,Status\n00Qnew,Other,X,Working\n"})


@pytest.mark.parametrize("change", [edit, delete, delete_an_owner, another_file, a_new_row_of_the_source])
def test_whatever_changed_since_is_corrected_the_long_way(change: Callable[[], None]) -> None:
    again()
    change()
    changed = picture()
    run = again()
    assert skipped(run) == [False]
    if change is not a_new_row_of_the_source:
        assert picture() != changed
    assert Lead.objects.get(external_id="00Q2").owner.external_id == "0052"  # type: ignore[union-attr]
    assert skipped(again()) == [True]


def test_rows_of_another_source_change_nothing() -> None:
    again()
    bring(
        {
            "hubspot-crm-exports-contacts.csv": "Record ID,First Name,Last Name,Email,Lifecycle Stage,Lead Status\n1,A,B,a@b.com,Lead,New\n"
        }
    )
    assert Lead.objects.exclude(source="salesforce").exists() or picture()["Contact"]
    assert skipped(again()) == [True]


def test_another_reading_of_the_same_bytes_takes_the_long_way(monkeypatch: pytest.MonkeyPatch) -> None:
    bring({"Opportunity.csv": DEALS})
    assert skipped(bring({"Opportunity.csv": DEALS}, currency="BRL")) == [False]
    assert skipped(bring({"Opportunity.csv": DEALS}, currency="BRL")) == [True]
    assert skipped(bring({"Opportunity.csv": DEALS}, currency="BRL", duplicates={"email": "skip"})) == [False]
    monkeypatch.setattr(skip_unchanged, "_code_hash", lambda: "the next version")
    assert skipped(bring({"Opportunity.csv": DEALS}, currency="BRL")) == [False]


@pytest.mark.parametrize(
    "path",
    [
        "imports/load/upsert.py",
        "imports/parsing/numbers.py",
        "imports/files/encodings.py",
        "imports/mapping/plan.py",
        "imports/mappings/hubspot/lead.toml",
        "imports/inference/currency.py",
        "crm/record_ids.py",
        "crm/rates/exchange_rates.py",
        "core/currencies.py",
        "core/currency_table.json",
        "core/dates.py",
    ],
)
def test_all_code_that_decides_values_is_part_of_the_fingerprint(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before, read = skip_unchanged._code_hash.__wrapped__(), Path.read_bytes
    assert before == skip_unchanged._code_hash.__wrapped__()

    def upgraded(file: Path) -> bytes:
        return read(file) + (b"# upgraded" if file == skip_unchanged.ROOT / path else b"")

    monkeypatch.setattr(Path, "read_bytes", upgraded)
    assert skip_unchanged._code_hash.__wrapped__() != before


def test_all_paths_of_the_fingerprint_exist() -> None:
    assert [name for name in skip_unchanged.CODE if not (skip_unchanged.ROOT / name).exists()] == []


def test_a_decision_on_a_stage_takes_the_long_way() -> None:
    bring({"Opportunity.csv": DEALS})
    by = make.user("ops")
    decide_meaning(by=by, stage=Stage("salesforce", StageTrack.DEAL, "", "Closed Won"), meaning=Meaning(outcome="lost"))
    run = bring({"Opportunity.csv": DEALS})
    assert (skipped(run), run.counts["updated"]) == ([False], 0)


def under_way(files: dict[str, str]) -> ImportJob:
    """Import files, and edit a row when all are read and the links are not yet tied."""
    run = queue(files)
    while (row := run_claimed(ImportJob, run.pk, budget=-1)) and row.checkpoint.get("phase") != "finish":
        pass
    Lead.objects.filter(external_id="00Q1").update(status="Edited under way")
    assert run_claimed(ImportJob, run.pk, budget=1e9)
    return run


def test_half_an_import_proves_nothing() -> None:
    first = queue({"Lead.csv": LEADS})
    run_claimed(ImportJob, first.pk, budget=-1)
    actions.cancel_import(run=first, user=None)
    assert skipped(again()) == [False]
    run = under_way({"Lead.csv": LEADS})
    assert ImportFile.objects.get(run=run, name="Lead.csv").same_as_id
    third = again()
    assert skipped(third) == [False]
    assert Lead.objects.get(external_id="00Q1").status == "New"


def test_what_someone_changed_while_it_ran_is_no_proof() -> None:
    under_way({"Lead.csv": LEADS})
    assert skipped(again()) == [False]
    assert Lead.objects.get(external_id="00Q1").status == "New"


def test_rows_undone_come_again(ops: User) -> None:
    first = again()
    second = bring({"Lead.csv": LEADS.replace("Name 5", "Name five")})
    run_claimed(Undo, actions.undo_import(run=second, user=ops).pk, budget=1e9)
    assert skipped(again()) == [False]
    run_claimed(Undo, actions.undo_import(run=first, user=ops).pk, budget=1e9)
    assert not Lead.objects.exists()
    assert (skipped(again()), Lead.objects.count()) == ([False], 10)


VARIANTS = {
    "Lead.csv": [LEADS, LEADS.replace("Name 5", "Name five"), LEADS.replace("00Q3,Name again", "00Q4,Name again")],
    "Account.csv": [ACCOUNTS, ACCOUNTS.replace("Kiel", "Ulm", 1), ACCOUNTS.replace("0013", "0019")],
    "Opportunity.csv": [DEALS, DEALS.replace("0061", "00611"), DEALS.replace("Won", "Lost", 2)],
}
STEPS = st.one_of(
    st.tuples(st.just("import"), st.lists(st.tuples(st.sampled_from(sorted(VARIANTS)), st.integers(0, 2)), min_size=1, max_size=3, unique_by=lambda one: one[0])),
    st.tuples(st.just("edit"), st.sampled_from([Lead, Account, Owner])),
    st.tuples(st.just("delete"), st.sampled_from([Lead, Account, Owner])),
    st.tuples(st.just("undo"), st.none()),
)  # fmt: skip


def play(steps: list[tuple[str, Any]], by: User, *, quickly: bool) -> Any:
    """Do the steps from nothing; return what came of it, and how many files were not read again."""
    wipe()
    ImportJob.objects.all().delete()
    saved, counts = 0, []
    for number, (what, how) in enumerate(steps):
        if what == "import":
            if not quickly:
                ImportFile.objects.update(fingerprint="")
            run = bring({name: VARIANTS[name][variant] for name, variant in how})
            saved += sum(skipped(run))
            counts.append((run.counts["rows"], run.counts["rejected"], run.counts["created"], refused(run)))
        elif what == "undo":
            run = ImportJob.objects.filter(undone_at=None).order_by("-pk").first()
            if run and not unchanged_blockers(run):
                run_claimed(Undo, actions.undo_import(run=run, user=by).pk, budget=1e9)
        elif row := how.objects.order_by("external_id").first():
            how.objects.filter(pk=row.pk).update(name=f"edited {number}") if what == "edit" else row.delete()
    return (picture(), counts), saved


def unchanged_blockers(run: ImportJob) -> list[Any]:
    return list(actions.undo_blockers(run))


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.lists(STEPS, min_size=2, max_size=6))
def test_the_short_way_ends_where_the_long_way_ends(ops: User, steps: list[tuple[str, Any]]) -> None:
    steps = [step for step in steps for _ in range(random.Random(repr(step)).randint(1, 2))]
    short, _ = play(steps, ops, quickly=True)
    long, saved = play(steps, ops, quickly=False)
    assert saved == 0
    assert short == long
