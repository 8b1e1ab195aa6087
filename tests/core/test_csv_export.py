"""No cell of a CSV becomes a formula, whatever delimiter the reader splits it by."""

import codecs
import csv
import io
from collections.abc import Iterator
from html import escape
from pathlib import Path

import pytest
from django.conf import settings
from hypothesis import example, given
from hypothesis import strategies as st
from playwright.sync_api import Browser, sync_playwright

from core.csv_export import NUMBER, csv_lines, csv_response, guard_formula, unguard_formula
from tests.browser import find

STARTS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
cells = st.text(st.sampled_from("=+-@\uff1d\uff20;,\t|\r\n'\"a1 ."), max_size=12)


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("Ada;=1+1", "Ada;'=1+1"),
        ("Ada,=HYPERLINK(A1)", "Ada,'=HYPERLINK(A1)"),
        ("Ada\t@SUM(1)", "Ada\t'@SUM(1)"),
        ("Ada\n+1|-2", "Ada\n'+1|'-2"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("Ada;\uff0b1", "Ada;'\uff0b1"),
        ("-1,250.50", "-1,250.50"),
        ("a; b = c", "a; b = c"),
    ],
)
def test_formulas_get_a_quote_at_the_start_and_after_each_delimiter(cell: str, written: str) -> None:
    assert guard_formula(cell) == written


@given(cells)
@example("'=1;'=2")
def test_our_quotes_come_off_exactly(cell: str) -> None:
    assert unguard_formula(guard_formula(cell)) == cell


@given(cells, st.sampled_from(";,\t|"))
@example(';"=', ";")
def test_no_reader_sees_a_formula(cell: str, delimiter: str) -> None:
    line = next(csv_lines([["x", cell, "y"]]))
    for row in csv.reader(io.StringIO(line, newline=""), delimiter=delimiter):
        for read in row:
            assert not read.startswith(STARTS) or NUMBER.fullmatch(cell), line


@pytest.fixture
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find(), args=["--no-sandbox"])
        yield chromium
        chromium.close()


def sheet(*rows: list[object]) -> bytes:
    return b"".join(csv_response("x", rows).streaming_content)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ('leads-custom.x"; filename="run.bat', 'attachment; filename="leads-custom.x-filename-run.bat.csv"'),
        ("leads-custom.a\r\nSet-Cookie: b", 'attachment; filename="leads-custom.a-Set-Cookie-b.csv"'),
        ("leads-custom.größe", "attachment; filename*=utf-8''leads-custom.gr%C3%B6%C3%9Fe.csv"),
    ],
)
def test_what_a_column_is_called_forges_no_name_of_a_file(name: str, written: str) -> None:
    assert csv_response(name, [])["Content-Disposition"] == written


def test_every_sheet_begins_with_one_byte_order_mark_for_excel() -> None:
    assert sheet(["Name"], ["Müller"]) == codecs.BOM_UTF8 + "Name\r\nMüller\r\n".encode()


def test_booleans_read_yes_or_no() -> None:
    assert sheet(["Open"], [True], [False], [None], [1]).decode("utf-8-sig").split() == ["Open", "Yes", "No", '""', "1"]


CHART = """<figure data-chart="x" data-name="chart"><span class="chart-actions" hidden><button data-save="csv">CSV</button></span>
<div class="chart-table"><table><tbody>{rows}</tbody></table></div></figure>"""
WORDS = ["=1+1", "Ada;=1+1", "'=1", "Ada\t@SUM(1)", "Ada|+1", "\uff1d1+1", "-1,250.50", "-12 %", 'say "a, b"', "plain"]


def test_the_sheet_of_a_chart_guards_its_cells_by_the_same_rule(browser: Browser) -> None:
    """What the browser writes is what the server would."""
    page = browser.new_page()
    page.set_content(
        CHART.format(rows="".join(f"<tr><th>{escape(text)}</th><td data-value='-5'>x</td></tr>" for text in WORDS))
    )
    page.add_script_tag(content=(settings.BASE_DIR / "static/js/charts.js").read_text(), type="module")
    page.wait_for_selector("button:visible")
    with page.expect_download() as saved:
        page.click("button")
    written = Path(saved.value.path()).read_bytes().decode("utf-8-sig")
    page.close()
    assert list(csv.reader(io.StringIO(written, newline=""))) == [[guard_formula(text), "-5"] for text in WORDS]
