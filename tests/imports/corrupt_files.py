"""Good files, and the ways in which files break: what a person, a program or an enemy makes of them."""

import gzip
from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import strategies as st

from tests.imports.workbooks import xlsx, zipped

HEAD = ["Id", "LastName", "Company", "Status", "Title", "CreatedDate"]


@dataclass(frozen=True, repr=False)
class Sample:
    """A file as it came to us, and the ids of which it is sure that they are in it unharmed."""

    name: str
    data: bytes
    sure: frozenset[str]
    what: str

    def __repr__(self) -> str:
        return f"{self.name}, {self.what}: {self.data[:400]!r}"


def rows(count: int, start: int = 0) -> list[list[str]]:
    return [
        [f"L{n}", f"Müller {n}", "X, Y & Co", "New", 'He said "so"', "2026-01-02 10:00:00"]
        for n in range(start, start + count)
    ]


def text(table: list[list[str]], head: list[str] | None = None, end: str = "\r\n") -> str:
    lines = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in [head or HEAD, *table]]
    return end.join(lines) + end


def ids(table: list[list[str]]) -> frozenset[str]:
    return frozenset(row[0] for row in table)


Break = Callable[[st.DrawFn, list[list[str]]], Sample]
LEAD, NONE = "Lead.csv", frozenset[str]()


def _truncated(draw: st.DrawFn, table: list[list[str]]) -> Sample:
    data = text(table).encode()
    cut = draw(st.integers(len(text([]).encode()), len(data)))
    whole = data[:cut].rpartition(b"\n")[0].count(b"\n")
    return Sample(LEAD, data[:cut], ids(table[:whole]), "truncated")


def _wrong_encoding(draw: st.DrawFn, table: list[list[str]]) -> Sample:
    encoding = draw(
        st.sampled_from(["cp1252", "latin-1", "utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "mac-roman", "utf-32"])
    )
    sure = NONE if encoding == "utf-32" else ids(table)
    return Sample(LEAD, text(table).encode(encoding), sure, encoding)


def _odd_utf16(draw: st.DrawFn, table: list[list[str]]) -> Sample:
    odd = draw(st.binary(min_size=1, max_size=1))
    return Sample(LEAD, text(table).encode("utf-16") + odd, ids(table), "odd byte of UTF-16")


def _stray_bytes(draw: st.DrawFn, table: list[list[str]]) -> Sample:
    stray = draw(st.sampled_from([b"\xff\xfe\xfd", b"\xed\xa0\x80", b"\x80", b"\xc3"]))
    return Sample(LEAD, text(table).encode() + b'"S1","' + stray + b'","X","New","",""\r\n', ids(table), "stray bytes")


def _controls(draw: st.DrawFn, table: list[list[str]]) -> Sample:
    sign = draw(st.sampled_from(["\0", "\0" * 50, "\x01", "\x0b", "\x1a", "\x7f", "\x85", "\u2028", "\ufeff", "\r"]))
    place = draw(st.integers(0, len(table)))
    bad = ["B1", f"a{sign}b", "X", "New", "", ""]
    return Sample(LEAD, text([*table[:place], bad, *table[place:]]).encode(), ids(table), f"control {sign!r}")


def _columns(draw: st.DrawFn, table: list[list[str]]) -> Sample:
    many = [f"c{n}" for n in range(10_000)]
    return Sample(
        LEAD, text([[*row, *("x" * 10_000)] for row in table[:3]], [*HEAD, *many]).encode(), NONE, "10,000 columns"
    )


def _ragged(draw: st.DrawFn, table: list[list[str]]) -> Sample:
    widths = draw(st.lists(st.integers(0, 12), min_size=1, max_size=5))
    bad = [[f"R{n}", *["x"] * width] for n, width in enumerate(widths)]
    place = draw(st.integers(0, len(table)))
    return Sample(LEAD, text([*table[:place], *bad, *table[place:]]).encode(), ids(table), f"rows of {widths}")


def _open_quote(draw: st.DrawFn, table: list[list[str]]) -> Sample:
    place = draw(st.integers(0, len(table)))
    stray = draw(
        st.sampled_from(
            ['"Q1","open,X,New,,', 'Q1,"open', 'Q1,a"b,X,New,,', '"Q1"x,"A","X","New","",""', '"', '""",""","']
        )
    )
    lines = text(table, end="\n").splitlines()
    lines.insert(place + 1, stray)
    return Sample(LEAD, ("\n".join(lines) + "\n").encode(), NONE, f"quote astray: {stray}")


def _line_ends(draw: st.DrawFn, table: list[list[str]]) -> Sample:
    ends = draw(st.lists(st.sampled_from(["\n", "\r\n"]), min_size=len(table) + 1, max_size=len(table) + 1))
    lines = text(table, end="\n").splitlines()
    return Sample(LEAD, "".join(map("".join, zip(lines, ends, strict=True))).encode(), ids(table), "mixed line ends")


def _headers(draw: st.DrawFn, table: list[list[str]]) -> Sample:
    extra = draw(
        st.lists(
            st.sampled_from(["", " ", "Id", "LastName", "\ufeff", "column 7", "x" * 900, "=1+1"]),
            min_size=1,
            max_size=5,
        )
    )
    wide = [[*row, *[str(n) for n in range(len(extra))]] for row in table]
    return Sample(LEAD, text(wide, [*HEAD, *extra]).encode(), ids(table), f"headers {extra}")


def _bom_twice(draw: st.DrawFn, table: list[list[str]]) -> Sample:
    return Sample(LEAD, b"\xef\xbb\xbf" * draw(st.integers(2, 4)) + text(table).encode(), ids(table), "BOM twice")


def _formulas(draw: st.DrawFn, table: list[list[str]]) -> Sample:
    formula = draw(
        st.sampled_from(["=CMD()", "+1+1", "-2+3", "@SUM(A1)", '=HYPERLINK("http://x.example","y")', "\t=1", "|calc"])
    )
    return Sample(
        LEAD, text([*table, ["F1", formula, "X", "New", "", ""]]).encode(), ids(table) | {"F1"}, f"formula {formula}"
    )


def _bad_cells(draw: st.DrawFn, table: list[list[str]]) -> Sample:
    word = draw(st.sampled_from(["99/99/9999", "yesterday", "2026-13-45", "0000-00-00", "9" * 400, "1e999", "∞"]))
    bad = [["C1", "A", "X", "New", "", word], ["", "A", "X", "New", "", ""], ["C" * 300, "A", "X", "New", "", ""]]
    return Sample(LEAD, text([*table, *bad]).encode(), ids(table), f"cell {word[:20]}")


def _cut_archive(draw: st.DrawFn, table: list[list[str]]) -> Sample:
    name, whole = draw(st.sampled_from([
        ("Lead.csv.gz", gzip.compress(text(table).encode())),
        ("x.zip", zipped({LEAD: text(table).encode()})),
        ("Lead.xlsx", xlsx({"Lead": [HEAD, *table]})),
    ]))  # fmt: skip
    cut = draw(st.integers(1, len(whole)))
    return Sample(name, whole[:cut], ids(table) if cut == len(whole) else NONE, f"{name} cut")


def _dirty_archive(draw: st.DrawFn, table: list[list[str]]) -> Sample:
    name, whole = draw(
        st.sampled_from(
            [("x.zip", zipped({LEAD: text(table).encode()})), ("Lead.xlsx", xlsx({"Lead": [HEAD, *table]}))]
        )
    )
    data = bytearray(whole)
    for place in draw(st.lists(st.integers(0, len(data) - 1), min_size=1, max_size=20)):
        data[place] ^= 0xFF
    return Sample(name, bytes(data), NONE, f"{name} with wrong bytes")


def _archives(draw: st.DrawFn, table: list[list[str]]) -> Sample:
    good = text(table).encode()
    locked = bytearray(zipped({LEAD: good}))
    locked[6] |= 1
    locked[locked.find(b"PK\x01\x02") + 8] |= 1
    return draw(st.sampled_from([
        Sample("x.zip", zipped({"../../../../etc/Lead.csv": good, "C:\\Lead.csv": b"", "/abs/..": b"x"}), ids(table), "path tricks"),
        Sample("x.zip", zipped({"a.zip": zipped({"b.zip": zipped({LEAD: good})})}), ids(table), "nested zip"),
        Sample("x.zip", bytes(locked), NONE, "encrypted zip"),
        Sample("x.zip", zipped({LEAD: b"0" * 300_000_000}), NONE, "zip bomb") if draw(st.integers(0, 9)) == 0
        else Sample("x.zip", zipped({}), NONE, "empty zip"),
        Sample("Lead.gz", gzip.compress(good) + b"garbage", NONE, "garbage behind gz"),
        Sample("Lead.csv", gzip.compress(good), ids(table), "gz under another name"),
        Sample("export", zipped({LEAD: good}), ids(table), "zip without a suffix"),
        Sample("x.zip", zipped({"Lead.xlsx": xlsx({"Lead": [HEAD, *table]})}), ids(table), "workbook in a zip"),
    ]))  # fmt: skip


def _noise(draw: st.DrawFn, table: list[list[str]]) -> Sample:
    name = draw(st.sampled_from([LEAD, "Lead.tsv", "x.xlsx", "x.xls", "x.zip", "Lead.csv.gz", "x.ods", "x.xml", "x"]))
    return Sample(name, draw(st.binary(max_size=2000)), NONE, f"noise as {name}")


def _changed(draw: st.DrawFn, table: list[list[str]]) -> Sample:
    data = bytearray(text(table).encode())
    for place in draw(st.lists(st.integers(0, len(data) - 1), min_size=1, max_size=10)):
        data[place] = draw(st.integers(0, 255))
    return Sample(LEAD, bytes(data), NONE, "bytes changed")


def _one_cell(draw: st.DrawFn, table: list[list[str]]) -> Sample:
    size = draw(st.sampled_from([200_000, 2_000_000]))
    return Sample(
        LEAD, text([*table, ["Z1", "A", "X", "New", "x" * size, ""]]).encode(), ids(table), f"cell of {size} characters"
    )


BREAKS: list[Break] = [
    _truncated, _wrong_encoding, _odd_utf16, _stray_bytes, _controls, _columns, _ragged, _open_quote, _line_ends, _headers, _bom_twice,
    _formulas, _bad_cells, _cut_archive, _dirty_archive, _archives, _noise, _changed, _one_cell,
]  # fmt: skip


@st.composite
def samples(draw: st.DrawFn) -> Sample:
    """A file that is broken in one of the ways there are."""
    table = rows(draw(st.integers(1, 12)))
    return draw(st.sampled_from(BREAKS))(draw, table)
