"""What becomes of the files of each source, field by field, on files of our own in their formats."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from crm.models import (
    Account,
    Activity,
    BuyingRole,
    Campaign,
    Contact,
    Enquiry,
    Invoice,
    Lead,
    LineItem,
    Opportunity,
    Owner,
    Product,
    StageChange,
    Touch,
)
from imports.mapping.catalogue import list_sources
from imports.models import ImportJob
from team.models import Company, Territory
from tests.imports.importing import FIXTURES, bring, brought_for_all, refused

pytestmark = pytest.mark.django_db
HUBSPOT = ["companies", "contacts", "deals", "activities", "tickets", "line items"]
FOLDERS = ["salesforce", "salesforce_soql", "hubspot", "hubspot_portal", "pipedrive", "olist", "maven"]


def get(model: Any, external_id: str) -> Any:
    return model.objects.get(external_id=external_id)


@pytest.fixture(scope="class")
def run(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any
) -> Iterator[ImportJob]:
    """The import of the folder that the class names, once for all its tests."""
    with brought_for_all(FIXTURES / request.cls.FOLDER, tmp_path_factory.mktemp("uploads"), django_db_blocker) as found:
        yield found


ONLY_BY_API = {("pipedrive", "users"), ("pipedrive", "deal stage history")}
WITH_TESTS_OF_THEIR_OWN = [
    "OpportunityFieldHistory",
    "LeadHistory",
    "CurrencyType",
    "DatedConversionRate",
    "Lead report",
    "EmailMessage",
]


def test_every_file_is_recognised_without_a_refused_row_and_every_mapping_has_a_file_that_it_reads() -> None:
    for folder in FOLDERS:
        run = bring(FIXTURES / folder)
        assert refused(run) == [], folder
        for file in run.files.all():
            assert file.state == "skipped" if file.name == "data_dictionary.csv" else file.state == "done", file.name
            assert file.source in {folder.split("_")[0], ""}, file.name
    read = {(file.source, file.kind) for run in ImportJob.objects.all() for file in run.files.all()}
    known = {(m.source, m.file) for source in list_sources().values() for m in source.mappings}
    exported = {(source, file) for source, file in known if source in {"salesforce", "pipedrive", "olist", "maven"}}
    exported -= {("salesforce", file) for file in WITH_TESTS_OF_THEIR_OWN} | ONLY_BY_API
    assert exported | {("hubspot", file) for file in HUBSPOT} <= read


@pytest.mark.usefixtures("run")
class TestSalesforce:
    FOLDER = "salesforce"

    def test_salesforce_users_become_owners_with_their_managers(self) -> None:
        rita = get(Owner, "005A00000000001AAA")
        assert (rita.name, rita.email, rita.is_active) == ("Rita Rep", "rita.rep@acme.test", True)
        assert rita.manager.name == "Mo Manager"
        assert (rita.manager.is_active, rita.manager.manager) == (False, None)

    def test_an_owner_no_one_exported_stands_in_under_its_id(self) -> None:
        assert get(Account, "001A00000000002AAA").owner.name == "005A00000000009AAA"

    def test_salesforce_accounts(self) -> None:
        account = get(Account, "001A00000000001AAA")
        assert (account.name, account.domain, account.country, account.city) == (
            "Nordlicht GmbH", "nordlicht.example", "Germany", "Kiel",
        )  # fmt: skip
        assert (account.annual_revenue, account.currency, account.employees) == (Decimal("1250000.50"), "EUR", 240)
        assert (account.vertical.name, account.parent, account.custom) == ("Energy", None, {"Tier__c": "Gold"})
        assert account.created_at == datetime(2024, 2, 1, 10, 30, tzinfo=UTC)
        assert get(Account, "001A00000000002AAA").parent == account

    def test_what_salesforce_deleted_is_left_out_and_counted(self, run: ImportJob) -> None:
        assert not Account.objects.filter(external_id="001A00000000003AAA").exists()
        assert run.files.get(name="Account.csv").dropped == 1

    def test_the_leads_own_flag_counts_and_not_its_status(self) -> None:
        converted, not_converted = get(Lead, "00QA00000000001AAA"), get(Lead, "00QA00000000002AAA")
        assert (converted.is_converted, converted.converted_on) == (True, date(2024, 3, 1))
        assert (not_converted.status, not_converted.is_converted) == ("Closed - Converted", False)
        assert converted.account.external_id == "001A00000000001AAA"
        assert converted.contact.external_id == "003A00000000001AAA"
        assert get(Opportunity, "006A00000000001AAA").lead == converted

    def test_quotes_commas_and_umlauts_survive(self) -> None:
        lead = get(Lead, "00QA00000000003AAA")
        assert (lead.name, lead.company_name) == ("Müller", 'Müller & Söhne, "Holz"')

    def test_the_outcome_follows_from_the_flags_and_the_reason(self) -> None:
        found = dict(Opportunity.objects.values_list("name", "outcome"))
        assert found == {"Turbines": "won", "Spare parts": "lost", "Audit": "no_decision", "Retrofit": "open"}

    def test_the_close_date_is_a_hope_while_the_deal_is_open(self) -> None:
        won, still_open = get(Opportunity, "006A00000000001AAA"), get(Opportunity, "006A00000000004AAA")
        assert (won.closed_on, won.expected_close_on) == (date(2024, 5, 2), None)
        assert (still_open.closed_on, still_open.expected_close_on) == (None, date(2027, 1, 31))

    def test_salesforce_opportunities(self) -> None:
        won, still_open = get(Opportunity, "006A00000000001AAA"), get(Opportunity, "006A00000000004AAA")
        assert (won.amount, won.currency, won.probability) == (Decimal(120000), "EUR", Decimal(1))
        assert (still_open.amount, still_open.currency, still_open.probability) == (
            Decimal("60000.50"), "USD", Decimal("0.9"),
        )  # fmt: skip
        assert (won.is_new_business, get(Opportunity, "006A00000000002AAA").is_new_business) == (True, False)
        assert (won.campaign.name, won.contact.name, won.opened_on) == ("Spring fair", "Ina Fischer", date(2024, 3, 1))
        assert won.custom == {"ForecastCategory": "Closed"}

    def test_stage_history_and_buying_roles(self) -> None:
        first, last = StageChange.objects.order_by("entered_at")
        assert (first.stage, first.probability, last.stage) == ("Prospecting", Decimal("0.1"), "Closed Won")
        assert first.opportunity == last.opportunity == get(Opportunity, "006A00000000001AAA")
        role = BuyingRole.objects.get()
        assert (role.role, role.is_primary, role.contact.name) == ("Economic Buyer", True, "Ina Fischer")

    def test_membership_of_a_campaign_is_a_touch(self) -> None:
        lead, contact = Touch.objects.order_by("external_id")
        assert (lead.lead.external_id, lead.contact, lead.has_responded, lead.kind) == (
            "00QA00000000001AAA", None, True, "Trade Show",
        )  # fmt: skip
        assert (contact.lead, contact.contact.name, contact.has_responded) == (None, "Jo Berg", False)
        assert lead.happened_at == datetime(2024, 3, 2, tzinfo=UTC)
        campaign = Campaign.objects.get()
        assert (campaign.cost, campaign.budget, campaign.starts_on) == (
            Decimal("18500.25"),
            Decimal(20000),
            date(2024, 3, 1),
        )

    def test_tasks_and_events_are_activities_of_whom_they_name(self) -> None:
        call, offer, demo = Activity.objects.order_by("external_id")
        assert (call.lead.name, call.contact, call.seconds) == ("Li Wei", None, 340)
        assert (call.notes, call.happened_at.hour) == ("Spoke about\nprices, at length", 10)
        assert (offer.happened_at, offer.due_on, offer.opportunity.name) == (None, date(2027, 1, 5), "Turbines")
        assert (demo.kind, demo.seconds, demo.account.name) == ("Demo", 5400, "Nordlicht GmbH")

    def test_cases_are_enquiries(self) -> None:
        case = Enquiry.objects.get()
        assert (case.name, case.channel, case.account.name) == ("Which filter fits?", "Email", "Nordlicht GmbH")
        assert case.closed_at - case.opened_at == datetime(2024, 7, 2, 15) - datetime(2024, 7, 2, 9)


def test_the_second_dialect_of_salesforce() -> None:
    bring(FIXTURES / "salesforce")
    bring(FIXTURES / "salesforce_soql")
    ann, ray = get(Lead, "00QB00000000001AAA"), get(Lead, "00QB00000000002AAA")
    assert (ann.is_converted, ann.converted_on, ray.is_converted) == (True, date(2026, 2, 24), False)
    assert ann.account.name == "Nordlicht GmbH"  # the company column held the account's id
    assert (ray.account, ray.company_name) == (None, "Roe Ltd")
    assert ann.modified_at == datetime(2026, 2, 24, 2, 18, tzinfo=UTC)
    assert (ray.created_at, ray.modified_at) == (
        datetime(2024, 1, 22, 18, 36, 47, tzinfo=UTC), datetime(2026, 2, 4, 14, 18, tzinfo=UTC),
    )  # fmt: skip


def test_a_salesforce_report_with_labels() -> None:
    bring(FIXTURES / "salesforce_soql" / "report.csv")
    won, undecided = get(Opportunity, "006B00000000001IAA"), get(Opportunity, "006B00000000002IAA")
    assert (won.outcome, won.amount, won.closed_on) == ("won", Decimal("1234.50"), date(2025, 3, 15))
    assert (undecided.outcome, undecided.amount, won.probability) == ("no_decision", Decimal("1234.50"), 1)


def test_pipedrive_deals_with_all_that_they_point_to_and_their_moves() -> None:
    bring(FIXTURES / "pipedrive")
    won, lost = get(Opportunity, "101"), get(Opportunity, "102")
    assert (won.outcome, won.amount, won.currency, won.closed_on) == ("won", 185000, "NOK", date(2025, 5, 30))
    assert (won.account.name, won.contact.email, won.owner.name) == ("Fjordlys AS", "nils@fjordlys.example", "Ida Berg")
    assert (lost.outcome, lost.probability) == ("no_decision", Decimal("0.2"))
    assert get(Lead, "7f1c0d7e-0000-4000-8000-000000000002").contact == get(Contact, "13")
    moves = StageChange.objects.filter(opportunity=won).order_by("entered_at")
    assert [move.stage for move in moves] == ["Qualified", "Demo Scheduled", "Negotiations Started", "won"]


@pytest.mark.usefixtures("run")
class TestHubspot:
    FOLDER = "hubspot"

    def test_hubspot_joins_by_domain_and_email(self) -> None:
        kari, deal = get(Contact, "CONT-1"), get(Opportunity, "DEAL-1")
        assert (kari.account.name, kari.owner.name) == ("Fjord AS", "pam@acme.test")
        assert (deal.account.name, deal.contact, deal.owner.email) == ("Fjord AS", kari, "pam@acme.test")
        assert Owner.objects.count() == 3  # Pam is one person, however her address is written
        ticket = Enquiry.objects.get()
        assert (ticket.contact, ticket.account.name, ticket.closed_at.day) == (kari, "Fjord AS", 3)

    def test_hubspot_references_that_no_one_answers_stay_pending(self) -> None:
        assert get(Opportunity, "DEAL-3").pending == {
            "account": {"domain": "unknown.example"}, "contact": {"email": "nobody@example.test"},
        }  # fmt: skip

    def test_a_hubspot_contact_is_a_lead_too(self) -> None:
        customer, qualified = get(Lead, "CONT-1"), get(Lead, "CONT-2")
        assert (customer.is_converted, qualified.is_converted) == (True, False)
        assert (qualified.lifecycle_stage, qualified.lead_source) == ("Marketing Qualified Lead", "Referral")
        assert (customer.contact, customer.email) == (get(Contact, "CONT-1"), "kari@fjord.example")
        assert customer.custom == {}

    def test_hubspot_deals(self) -> None:
        won, undecided, still_open = (get(Opportunity, f"DEAL-{number}") for number in (1, 2, 3))
        assert (won.outcome, undecided.outcome, still_open.outcome) == ("won", "no_decision", "open")
        assert (won.closed_on, still_open.closed_on, still_open.expected_close_on) == (
            date(2024, 5, 1), None, date(2027, 5, 2),
        )  # fmt: skip
        assert (won.is_new_business, undecided.is_new_business, won.pipeline) == (True, False, "Sales Pipeline")

    def test_hubspot_activities(self) -> None:
        call, task = Activity.objects.order_by("external_id")
        assert (call.outcome, call.contact.name, call.lead.name, call.account.name) == (
            "Connected", "Kari Nes", "Kari Nes", "Fjord AS",
        )  # fmt: skip
        assert (task.status, task.due_on) == ("Not Started", date(2024, 2, 1))


def test_a_newer_hubspot_portal_joins_by_record_id() -> None:
    bring(FIXTURES / "hubspot_portal")
    deal = Opportunity.objects.get()
    assert (deal.account.name, deal.contact.name, deal.owner.name) == ("Elbe KG", "Uta Elb", "uwe@acme.test")
    assert (deal.outcome, deal.currency, deal.probability) == ("won", "EUR", 1)
    assert deal.custom == {}
    entered = deal.stage_changes.get(stage="Contract Sent")
    assert entered.entered_at.isoformat() == "2024-04-20T10:00:00+00:00"
    lead = Lead.objects.get()
    assert (lead.is_converted, lead.converted_on, lead.account) == (True, date(2024, 4, 1), deal.account)


def test_olist_deals_feed_account_opportunity_and_lead() -> None:
    bring(FIXTURES / "olist")
    won, other = get(Opportunity, "m1"), get(Opportunity, "m3")
    assert (won.outcome, won.closed_on, won.closed_at) == (
        "won", date(2018, 2, 26), datetime(2018, 2, 26, 19, 58, 54, tzinfo=UTC),
    )  # fmt: skip
    assert (won.amount, other.amount, won.currency) == (None, Decimal(20000), "BRL")  # 0 means "not given"
    assert (won.account.vertical.name, other.account.vertical) == ("pet", None)
    assert (won.owner.name, won.lead.owner.name) == ("sr-1", "sdr-1")
    assert (won.first_contact_on, won.campaign.name, won.lead_source) == (date(2018, 1, 10), "page-a", "social")
    assert won.custom == {
        "lead_type": "online_medium",
        "lead_behaviour_profile": "cat, wolf",
        "business_type": "reseller",
    }
    assert dict(Lead.objects.values_list("external_id", "is_converted")) == {"m1": True, "m2": False, "m3": True}


def test_olist_keeps_an_empty_origin_apart_from_unknown() -> None:
    bring(FIXTURES / "olist")
    assert dict(Lead.objects.values_list("external_id", "lead_source")) == {"m1": "social", "m2": "unknown", "m3": ""}


def test_olist_delivered_revenue_is_an_undated_invoice_of_the_only_won_deal() -> None:
    bring(FIXTURES / "olist")
    invoice = Invoice.objects.get()
    assert (invoice.amount, invoice.currency, invoice.issued_on) == (Decimal("90.25"), "BRL", None)
    assert (invoice.account.external_id, invoice.opportunity.external_id) == ("s1", "m1")
    assert invoice.custom == {"delivered_orders": "3", "items_sold": "4"}
    assert invoice.account.city == "curitiba"


def test_an_invoice_of_an_account_with_two_won_deals_belongs_to_neither() -> None:
    deals = (FIXTURES / "olist" / "olist_closed_deals_dataset.csv").read_text().replace("m3,s2", "m3,s1")
    revenue = (FIXTURES / "olist" / "closed_deal_seller_delivered_revenue.csv").read_text()
    bring({"deals.csv": deals, "revenue.csv": revenue})
    assert Invoice.objects.get().opportunity is None


def test_maven_pipeline() -> None:
    bring(FIXTURES / "maven")
    won, lost, prospect, engaged = (get(Opportunity, f"O{number}") for number in (1, 2, 3, 4))
    assert [deal.outcome for deal in (won, lost, prospect, engaged)] == ["won", "lost", "open", "open"]
    assert (won.product.name, won.product_as_written, engaged.product_as_written) == ("GTX Pro", "GTXPro", "GTX Pro")
    assert (won.first_contact_on, won.opened_on, won.closed_on) == (
        date(2017, 1, 2),
        date(2017, 1, 2),
        date(2017, 3, 1),
    )
    assert (won.amount, lost.amount, prospect.amount, won.currency) == (Decimal(4514), Decimal(0), None, "USD")
    assert (prospect.account, prospect.first_contact_on, won.probability) == (None, None, None)
    assert (won.owner.manager.name, won.owner.territory.name, won.territory.name) == ("Dora King", "Central", "Central")
    assert set(Territory.objects.values_list("name", flat=True)) == {"Central", "West"}


def test_maven_accounts_and_products() -> None:
    bring(FIXTURES / "maven")
    acme, beta = get(Account, "Acme"), get(Account, "Beta")
    assert (acme.annual_revenue, beta.annual_revenue) == (Decimal(1_100_040_000), Decimal(500_000))
    assert (acme.vertical.name, acme.founded_year, acme.currency, beta.parent) == ("medical", 1996, "USD", acme)
    product = get(Product, "GTX Pro")
    assert (product.list_price, product.currency, product.family) == (Decimal(4821), "USD", "GTX")


def test_the_first_import_brings_the_company_its_currency() -> None:
    bring(FIXTURES / "olist")
    assert Company.get().currency == "BRL"
    bring(FIXTURES / "maven")
    assert Company.get().currency == "BRL"


def test_amounts_without_a_currency_take_the_one_asked_for_then_the_companys() -> None:
    bring(FIXTURES / "hubspot", currency="CHF")
    assert set(Opportunity.objects.values_list("currency", flat=True)) == {"CHF"}
    assert Company.get().currency == "CHF"
    run = bring(FIXTURES / "hubspot")
    assert (run.currency, run.counts["updated"]) == ("CHF", 0)


def test_without_any_hint_the_currency_of_the_source_is_assumed_and_said() -> None:
    assert bring(FIXTURES / "hubspot").currency == "USD"


def test_the_products_of_salesforce_opportunities_and_orders() -> None:
    bring(FIXTURES / "salesforce")
    turbines, filters = get(LineItem, "00kA00000000001AAA"), get(LineItem, "00kA00000000002AAA")
    assert (turbines.opportunity.name, turbines.product.name, turbines.quantity) == ("Turbines", "Turbine T4", 2)
    assert (turbines.amount, turbines.currency, turbines.sold_on) == (18_000, "EUR", date(2024, 5, 2))
    assert (filters.amount, filters.unit_price, filters.product.external_id) == (
        50,
        Decimal("12.5"),
        "01tA00000000009AAA",
    )
    assert not LineItem.objects.filter(external_id="00kA00000000003AAA").exists()
    ordered = get(LineItem, "802A00000000001AAA")
    assert (ordered.amount, ordered.product.name, ordered.custom["OrderId"]) == (
        27_000,
        "Turbine T4",
        "801A00000000001AAA",
    )


def test_line_items_of_hubspot_belong_to_their_first_deal_and_miss_no_total() -> None:
    bring({"Line items.csv": (FIXTURES / "hubspot" / "hubspot_line_items.csv").read_text()}, source="hubspot")
    bring({"deals.csv": "Record ID,Deal Name,Deal Stage\n701,Rollout,Closed Won\n"}, source="hubspot")
    items = {item.name: item for item in LineItem.objects.all()}
    assert {item.opportunity.name for item in items.values()} == {"Rollout"}
    assert (items["Onboarding"].amount, items["Seats"].amount, items["Seats"].discount) == (1500, 800, 100)


def test_products_of_pipedrive_deals() -> None:
    bring(FIXTURES / "pipedrive")
    item = get(LineItem, "1")
    assert (item.name, item.quantity, item.amount, item.currency) == ("Service", 2, 501, "EUR")
    assert (item.product.name, item.opportunity.name) == ("Turbine T4", "Turbine for Bergen")
