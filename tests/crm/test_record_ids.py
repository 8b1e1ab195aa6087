"""One record is one record, however its id is written; an id that a spreadsheet shortened is none."""

from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.deletions import delete_records
from core.work import run_claimed
from crm.models import Account, Lead, Opportunity, Touch
from crm.record_ids import SHORTENED_REASON, is_shortened, read_ids, salesforce_id
from imports.models import ImportJob, Preview
from imports.parsing.notes import MISFIT, SHORT_ID, note_sentences
from imports.push import Refused, push_records
from team.models import User
from tests import make
from tests.imports.importing import bring, picture, queue, refused
from tests.imports.workbooks import xlsx

EXPORT = "Id,AccountId,Name,StageName,Amount,CloseDate,CreatedDate\n"
ROWS = (
    "0061x00000PqRsTAAV,0011x00000AbCdEAAV,Ash deal,Negotiation/Review,10,2025-09-30,2025-01-10\n"
    "0061x00000PqRstAAF,0011x00000AbCdeAAF,Bay deal,Closed Won,20,2025-06-30,2025-01-10\n"
)
ACCOUNTS = "Id,Name,Industry\n0011x00000AbCdEAAV,Ash Ltd,Energy\n0011x00000AbCdeAAF,Bay Ltd,Energy\n"
REPORT = (
    "Opportunity ID,Opportunity Name,Account ID,Stage,Amount,Close Date,Created Date\n"
    "0061x00000PqRsT,Ash deal,0011x00000AbCdE,Closed Won,12,2025-07-15,2025-01-10\n"
    "0061x00000PqRst,Bay deal,0011x00000AbCde,Closed Won,20,2025-06-30,2025-01-10\n"
)


def deals() -> dict[str, tuple[str, str, Decimal | None]]:
    return {
        row.external_id: (row.name, row.account.name if row.account else "", row.amount)
        for row in Opportunity.objects.select_related("account")
    }


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("0065g00000QwErT", "0065g00000QwErTAAV"),
        ("0065g00000QwErt", "0065g00000QwErtAAF"),
        ("0065g00000QwErTAAV", "0065g00000QwErTAAV"),
        ("0065g00000QwErTaav", "0065g00000QwErTAAV"),
        ("0065G00000QWERTAAV", "0065g00000QwErTAAV"),
        ("0065g00000qwertaav", "0065g00000QwErTAAV"),
        ("0065g00000QwErTAAF", ""),
    ],
)
def test_a_salesforce_id_is_kept_with_18_characters(written: str, kept: str) -> None:
    assert salesforce_id(written, "opportunity") == kept


@given(st.text("0123456789ABCXYZabcxyz", min_size=12, max_size=12))
def test_the_last_three_characters_restore_the_case_of_the_others(rest: str) -> None:
    whole = salesforce_id(f"006{rest}")
    assert salesforce_id(whole) == whole
    assert whole[15:] == "AAA" or salesforce_id(whole.upper(), "opportunity") == whole


def test_only_what_looks_like_an_id_of_the_object_in_a_salesforce_source_changes() -> None:
    words = pd.Series(["0061x00000PqRsT", "0011x00000AbCdE", "Telecom12345678", "12", ""])
    assert list(read_ids(words, "salesforce", "opportunity").stored) == ["0061x00000PqRsTAAV", *words[1:]]
    assert list(read_ids(words, "hubspot", "opportunity").stored) == list(words)
    assert list(read_ids(words, "salesforce", "vertical").stored) == list(words)


@pytest.mark.django_db
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_an_export_and_a_report_bring_each_deal_once_in_either_order(order: tuple[int, int]) -> None:
    files = [{"Account.csv": ACCOUNTS, "Opportunity.csv": EXPORT + ROWS}, {"report.csv": REPORT}]
    for place in order:
        bring(files[place])
    amounts = {"0061x00000PqRsTAAV": [12, 10][order[1] == 0], "0061x00000PqRstAAF": 20}
    names = {"0061x00000PqRsTAAV": ("Ash deal", "Ash Ltd"), "0061x00000PqRstAAF": ("Bay deal", "Bay Ltd")}
    assert deals() == {key: (*names[key], Decimal(amount)) for key, amount in amounts.items()}


@pytest.mark.django_db
def test_both_ways_of_writing_an_id_in_one_upload_are_one_record_and_the_import_says_so() -> None:
    run = bring({"Account.csv": ACCOUNTS, "Opportunity.csv": EXPORT + ROWS, "report.csv": REPORT})
    assert len(deals()) == 2
    told = [words for file in run.files.all() for words in note_sentences(file.notes)]
    assert any("15 characters like “0061x00000PqRsT”" in words for words in told)
    before = picture([Opportunity, Account])
    bring({"Account.csv": ACCOUNTS, "Opportunity.csv": EXPORT + ROWS, "report.csv": REPORT})
    assert picture([Opportunity, Account]) == before


@pytest.mark.django_db
def test_a_record_stored_under_the_short_id_is_updated_by_the_long_one() -> None:
    make.opportunity(source="salesforce", external_id="0061x00000PqRsT", name="Old name")
    make.account(source="salesforce", external_id="0011x00000AbCdE", name="Ash Ltd")
    bring({"Opportunity.csv": EXPORT + ROWS})
    assert sorted(deals()) == ["0061x00000PqRsT", "0061x00000PqRstAAF"]
    assert deals()["0061x00000PqRsT"][:2] == ("Ash deal", "Ash Ltd")


@pytest.mark.django_db
def test_references_of_members_and_the_deal_of_a_converted_lead_are_found_by_either_id() -> None:
    leads = (
        "Id,LastName,Company,Status,IsConverted,ConvertedOpportunityId\n"
        "00Q1x00000LmNoPEAV,Ash,Ash Ltd,Closed - Converted,1,0061x00000PqRsT\n"
    )
    members = "Id,CampaignId,LeadId,Status\n00v1x00000AAAAAAA4,7011x00000CcCcC,00Q1x00000LmNoP,Sent\n"
    bring({"CampaignMember.csv": members, "Lead.csv": leads, "Opportunity.csv": EXPORT + ROWS})
    lead = Lead.objects.get()
    assert lead.external_id == salesforce_id("00Q1x00000LmNoP")
    assert Touch.objects.get().lead == lead
    assert Opportunity.objects.get(name="Ash deal").lead == lead
    assert Opportunity.objects.get(name="Bay deal").lead is None


@pytest.mark.django_db
def test_an_id_whose_last_characters_do_not_fit_is_kept_as_written_and_told() -> None:
    rows = EXPORT + "0061x00000PqRsTXXX,,Ash deal,Prospecting,10,2025-09-30,2025-01-10\n"
    run = bring({"Opportunity.csv": rows})
    assert list(deals()) == ["0061x00000PqRsTXXX"]
    assert run.files.get().notes[MISFIT] == {"rows": 1, "sample": "0061x00000PqRsTXXX"}
    run = bring({"report.csv": REPORT})
    assert run.files.get().notes[SHORT_ID]["rows"] == 4
    assert sorted(deals()) == ["0061x00000PqRsTXXX", "0061x00000PqRstAAF"]


@pytest.mark.django_db
def test_made_up_ids_that_differ_in_the_last_characters_are_different_records() -> None:
    ids = [f"006{number:015d}" for number in (7, 8, 9)]  # no Salesforce wrote these: none of the three endings fits
    rows = [f"{key},,Deal {key},Prospecting,10,2025-09-30,2025-01-10\n" for key in ids]
    bring({"Opportunity.csv": EXPORT + "".join(rows[:2])})
    bring({"Opportunity.csv": EXPORT + "".join(rows)})
    assert sorted(deals()) == ids
    bring({"Opportunity.csv": EXPORT + f"{ids[0][:15]},,Which one,Prospecting,10,2025-09-30,2025-01-10\n"})
    assert sorted(deals()) == sorted([*ids, salesforce_id(ids[0][:15])])


@pytest.mark.django_db
def test_a_made_up_id_ties_to_no_other_record_that_begins_alike() -> None:
    leads = (
        "Id,LastName,Company,Status,IsConverted,ConvertedOpportunityId\n"
        f"00Q{7:015d},Ash,Ash Ltd,Closed - Converted,1,006{7:015d}\n"
    )
    members = f"Id,CampaignId,LeadId,Status\n00v{1:015d},701{1:015d},00Q{9:015d},Sent\n"
    deals_of = EXPORT + "".join(f"006{n:015d},,Deal {n},Prospecting,10,2025-09-30,2025-01-10\n" for n in (7, 8))
    bring({"CampaignMember.csv": members, "Lead.csv": leads, "Opportunity.csv": deals_of})
    assert Touch.objects.get().lead is None
    assert {deal.name: deal.lead is not None for deal in Opportunity.objects.all()} == {"Deal 7": True, "Deal 8": False}


@pytest.mark.django_db
def test_what_is_pushed_and_what_the_source_deleted_go_by_the_same_ids(cmo: User) -> None:
    bring({"Account.csv": ACCOUNTS})
    rows = [{"source": "salesforce", "external_id": "00Q1x00000LmNoP", "name": "Ash", "account": "0011x00000AbCdE"}]
    assert push_records(by=cmo, model=Lead, rows=rows).created == 1
    long = [{**rows[0], "external_id": salesforce_id("00Q1x00000LmNoP"), "account": "0011x00000AbCdEAAV"}]
    assert push_records(by=cmo, model=Lead, rows=long).unchanged == 1
    assert Lead.objects.get().account == Account.objects.get(name="Ash Ltd")
    with pytest.raises(Refused) as error:
        push_records(by=cmo, model=Lead, rows=[{**rows[0], "external_id": "9.87654E+12"}])
    assert SHORTENED_REASON in error.value.lines[1]["external_id"]
    assert delete_records("salesforce", [("lead", "00Q1x00000LmNoP")]) == 1


@pytest.mark.parametrize("word", ["9.87654E+12", "9,87654E+12", "1.2e+18", "9.87654E12", "1E+11", "98.7E+12"])
def test_a_shortened_id_is_recognised(word: str) -> None:
    assert is_shortened(word)


@pytest.mark.parametrize(
    "word", ["1E5", "12e45678", "0055E000001234", "701E60000012345", "E+12", "9876543210121", "3.5"]
)
def test_other_words_are_no_shortened_ids(word: str) -> None:
    assert not is_shortened(word)


DEALS = "Record ID,Deal Name,Deal Stage,Amount,Currency,Create Date,Associated Company IDs\n"


@pytest.mark.django_db
def test_rows_with_shortened_ids_or_references_come_back_with_the_remedy() -> None:
    text = DEALS + '"9,87654E+12",One,Closed Won,1,USD,2025-01-10,7\n11,Two,Closed Won,2,USD,2025-01-11,1.5E+11\n'
    run = bring({"deals.csv": text})
    assert not Opportunity.objects.exists()
    assert [(line, column) for line, column, _ in refused(run)] == [(2, "Record ID"), (3, "Associated Company IDs")]
    assert all("spreadsheet shortened it" in reason for _, _, reason in refused(run))


@pytest.mark.django_db
def test_numbers_in_a_workbook_are_ids_as_far_as_the_workbook_knows_them_whole() -> None:
    header = DEALS.strip().split(",")
    ids = [9876543210121, 9876543210122, 9876540000000, 98765432101234567]
    rows = [[key, f"Deal {key}", "Closed Won", 120000000000, "USD", "2025-01-10", ""] for key in ids]
    run = bring({"deals.xlsx": xlsx({"deals": [header, *rows]})})
    assert sorted(Opportunity.objects.values_list("external_id", flat=True)) == ["9876543210121", "9876543210122"]
    assert {row.amount for row in Opportunity.objects.all()} == {Decimal(120000000000)}
    assert [(line, column) for line, column, _ in refused(run)] == [(4, "Record ID"), (5, "Record ID")]


@pytest.mark.django_db
def test_whole_columns_of_ids_with_decimals_are_read_without_them() -> None:
    bring({"deals.csv": DEALS + "11.0,One,Closed Won,1,USD,2025-01-10,\n12.0,Two,Closed Won,1,USD,2025-01-10,\n"})
    bring({"deals.csv": DEALS + "11,One,Closed Won,5,USD,2025-01-10,\n1.5,Three,Closed Won,1,USD,2025-01-10,\n"})
    assert sorted(Opportunity.objects.values_list("external_id", flat=True)) == ["1.5", "11", "12"]


@pytest.mark.django_db
def test_the_preview_counts_the_deal_of_a_report_as_one_that_is_there() -> None:
    bring({"Account.csv": ACCOUNTS, "Opportunity.csv": EXPORT + ROWS})
    run = queue({"report.csv": REPORT}, waits=True)
    run_claimed(ImportJob, run.pk, budget=1e9)
    run_claimed(Preview, Preview.objects.get(run=run).pk, budget=1e9)
    figures = run.files.get().preview
    assert figures["kinds"]["opportunity"]["created"] == 0
    assert figures["notes"][SHORT_ID]["rows"] == 4
