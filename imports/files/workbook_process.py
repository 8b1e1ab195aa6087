"""Writes the sheets of a workbook as CSV, in a process of its own: what a hostile file does to it, it does to no worker.

Run as `python workbook.py BOOK FOLDER MAX_BYTES SECONDS`, without Django. Each sheet that holds something is written as FOLDER/N,
and named on a line of the output as JSON: {"place": N, "name": …, "bytes": …}; what is wrong with the book as {"wrong": …}.
"""

import csv
import json
import re
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

MEMORY = 1024**3
SECONDS, SECONDS_PER_MILLION = 30, 0.2  # of computing, for what a workbook unpacks to in bytes
MAX_SHEETS = 100
MILLION = 1024**2
PIECE = MILLION
PERCENT_FORMATS = {9, 10}  # built into Excel: 0% and 0.00%
SHORTENED_FROM, SIGNIFICANT = 12, 6  # digits of whole numbers that spreadsheets shorten, and of what they keep of them


class TooLarge(Exception):
    """A sheet has more in it than we take."""


def main(book: str, folder: str, limit: str, seconds: str) -> None:
    import python_calamine as calamine

    _limit_resources(int(seconds))
    left = int(limit)
    try:
        with calamine.CalamineWorkbook.from_path(book) as opened:
            visible = [sheet.name for sheet in opened.sheets_metadata if sheet.typ == calamine.SheetTypeEnum.WorkSheet]
            for number, name in enumerate(visible[:MAX_SHEETS], 1):
                sheet = opened.get_sheet_by_name(name)
                left -= _write_sheet(
                    sheet, name, Path(folder) / str(number), left, number, find_percent_cells(book, name)
                )
            if visible[MAX_SHEETS:]:
                _report(skipped=visible[MAX_SHEETS:])
    except calamine.PasswordError:
        _report(wrong="The workbook is password-protected. Save it without a password.")
    except TooLarge as error:
        _report(wrong=str(error))
    except (calamine.CalamineError, OSError, ValueError, OverflowError) as error:
        _report(wrong=f"The workbook cannot be read: {error}.")


def _limit_resources(seconds: int) -> None:
    """Let a workbook that claims to be a universe end this process, not the machine."""
    import resource

    for kind, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(kind, (most, most))


def _write_sheet(sheet: Any, name: str, path: Path, left: int, number: int, percents: "PercentCells") -> int:
    """Write one sheet; return its bytes."""
    size = 0
    with path.open("w", encoding="utf-8", newline="", errors="replace") as target:
        write = csv.writer(target, lineterminator="\n").writerow
        for cells in _sheet_rows(sheet, percents):
            size += write(cells)
            if size > left:
                raise TooLarge(f"The sheets hold more than {left // MILLION} MB. Save them as CSV, in parts.")
    if size:
        _report(place=number, name=name, bytes=size)
    else:
        path.unlink()
    return size


def _sheet_rows(sheet: Any, percents: "PercentCells") -> Iterator[list[str]]:
    """Yield the rows from the first that holds something on; blank ones inside stay, so that lines can be identified."""
    begun = False
    blank = 0
    _, first_column = sheet.start or (0, 0)
    for number, cells in enumerate(sheet.iter_rows()):
        texts = [_cell_text(cell) for cell in cells]
        if percents:
            texts = [
                f"{_number_text(round(cell * 100, 10))}%"
                if isinstance(cell, float | int) and percents.contains_cell(number, column)
                else text
                for column, (cell, text) in enumerate(zip(cells, texts, strict=True), first_column)
            ]
        if not any(texts):
            blank += begun
            continue
        for _ in range(blank):
            yield [""] * len(texts)
        begun, blank = True, 0
        yield texts


def _cell_text(cell: Any) -> str:
    """Write a typed cell so that it can be read in one way alone."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int | float):
        return _number_text(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ", timespec="seconds")
    if isinstance(cell, timedelta):
        return f"{cell.total_seconds() / 60:.4f}"
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)


def _number_text(value: float) -> str:
    """Write 1.234 as 1.2340: with three decimals it could be thousands.

    A whole number of which the program can have kept only the first digits is written with an exponent: as an amount it is
    what it is, but no id.
    """
    if value != value or value in (float("inf"), float("-inf")):
        return ""
    if value == int(value) and abs(value) < 1e15:
        digits = str(int(value))
        return (
            digits if len(digits) < SHORTENED_FROM or digits.rstrip("0")[SIGNIFICANT:] else f"{value:.{SIGNIFICANT}g}"
        )
    text = format(value, ".15g")
    if value == int(value):
        return text if "e" in text else f"{value:.14e}"
    if "e" in text:
        return format(value, "f")
    return f"{text}0" if len(text.partition(".")[2]) == 3 else text


class PercentCells:
    """Cells of a sheet that are formatted as percentages: (row, column), both from 0; kept as runs of rows by column."""

    def __init__(self) -> None:
        self._runs: dict[int, list[list[int]]] = {}
        self._at: dict[int, int] = {}  # rows are asked for in order

    def __bool__(self) -> bool:
        return bool(self._runs)

    def add(self, row: int, column: int, rows: int = 1) -> None:
        runs = self._runs.setdefault(column, [])
        if runs and runs[-1][1] == row:
            runs[-1][1] = row + rows
        else:
            runs.append([row, row + rows])

    def contains_cell(self, row: int, column: int) -> bool:
        runs, at = self._runs.get(column, []), self._at.get(column, 0)
        while at < len(runs) and runs[at][1] <= row:
            at += 1
        self._at[column] = at
        return at < len(runs) and runs[at][0] <= row


def find_percent_cells(book: str, name: str) -> PercentCells:
    """Return which cells of a sheet show a percentage, where the format of the workbook lets it be identified: XLSX and ODS."""
    percents = PercentCells()
    if not zipfile.is_zipfile(book):
        return percents
    with zipfile.ZipFile(book) as archive:
        members = set(archive.namelist())
        if "content.xml" in members:
            _find_percents_in_ods(archive, name, percents)
        elif {"xl/styles.xml", "xl/workbook.xml"} <= members:
            _find_percents_in_xlsx(archive, name, members, percents)
    return percents


def _xml_attribute(tag: str, name: str) -> str:
    match = re.search(rf"""(?<![\w:-]){name}\s*=\s*(?:"([^"]*)"|'([^']*)')""", tag)
    return (match[1] or match[2] or "") if match else ""


def _find_percents_in_xlsx(archive: zipfile.ZipFile, name: str, members: set[str], percents: PercentCells) -> None:
    styles = _percent_styles(archive.read("xl/styles.xml").decode(errors="replace"))
    part = _sheet_part(archive, name) if styles else ""
    if part not in members:
        return
    wanted = "|".join(map(str, styles))
    pattern = re.compile(
        rf"""<(?:\w+:)?c\s(?=[^>]*?\bs=["'](?:{wanted})["'])[^>]*?\br=["']([A-Z]{{1,3}})(\d{{1,7}})["']""".encode()
    )
    for piece in _read_pieces(archive, part, b"<"):
        for cell in pattern.finditer(piece):
            column = 0
            for letter in cell[1]:
                column = 26 * column + letter - 64
            percents.add(int(cell[2]) - 1, column - 1)


def _percent_styles(styles: str) -> list[int]:
    """Return the numbers of the cell styles whose number format is a percentage."""
    formats = set(PERCENT_FORMATS)
    for tag in re.findall(r"<(?:\w+:)?numFmt\s[^>]*>", styles):
        code = re.sub(r"&quot;.*?&quot;|\\.", "", _xml_attribute(tag, "formatCode"))
        if "%" in code and _xml_attribute(tag, "numFmtId").isdigit():
            formats.add(int(_xml_attribute(tag, "numFmtId")))
    cells = re.search(r"<(?:\w+:)?cellXfs\b.*?</(?:\w+:)?cellXfs>", styles, re.DOTALL)
    tags = re.findall(r"<(?:\w+:)?xf\b[^>]*>", cells[0]) if cells else []
    ids = [_xml_attribute(tag, "numFmtId") for tag in tags]
    return [style for style, number in enumerate(ids) if number.isdigit() and int(number) in formats]


def _sheet_part(archive: zipfile.ZipFile, name: str) -> str:
    """Return the part of an XLSX workbook that holds a sheet."""
    from html import unescape

    book = archive.read("xl/workbook.xml").decode(errors="replace")
    tags = re.findall(r"<(?:\w+:)?sheet\s[^>]*>", book)
    link = next((_xml_attribute(tag, r"\w+:id") for tag in tags if unescape(_xml_attribute(tag, "name")) == name), "")
    try:
        links = archive.read("xl/_rels/workbook.xml.rels").decode(errors="replace")
    except KeyError:
        return ""
    targets = (
        _xml_attribute(tag, "Target")
        for tag in re.findall(r"<(?:\w+:)?Relationship\s[^>]*>", links)
        if _xml_attribute(tag, "Id") == link
    )
    target = unescape(next(targets, ""))
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"


def _find_percents_in_ods(archive: zipfile.ZipFile, name: str, percents: PercentCells) -> None:
    from html import unescape

    is_here = False
    row: int = 0
    row_end: int = 0
    column: int = 0
    rows: int = 1
    pattern = re.compile(r"<table:(table|table-row|table-cell|covered-table-cell)(?=[\s/>])[^>]*>")
    for piece in _read_pieces(archive, "content.xml", b"<"):
        for tag in pattern.finditer(piece.decode(errors="replace")):
            text = tag[0]
            if tag[1] == "table":
                is_here, row_end = unescape(_xml_attribute(text, "table:name")) == name, 0
            elif tag[1] == "table-row":
                rows = int(_xml_attribute(text, "table:number-rows-repeated") or 1)
                row = row_end
                row_end = row + rows
                column = 0
            elif is_here:
                columns = int(_xml_attribute(text, "table:number-columns-repeated") or 1)
                if _xml_attribute(text, "office:value-type") == "percentage":
                    for repeated in range(column, column + min(columns, 16384)):
                        percents.add(row, repeated, rows)
                column += columns


def _read_pieces(archive: zipfile.ZipFile, part: str, mark: bytes) -> Iterator[bytes]:
    """Yield a part in pieces that end before a tag begins."""
    with archive.open(part) as file:
        rest = b""
        while piece := file.read(PIECE):
            piece = rest + piece
            end = piece.rfind(mark)
            yield piece[:end] if end > 0 else b""
            rest = piece[end:] if end > 0 else piece
        yield rest


def _report(**values: object) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:5])
