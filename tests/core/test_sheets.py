"""No cell of a CSV becomes a formula, whatever delimiter the reader splits it by."""

import codecs
import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.sheets import NUMBER, download, guarded, lines, unguarded

STARTS = ("=", "+", "-", "@")
cells = st.text(st.sampled_from("=+-@;,\t|\r\n'\"a1 ."), max_size=12)


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("Ada;=1+1", "Ada;'=1+1"),
        ("Ada,=HYPERLINK(A1)", "Ada,'=HYPERLINK(A1)"),
        ("Ada\t@SUM(1)", "Ada\t'@SUM(1)"),
        ("Ada\n+1|-2", "Ada\n'+1|'-2"),
        ("-1,250.50", "-1,250.50"),
        ("a; b = c", "a; b = c"),
    ],
)
def test_formulas_get_a_quote_at_the_start_and_after_each_delimiter(cell: str, written: str) -> None:
    assert guarded(cell) == written


@given(cells)
@example("'=1;'=2")
def test_our_quotes_come_off_exactly(cell: str) -> None:
    assert unguarded(guarded(cell)) == cell


@given(cells, st.sampled_from(";,\t|"))
@example(';"=', ";")
def test_no_reader_sees_a_formula(cell: str, delimiter: str) -> None:
    line = next(lines([["x", cell, "y"]]))
    for row in csv.reader(io.StringIO(line, newline=""), delimiter=delimiter):
        for read in row:
            assert not read.startswith(STARTS) or NUMBER.fullmatch(cell), line


def sheet(*rows: list[object]) -> bytes:
    return b"".join(download("x", rows).streaming_content)  # type: ignore[arg-type]


def test_every_sheet_begins_with_one_byte_order_mark_for_excel() -> None:
    assert sheet(["Name"], ["Müller"]) == codecs.BOM_UTF8 + "Name\r\nMüller\r\n".encode()


def test_booleans_read_yes_or_no() -> None:
    assert sheet(["Open"], [True], [False], [None], [1]).decode("utf-8-sig").split() == ["Open", "Yes", "No", '""', "1"]
