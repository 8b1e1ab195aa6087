"""What a later file says of records that are here: deleted, merged, older, empty."""

import pytest
from django.utils import timezone

from crm.models import Activity, Contact, Lead, Opportunity, StageChange
from funnel.models import HandOff, Move
from imports import undo
from imports.parsing.notes import OLDER
from imports.preview import report
from team.models import Company, User
from tests import make
from tests.imports.importing import bring, picture
from tests.imports.test_undo import taken_back

pytestmark = pytest.mark.django_db(transaction=True)
NOBODY = "000000000000000AAA"
LEADS = "Id,IsDeleted,MasterRecordId,LastName,Company,Status\n"
DEALS = "Id,IsDeleted,AccountId,Name,StageName,Amount,CloseDate\n"
FALK, TWIN = "00Q5g00000AaAaAEAV", "00Q5g00000BbBbBEAV"


@pytest.fixture
def somebody(db: None) -> User:
    Company.get()
    return make.user("ops")


def test_a_deleted_record_is_removed_and_comes_back_when_the_import_is_undone(somebody: User) -> None:
    rows = "0065g00000CcCcCAAV,0,,Stays,Closed Won,5000,2025-04-30\n0065g00000DdDdDAAV,{},,Goes,Closed Won,7000,2025-04-30\n"
    history = (
        "Id,OpportunityId,CreatedDate,StageName,Amount\n0081,0065g00000DdDdDAAV,2025-01-01 10:00:00,Prospecting,1\n"
    )
    bring({"Opportunity.csv": DEALS + rows.format(0), "OpportunityHistory.csv": history})
    before = picture()
    assert StageChange.objects.count() == 1
    run = bring({"Opportunity.csv": DEALS + rows.format(1)})
    assert list(Opportunity.objects.values_list("name", flat=True)) == ["Stays"]
    assert not StageChange.objects.exists()
    counts = run.counts
    assert (counts["rows"], counts["unchanged"], counts["dropped"]) == (2, 1, 1)
    assert (counts["removed"], counts["merged"]) == (1, 0)
    assert undo.undo_blockers(run) == []
    assert [(line.name, line.gone) for line in undo.undo_effects(run)] == [("opportunities", 1), ("stage changes", 1)]
    taken_back(run, somebody)
    assert picture() == before


def test_a_merged_record_leaves_what_points_to_it_to_its_master(somebody: User) -> None:
    task = f"Id,WhoId,Subject,Status,Type,ActivityDate\n00T1,{TWIN},Call,Completed,Call,2025-03-01\n"
    bring({"Lead.csv": LEADS + f"{FALK},0,{NOBODY},Falk,F,New\n{TWIN},0,{NOBODY},M.,F,New\n", "Task.csv": task})
    before = picture()
    run = bring({"Lead.csv": LEADS + f"{FALK},0,{NOBODY},Falk,F,New\n{TWIN},1,{FALK},M.,F,New\n"})
    assert [lead.last_name for lead in Lead.objects.all()] == ["Falk"]
    assert Activity.objects.get().lead == Lead.objects.get()
    assert (run.counts["merged"], run.counts["removed"]) == (1, 0)
    taken_back(run, somebody)
    assert picture() == before


def test_the_master_may_come_in_a_later_file_and_so_may_what_names_the_merged_record() -> None:
    task = "Id,WhoId,Subject,Status,Type,ActivityDate\n{},{},Call,Completed,Call,2025-03-01\n"
    bring({"Lead.csv": LEADS + f"{TWIN},0,{NOBODY},M.,F,New\n", "Task.csv": task.format("00T1", TWIN)})
    bring({"Lead.csv": LEADS + f"{TWIN},1,{FALK},M.,F,New\n"})
    assert not Lead.objects.exists()
    bring({"Lead.csv": LEADS + f"{FALK},0,{NOBODY},Falk,F,New\n"})
    assert Activity.objects.get().lead == Lead.objects.get()
    bring({"Task.csv": task.format("00T2", TWIN)})
    assert {activity.lead for activity in Activity.objects.all()} == {Lead.objects.get()}


def test_a_record_that_names_those_merged_into_it_takes_over_what_points_to_them(somebody: User) -> None:
    header = "Record ID,First Name,Last Name,Email,Lifecycle Stage,Create Date,Merged contact IDs\n"
    old = header + "1,Mia,Falk,mia@x.example,Lead,2025-01-01 10:00,\n2,M.,Falk,m@x.example,Lead,2025-01-02 10:00,\n"
    deals = "Record ID,Deal Name,Deal Stage,Amount,Associated Contact IDs\n9,Deal,Appointment Scheduled,5,2\n"
    bring({"contacts.csv": old, "deals.csv": deals})
    before = picture()
    assert Opportunity.objects.get().contact.external_id == "2"
    run = bring({"contacts.csv": header + "1,Mia,Falk,mia@x.example,Lead,2025-01-01 10:00,2;3\n"})
    assert set(Contact.objects.values_list("external_id", flat=True)) == {"1"}
    assert set(Lead.objects.values_list("external_id", flat=True)) == {"1"}
    assert Opportunity.objects.get().contact.external_id == "1"
    assert run.counts["merged"] == 2
    taken_back(run, somebody)
    assert picture() == before


@pytest.mark.parametrize(
    ("column", "says"),
    [
        ("Deleted", "yes"),
        ("is_deleted", "TRUE"),
        ("Archived", "1"),
        ("Deleted at", "2025-05-01 10:00"),
        ("IsDeleted", "x"),
    ],
)
def test_flags_of_sheets_that_say_deleted(column: str, says: str) -> None:
    header = f"Lead id,Last name,Company,Lead source,Email,{column}\n"
    bring({"leads.csv": header + "1,Ode,X,Web,a@x.example,\n2,Ray,X,Web,b@x.example,\n"})
    run = bring({"leads.csv": header + f"1,Ode,X,Web,a@x.example,{says}\n2,Ray,X,Web,b@x.example,\n"})
    assert [lead.last_name for lead in Lead.objects.all()] == ["Ray"]
    assert run.counts["removed"] == 1


def test_an_archived_task_or_owner_is_still_there() -> None:
    tasks = "Id,WhoId,Subject,Status,Type,ActivityDate,IsArchived\n00T1,,Call,Completed,Call,2025-03-01,1\n"
    bring({"Task.csv": tasks})
    assert Activity.objects.count() == 1


def test_derived_rows_of_a_removed_lead_come_back_with_it(somebody: User) -> None:
    bring({"Lead.csv": LEADS + f"{FALK},0,{NOBODY},Falk,F,New\n"})
    lead = Lead.objects.get()
    move = Move.objects.create(lead=lead, stage="mql", entered_at=timezone.now())
    handoff = HandOff.objects.create(lead=lead, move=move, why="Round robin")
    run = bring({"Lead.csv": LEADS + f"{FALK},1,{NOBODY},Falk,F,New\n"})
    assert not Lead.objects.exists()
    assert not HandOff.objects.exists()
    taken_back(run, somebody)
    assert Lead.objects.get() == lead
    assert (HandOff.objects.get(), Move.objects.get()) == (handoff, move)


DATED = "Id,Name,StageName,Amount,CloseDate,LastModifiedDate\n"
DEAL = "0065g00000CcCcCAAV"


def test_a_row_older_than_what_is_here_is_left_alone_and_counted() -> None:
    bring({"Opportunity.csv": DATED + f"{DEAL},Deal,Closed Won,5000,2025-04-30,2025-05-02 10:00:10\n"})
    old = (
        DATED
        + f"{DEAL},Deal,Prospecting,10,2025-04-30,2025-05-01 10:00:10\n0065g00000DdDdDAAV,New,Prospecting,1,2025-04-30,2025-05-01 10:00:10\n"
    )
    run = bring({"Opportunity.csv": old})
    assert Opportunity.objects.get(name="Deal").amount == 5000
    counts = run.counts
    assert [counts[name] for name in ("rows", "created", "updated", "unchanged", "older")] == [2, 1, 0, 0, 1]
    assert run.files.get().notes[OLDER]["rows"] == 1
    assert "1 row left out as older than the record in Accord" in report.describe_result(run, counts)


@pytest.mark.parametrize(
    ("said", "amount"), [("2025-05-02 10:00", 10), ("2025-05-02", 10), ("2025-05-01", 5000), ("", 10)]
)
def test_a_time_told_less_exactly_is_older_only_when_all_of_it_is(said: str, amount: int) -> None:
    bring({"Opportunity.csv": DATED + f"{DEAL},Deal,Prospecting,5000,2025-04-30,2025-05-02 10:00:10\n"})
    bring({"Opportunity.csv": DATED + f"{DEAL},Deal,Prospecting,10,2025-04-30,{said}\n"})
    assert Opportunity.objects.get().amount == amount


def test_of_rows_with_one_id_the_latest_in_the_source_counts() -> None:
    rows = [f"{DEAL},Deal,Prospecting,{amount},2025-04-30,2025-05-0{amount} 10:00:10" for amount in (1, 3, 2)]
    run = bring({"Opportunity.csv": DATED + "\n".join(rows) + "\n"})
    assert Opportunity.objects.get().amount == 3
    assert (run.counts["created"], run.counts["repeated"]) == (1, 2)
