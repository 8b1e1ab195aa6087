"""A file in blocks of whole rows: nothing lost at the seams, every line known, every bad row named."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imports.files import blocks as module
from imports.files.blocks import Block, last_row_end, read_blocks

HEADER = ["a", "b"]


def read(path: Path, text: str, header: list[str] = HEADER, offset: int = 0, line: int = 2) -> list[Block]:
    path.write_bytes(text.encode())
    return list(read_blocks(path, header, ",", offset, line))


def rows(found: list[Block]) -> list[tuple[int, ...]]:
    return [
        (int(number), *cells)
        for block in found
        for number, cells in zip(block.lines, block.frame.itertuples(index=False), strict=True)
    ]


def bad(found: list[Block]) -> list[tuple[int, str]]:
    return [(one.line, one.reason) for block in found for one in block.bad]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file.csv"


def test_plain_rows(path: Path) -> None:
    assert rows(read(path, "1,x\n2,y\n")) == [(2, "1", "x"), (3, "2", "y")]


def test_the_last_row_needs_no_line_feed(path: Path) -> None:
    assert rows(read(path, "1,x\n2,y")) == [(2, "1", "x"), (3, "2", "y")]


def test_nothing_but_a_header(path: Path) -> None:
    assert read(path, "") == []


def test_zeros_and_words_stay_text(path: Path) -> None:
    assert rows(read(path, "007,NULL\nTrue,NaN\n")) == [(2, "007", "NULL"), (3, "True", "NaN")]


def test_lines_are_counted_through_cells_with_line_feeds(path: Path) -> None:
    assert rows(read(path, '1,"x\ny"\n2,z\n"3\n\n",w\n4,v\n')) == [
        (2, "1", "x\ny"), (4, "2", "z"), (5, "3\n\n", "w"), (8, "4", "v"),
    ]  # fmt: skip


def test_rows_of_the_wrong_width_are_named_and_the_others_stay(path: Path) -> None:
    found = read(path, "1,x\n2\n3,y,z\n4,w\n")
    assert rows(found) == [(2, "1", "x"), (5, "4", "w")]
    assert bad(found) == [
        (3, "The row has 1 cell where the header has 2"), (4, "The row has 3 cells where the header has 2"),
    ]  # fmt: skip


def test_lines_stay_right_behind_bad_rows_and_line_feeds(path: Path) -> None:
    found = read(path, '1,"x\ny"\n2\n3,"z\nz"\n4,w\n')
    assert [row[0] for row in rows(found)] == [2, 5, 7]
    assert bad(found)[0][0] == 4


def test_a_quote_inside_a_cell_is_only_a_letter(path: Path) -> None:
    assert rows(read(path, '1,5" pipe\n2,y\n')) == [(2, "1", '5" pipe'), (3, "2", "y")]


def test_a_quote_that_never_closes_costs_its_own_line_alone(path: Path) -> None:
    found = read(path, '1,x\n2,"y\n3,z\n4,w\n')
    assert [row[1] for row in rows(found)] == ["1", "3", "4"]
    assert bad(found) == [(3, "A quote is not closed")]


def test_two_stray_quotes_do_not_swallow_what_stands_between(path: Path) -> None:
    found = read(path, '1,x\n2,"y\n3,z\n4,"w\n5,v\n')
    assert sorted(row[1] for row in rows(found)) == ["1", "3", "5"]
    assert [number for number, _ in bad(found)] == [3, 5]


def test_a_stray_quote_is_found_behind_many_blocks(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK", 64)
    monkeypatch.setattr(module, "LONGEST_ROW", 128)
    text = "".join(f"{number},x\n" for number in range(40)) + '40,"y\n' + "".join(f"{n},z\n" for n in range(41, 99))
    found = read(path, text)
    assert [int(row[1]) for row in rows(found)] == [number for number in range(99) if number != 40]
    assert bad(found) == [(42, "A quote is not closed")]


cells = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=12)


@given(table=st.lists(st.tuples(cells, cells, cells), max_size=30), size=st.integers(1, 60))
@settings(max_examples=150, deadline=None)
def test_what_was_written_is_read_whatever_the_size_of_the_blocks(
    tmp_path_factory: pytest.TempPathFactory, table: list[tuple[str, str, str]], size: int
) -> None:
    path = tmp_path_factory.mktemp("blocks") / "file.csv"
    out = io.StringIO()
    csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(table)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK", size)
        found = read(path, out.getvalue(), ["a", "b", "c"])
    assert [row[1:] for row in rows(found)] == table
    lines = [2]
    for row in table:
        lines.append(lines[-1] + 1 + sum(cell.count("\n") for cell in row))
    assert [row[0] for row in rows(found)] == lines[:-1]


@given(table=st.lists(st.tuples(cells, cells), min_size=1, max_size=20), size=st.integers(1, 40))
@settings(max_examples=60, deadline=None)
def test_a_resume_at_any_seam_reads_the_rest(
    tmp_path_factory: pytest.TempPathFactory, table: list[tuple[str, str]], size: int
) -> None:
    path = tmp_path_factory.mktemp("blocks") / "file.csv"
    out = io.StringIO()
    csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(table)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK", size)
        whole = read(path, out.getvalue())
        for place, block in enumerate(whole):
            rest = list(read_blocks(path, HEADER, ",", block.end, block.next_line))
            assert rows(rest) == rows(whole[place + 1 :])


@given(text=st.text(st.sampled_from('ab,"\n\r\u2028'), max_size=60), size=st.integers(1, 30))
@settings(max_examples=120, deadline=None)
def test_malformed_text_is_read_to_its_end_and_every_byte_once(
    tmp_path_factory: pytest.TempPathFactory, text: str, size: int
) -> None:
    path = tmp_path_factory.mktemp("blocks") / "file.csv"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK", size)
        patch.setattr(module, "LONGEST_ROW", 20)
        found = read(path, text)
    ends = [block.end for block in found]
    assert ends == sorted(set(ends))
    assert (ends or [0])[-1] == len(text.encode())
    assert all(len(block.lines) == len(block.frame) for block in found)


def test_the_end_of_the_last_whole_row() -> None:
    assert last_row_end(b"1,x\n2,y") == 4
    assert last_row_end(b'1,"x\ny"\n2,"z\n') == 8
    assert last_row_end(b'"x\n') == 0
