"""What the mapping page can say beyond one field a column: fixed values, words, filters, calculations, several kinds."""

import re
from typing import Any

import pytest
from django.urls import reverse

from crm.models import Invoice, Lead, Opportunity, Product, Spend, Touch
from imports.models import ImportFile, ImportJob, RememberedMapping
from team.models import Company, User
from tests.imports.importing import bring
from tests.imports.test_review import go, hold

pytestmark = pytest.mark.slow

ORDERS = "Nr,Date,Code,Qty,Price,Off,Kind,Customer\n1,2025-03-01,A,2,10.50,1,I,Acme\n2,2025-03-02,B,1,40,,C,Acme\n3,2025-03-03,B,x,,,Q,Acme\n"
CLICKS = "Email,Campaign,Clicked at,Interaction\na@x.example,Spring,2025-01-02 10:00,conversion\nb@x.example,Spring,2025-01-03 10:00,click\n"
PIPELINE = (
    "Account,Opportunity_ID,Sales_Agent,Deal_Stage,Product,Close_Date,Close_Value,Started\n"
    "Alder Ltd,AA1,Ann Ops,Won,GTXBasic,2017-05-06,500.0,2017-04-24\n"
    "Birch Ltd,AA3,Ann Ops,Lost,GTXBasic,2017-08-03,0.0,2017-05-19\n"
)


def address(file: ImportFile) -> str:
    return reverse("file_mapping", args=[file.run_id, file.pk])


def fields_of(html: str) -> dict[str, str]:
    """Return what a browser would send of the page's form if no one changed anything."""
    form = html[html.index('<form class="mapping"') : html.index("</form>", html.index('<form class="mapping"'))]
    found: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name = re.search(r'name="([^"]*)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if name and name[1] != "csrfmiddlewaretoken":
            found[name[1]] = value[1] if value else ""
    for name, options in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.DOTALL):
        values = re.findall(r'<option value="([^"]*)"( selected)?', options)
        found[name] = next((value for value, is_chosen in values if is_chosen), values[0][0] if values else "")
    return found


class Sitting:
    """A person in front of the page of one file."""

    def __init__(self, client: Any, file: ImportFile) -> None:
        self.client, self.file = client, file
        self.sent = fields_of(client.get(address(file)).content.decode())
        self.html = ""

    def press(self, **more: str) -> str:
        self.html = self.client.post(address(self.file), {**self.sent, **more}).content.decode()
        self.sent = fields_of(self.html)
        return self.html

    def place(self, column: str) -> int:
        return self.file.header.index(column)

    def save(self) -> ImportJob:
        answer = self.client.post(address(self.file), self.sent)
        assert answer.status_code == 302, re.findall(
            r'class="(?:message error|fault)[^>]*>([^<]+)', answer.content.decode()
        )
        return ImportJob.objects.get(pk=self.file.run_id)


@pytest.fixture
def sit(ops: User, as_user: Any, company: Company) -> Any:
    def begin(name: str, text: str) -> Sitting:
        return Sitting(as_user(ops), hold({name: text}, user=ops).files.get())

    return begin


def test_changing_one_column_of_a_recognised_file_keeps_every_other_link(sit: Any, ops: User) -> None:
    bring({"products.csv": "Product,Series,Sales_Price\nGTXBasic,GTX,641\n"}, source="maven")
    desk = sit("sales-pipeline.csv", PIPELINE)
    assert desk.sent[f"becomes-{desk.place('Product')}"] == "link:product"
    desk.sent[f"becomes-{desk.place('Started')}"] = "field:opened_on"
    go(desk.save(), ops)
    deals = Opportunity.objects.order_by("external_id")
    assert [str(deal.product) for deal in deals] == ["GTXBasic", "GTXBasic"]
    assert [(str(deal.opened_on), deal.product_as_written, deal.outcome) for deal in deals] == [
        ("2017-04-24", "GTXBasic", "won"), ("2017-05-19", "GTXBasic", "lost"),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["lead", "opportunity", "touch", "spend", "invoice", "line_item"])
def test_the_page_sent_back_as_it_is_changes_nothing(sit: Any, ops: User, kind: str) -> None:
    from imports.mapping.templates import find_template

    sheet = find_template(kind)
    assert sheet
    desk = sit("Book1.csv", sheet.as_csv())
    run = go(desk.save(), ops)
    assert (run.counts["rejected"], run.files.get().counts[kind]["created"]) == (0, 2)
    assert bring({"Book1.csv": sheet.as_csv()}).counts["updated"] == 0


def test_fixed_values_words_filters_and_calculations_are_said_in_the_browser_and_remembered(
    sit: Any, ops: User
) -> None:
    desk = sit("orders.csv", ORDERS)
    desk.press(kind="invoice", was="/lead")
    desk.sent |= {
        "becomes-0": "field:number", "becomes-1": "field:issued_on", "becomes-2": "out", "becomes-3": "out", "becomes-4": "out",
        "becomes-5": "out", "becomes-6": "field:kind", "becomes-7": "link:account", "id": "0",
    }  # fmt: skip
    desk.press(add="always")
    desk.sent |= {"always-0-field": "field:currency", "always-0-value": "CHF"}
    desk.press(add="calc")
    desk.sent |= {
        "calc-0-field": "field:amount",
        "calc-0-with": "product",
        "calc-0-term0": "3",
        "calc-0-term1": "4",
        "calc-0-less": "5",
    }
    page = desk.press(add="only")
    assert [(word, count) for word, count in re.findall(r'means-6-\d">([^<]+)</label> <span class="caption number"><span[^>]*>(\d)', page)] == [
        ("I", "1"), ("C", "1"), ("Q", "1"),
    ]  # fmt: skip
    desk.sent |= {
        "only-0-column": "6",
        "only-0-is": "is_not",
        "only-0-value": "Q",
        "means-6-0": "invoice",
        "means-6-1": "credit",
    }
    run = go(desk.save(), ops)
    assert [(one.number, one.kind, str(one.amount), one.currency) for one in Invoice.objects.order_by("number")] == [
        ("1", "invoice", "20.00", "CHF"), ("2", "credit", "40.00", "CHF"),
    ]  # fmt: skip
    assert (run.counts["rows"], run.counts["rejected"], run.files.get().dropped) == (3, 0, 1)
    again = bring({"march.csv": ORDERS.replace("2,10.50", "3,10.50")})
    assert (again.counts["updated"], again.counts["unchanged"]) == (1, 1)
    assert RememberedMapping.objects.get().kind == "invoice"


def test_one_table_makes_leads_and_touches(sit: Any, ops: User) -> None:
    desk = sit("clicks.csv", CLICKS)
    desk.press(kind="lead", was="/touch")
    desk.sent |= {
        "becomes-0": "field:email",
        "becomes-1": "link:campaign",
        "becomes-2": "out",
        "becomes-3": "out",
        "id": "0",
    }
    desk.press(add="kind", **{"new-kind": "touch"})
    assert "Also from each row: Touches" in desk.html
    desk.sent |= {
        "k1-becomes-0": "link:lead", "k1-by-0": "email", "k1-becomes-1": "link:campaign", "k1-becomes-2": "field:happened_at",
        "k1-becomes-3": "field:kind",
    }  # fmt: skip
    desk.press(add="k1-only")
    desk.sent |= {"k1-only-0-column": "3", "k1-only-0-value": "conversion"}
    page = desk.press(look="1")
    assert "Of the first rows 1 is read and 1 is left out." in re.sub(r"<[^>]+>", "", page)
    run = go(desk.save(), ops)
    assert set(Lead.objects.values_list("email", "campaign__name")) == {
        ("a@x.example", "Spring"),
        ("b@x.example", "Spring"),
    }
    touch = Touch.objects.get()
    assert (touch.lead.email, touch.kind, touch.campaign.name) == ("a@x.example", "conversion", "Spring")
    assert (run.counts["rows"], run.counts["rejected"]) == (2, 0)
    assert bring({"clicks.csv": CLICKS}).counts["updated"] == 0


def test_a_kind_that_was_added_can_be_removed(sit: Any) -> None:
    desk = sit("clicks.csv", CLICKS)
    desk.press(add="kind", **{"new-kind": "touch"})
    assert "Also from each row" not in desk.press(drop="k1")


def test_what_is_wrong_stands_beside_its_line(sit: Any) -> None:
    desk = sit("ads.csv", "Date,Campaign,Spend,Clicks\n2025-01-01,Spring,5,1\n")
    desk.press(kind="spend", was="/spend", add="only")
    desk.sent |= {"only-0-column": "3", "only-0-is": "above", "only-0-value": "many", "always-0-value": "both"}
    page = desk.press()
    assert re.search(r'id="only-0-fault">“many” is not a number\. Write it as 1234\.50\.', page.replace("&quot;", '"'))
    assert re.search(r'id="always-0-fault">Choose one of: Marketing, Sales\.', page)
    assert "2 lines below are not complete" in page


def test_a_field_without_numbers_cannot_be_calculated(sit: Any) -> None:
    desk = sit("orders.csv", ORDERS)
    desk.press(kind="invoice", was="/lead")
    desk.press(add="calc")
    desk.sent |= {"calc-0-field": "field:number", "calc-0-term0": "3", "calc-0-term1": "4"}
    assert "This field is not a number." in desk.press()


def test_htmx_gets_the_lines_that_changed_their_shape_and_the_first_rows(sit: Any) -> None:
    desk = sit("orders.csv", ORDERS)
    desk.press(kind="invoice", was="/lead")
    desk.sent["becomes-6"] = "out"
    desk.press(add="always")
    sent = {**desk.sent, "always-0-field": "field:kind", "becomes-6": "field:kind"}
    answer = desk.client.post(address(desk.file), sent, headers={"HX-Request": "true"}).content.decode()
    assert 'id="always-0" hx-swap-oob="true"' in answer
    assert 'id="more-6" hx-swap-oob="true"' in answer
    assert 'id="more-7"' not in answer
    assert 'id="outcome" hx-swap-oob="true"' in answer


def test_a_button_that_only_has_the_focus_is_not_pressed(sit: Any) -> None:
    desk = sit("clicks.csv", CLICKS)
    desk.press(add="only")
    htmx = {"HX-Request": "true", "HX-Trigger": "mapping"}
    answer = desk.client.post(address(desk.file), {**desk.sent, "drop": "only-0"}, headers=htmx).content.decode()
    assert 'id="only-0-fault"' in answer
    assert 'id="columns"' not in answer


def test_a_report_of_ads_is_proposed_as_spend_and_never_by_its_revenue(sit: Any, ops: User) -> None:
    text = "Reporting day,Campaign name,Revenue,Ad cost,Impressions,Link clicks\n2025-01-01,Spring,900,12.50,100,3\n2025-01-01,Autumn,0,7,80,1\n"
    desk = sit("q1.csv", text.replace("Reporting day", "Day").replace("Ad cost", "Media cost"))
    assert desk.sent["kind"] == "spend"
    assert desk.sent[f"becomes-{desk.place('Media cost')}"] == "field:amount"
    assert desk.sent[f"becomes-{desk.place('Revenue')}"].startswith("custom:")
    go(desk.save(), ops)
    assert set(Spend.objects.values_list("amount", "side", "category", "campaign__name")) == {
        (12.5, "marketing", "lead_generation", "Spring"), (7, "marketing", "lead_generation", "Autumn"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("google_ads", "Campaign performance\n2025\nDay,Campaign,Currency code,Cost,Impr.,Clicks,Conversions\n2025-01-01,Spring,EUR,12.50,100,3,1\n2025-01-02,Spring,EUR,7,80,1, --\nTotal: Campaigns, --,EUR,19.50,180,4,1\n"),
        ("meta_ads", "Reporting starts,Reporting ends,Campaign name,Amount spent (EUR),Impressions,Link clicks,Results\n2025-01-01,2025-01-01,Spring,12.50,100,3,1\n2025-01-02,2025-01-02,Spring,7,80,1,\n2025-01-01,2025-01-02,,19.50,180,4,1\n"),
        ("linkedin_ads", "Start Date (in UTC),Campaign Name,Currency,Total Spent,Impressions,Clicks,Leads\n1/13/2025,Spring,EUR,12.50,100,3,1\n1/14/2025,Spring,EUR,7,80,1,0\n"),
        ("accord", "Date,Campaign,Spend,Impressions,Clicks,Leads\n2025-01-01,Spring,12.50,100,3,1\n2025-01-02,Spring,7,80,1,0\n"),
    ],
)  # fmt: skip
def test_reports_of_ad_platforms_come_in_as_spend(company: Company, source: str, text: str) -> None:
    run = bring({"report.csv": text})
    file = run.files.get()
    assert (file.source, run.counts["rejected"]) == (source, 0)
    assert sorted(Spend.objects.values_list("amount", "currency", "side", "campaign__name")) == [
        (7, "EUR", "marketing", "Spring"), (12.5, "EUR", "marketing", "Spring"),
    ]  # fmt: skip
    assert Spend.objects.order_by("amount")[1].custom[next(k for k in file.header if k.startswith("Impr"))] == 100
    assert bring({"report.csv": text}).counts["created"] == 0


def test_a_mapping_is_edited_as_text_and_what_is_wrong_is_said(ops: User, as_user: Any, company: Company) -> None:
    file = hold({"Book.csv": "Product,Family\nPump,Water\n"}, user=ops).files.get()
    client, path = as_user(ops), reverse("mapping_text", args=[file.run_id, file.pk])
    assert "object = " in client.get(path).content.decode()
    assert "is not valid TOML" in client.post(path, {"text": ["object = "]}).content.decode()
    assert "has no field “colour”" in client.post(path, {"text": ['object = "product"\nid = "Product"\n[fields]\ncolour = "Family"']}).content.decode()  # fmt: skip
    text = 'object = "product"\nid = "Product"\n[fields]\nname = "Product"\nfamily = { column = "Family", map = "f" }\n[maps.f]\nWater = "Fluids"\n'
    assert client.post(path, {"text": [text, ""]}).status_code == 302
    go(ImportJob.objects.get(), ops)
    assert Product.objects.values_list("name", "family").get() == ("Pump", "Fluids")
