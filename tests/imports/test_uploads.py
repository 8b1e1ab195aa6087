"""Whose a file is: by all files of an upload, by enough evidence, or by asking; never by headers that only look alike."""

from datetime import date
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from core.work import run_claimed
from crm.models import Campaign, Contact, Invoice, Lead, Opportunity, Owner, Product, Touch
from imports.actions import CannotImport, confirm_import
from imports.inference import uploads
from imports.mapping.catalogue import CRMS, recognise_file
from imports.models import ImportJob
from team.models import Company, User
from tests.imports.importing import bring, queue, refused

pytestmark = pytest.mark.slow

ZOHO = {  # as an older account exports them
    "Users.csv": "USER_ID,First Name,Last Name,Email\n501,Eva,Ops,eva@z.test\n",
    "Accounts.csv": "ACCOUNTID,Account Name,Account Owner Id,Account Owner,Account Type\n61,Cedar Ltd,501,Eva Ops,Customer\n",
    "Contacts.csv": (
        "CONTACTID,Last Name,Contact Owner Id,Contact Owner,Account Id,Email,Created Time\n"
        '71,Cedar,501,Eva Ops,61,c@cedar.test,"16 Apr, 2023 00:02:00"\n'
    ),
    "Leads.csv": (
        "LEADID,Last Name,Company,Lead Owner,Email,Lead Source,Lead Status,Created Time,CONVERTED\n"
        '81,Cedar,Cedar Ltd,Eva Ops,c@cedar.test,Partner,Contacted,"15 Apr, 2023 00:03:00",Yes\n'
        '82,Dune,Dune Ltd,Eva Ops,d@dune.test,Web,Junk Lead,"16 Apr, 2023 00:03:00",No\n'
    ),
    "Campaigns.csv": (
        "CAMPAIGNID,Campaign Name,Type,Status,Start Date,End Date,Expected Revenue,Budgeted Cost,Actual Cost\n"
        '91,Autumn fair,Conference,Complete,2023-04-25,2023-05-05,"$1,117.10K",$95.00K,$1.25M\n'
    ),
    "Campaign_Lead_Status.csv": (
        "Campaign Name,Lead First Name,Lead Last Name,Status,Last Modified Time\n"
        'Autumn fair,Cedar,Cedar,Responded,"04 Apr, 2023 00:02:00"\n'
    ),
    "Potentials.csv": (
        "Potential Name,Potential Owner,Created Time,Closing Date,Amount,Stage,Type,Probability,LEADID,Campaign Id\n"
        'Cedar deal,Eva Ops,"15 Apr, 2023 00:02:00","20 May, 2023 00:03:00","$31,400.00",Closed Won,New Business,100,81,91\n'
    ),
    "Invoices.csv": (
        "INVOICEID,Subject,Invoice Number,Invoice Status,Created Time,Account Id,Grand Total\n"
        '11,Desk,7001,Delivered,"20 Apr, 2023 07:49:50",61,"$9,042.00"\n12,Desk,7002,Cancelled,"21 Apr, 2023 07:49:50",61,$5\n'
    ),
}
API = {  # by the names of its API, ids with and without the mark of exports
    "Leads.csv": (
        "id,Full_Name,Last_Name,Email,Company,Lead_Status,Owner.id,Created_Time,Converted_Deal\n"
        "zcrm_480000000000001,Pia Elm,Elm,p@elm.test,Elm Ltd,Contacted,480000000000009,2024-02-01T10:00:00+01:00,480000000000003\n"
    ),
    "Deals.csv": (
        "Record Id,Deal_Name,Account_Name,Stage,Amount,Closing_Date,Created_Time,Owner.id,Reason_For_Loss__s\n"
        "zcrm_480000000000003,Elm deal,480000000000004,Closed Lost,5000,2024-03-01,2024-02-02T10:00:00+01:00,480000000000009,Price\n"
    ),
    "Accounts.csv": (
        "Record Id,Account Name,Account Owner.id,Account Owner,Created Time\n"
        "zcrm_480000000000004,Elm Ltd,zcrm_480000000000009,Eva Ops,2024-01-02 10:00:00\n"
    ),
}
SALESFORCE = (
    "Lead ID,Last Name,Company,Status,Converted,Created Date\n00Q1x00000LmNoPEAV,Ash,Ash Ltd,New,0,2025-01-02\n"
)
HUBSPOT = "Record ID,Deal Name,Deal Stage,Amount,Currency,Create Date\n7,Bay deal,Closed Won,9,USD,2025-01-02\n"


@pytest.fixture
def usd(company: Company) -> Company:
    Company.objects.update(currency="USD")
    return company


def recognised(header: str, name: str = "export.csv") -> str:
    """Return the CRM and the kind of file that a header is taken for."""
    found = recognise_file(header.split(","), name)
    return f"{found.source.name} {found.name}" if found and found.source.name in CRMS else ""


@pytest.mark.django_db
def test_an_export_of_zoho_comes_in_as_one_source_without_a_question(usd: Company) -> None:
    run = bring(ZOHO)
    assert refused(run) == []
    assert {(file.source, file.state) for file in run.files.all()} == {("zoho", "done")}
    deal = Opportunity.objects.get()
    assert (deal.amount, deal.outcome, deal.closed_on) == (Decimal(31400), "won", date(2023, 5, 20))
    assert (deal.lead, deal.campaign) == (Lead.objects.get(external_id="81"), Campaign.objects.get())
    assert (deal.owner, Owner.objects.get().name) == (Owner.objects.get(email="eva@z.test"), "Eva Ops")
    assert (deal.campaign.cost, deal.campaign.budget) == (Decimal(1_250_000), Decimal(95_000))
    assert list(Lead.objects.order_by("external_id").values_list("is_converted", flat=True)) == [True, False]
    assert Contact.objects.get().account.name == "Cedar Ltd"
    assert (Touch.objects.get().campaign, Touch.objects.get().lead) == (deal.campaign, deal.lead)


@pytest.mark.django_db
def test_a_cancelled_invoice_of_zoho_is_no_revenue(usd: Company) -> None:
    bring({"Accounts.csv": ZOHO["Accounts.csv"], "Invoices.csv": ZOHO["Invoices.csv"]})
    rows = Invoice.objects.order_by("number").values_list("number", "amount", "issued_on", "account__name")
    assert list(rows) == [
        ("7001", Decimal(9042), date(2023, 4, 20), "Cedar Ltd"),
        ("7002", Decimal(5), None, "Cedar Ltd"),
    ]


@pytest.mark.django_db
def test_zoho_by_its_api_names_and_by_record_ids_is_the_same_record(usd: Company) -> None:
    run = bring(API)
    assert refused(run) == []
    deal = Opportunity.objects.get(source="zoho", external_id="480000000000003")
    assert (deal.account.name, deal.owner.name, deal.lead.name) == ("Elm Ltd", "480000000000009", "Pia Elm")
    assert (deal.outcome, deal.lost_reason, Owner.objects.count()) == ("lost", "Price", 1)
    again = bring({"Deals.csv": API["Deals.csv"].replace("zcrm_", "")})
    assert again.counts["unchanged"] == 1


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("Product ID,Product Name,Product Code,Active", "salesforce Product2"),
        ("Product - ID,Product - Name,Product - Product code", "pipedrive products"),
        ("User ID,Full Name,Active,Manager ID,Created Date", "salesforce User"),
        ("Account ID,Account Name,Account Type,Parent Account,Created Date,Last Modified Date", "salesforce Account"),
        ("Id,Salutation,First Name,Last Name,Email,Company,Status,CRM Lead FID,Score,Grade", ""),
        ("Id,Email Address,First Name,Last Name,Company,Lead Status,Lead Owner,Acquisition Program", ""),
        ("Campaign ID,Campaign Name,Start Date,End Date,Impressions,Clicks,Total Spent", ""),
        ("Campaign ID,Campaign name,Reporting starts,Reach,Impressions,Amount spent (USD),Start date", ""),
        ("Campaign ID,Campaign Name,Start date,Clicks,Impr.,CTR,Cost,Currency code", ""),
        ("Contact ID,First Name,Last Name,Email,Phone", ""),
    ],
)
def test_a_vendor_is_recognised_by_enough_evidence(header: str, kind: str) -> None:
    assert recognised(header) == kind


@pytest.mark.django_db
def test_a_file_of_another_system_says_whose_it_seems_to_be_and_what_to_do() -> None:
    run = bring({"campaigns.csv": "Id,First Name,Last Name,Company,Status,CRM Lead FID\n1,A,B,C,New,5\n"})
    assert "Pardot" in run.files.get().reason
    assert "Map columns" in run.files.get().reason


@pytest.mark.django_db
def test_a_file_that_could_be_of_two_systems_goes_with_the_others() -> None:
    campaigns = "Campaign ID,Campaign Name,Type,Status,Start Date,End Date,Budgeted Cost,Actual Cost\n"
    row = "7011x00000CcCcCEAV,Fair,Trade Show,Completed,2025-01-01,2025-01-03,5,6\n"
    for other, expected in (({"Lead.csv": SALESFORCE}, "salesforce"), ({"Leads.csv": ZOHO["Leads.csv"]}, "zoho")):
        run = bring(
            {
                "c.csv": campaigns + (row if expected == "salesforce" else row.replace("7011x00000CcCcCEAV", "31")),
                **other,
            }
        )
        assert {file.source for file in run.files.all()} == {expected}


@pytest.mark.django_db
def test_an_upload_of_several_systems_asks_once_and_one_click_settles_it(client: Client, ops: User) -> None:
    run = queue({"leads.csv": SALESFORCE, "deals.csv": HUBSPOT}, waits=True, user=ops)
    run_claimed(ImportJob, run.pk, budget=1e9)
    run.refresh_from_db()
    asked = uploads.source_question(run)
    assert asked is not None
    assert [title for _, title in asked.titles] == ["HubSpot", "Salesforce"]
    with pytest.raises(CannotImport, match="system of the files"):
        confirm_import(run=run, user=ops)
    client.force_login(ops)
    page = client.get(reverse("import_run", args=[run.pk])).content.decode()
    assert "All are HubSpot" in page
    assert "/confirm/" not in page
    client.post(reverse("choose_source", args=[run.pk]), {"source": "several"})
    run.refresh_from_db()
    assert uploads.source_question(run) is None
    confirm_import(run=run, user=ops)
    run_claimed(ImportJob, run.pk, budget=1e9)
    assert {Lead.objects.get().source, Opportunity.objects.get().source} == {"salesforce", "hubspot"}


@pytest.mark.django_db
def test_all_are_of_one_system_reads_every_file_by_its_mappings_alone(client: Client, ops: User) -> None:
    run = queue({"leads.csv": SALESFORCE, "deals.csv": HUBSPOT}, waits=True, user=ops)
    run_claimed(ImportJob, run.pk, budget=1e9)
    client.force_login(ops)
    client.post(reverse("choose_source", args=[run.pk]), {"source": "salesforce"})
    run_claimed(ImportJob, run.pk, budget=1e9)
    states = {file.name: (file.source, file.state) for file in run.files.all()}
    assert states == {"leads.csv": ("salesforce", "reading"), "deals.csv": ("", "skipped")}


@pytest.mark.django_db
def test_the_command_ends_with_the_question_and_takes_the_answer(tmp_path: object) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path)) / "export"
    folder.mkdir()
    (folder / "leads.csv").write_text(SALESFORCE)
    (folder / "deals.csv").write_text(HUBSPOT)
    with pytest.raises(CommandError, match="--source salesforce or --source several") as error:
        call_command("import_crm", str(folder), stdout=StringIO())
    assert error.value.returncode == 2
    assert not Lead.objects.exists()
    call_command("import_crm", str(folder), source="several", stdout=StringIO())
    assert Lead.objects.count() == Opportunity.objects.count() == 1


@pytest.mark.django_db
def test_labels_of_salesforce_tie_what_api_names_tie() -> None:
    run = bring(
        {
            "User.csv": "User ID,Full Name,Active,Manager ID\n0051x00000UuUuUAAV,Ola Rep,TRUE,\n",
            "Account.csv": (
                "Account ID,Account Name,Account Type,Parent Account,Created Date\n"
                "0011x00000AbCdEAAV,Ash Group,Customer,,2024-01-01\n0011x00000AbCdeAAF,Ash Ltd,Customer,Ash Group,2024-01-01\n"
            ),
            "Lead.csv": (
                "Lead ID,Last Name,Company,Status,Converted,Converted Account ID,Converted Opportunity ID,Created Date,Owner ID\n"
                "00Q1x00000LmNoPEAV,Ash,Ash Ltd,Converted,TRUE,0011x00000AbCde,0061x00000PqRsT,2025-03-14,0051x00000UuUuU\n"
            ),
            "Opportunity.csv": (
                "Opportunity ID,Opportunity Name,Account ID,Stage,Close Date,Closed Lost Reason,Amount,Created Date,Owner ID\n"
                "0061x00000PqRsTAAV,Ash deal,0011x00000AbCdeAAF,Closed Won,2025-04-20,,10,2025-03-20,0051x00000UuUuUAAV\n"
                "0061x00000PqRstAAF,Bay deal,0011x00000AbCdeAAF,Closed Lost,2025-04-20,Price,10,2025-03-20,0051x00000UuUuUAAV\n"
            ),
            "Product2.csv": "Product ID,Product Name,Product Code,Active\n01t1x00000PpPpPAAV,Pump,P1,TRUE\n",
        }
    )
    assert refused(run) == []
    won, lost = Opportunity.objects.order_by("name")
    lead = Lead.objects.get()
    assert (won.lead, lead.account.name, lead.owner.name) == (lead, "Ash Ltd", "Ola Rep")
    assert (won.account.parent.name, won.account.kind, lost.lost_reason) == ("Ash Group", "Customer", "Price")
    assert (Owner.objects.count(), Product.objects.get().source) == (1, "salesforce")


@pytest.mark.django_db
def test_a_converted_deal_named_by_its_name_is_tied_where_one_deal_alone_has_it() -> None:
    leads = (
        "Lead ID,Last Name,Company,Status,Converted,Converted Opportunity,Created Date\n"
        "00Q1x00000LmNoPEAV,Ash,Ash Ltd,Converted,TRUE,Ash deal,2025-03-14\n"
        "00Q1x00000LmNopEAF,Bay,Bay Ltd,Converted,TRUE,Twin deal,2025-03-14\n"
    )
    deals = (
        "Opportunity ID,Opportunity Name,Stage,Close Date,Amount,Created Date\n0061x00000PqRsTAAV,Ash deal,Closed Won,2025-04-20,10,2025-03-20\n"
        "0061x00000PqRstAAF,Twin deal,Closed Won,2025-04-20,10,2025-03-20\n0061x00000PqrstAAB,Twin deal,Closed Won,2025-04-20,10,2025-03-20\n"
    )
    bring({"Lead.csv": leads, "Opportunity.csv": deals})
    assert {row.name: row.lead and row.lead.name for row in Opportunity.objects.filter(name="Ash deal")} == {
        "Ash deal": "Ash"
    }
    assert not Opportunity.objects.filter(name="Twin deal").exclude(lead=None).exists()
