"""The whole circle: rows are refused, downloaded, corrected in a spreadsheet, uploaded, and land as if right at first."""

import csv
import io
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

import pytest
from django.urls import reverse

from core import csv_export
from core.work import run_claimed
from crm.models import Opportunity
from imports import actions
from imports.load import corrections
from imports.models import ImportFile, ImportJob, RowError, Undo
from imports.preview import report
from team.models import User
from tests.imports.importing import bring, picture, refused, wipe

pytestmark = pytest.mark.django_db(transaction=True)

HEADER = "Id,Name,AccountId,StageName,Amount,CloseDate,Probability,IsClosed,=Shoe,Note\n"
RIGHT = [
    '1,Fine,001,Closed Won,5.00,2025-03-31,100,1,42,x',
    '2,"=SUM(A1)",001,Closed Won,10.50,2025-03-31,100,true,43,\'=a',
    '3,"@home, +49",001,Closed Won,7,2025-04-01,100,1,,"\'\'-b"',
    '4,"Four ""quoted""\nlines",001,Closed Lost,8,2025-04-02,0,1,-5,+49 30 1',
    '5,Five,001,Prospecting,9,2025-05-02,10,0,44,',
    '6,Six; seven,001,Prospecting,9,2025-05-02,10,0,=1+1,ü',
]  # fmt: skip
WRONG = [
    (0, "5.00", "5.00"),
    (1, "10.50", "ten fifty"),
    (2, "2025-04-01", "once upon a time"),
    (3, ",0,1,-5", ",1000,1,-5"),
    (4, "5,Five", ",Five"),
    (5, ",10,0,=1", ",10,maybe,=1"),
]
BROKEN = HEADER + "".join(RIGHT[n].replace(right, wrong) + "\n" for n, right, wrong in WRONG)
WHOLE = HEADER + "\n".join(RIGHT) + "\n"


def download(file: ImportFile) -> str:
    return csv_export.BYTE_ORDER_MARK + "".join(csv_export.csv_lines(report.rejected_rows(file)))


def resaved(rows: Iterable[list[str]], delimiter: str = ";", encoding: str = "utf-8-sig") -> bytes:
    """Write as a spreadsheet does."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode(encoding)


def corrected(text: str, mend: Callable[[dict[str, str]], object]) -> list[list[str]]:
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    found = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    for row in found:
        mend(row)
    return [rows[0], *(list(row.values()) for row in found)]


def put_right(row: dict[str, str]) -> None:
    match row["Name"]:
        case "'=SUM(A1)":
            row["Amount"] = "10.50"
        case "'@home, +49":
            row["CloseDate"] = "2025-04-01"
        case "Five":
            row["Id"] = "5"
        case "Six; seven":
            row["IsClosed"] = "0"
        case _:
            row["Probability"] = "0"


def broken() -> tuple[ImportJob, ImportFile]:
    run = bring({"Opportunity.csv": BROKEN})
    assert {line for line, _, _ in refused(run)} >= {3, 4}
    return run, run.files.get()


@pytest.mark.parametrize(("delimiter", "encoding"), [(",", "utf-8"), (";", "utf-8-sig"), ("\t", "utf-16")])
def test_the_whole_circle(delimiter: str, encoding: str) -> None:
    bring({"Opportunity.csv": WHOLE})
    whole = picture()
    wipe()
    run, file = broken()
    number = len(refused(run))
    again = bring({"some name.csv": resaved(corrected(download(file), put_right), delimiter, encoding)})
    new = again.files.get()
    assert (new.mends, new.source, new.kind, refused(again)) == (file, "salesforce", file.kind, [])
    assert picture() == whole
    assert [(one.run, one.rows) for one in corrections.corrections_of(run)] == [(again, number)]
    assert len(list(csv.reader(io.StringIO(download(file))))) == 1  # nothing is left to correct


def test_both_imports_tell_of_each_other(ops: User, as_user: Any) -> None:
    run, file = broken()
    again = bring({"a.csv": resaved(corrected(download(file), put_right))})
    page = as_user(ops).get(reverse("import_run", args=[run.pk])).content.decode()
    assert (
        f'refused rows corrected by <a href="{reverse("import_run", args=[again.pk])}">import #{again.pk}</a>' in page
    )
    page = as_user(ops).get(reverse("import_run", args=[again.pk])).content.decode()
    assert f'Corrected rows of <a href="{reverse("import_run", args=[run.pk])}">import #{run.pk}</a>' in page


def test_rows_still_wrong_are_refused_again_and_the_correction_of_a_correction_counts() -> None:
    bring({"Opportunity.csv": WHOLE})
    whole = picture()
    wipe()
    run, file = broken()
    total = len(refused(run))
    first = bring(
        {"a.csv": resaved(corrected(download(file), lambda row: put_right(row) if row["Name"] == "Five" else None))}
    )
    assert len(refused(first)) == total - 1
    assert [one.rows for one in corrections.corrections_of(run)] == [1]
    second = bring({"b.csv": resaved(corrected(download(first.files.get()), put_right))})
    assert [(one.run, one.rows) for one in corrections.corrections_of(run)] == [(first, 1), (second, total - 1)]
    assert second.files.get().mends == first.files.get()
    assert picture() == whole


def test_money_is_in_the_currency_that_it_was_in_at_first() -> None:
    run = bring({"Opportunity.csv": BROKEN}, currency="USD")
    again = bring({"a.csv": resaved(corrected(download(run.files.get()), put_right))})
    assert again.currency == "USD"
    assert {row["currency"] for row in picture()["Opportunity"].values()} == {"USD"}


def test_undone_the_rows_wait_to_be_corrected_again(ops: User) -> None:
    run, file = broken()
    before = picture()
    again = bring({"a.csv": resaved(corrected(download(file), put_right))})
    run_claimed(Undo, actions.undo_import(run=again, user=ops).pk, budget=1e9)
    assert picture() == before
    assert corrections.corrections_of(run) == []
    assert not RowError.objects.exclude(mended_by=None).exists()


def test_a_file_of_another_house_is_taken_for_what_it_is() -> None:
    _, file = broken()
    text = download(file).replace(f"Corrects file {file.pk} ", f"Corrects file {file.pk + 1000} ")
    again = bring({"Opportunity.csv": text})
    assert (again.files.get().mends, again.files.get().kind) == (None, file.kind)
    missing = resaved([row[1:] for row in corrected(download(file), put_right)])
    assert bring({"Opportunity.csv": missing}).files.get().mends is None


def test_a_quote_before_a_formula_is_put_and_taken_away_exactly() -> None:
    for cell in ["=1", "'=1", "''=1", "-5", "'-5", "+49 30 1", "@a", "'a", "a=b", "", "'", "-", "--1"]:
        guarded = csv_export.guard_formula(cell)
        assert csv_export.unguard_formula(guarded) == cell
        assert not guarded.startswith(("=", "@")) or guarded == cell == ""


def test_dates_that_could_be_two_things_are_read_as_the_first_file_proved() -> None:
    rows = ["Id,Name,StageName,Amount,CloseDate", "1,A,Won,1,31/03/2025", "2,B,Won,two,03/04/2025"]
    run = bring({"Opportunity.csv": "\n".join(rows)})
    assert [line for line, _, _ in refused(run)] == [3]
    bring({"a.csv": resaved(corrected(download(run.files.get()), lambda row: row.update(Amount="2")))})
    assert Opportunity.objects.get(external_id="2").closed_on == date(2025, 4, 3)
