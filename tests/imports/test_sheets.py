"""Workbooks: each sheet with a table is a file of the import, its typed cells are read in the one way they can be."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from crm.models import Lead, Opportunity
from imports.models import ImportJob
from tests.imports.importing import bring, refused
from tests.imports.workbooks import Error, Formula, Percent, ods, parts, xlsx, zipped

pytestmark = pytest.mark.django_db
DEALS = ["Opportunity ID", "Opportunity Name", "Stage", "Close Date", "Amount", "Created Date"]


def files(run: ImportJob) -> dict[str, tuple[str, str]]:
    return {file.name: (file.state, file.reason) for file in run.files.all()}


def test_every_sheet_with_a_table_is_a_file_of_its_own() -> None:
    leads = [["Id", "LastName", "Company", "Status"], ["1", "Ode", "X", "New"], ["007", "=CMD()", "Y", "New"]]
    deals = [DEALS, ["D1", "Turbine", "Prospecting", date(2026, 1, 2), 1234.5, datetime(2026, 1, 1, 14, 5)]]
    run = bring({"book.xlsx": xlsx({"Leads": leads, "Deals": deals, "Notes": [["hello"]], "Empty": []})})
    assert files(run)["book.xlsx"] == ("unpacked", "")
    assert files(run)["book.xlsx/Leads"] == ("done", "")
    assert files(run)["book.xlsx/Notes"][0] == "skipped"
    assert "book.xlsx/Empty" not in files(run)
    assert set(Lead.objects.values_list("external_id", "last_name")) == {("1", "Ode"), ("007", "=CMD()")}
    deal = Opportunity.objects.get()
    assert (deal.amount, deal.expected_close_on, deal.opened_on) == (
        Decimal("1234.5"),
        date(2026, 1, 2),
        date(2026, 1, 1),
    )


@pytest.mark.parametrize("since_1904", [False, True])
def test_a_title_merged_over_blank_rows_formulas_errors_and_lying_dimensions(since_1904: bool) -> None:
    rows = [
        ["All open deals of the north", None], [], DEALS,
        ["D1", "A", "Prospecting", date(2026, 1, 2), Formula("1+1=1.236"), None],
        [],
        ["D2", "B", "Prospecting", date(2026, 2, 1), Error("#N/A"), None],
        ["Total", None, None, None, 5],
    ]  # fmt: skip
    run = bring({"x.xlsx": xlsx({"S": rows}, since_1904=since_1904, merged="A1:F1", dimension="A1:XFD1048576")})
    assert dict(Opportunity.objects.values_list("external_id", "amount")) == {"D1": Decimal("1.24"), "D2": None}
    assert set(Opportunity.objects.values_list("expected_close_on", flat=True)) == {date(2026, 1, 2), date(2026, 2, 1)}
    sheet = run.files.get(name="x.xlsx/S")
    assert (sheet.rows, sheet.rejected) == (2, 0)
    assert sheet.detected["title"]["words"].endswith("left out: “All open deals of the north”")
    assert "Total" in sheet.detected["footer"]["words"]


def test_a_sheet_is_known_by_its_own_name_or_that_of_its_book() -> None:
    bring({"Lead.xlsx": xlsx({"Sheet1": [["Id", "LastName"], ["1", "A"]]})}, source="salesforce")
    assert Lead.objects.get().last_name == "A"


def test_a_sheet_of_libreoffice() -> None:
    rows = [DEALS, ["D1", "A", "Prospecting", date(2026, 1, 2), 12.5, date(2026, 1, 1)]]
    bring({"x.ods": ods("Deals", rows)})
    assert Opportunity.objects.get().amount == Decimal("12.5")


def test_text_that_calls_itself_excel_is_read_as_text() -> None:
    bring({"Lead.xls": "Id\tLastName\tCompany\tStatus\n1\tA\tX\tNew\n"})
    assert Lead.objects.count() == 1


def with_far_cell() -> bytes:
    """A workbook with two cells, as far apart as they can be."""
    found = parts({"S": [["a"]]}, False, "", "")
    name = "xl/worksheets/sheet1.xml"
    found[name] = found[name].replace("</row>", '</row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')
    return zipped(found)


def locked() -> bytes:
    data = bytearray(xlsx({"S": [["Id"]]}))
    data[6] |= 1
    data[data.find(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (with_far_cell(), "too many cells"),
        (xlsx({"S": [["Id"]]})[:300], "cannot be read"),
        (zipped({"xl/workbook.xml": "<x/>", "xl/big": "0" * 300_000_000}), "suspiciously high"),
        (zipped({"xl/workbook.xml": "<unclosed", "[Content_Types].xml": ""}), "cannot be read"),
        (xlsx({"Empty": []}), "empty"),
        (locked(), "password-protected"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), "cannot be read"),
    ],
    ids=["far", "cut", "bomb", "broken", "empty", "locked", "ole"],
)
def test_what_is_wrong_with_a_workbook_is_said(data: bytes, words: str) -> None:
    run = bring({"x.xlsx": data})
    state, reason = files(run)["x.xlsx"]
    assert state == "failed"
    assert words in reason


SHARES = [["Opportunity", "Stage", "Account", "Opened on", "Amount", "Probability (%)", "Margin"]]


@pytest.mark.parametrize("is_ods", [False, True])
def test_cells_that_show_a_percentage_are_percentages(is_ods: bool) -> None:
    day = date(2025, 1, 15)
    rows = [
        ["A", "Proposal", "X", day, 1.5, Percent(0.45), Percent(0.07)],
        ["B", "Proposal", "X", day, 2.5, Percent(1), Percent(0.3)],
        ["C", "Proposal", "X", day, 3.5, 45, Percent(0.1)],
        ["D", "Proposal", "X", day, 4.5, Percent(1.2), Percent(0.1)],
    ]
    book = ods("Deals", [*SHARES, *rows]) if is_ods else xlsx({"Deals": [*SHARES, *rows]})
    run = bring({"deals.ods" if is_ods else "deals.xlsx": book})
    chances = dict(Opportunity.objects.values_list("name", "probability"))
    assert chances == {"A": Decimal("0.45"), "B": Decimal(1), "C": Decimal("0.45")}
    assert [(column, reason) for _, column, reason in refused(run)] == [
        ("Probability (%)", "“120%” is not a percentage from 0 to 100")
    ]
    assert dict(Opportunity.objects.values_list("name", "custom__Margin")) == {"A": "7%", "B": "30%", "C": "10%"}


def test_cells_that_show_a_percentage_are_told_by_their_place_in_the_sheet() -> None:
    rows = [[], [None, "Opportunity", "Stage", "Account", "Opened on", "Probability (%)"]]
    rows += [[None, f"D{n}", "Proposal", "X", date(2025, 1, 15), Percent(0.5) if n % 2 else 7] for n in range(6)]
    bring({"deals.xlsx": xlsx({"Deals": rows})})
    expected = {f"D{n}": Decimal("0.5" if n % 2 else "0.07") for n in range(6)}
    assert dict(Opportunity.objects.values_list("name", "probability")) == expected


def test_a_workbook_with_too_many_sheets_says_which_are_not_read() -> None:
    rows = [["Id", "LastName", "Company", "Status"], ["1", "Ode", "X", "New"]]
    run = bring({"book.xlsx": xlsx({f"S{n}": rows if n == 1 else [] for n in range(1, 103)})})
    state, reason = files(run)["book.xlsx"]
    assert state == "unpacked"
    assert reason.startswith("2 sheets not read: “S101”, “S102”. Of a workbook the first 100 are read")
