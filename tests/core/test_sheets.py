"""No cell of a CSV becomes a formula, whatever delimiter the reader splits it by."""

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.sheets import NUMBER, guarded, lines, unguarded

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
def test_no_reader_sees_a_formula(cell: str, delimiter: str) -> None:
    line = next(lines([["x", cell, "y"]]))
    for row in csv.reader(io.StringIO(line, newline=""), delimiter=delimiter):
        for read in row:
            assert not read.startswith(STARTS) or NUMBER.fullmatch(cell), line
