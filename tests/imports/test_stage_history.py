"""Histories of stages from every kind of file, with their true times; and what stages mean, decided, shown, taken back."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.models import Lead, Opportunity, StageChange, StageDecision, StageMapping
from funnel.defaults import ORDER
from funnel.mapping.decisions import Stage, decide_meaning, preview_moves, undo_last_decision
from funnel.mapping.usage import seen_stages
from imports.mapping.catalogue import list_sources
from imports.mapping.stage_meanings import Meaning, usual_meaning_of
from team.models import Company, User
from tests import make
from tests.imports.importing import FIXTURES, bring, picture, refused

pytestmark = pytest.mark.django_db

DEALS = """Id,Name,StageName,CloseDate,Amount,Probability,Loss_Reason__c
006A,One,Perception,2030-05-01,100.00,30,
006B,Two,Perception,2024-05-01,200.00,30,
006C,Three,Closed Lost,2024-06-01,300.00,0,Went quiet
006D,Four,Closed Won,2024-07-01,400.00,100,
"""
FIELD_HISTORY = """Id,IsDeleted,OpportunityId,CreatedDate,Field,OldValue,NewValue
017C,0,006A,2024-03-03T10:00:00.000Z,StageName,Qualification,Perception
017A,0,006A,2024-03-01T10:00:00.000Z,created,,
017B,0,006A,2024-03-02T10:00:00.000Z,StageName,Prospecting,Qualification
017D,0,006A,2024-03-03T10:00:00.000Z,Amount,50,100
017E,1,006A,2024-03-04T10:00:00.000Z,StageName,Perception,Closed Won
"""
SALESFORCE = Stage("salesforce", "deal", "", "Perception")


def changes(**where: Any) -> list[tuple[str, datetime]]:
    found = StageChange.objects.filter(**where).order_by("entered_at", "stage")
    return [(change.stage, change.entered_at) for change in found]


def at(month: int, day: int, hour: int = 10, year: int = 2024) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


def deal(external_id: str) -> Opportunity:
    return Opportunity.objects.get(external_id=external_id)


# histories


def test_the_field_history_of_salesforce_tells_the_stages_and_nothing_else(company: Company) -> None:
    bring({"Opportunity.csv": DEALS, "OpportunityFieldHistory.csv": FIELD_HISTORY})
    assert changes(opportunity__external_id="006A") == [("Qualification", at(3, 2)), ("Perception", at(3, 3))]
    before = picture()
    run = bring({"OpportunityFieldHistory.csv": FIELD_HISTORY})
    assert (run.counts["created"], run.counts["updated"], refused(run)) == (0, 0, [])
    assert picture() == before


def test_a_field_history_without_ids_in_any_order_and_twice_over_says_the_same(company: Company) -> None:
    lines = FIELD_HISTORY.splitlines()
    shuffled = "\n".join([lines[0], *reversed(lines[1:]), *lines[1:]])
    without = "\n".join(line.partition(",")[2] for line in shuffled.splitlines())
    bring({"Opportunity.csv": DEALS, "OpportunityFieldHistory.csv": without})
    assert changes() == [("Qualification", at(3, 2)), ("Perception", at(3, 3))]


def test_a_change_that_the_stage_history_tells_too_is_told_once(company: Company) -> None:
    history = (
        "Id,OpportunityId,StageName,Amount,ExpectedRevenue,CloseDate,Probability,CreatedDate\n"
        "0081,006A,Perception,100,30,2030-05-01,30,2024-03-03T10:00:00.000Z\n"
    )
    for files in ({"a.csv": history, "b.csv": FIELD_HISTORY}, {"b.csv": FIELD_HISTORY}):
        bring({"Opportunity.csv": DEALS, **files})
        assert changes() == [("Qualification", at(3, 2)), ("Perception", at(3, 3))]
    assert StageChange.objects.get(stage="Perception").probability == Decimal("0.3")


def test_the_history_of_a_leads_status_is_the_leads(company: Company) -> None:
    bring({
        "Lead.csv": "Id,LastName,Company,Status\n00Q1,Wei,Harbour,Working - Contacted\n",
        "LeadHistory.csv": "Id,LeadId,Field,OldValue,NewValue,CreatedDate\n"
        "0171,00Q1,Status,Open - Not Contacted,Working - Contacted,2024-03-02T10:00:00.000Z\n0172,00Q1,Rating,,Hot,2024-03-02T10:00:00.000Z\n",
    })  # fmt: skip
    change = StageChange.objects.get()
    assert (change.lead, change.opportunity, change.track) == (Lead.objects.get(), None, "status")


HUBSPOT = (
    'Record ID,Deal Name,Deal Stage,Pipeline,Amount,Close Date,"Date entered ""Contract Sent (Sales (EU))""",'
    "Date entered 'Closed Won (Sales (EU))',Date entered current stage\n"
    "11,Elbe,Closed Won,Sales (EU),10,2024-05-01,2024-04-20 10:00,2024-05-01 09:30,2024-05-01 09:30\n"
    "12,Oder,Contract Sent,Sales (EU),10,2027-05-01,2024-04-21 10:00,,\n"
)


def test_each_date_entered_column_of_hubspot_is_a_stage_with_its_pipeline(company: Company) -> None:
    company.time_zone = "UTC"
    company.save()
    run = bring({"deals.csv": HUBSPOT})
    assert refused(run) == []
    assert changes(opportunity__external_id="11") == [
        ("Contract Sent", at(4, 20)), ("Closed Won", datetime(2024, 5, 1, 9, 30, tzinfo=UTC)),
    ]  # fmt: skip
    assert changes(opportunity__external_id="12") == [("Contract Sent", at(4, 21))]
    assert set(StageChange.objects.values_list("pipeline", flat=True)) == {"Sales (EU)"}
    assert deal("11").custom == {"Date entered current stage": "2024-05-01 09:30"}
    assert bring({"deals.csv": HUBSPOT}).counts["created"] == 0


@pytest.mark.parametrize(
    ("header", "stage", "pipeline"),
    [
        ('Date entered "Contract Sent (Sales)"', "Contract Sent", "Sales"),
        ("Date entered 'Proposal (draft) (Sales (EU))'", "Proposal (draft)", "Sales (EU)"),
        ("date entered “Won ()”", None, None), ("Date entered current stage", None, None), ('Date exited "Won (Sales)"', None, None),
    ],
)  # fmt: skip
def test_headers_of_hubspot_name_stage_and_pipeline(header: str, stage: str | None, pipeline: str | None) -> None:
    mapping = next(one for one in list_sources()["hubspot"].mappings if one.path.endswith("stage_change.entered.toml"))
    assert mapping.each
    found = mapping.each.fullmatch(header)
    assert (found and (found["stage"], found["pipeline"])) == (stage and (stage, pipeline))


def test_a_stage_entered_again_moves_its_time_and_makes_no_second_row(company: Company) -> None:
    bring({"deals.csv": HUBSPOT})
    bring({"deals.csv": HUBSPOT.replace("2024-04-21", "2024-06-21")})
    assert StageChange.objects.filter(opportunity__external_id="12").get().entered_at.month == 6


def test_an_unreadable_time_refuses_its_row_alone(company: Company) -> None:
    run = bring({"deals.csv": HUBSPOT.replace("2024-04-21 10:00", "soon")})
    assert [(line, "not a valid date" in reason) for line, _, reason in refused(run)] == [(3, True)]
    assert Opportunity.objects.get().external_id == "11"


def test_the_lifecycle_dates_of_a_hubspot_contact_are_the_leads_history(company: Company) -> None:
    company.time_zone = "UTC"
    company.save()
    bring({
        "contacts.csv": "Record ID,First Name,Email,Lifecycle Stage,Became a Lead Date,Became a Marketing Qualified Lead Date,"
        "Became an Opportunity Date,Became a Customer Date\n"
        "21,Uta,uta@elbe.example,Opportunity,2024-01-05 08:00,2024-02-05 08:00,2024-04-01,\n"
    })  # fmt: skip
    assert changes(lead__external_id="21", track="lifecycle") == [
        ("Lead", at(1, 5, 8)), ("Marketing Qualified Lead", at(2, 5, 8)), ("Opportunity", at(4, 1, 0)),
    ]  # fmt: skip
    assert Lead.objects.get().converted_on == date(2024, 4, 1)


def test_a_change_log_of_pipedrive_tells_stages_and_outcomes(company: Company) -> None:
    company.time_zone = "UTC"
    company.save()
    log = (
        "deal_id,change_time,changed_field_key,new_value\n7,2024-05-02 10:00:00,status,won\n7,2024-03-01 10:00:00,add_time,2024-03-01\n"
        "7,2024-03-01 10:00:00,stage_id,1\n7,2024-04-01 10:00:00,stage_id,3\n7,2024-04-01 10:00:00,stage_id,3\n7,2024-04-02 10:00:00,user_id,5\n"
    )  # fmt: skip
    bring({"deal_changes.csv": log})
    assert StageChange.objects.first().pending == {"opportunity": {"external_id": "7"}}  # type: ignore[union-attr]
    bring({"deals.csv": "Deal - ID,Deal - Title,Deal - Status,Deal - Stage\n7,Seven,won,Negotiations Started\n"})
    assert changes(opportunity__external_id="7") == [("1", at(3, 1)), ("3", at(4, 1)), ("won", at(5, 2))]
    assert bring({"deal_changes.csv": log}).counts["created"] == 0


def test_an_expected_revenue_of_the_source_is_not_taken_over_and_no_custom_field(company: Company) -> None:
    text = "Id,Name,StageName,CloseDate,Amount,Probability,IsWon,IsClosed,ExpectedRevenue\n006A,One,Prospecting,2030-05-01,100,10,false,false,99999\n"
    bring({"Opportunity.csv": text})
    found = deal("006A")
    assert (found.outcome, found.probability, found.custom) == ("open", Decimal("0.1"), {})


# what stages mean


def state() -> dict[str, tuple[Any, ...]]:
    names = ("outcome", "probability", "closed_on", "expected_close_on", "told")
    return {row[0]: row[1:] for row in Opportunity.objects.values_list("external_id", *names)}


def test_the_default_stages_are_known_and_their_chances_only_proposed(company: Company) -> None:
    assert usual_meaning_of("salesforce", "deal", "Closed Won") == Meaning("won", "won", Decimal(1))
    assert usual_meaning_of("hubspot", "lifecycle", "Marketing Qualified Lead") == Meaning("mql")
    assert usual_meaning_of("salesforce", "deal", "Perception") is None
    for source in ("salesforce", "hubspot", "pipedrive", "maven"):
        for track in ("deal", "lifecycle", "status"):
            for one in seen_of(source, track):
                assert one.ours in ORDER
    bring({"Opportunity.csv": DEALS.replace("Closed Won,2024-07-01,400.00,100", "Prospecting,2030-07-01,400.00,")})
    assert deal("006D").probability is None


def seen_of(source: str, track: str) -> list[Meaning]:
    from imports.mapping.stage_meanings import _usual_meanings

    return list(_usual_meanings(source).get(track, {}).values())


def test_a_decision_moves_the_deals_and_can_be_undone(company: Company, ops: User) -> None:
    bring({"Opportunity.csv": DEALS})
    before = state()
    meaning = Meaning("lost", "lost")
    moves = preview_moves(SALESFORCE, meaning)
    assert (moves.deals, moves.outcomes, moves.chances) == (2, (("open", "lost", 2),), 0)
    assert (state(), StageMapping.objects.count()) == (before, 0)
    decision = decide_meaning(by=ops, stage=SALESFORCE, meaning=meaning)
    assert (decision.moved, deal("006A").outcome, deal("006B").outcome) == (2, "lost", "lost")
    assert (deal("006B").closed_on, deal("006B").expected_close_on) == (date(2024, 5, 1), None)
    assert (deal("006C"), deal("006D").outcome) == (deal("006C"), "won")
    assert undo_last_decision(by=ops) == decision
    assert (state(), StageMapping.objects.count()) == (before, 0)
    assert undo_last_decision(by=ops) is None


def test_decisions_are_undone_one_by_one_from_the_last(company: Company, ops: User) -> None:
    bring({"Opportunity.csv": DEALS})
    states = [state()]
    for meaning in (
        Meaning("sql", "", Decimal("0.55")),
        Meaning("won", "won"),
        None,
        Meaning("sql", "no_decision", Decimal(0)),
    ):
        decide_meaning(by=ops, stage=SALESFORCE, meaning=meaning)
        states.append(state())
    assert [deal_states["006A"][0] for deal_states in states] == ["open", "open", "won", "open", "no_decision"]
    assert states[1]["006A"][1] == Decimal("0.55")
    for expected in reversed(states[:-1]):
        undo_last_decision(by=ops)
        assert state() == expected


def test_an_import_heeds_what_was_decided_and_says_the_same_as_the_decision_did(company: Company, ops: User) -> None:
    bring({"Opportunity.csv": DEALS})
    decide_meaning(by=ops, stage=SALESFORCE, meaning=Meaning("lost", "no_decision"))
    decide_meaning(
        by=ops, stage=Stage("salesforce", "deal", "", "Closed Won"), meaning=Meaning("sql", "open", Decimal("0.9"))
    )
    decide_meaning(by=ops, stage=Stage("salesforce", "reason", "", "Went quiet"), meaning=Meaning("", "no_decision"))
    decided = state()
    assert {key: row[0] for key, row in decided.items()} == {
        "006A": "no_decision", "006B": "no_decision", "006C": "no_decision", "006D": "open",
    }  # fmt: skip
    assert (decided["006D"][1], decided["006D"][3]) == (Decimal("0.9"), date(2024, 7, 1))
    run = bring({"Opportunity.csv": DEALS})
    assert (run.counts["updated"], run.counts["unchanged"]) == (0, 4)
    assert state() == decided
    Opportunity.objects.all().delete()
    bring({"Opportunity.csv": DEALS})
    assert state() == decided
    for _ in range(3):
        undo_last_decision(by=ops)
    assert {key: row[0] for key, row in state().items()} == {
        "006A": "open",
        "006B": "open",
        "006C": "lost",
        "006D": "won",
    }
    assert {row[4] == {} for row in state().values()} == {True}


def test_an_agreed_chance_holds_where_the_file_has_none(company: Company, ops: User) -> None:
    stage = Stage("maven", "deal", "", "Engaging")
    bring(FIXTURES / "maven")
    decide_meaning(by=ops, stage=stage, meaning=Meaning("sql", "", Decimal("0.4")))
    assert set(Opportunity.objects.filter(stage="Engaging").values_list("probability", flat=True)) == {Decimal("0.4")}
    assert bring(FIXTURES / "maven").counts["updated"] == 0
    assert Opportunity.objects.filter(outcome="open").exclude(stage="Engaging").get().probability is None


def test_one_pipelines_stage_is_not_anothers(company: Company, ops: User) -> None:
    one = make.opportunity(source="hubspot", pipeline="New", stage="Contract Sent")
    other = make.opportunity(source="hubspot", pipeline="Renewal", stage="Contract Sent")
    decide_meaning(by=ops, stage=Stage("hubspot", "deal", "New", "Contract Sent"), meaning=Meaning("won", "won"))
    one.refresh_from_db()
    other.refresh_from_db()
    assert (one.outcome, other.outcome) == ("won", "open")


def test_all_stages_are_listed_with_the_unmapped_first(company: Company) -> None:
    bring({"Opportunity.csv": DEALS, "OpportunityFieldHistory.csv": FIELD_HISTORY})
    make.lead(source="hubspot", lifecycle_stage="Customer", status="Odd")
    found = [(one.stage.track, one.stage.stage, one.records, one.changes, one.is_unmapped) for one in seen_stages()]
    assert found == [
        ("deal", "Perception", 2, 1, True), ("status", "Odd", 1, 0, True), ("lifecycle", "Customer", 1, 0, False),
        ("deal", "Closed Lost", 1, 0, False), ("deal", "Closed Won", 1, 0, False), ("reason", "Went quiet", 1, 0, False),
        ("deal", "Qualification", 0, 1, False),
    ]  # fmt: skip


def words(page: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", "", page.text).split())


def test_the_page_shows_what_moves_before_it_is_kept_and_takes_it_back(as_user: Any, ops: User) -> None:
    bring({"Opportunity.csv": DEALS})
    client = as_user(ops)
    page = client.get("/imports/stages/")
    assert "1 stage not mapped" in words(page)
    address = "/imports/stages/change/?source=salesforce&track=deal&pipeline=&stage=Perception"
    shown = client.post(address, {"ours": "lost", "outcome": "lost", "percent": "", "preview": "1"})
    assert "2 from Open to Lost" in words(shown)
    assert StageDecision.objects.count() == 0
    kept = client.post(address, {"ours": "lost", "outcome": "lost", "percent": "12.5", "save": "1"}, follow=True)
    assert "All stages are mapped" in words(kept)
    assert "2 deals moved" in words(kept)
    assert StageMapping.objects.get().probability == Decimal("0.125")
    client.post("/imports/stages/undo/")
    assert (deal("006A").outcome, StageMapping.objects.count()) == ("open", 0)
    client.post(address, {"ours": "sql", "outcome": "", "percent": "50", "save": "1"})
    client.post(address, {"drop": "1"})
    assert (deal("006A").probability, StageMapping.objects.count()) == (Decimal("0.3"), 0)
    assert client.post(address, {"ours": "sql", "percent": "101", "save": "1"}).status_code == 200
    assert client.get("/imports/stages/change/?source=x&track=odd&stage=y").status_code == 404


def test_only_who_may_import_says_what_stages_mean(as_user: Any, rep: User) -> None:
    for path in ("/imports/stages/", "/imports/stages/change/?source=a&track=deal&stage=b", "/imports/rates/"):
        assert as_user(rep).get(path).status_code == 403
    assert as_user(rep).post("/imports/stages/undo/").status_code == 403


def test_ten_stages_or_a_page_of_them_take_the_same_number_of_queries(as_user: Any, ops: User) -> None:
    client, counts = as_user(ops), []
    for upto in (10, 60):
        for number in range(upto):
            make.opportunity(stage=f"Stage {number}")
        client.get("/imports/stages/")
        with CaptureQueriesContext(connection) as asked:
            page = client.get("/imports/stages/")
        counts.append(len(asked))
    assert "Page 1 of 2" in page.text
    assert counts[0] == counts[1] <= 13, [query["sql"][:90] for query in asked]
