"""The plain sheets: each is recognised, is imported as it is handed out, and is described in the documentation."""

import csv
import io
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from crm.models import (
    Account,
    ContentUse,
    EnquiryHandover,
    ExchangeRate,
    Invoice,
    Lead,
    LineItem,
    Opportunity,
    Owner,
    Payment,
    Quota,
    Spend,
    StageChange,
    Subscription,
)
from imports.mapping.catalogue import recognise_file
from imports.mapping.templates import as_markdown, list_templates
from team.models import Company, User
from tests import make
from tests.imports.importing import bring, picture, refused

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
NAMES = [one.name for one in list_templates()]
SHEETS = {one.name: one for one in list_templates()}


def test_a_sheet_with_a_few_columns_of_a_template_is_not_one() -> None:
    shop = ["Email", "Lead source", "Basket", "Coupon", "Newsletter"]
    assert recognise_file(shop, "shop.csv") is None
    assert recognise_file(shop, "shop.csv", "accord")  # a person said so
    assert recognise_file(["Email", "Lead source", "Company", "Coupon"], "shop.csv")


def sheet(name: str, **cells: str) -> str:
    """Return a sheet with one row: the template's first example, but for what the test says."""
    return table(name, cells)


def table(name: str, *rows: dict[str, str]) -> str:
    header = SHEETS[name].header
    out = io.StringIO()
    writer = csv.DictWriter(out, header)
    writer.writeheader()
    for row in rows:
        assert set(row) <= set(header)
        writer.writerow(row)
    return out.getvalue()


def test_there_is_a_sheet_for_all_that_no_crm_exports() -> None:
    assert {
        "spend", "invoice", "payment", "content_asset", "content_use", "usage_event", "quota", "quota.potential", "enquiry",
        "enquiry_handover", "exchange_rate", "line_item", "subscription", "account", "contact", "lead", "opportunity", "touch", "activity",
    } <= set(NAMES)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_sheet_is_known_by_its_columns_also_when_only_the_required_are_there(name: str) -> None:
    found = recognise_file(SHEETS[name].header, "Book1.csv")
    assert found is not None
    assert [mapping.path for mapping in found.mappings] == [f"accord/{name}.toml"]


@pytest.mark.parametrize("name", NAMES)
def test_a_sheet_imports_as_it_is_handed_out_and_twice_is_once(name: str, company: Company) -> None:
    run = bring({"Book1.csv": SHEETS[name].as_csv()})
    assert (refused(run), run.files.get().source, run.counts["rows"]) == ([], "accord", 2)
    made = run.files.get().counts[name.partition(".")[0]]
    assert made["created"] == 2
    before = picture()
    again = bring({"Book1.csv": SHEETS[name].as_csv()})
    assert (again.counts["created"], again.counts["updated"], again.counts["unchanged"]) == (0, 0, 2)
    assert picture() == before


@pytest.mark.parametrize("name", NAMES)
def test_every_column_says_what_it_means(name: str) -> None:
    for column in SHEETS[name].columns:
        assert column.about.endswith((".", "?", "…")), column.name
        assert not column.required or all(column.examples), column.name


@pytest.mark.parametrize("name", NAMES)
def test_a_required_cell_left_empty_is_refused_by_its_name(name: str, company: Company) -> None:
    example = dict(zip(SHEETS[name].header, SHEETS[name].rows[0], strict=True))
    for column in SHEETS[name].columns:
        if column.required:
            run = bring({"Book1.csv": table(name, {**example, column.name: ""})})
            assert [found for _, found, _ in refused(run)] == [column.name]


def test_the_documentation_tells_of_every_template(settings: Any) -> None:
    text = (Path(settings.BASE_DIR) / "docs" / "imports.md").read_text()
    assert as_markdown() in text, "Write what `manage.py list_import_sheets` prints into docs/imports.md."


# what people write


def test_records_are_named_as_people_name_them_whatever_their_source(company: Company) -> None:
    account = make.account(name="Nordlicht GmbH", domain="nordlicht.example", source="salesforce")
    owner = make.owner(name="Ann Lee", email="ann@example.com", source="salesforce")
    for number, written in enumerate(["nordlicht GMBH", "nordlicht.example", account.external_id]):
        bring(
            {
                "x.csv": sheet(
                    "opportunity", Opportunity=f"Deal {number}", Account=written, Stage="Won", Owner="Ann@Example.com"
                )
            }
        )
    assert set(Opportunity.objects.values_list("account", "owner", "outcome")) == {(account.pk, owner.pk, "won")}
    assert Owner.objects.count() == 1


def test_a_person_no_one_knows_yet_is_added_once(company: Company) -> None:
    rows = [
        {"Owner": "New.Rep@example.com", "Starts on": "2025-01-01", "Ends on": f"2025-0{m}-28", "Quota": "5"}
        for m in (1, 2)
    ]
    bring({"x.csv": table("quota", *rows)})
    added = Owner.objects.get()
    assert (added.email, added.source) == ("new.rep@example.com", "accord")
    assert set(Quota.objects.values_list("owner", flat=True)) == {added.pk}


def test_what_is_named_before_it_comes_is_tied_when_it_does(company: Company) -> None:
    bring(
        {
            "x.csv": sheet(
                "invoice", **{"Invoice number": "7", "Issued on": "2025-03-31", "Amount": "10", "Account": "Acme"}
            )
        }
    )
    assert Invoice.objects.get().pending == {"account": {"any": "Acme"}}
    bring({"Account.csv": "Id,Name,BillingCity,Industry\n001A,acme,Kiel,Energy\n"}, source="salesforce")
    invoice = Invoice.objects.get()
    assert (invoice.account, invoice.pending) == (Account.objects.get(), {})


def test_quota_and_potential_meet_in_one_row(company: Company) -> None:
    common = {"Owner": "Ann", "Category": "New business", "Starts on": "2025-01-01", "Ends on": "2025-03-31"}
    bring(
        {
            "q.csv": table("quota", {**common, "Quota": "250000"}),
            "p.csv": table("quota.potential", {**common, "Potential": "900000"}),
        }
    )
    quota = Quota.objects.get()
    assert (quota.amount, quota.potential, quota.owner.name) == (Decimal(250_000), Decimal(900_000), "Ann")


def test_each_line_of_spend_is_one_even_where_two_are_equal(company: Company) -> None:
    line = {"Date": "2025-03-31", "Side": "sales", "Category": "Sales support", "Amount": "12.50"}
    run = bring({"x.csv": table("spend", line, {**line, "Amount": "7"}, {**line, "Amount": "12.5"})})
    assert (Spend.objects.count(), run.counts["repeated"]) == (3, 0)
    assert sum(Spend.objects.values_list("amount", flat=True)) == 32
    assert set(Spend.objects.values_list("side", "category", "currency", "spent_on")) == {
        ("sales", "sales_support", "EUR", date(2025, 3, 31))
    }  # fmt: skip


def test_a_line_with_an_id_can_be_corrected(company: Company) -> None:
    line = {"Line id": "1", "Date": "2025-03-31", "Side": "sales", "Category": "People", "Amount": "12.50"}
    bring({"x.csv": table("spend", line)})
    bring({"x.csv": table("spend", {**line, "Amount": "13"})})
    assert Spend.objects.get().amount == 13


def test_credit_notes_payments_and_handovers(company: Company) -> None:
    bring({"invoice.csv": SHEETS["invoice"].as_csv(), "payment.csv": SHEETS["payment"].as_csv()})
    bring(
        {
            "e.csv": SHEETS["enquiry"].as_csv(),
            "h.csv": SHEETS["enquiry_handover"].as_csv(),
            "u.csv": SHEETS["content_use"].as_csv(),
        }
    )
    assert dict(Invoice.objects.values_list("number", "kind")) == {"2025-0117": "invoice", "2025-0121": "credit"}
    assert set(Payment.objects.values_list("invoice__number", flat=True)) == {"2025-0117"}
    first = EnquiryHandover.objects.order_by("handed_at").first()
    assert first is not None
    assert (first.enquiry.external_id, first.from_owner.email, first.to_owner.name) == (
        "Q-1",
        "ann@example.com",
        "Ben Ortiz",
    )
    assert ContentUse.objects.filter(asset__name="Kiel case study", owner__name="Ben Ortiz").exists()


def test_a_line_without_a_total_is_quantity_times_price_less_its_discount(company: Company) -> None:
    rows = [
        {"Product": "Pump", "Quantity": "3", "Unit price": "12.50", "Discount": "7.50", "Account": "Acme"},
        {"Product": "Pump", "Quantity": "3", "Unit price": "12.50", "Total": "30", "Account": "Acme"},
        {"Product": "Valve", "Quantity": "3", "Account": "Acme"},
        {"Product": "Pipe", "Quantity": "3", "Unit price": "cheap", "Account": "Acme"},
    ]
    run = bring({"x.csv": table("line_item", *rows)})
    assert sorted(LineItem.objects.values_list("product__name", "amount", "currency")) == [
        ("Pump", Decimal(30), "EUR"), ("Pump", Decimal(30), "EUR"), ("Valve", None, "EUR"),
    ]  # fmt: skip
    assert [(line, column) for line, column, _ in refused(run)] == [(5, "Unit price")]


def test_a_subscription_says_how_often_its_amount_is_paid(company: Company) -> None:
    row = {"Account": "Acme", "Starts on": "2025-01-01", "Plan": "Gold"}
    bring({"x.csv": table("subscription", {**row, "Amount per period": "99", "Period": "half-yearly"}, {**row, "Plan": "Basic", "Amount per period": "5"})})  # fmt: skip
    assert set(Subscription.objects.values_list("plan", "amount", "period", "currency")) == {
        ("Gold", 99, "half_year", "EUR"), ("Basic", 5, "month", "EUR"),
    }  # fmt: skip


def test_stage_history_and_rates_come_by_sheet(company: Company) -> None:
    lead = make.lead(email="li@harbour.example")
    bring(
        {
            "s.csv": sheet(
                "stage_change",
                **{
                    "Stage entered": "MQL",
                    "Entered at": "2025-03-01 10:00",
                    "Of what": "Lifecycle stage",
                    "Lead": "li@harbour.example",
                },
            )
        }
    )
    change = StageChange.objects.get()
    assert (change.lead, change.track, change.stage, change.entered_at.hour) == (lead, "lifecycle", "MQL", 9)
    bring({"r.csv": SHEETS["exchange_rate"].as_csv()})
    assert ExchangeRate.objects.get(currency="USD").external_id == "USD|EUR|2025-03-31"


def test_a_lead_without_id_and_email_has_nothing_to_be_known_by(company: Company) -> None:
    run = bring(
        {
            "x.csv": table(
                "lead", {"Last name": "Wei", "Lead source": "Web"}, {"Email": "A@b.example", "Lead source": "Web"}
            )
        }
    )
    assert refused(run) == [(2, "Lead id", "The row has no id; fill in “Lead id” or “Email”")]
    assert Lead.objects.get().external_id == "a@b.example"


# the pages


def test_the_pages_list_explain_and_hand_out_the_sheets(as_user: Any, ops: User) -> None:
    page = as_user(ops).get("/imports/templates/")
    assert page.status_code == 200
    for one in SHEETS.values():
        assert one.title in page.text
    told = as_user(ops).get("/imports/templates/quota.potential/").text
    assert "The amount that could be sold." in told
    handed = as_user(ops).get("/imports/templates/quota.potential.csv")
    assert handed.content.decode("utf-8-sig").splitlines()[0].split(",") == SHEETS["quota.potential"].header
    assert 'filename="quota-potential.csv"' in handed["Content-Disposition"]


@pytest.mark.parametrize("path", ["", "spend/", "spend.csv"])
def test_only_who_may_import_reads_them(as_user: Any, rep: User, path: str) -> None:
    assert as_user(rep).get(f"/imports/templates/{path}").status_code == 403


def test_an_unknown_sheet_is_not_found(as_user: Any, ops: User) -> None:
    assert as_user(ops).get("/imports/templates/nothing/").status_code == 404
    assert as_user(ops).get("/imports/templates/source.csv").status_code == 404


def test_opportunities_come_in_without_an_account(company: Company) -> None:
    sheet = (
        "Opportunity,Stage,Amount,Opened on\nTurbines,Closed Won,100,2025-01-15\nTurbines,Closed Won,70,2025-02-15\n"
    )
    run = bring({"opportunities.csv": sheet})
    assert run.files.get().source == "accord"
    found = Opportunity.objects.order_by("opened_on").values_list("name", "account", "outcome", "amount")
    assert list(found) == [("Turbines", None, "won", Decimal(100)), ("Turbines", None, "won", Decimal(70))]
