"""A hostile file costs time in proportion to its size: four times the file, about four times the time."""

import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from imports.files import blocks as module
from imports.files import column_profile, storage
from imports.files.blocks import NEVER_CLOSED, read_blocks
from imports.files.sniffing import Unreadable, detect_format
from imports.models import ImportFile

pytestmark = pytest.mark.slow

HEAD = "Id,LastName,Company,Status\n"
SIZE, TIMES, TRIES = 12_000, 4, 2
LINEAR = 9  # four is linear, sixteen quadratic; the rest is noise
Shape = Callable[[int], str]
SHAPES: dict[str, Shape] = {
    "quotes": lambda n: '"' * n,
    "quotes below a header": lambda n: HEAD + '"' * n,
    "a quote on each line": lambda n: HEAD + '"\n' * (n // 2),
    "a quote opened on each line": lambda n: HEAD + '1,"a,b,c\n' * (n // 9),
    "a quote opened once": lambda n: HEAD + '"' + "a,b,c,d\n" * (n // 8),
    "escaped quotes on each line": lambda n: HEAD + '"\n' + '""\n' * (n // 3),
    "a cell closed and opened on each line": lambda n: HEAD + '5","x\n' * (n // 6),
    "quotes inside words": lambda n: HEAD + 'a"b,c"d,e,f\n' * (n // 12),
    "one enormous line": lambda n: HEAD + "x" * n,
    "one enormous cell of digits": lambda n: HEAD + "1,2,3," + "1" * n + "\n",
    "one enormous cell of groups": lambda n: HEAD + '1,2,3,"' + "1," * (n // 2) + '"\n',
    "one enormous cell of dates": lambda n: HEAD + "1,2,3," + "1/" * (n // 2) + "\n",
    "one enormous cell of blanks": lambda n: HEAD + "1,2,3,1" + " " * n + "x\n",
    "one enormous cell of brackets": lambda n: HEAD + "1,2,3," + "(" * n + "\n",
    "many columns": lambda n: ",".join(f"c{number}" for number in range(n // 6)) + "\n",
    "columns of one name": lambda n: ",".join("a" for _ in range(499)) + "\n" + ("," * 498 + "\n") * (n // 499),
    "short rows": lambda n: HEAD + "a\n" * (n // 2),
    "blank lines": lambda n: HEAD + "\n" * n,
    "blank lines above": lambda n: "x" + "\n" * n + HEAD + "1,2,3,4\n",
    "totals below": lambda n: HEAD + "a,b,c,d\n" * 10 + "Total (" * (n // 7) + "\n",
    "a name with many units": lambda n: "Id,a" + " in EUR" * 100 + "\n" + "1,2\n" * (n // 4),
}


def read(text: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> float:
    """Return the seconds of computing that looking at a file and reading it takes."""
    given, clean = folder / "given", folder / "clean"
    given.write_text(text)
    monkeypatch.setattr(storage, "path_of", lambda _: clean)
    began = time.process_time()
    try:
        seen = detect_format(given, clean, 2**31, lambda _: False)
        for _ in read_blocks(clean, seen.header, seen.delimiter, seen.start, seen.first_line):
            pass
        column_profile.profile_columns(cast(ImportFile, SimpleNamespace(plain="", **vars(seen))))
    except Unreadable:
        pass
    return time.process_time() - began


@pytest.mark.parametrize("shape", SHAPES)
def test_time_grows_with_the_size_of_the_file(shape: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small, large = (
        min(read(SHAPES[shape](size), tmp_path, monkeypatch) for _ in range(TRIES)) for size in (SIZE, TIMES * SIZE)
    )
    assert large < LINEAR * max(small, 0.02), f"{small:.3f} s, then {large:.3f} s"


def test_rows_that_reach_far_in_vain_stop_reaching(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each line opens a quote that the next closes and opens again; beyond the bound each is a row of its own."""
    path = tmp_path / "file"
    path.write_text('5","x\n' * 5_000)
    [block] = read_blocks(path, ["a", "b", "c", "d"], ",", 0, 2)
    assert {bad.reason for bad in block.bad} == {NEVER_CLOSED}
    assert [bad.line for bad in block.bad] == list(range(2, 5_002))


def test_a_row_of_many_lines_is_read_where_little_was_in_vain(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text('a"b"c,"1\n2\n3"\n"x,y\nz,"4\n5"\n')
    [block] = read_blocks(path, ["a", "b"], ",", 0, 2)
    assert block.frame.to_numpy().tolist() == [['a"b"c', "1\n2\n3"], ["z", "4\n5"]]
    assert [bad.line for bad in block.bad] == [5]
    assert module.MAX_REREAD_FACTOR > 1
