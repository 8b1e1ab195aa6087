"""A first look at a file: encodings, delimiters, headers, and what is not a table at all."""

import gzip
from pathlib import Path

import pytest

from imports.files.sniffing import FileFormat, Unreadable, detect_format, sniff_delimiter

TABLE = "Id,Name,City\n1,Müller,Köln\n2,Weiß,Gräfelfing\n"


def look(tmp_path: Path, data: bytes, limit: int = 10**9) -> tuple[FileFormat, str]:
    given, plain = tmp_path / "given", tmp_path / "plain"
    given.write_bytes(data)
    seen = detect_format(given, plain, limit)
    return seen, plain.read_bytes()[seen.start :].decode()


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16-le"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("cp1252", "cp1252"),
    ],
)
def test_encodings(tmp_path: Path, encoding: str, found: str) -> None:
    seen, rows = look(tmp_path, TABLE.encode(encoding))
    assert (seen.encoding, seen.header) == (found, ["Id", "Name", "City"])
    assert rows == "1,Müller,Köln\n2,Weiß,Gräfelfing\n"


def test_utf8_is_believed_only_to_the_last_byte(tmp_path: Path) -> None:
    late = ("Id,Name\n" + "1,plain\n" * 300_000).encode() + "2,Müller\n".encode("cp1252")
    seen, rows = look(tmp_path, late)
    assert seen.encoding == "cp1252"
    assert rows.endswith("2,Müller\n")


@pytest.mark.parametrize("delimiter", list(",;\t|"))
def test_delimiters(tmp_path: Path, delimiter: str) -> None:
    table = 'Id,Name,Note\n1,"A, B; C | D",x\n2,"line\nbreak",y\n'.replace(",", "\0").replace('"A\0', '"A,')
    seen, _ = look(tmp_path, table.replace("\0", delimiter).encode())
    assert (seen.delimiter, seen.header) == (delimiter, ["Id", "Name", "Note"])


def test_decimal_commas_do_not_pass_for_a_delimiter() -> None:
    assert sniff_delimiter("Name;Amount\nA;1,50\nB;2,75\nC;3,00\n") == ";"


def test_excels_own_line_names_the_delimiter(tmp_path: Path) -> None:
    seen, rows = look(tmp_path, b"sep=;\r\nId;Name\r\n1;A,B\r\n")
    assert (seen.delimiter, seen.header, seen.first_line) == (";", ["Id", "Name"], 3)
    assert rows == "1;A,B\r\n"


def test_a_header_over_two_lines_and_blank_lines_before_it(tmp_path: Path) -> None:
    seen, rows = look(tmp_path, b'\n\nId,"Na\nme",\n1,A,x\n')
    assert seen.header == ["Id", "Na\nme", "column 3"]
    assert (rows, seen.first_line) == ("1,A,x\n", 5)


def test_equal_headers_get_numbers(tmp_path: Path) -> None:
    assert look(tmp_path, b"Id,Name,Name,Name\n1,a,b,c\n")[0].header == ["Id", "Name", "Name (2)", "Name (3)"]


def test_lines_of_an_old_mac(tmp_path: Path) -> None:
    assert look(tmp_path, b"Id,Name\r1,A\r2,B\r")[1] == "1,A\n2,B\n"


def test_gzip(tmp_path: Path) -> None:
    seen, rows = look(tmp_path, gzip.compress(TABLE.encode()))
    assert (seen.header[1], rows[:9]) == ("Name", "1,Müller,")


def test_a_gzip_bomb_is_stopped(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="larger than 1 MB"):
        look(tmp_path, gzip.compress(b"Id,Name\n" + b"1,A\n" * 2_000_000), limit=1024**2)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b" \n\r\n ", "empty"),
        (b"PK\x03\x04...", "zip or Excel"),
        (b"%PDF-1.7 ...", "PDF"),
        (bytes(range(1, 32)) * 50, "not a text file"),
        (b",,\n1,2,3\n", "column names"),
        ((",".join(f"c{n}" for n in range(501)) + "\n").encode(), "501 columns"),
        (gzip.compress(b"Id,Name\n1,A\n" * 999)[:40], "cannot be read"),
    ],
)
def test_what_is_no_table_gets_one_clear_sentence(tmp_path: Path, data: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        look(tmp_path, data)
