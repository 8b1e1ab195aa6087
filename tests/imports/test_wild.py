"""Exports as they come: reports with labels and totals, portals in other languages, columns in another order, workbooks."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from crm.models import Account, Contact, Lead, Opportunity
from imports.mapping.catalogue import recognise_file
from imports.models import ImportJob
from tests.imports.importing import FIXTURES, bring, picture, refused, wipe
from tests.imports.workbooks import xlsx

pytestmark = pytest.mark.django_db
REPORT = """"Opportunity Owner","Account Name","Opportunity Name","Stage","Fiscal Period","Amount","Expected Revenue","Probability (%)","Age","Close Date","Created Date","Next Step","Lead Source","Type"
"Ann Lee","Nordlicht GmbH","Turbine, large","Negotiation/Review","Q1-2026","12,500.00","11,250.00","90","12","1/31/2026","1/5/2026","Visit","Web","New Business"
"Bo Roe","Harbour Ltd","Filter","Closed Won","Q4-2025","1,000.00","1,000.00","100","30","12/3/2025","11/4/2025","","Partner","Existing Business"

"Grand Totals (2 records)"
"Confidential Information - Do Not Distribute"
"Copyright (c) 2000-2026 salesforce.com, inc. All rights reserved."
"""
GERMAN_REPORT = """Opportunity-Inhaber;Accountname;Opportunity-Name;Phase;Betrag;Wahrscheinlichkeit (%);Schlusstermin;Erstelldatum;Typ
Jörg Groß;Nordlicht GmbH;Turbine für Köln;Verhandlung;EUR 12.500,00;90;31.01.2026;05.01.2026;Neugeschäft
Jörg Groß;Hafen KG;Filter;Geschlossen und gewonnen;EUR 1.000,00;100;03.12.2025;04.11.2025;Bestand
"""
HUBSPOT_HEAD = [
    "Datensatz-ID",
    "Deal-Name",
    "Deal-Phase",
    "Pipeline",
    "Betrag",
    "Währung",
    "Abschlussdatum",
    "Erstellungsdatum",
    "Deal-Inhaber",
]
HUBSPOT_ROWS = [
    ["701", "Kahn", "Abgeschlossen und gewonnen", "Vertrieb", "1.234", "EUR", "31/01/2026 11:00", "03/01/2026 10:00", "uwe@acme.test"],
    ["702", "Fähre", "Termin vereinbart", "Vertrieb", "20.000,50", "EUR", "01/02/2026 11:00", "04/01/2026 10:00", "uwe@acme.test"],
]  # fmt: skip
PIPEDRIVE = """Deal - ID;Deal - Titel;Deal - Wert;Deal - Währung von Wert;Deal - Organisation;Deal - Phase;Deal - Status;Deal - Besitzer;Deal - Deal erstellt;Deal - Gewonnen am;Deal - Erwartetes Abschlussdatum
1;Turbine;12.500,00;EUR;Nordlicht GmbH;Angebot;Gewonnen;Ann Lee;2026-01-05 10:00:00;2026-01-31 09:00:00;2026-01-31
2;Filter;800,5;EUR;Hafen KG;Qualifiziert;Offen;Ann Lee;2026-01-06 10:00:00;;2026-03-31
"""


def kinds(run: ImportJob) -> set[tuple[str, str]]:
    return {(file.source, file.kind) for file in run.files.exclude(kind="")}


def deals() -> dict[str, tuple[str, Decimal | None, date | None, date | None]]:
    rows = Opportunity.objects.values_list("name", "outcome", "amount", "opened_on", "closed_on")
    return {name: rest for name, *rest in rows}  # type: ignore[misc]


def test_a_report_of_salesforce_without_ids_and_with_totals_below() -> None:
    run = bring({"report1700000000000.csv": REPORT})
    assert kinds(run) == {("salesforce", "Opportunity report")}
    assert deals() == {
        "Turbine, large": ["open", Decimal("12500.00"), date(2026, 1, 5), None],
        "Filter": ["won", Decimal("1000.00"), date(2025, 11, 4), date(2025, 12, 3)],
    }
    assert (run.counts["rows"], refused(run)) == (2, [])
    deal = Opportunity.objects.get(name="Filter")
    assert (deal.account.name, deal.owner.name) == ("Harbour Ltd", "Bo Roe")
    again = bring({"report1700000000001.csv": REPORT})
    assert (again.counts["created"], again.counts["updated"]) == (0, 0)


def test_a_report_of_salesforce_in_german() -> None:
    run = bring({"report.csv": GERMAN_REPORT.encode("cp1252")})
    assert kinds(run) == {("salesforce", "Opportunity report")}
    assert deals() == {
        "Turbine für Köln": ["open", Decimal("12500.00"), date(2026, 1, 5), None],
        "Filter": ["won", Decimal("1000.00"), date(2025, 11, 4), date(2025, 12, 3)],
    }
    assert set(Opportunity.objects.values_list("currency", flat=True)) == {"EUR"}


def test_a_report_of_leads() -> None:
    head = "First Name,Last Name,Title,Company / Account,Email,Lead Source,Lead Status,Lead Owner,Created Date"
    run = bring(
        {
            "report.csv": f"{head}\nIna,Fischer,Buyer,Nordlicht,ina@n.example,Web,Open - Not Contacted,Ann Lee,1/15/2026\n"
        }
    )
    assert kinds(run) == {("salesforce", "Lead report")}
    lead = Lead.objects.get()
    assert (lead.name, lead.email, lead.owner.name, lead.created_at.date()) == (
        "Ina Fischer",
        "ina@n.example",
        "Ann Lee",
        date(2026, 1, 15),
    )


@pytest.mark.parametrize("as_book", [False, True])
def test_deals_of_a_german_portal(as_book: bool) -> None:
    if as_book:
        run = bring({"hubspot-export.xlsx": xlsx({"hubspot-crm-exports-alle-deals": [HUBSPOT_HEAD, *HUBSPOT_ROWS]})})
    else:
        run = bring({"alle-deals.csv": "\ufeff" + "\n".join(";".join(row) for row in [HUBSPOT_HEAD, *HUBSPOT_ROWS])})
    assert kinds(run) == {("hubspot", "deals")}
    assert deals() == {
        "Kahn": ["won", Decimal("1234.00"), date(2026, 1, 3), date(2026, 1, 31)],
        "Fähre": ["open", Decimal("20000.50"), date(2026, 1, 4), None],
    }


def test_contacts_of_a_german_portal() -> None:
    rows = "Datensatz-ID,Vorname,Nachname,E-Mail,Lifecycle-Phase,Kontakt-Inhaber,Erstellungsdatum\n501,Uta,Elb,uta@elbe.example,Lead,uwe@acme.test,2026-01-02 10:00\n"
    run = bring({"kontakte.csv": rows})
    assert kinds(run) == {("hubspot", "contacts")}
    assert (Contact.objects.get().name, Lead.objects.get().owner.email) == ("Uta Elb", "uwe@acme.test")


def test_deals_of_a_german_pipedrive() -> None:
    run = bring({"deals.csv": PIPEDRIVE})
    assert kinds(run) == {("pipedrive", "deals")}
    assert deals() == {
        "Turbine": ["won", Decimal("12500.00"), date(2026, 1, 5), date(2026, 1, 31)],
        "Filter": ["open", Decimal("800.50"), date(2026, 1, 6), None],
    }


def reordered(path: Any) -> str:
    rows = [line.split(",") for line in path.read_text().splitlines()]
    return "\n".join(";".join(reversed(row)) for row in rows)


def test_columns_in_another_order_and_as_a_workbook() -> None:
    names = ["accounts.csv", "products.csv", "sales_pipeline.csv", "sales_teams.csv"]
    bring({name: (FIXTURES / "maven" / name).read_bytes() for name in names})
    whole = picture()
    wipe()
    bring({name: reordered(FIXTURES / "maven" / name) for name in names})
    assert picture() == whole
    wipe()
    sheets = {
        name.removesuffix(".csv"): [line.split(",") for line in (FIXTURES / "maven" / name).read_text().splitlines()]
        for name in names
    }
    bring({"maven.xlsx": xlsx(sheets)})
    assert picture() == whole
    assert Account.objects.exists()


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("Id,IsDeleted,Name,ParentId,Type,Status,StartDate,EndDate,CurrencyIsoCode,BudgetedCost,ActualCost,IsActive", ("salesforce", "Campaign")),
        ("Id,IsDeleted,CampaignId,LeadId,ContactId,Status,HasResponded,IsPrimary,CreatedDate", ("salesforce", "CampaignMember")),
        ("Id,IsDeleted,MasterRecordId,Name,Type,ParentId,BillingStreet,BillingCity,Industry,OwnerId", ("salesforce", "Account")),
        ("Id,OpportunityId,Field,OldValue,NewValue,CreatedDate,CreatedById", ("salesforce", "OpportunityFieldHistory")),
        ("Id,OpportunityId,ContactId,Role,CreatedDate", ("salesforce", "OpportunityContactRole")),
        ("Id,Username,FirstName,LastName,Email,IsActive,TimeZoneSidKey,ManagerId", ("salesforce", "User")),
        ("Id,IsoCode,ConversionRate,DecimalPlaces,IsActive,IsCorporate", ("salesforce", "CurrencyType")),
        ("Id,IsoCode,StartDate,NextStartDate,ConversionRate", ("salesforce", "DatedConversionRate")),
        ("Record ID,First Name,Last Name,Email,Contact owner,Create Date,Lifecycle Stage,Original Source", ("hubspot", "contacts")),
        ("Record ID,Deal Name,Deal Stage,Pipeline,Amount,Close Date,Deal owner,Associated Company IDs", ("hubspot", "deals")),
        ("Record ID,Company name,Company Domain Name,Website URL,Company owner,Industry,Create Date", ("hubspot", "companies")),
        ("Deal - ID,Deal - Title,Deal - Owner,Deal - Value,Deal - Stage (pipeline),Deal - Status,Deal - Creation date", ("pipedrive", "deals")),
        ("Lead - Title,Lead - Labels,Contact person,Organization,Lead - Owner,Lead - Source channel,Lead - Pipedrive System ID", ("pipedrive", "leads")),
        ("deal_id,change_time,changed_field_key,new_value", ("pipedrive", "deal_changes")),
    ],
)  # fmt: skip
def test_the_exports_people_bring_are_known_by_their_columns(header: str, kind: tuple[str, str]) -> None:
    found = recognise_file(header.split(","), "export.csv")
    assert found is not None
    assert (found.source.name, found.name) == kind
