"""Reports in groups: values told once are filled down, totals are left out and said, or the file is refused with the remedy."""

from datetime import date

import pytest

from crm.models import Lead, Opportunity
from imports.files.grouped_reports import MARK, Ungroupable, read_report
from imports.models import ImportJob
from tests.imports.importing import bring, refused
from tests.imports.workbooks import xlsx

HEADER = [
    "Stage  ↑",
    "Opportunity Owner  ↑",
    "Opportunity Name",
    "Account Name",
    "Amount",
    "Close Date",
    "Created Date",
]
DAY, MADE = "2025-09-30", "2025-01-01"
FORMATTED = [
    ["Negotiation", "Ann", "A", "Elm", "1000", DAY, MADE],
    ["", "", "B", "Fir", "2000", DAY, MADE],
    ["", "Subtotal", "Sum", "", "3000", "", ""],
    ["", "", "Count", "2", "", "", ""],
    ["Subtotal", "Sum", "", "", "3000", "", ""],
    ["Closed Won", "Bo", "C", "Oak", "4000", DAY, MADE],
    ["", "Cy", "Count", "Yew", "5000", DAY, MADE],
    ["Total", "Sum", "", "", "12000", "", ""],
    ["", "Count", "", "4", "", "", ""],
]


def details(header: list[str], rows: list[list[str]]) -> list[list[str]]:
    report = read_report(header, rows)
    assert report
    return [row for row in report.rows if row and not row[0].startswith(MARK)]


def test_groups_told_in_their_first_row_are_filled_down() -> None:
    report = read_report(HEADER, FORMATTED)
    assert report
    assert [row[:3] for row in details(HEADER, FORMATTED)] == [
        ["Negotiation", "Ann", "A"],
        ["Negotiation", "Ann", "B"],
        ["Closed Won", "Bo", "C"],
        ["Closed Won", "Cy", "Count"],  # a deal of that name: it has all that a deal has
    ]
    assert (report.header[0], report.columns, report.filled, report.totals) == (
        "Stage",
        ("Stage", "Opportunity Owner"),
        2,
        5,
    )
    assert len(report.rows) == len(FORMATTED)


def test_columns_without_an_arrow_are_groups_where_they_are_filled_behind_totals_alone() -> None:
    header = [name.removesuffix("  ↑") for name in HEADER]
    rows = [*FORMATTED[:5], FORMATTED[5], ["", "", "D", "Yew", "5000", DAY, MADE], *FORMATTED[7:]]
    assert [row[:3] for row in details(header, rows)][1::2] == [["Negotiation", "Ann", "B"], ["Closed Won", "Bo", "D"]]


def test_an_empty_cell_that_is_no_group_stays_empty() -> None:
    header = ["Source", "Name", "Day", "Amount"]
    rows = [["Web", "A", DAY, "1"], ["", "B", DAY, "2"], ["Fair", "C", DAY, "3"], ["", "D", DAY, "4"]]
    assert details(header, [*rows, ["Total", "", "", "10"]]) == rows
    assert read_report(header, rows) is None


def test_groups_in_rows_of_their_own_above_their_rows_are_filled_down() -> None:
    rows = [
        ["Won", "", "", "9"],
        ["", "C", "X", "4"],
        ["", "D", "Y", "5"],
        ["Lost", "", "", "3"],
        ["", "E", "Z", "3"],
        ["Grand Total", "", "", "12"],
    ]
    found = details(["Stage", "Deal", "Account", "Amount"], rows)
    assert [row[:2] for row in found] == [["Won", "C"], ["Won", "D"], ["Lost", "E"]]


def test_titles_that_name_their_group_become_a_column() -> None:
    rows = [
        ["Stage: Won (2 records)"],
        ["C", "X", "4"],
        ["D", "Y", "5"],
        ["", "", "9"],
        ["Stage: Lost (1 record)", "", ""],
        ["E", "Z", "3"],
        ["Grand Totals (3 records)", "", "12"],
    ]
    report = read_report(["Deal", "Account", "Amount"], rows)
    assert report
    assert report.header == ["Deal", "Account", "Amount", "Stage"]
    assert details(["Deal", "Account", "Amount"], rows)[:2] == [["C", "X", "4", "Won"], ["D", "Y", "5", "Won"]]


def test_groups_that_cannot_be_told_are_refused_with_what_to_export() -> None:
    rows = [
        ["Won (2)", "", ""],
        ["C", "X", "4"],
        ["D", "Y", "5"],
        ["Subtotal", "", "9"],
        ["Lost (1)", "", ""],
        ["E", "Z", "3"],
    ]
    with pytest.raises(Ungroupable, match=r"“Won \(2\)”.*Details Only"):
        read_report(["Deal", "Account", "Amount"], rows)
    with pytest.raises(Ungroupable, match="matrix"):
        read_report(["Stage ↑", "Close Month →", "Amount"], rows)


@pytest.mark.parametrize("name", ["Total", "Count", "Sum AG", "Grand Total Ltd", "Total: Energies"])
def test_a_company_called_like_a_total_is_a_row(name: str) -> None:
    assert read_report(["Company", "City", "Amount"], [[name, "Paris", "1"], ["Elm", "Rome", "2"]]) is None


def sheet(rows: list[list[str]]) -> list[list[object]]:
    return [
        [date.fromisoformat(cell) if cell[:3] == "202" else float(cell) if cell.isdigit() else cell for cell in row]
        for row in rows
    ]


def text(rows: list[list[str]], delimiter: str = ",") -> str:
    return "\n".join(delimiter.join(row) for row in rows) + "\n"


AROUND = [["Pipeline by stage"], ["As of 2025-06-30"], []]


@pytest.mark.django_db
@pytest.mark.parametrize("is_workbook", [True, False])
def test_a_formatted_report_comes_in_with_its_groups_and_without_its_totals(is_workbook: bool) -> None:
    below = [[], ["Confidential Information - Do Not Distribute"]]
    rows = [*AROUND, HEADER, *FORMATTED, *below]
    files = {"report.xlsx": xlsx({"Sheet": sheet(rows)})} if is_workbook else {"report.csv": text(rows)}
    run = bring(files)
    found = Opportunity.objects.order_by("name").values_list("name", "stage", "owner__name")
    assert set(found) == {
        ("A", "Negotiation", "Ann"),
        ("B", "Negotiation", "Ann"),
        ("C", "Closed Won", "Bo"),
        ("Count", "Closed Won", "Cy"),
    }
    counts = run.counts
    assert (counts["created"], counts["rejected"], counts["rows"]) == (4, 0, 4 + counts["dropped"])
    notes = run.files.get(state="done").notes
    assert notes["rows filled from their group"] == {"rows": 2, "sample": "“Stage”, “Opportunity Owner”"}
    assert notes["rows of totals"]["rows"] + notes["rows below the table"]["rows"] >= 5


@pytest.mark.django_db
def test_a_report_that_cannot_be_put_right_says_what_to_export() -> None:
    rows = [
        ["Opportunity Name", "Account Name", "Stage", "Amount", "Close Date", "Created Date"],
        ["Ann (1)"],
        ["A", "Elm", "Won", "1", DAY, MADE],
        ["Subtotal", "", "", "1"],
    ]
    run = bring({"report.csv": text(rows)})
    file = run.files.get()
    assert (file.state, "Details Only" in file.reason) == ("failed", True)


@pytest.mark.django_db
def test_lines_of_a_report_are_those_of_the_file() -> None:
    rows = [
        ["Lead ID", "Last Name", "Company / Account", "Lead Status", "Created Date"],
        ["1", "A", "X", "New", MADE],
        ["Subtotal", "", "", "1", ""],
        ["2", "B", "Y", "New", "no day"],
    ]
    run: ImportJob = bring({"leads.csv": text(rows)})
    assert [(line, column) for line, column, _ in refused(run)] == [(4, "Created Date")]
    assert Lead.objects.count() == 1
