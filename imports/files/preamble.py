"""What is around a table in its file: a title and filters above the names of the columns, totals and a notice below."""

import csv
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROWS_SEARCHED = 40  # rows, for the names of the columns
LINE = 1024 * 1024
TAIL = 16 * 1024
MAX_SHOWN = 80
TOTAL = re.compile(
    r"(?:grand[\s-]*|sub[\s-]*)?(?:totals?|totaal|totale|totaux|summe|gesamt(?:summe)?|total g[eé]n[eé]ral)\s*(?:\([^)]*\)|:)?",
    re.IGNORECASE,
)
NOTICE = re.compile(
    r"copyright|©|confidential|vertraulich|confidentiel|generated (?:by|on)|erstellt (?:von|am)|all rights reserved|do not distribute"
    r"|^(?:grand[\s-]*)totals?\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Row:
    """A row near an end of the file, with the byte and the line behind it."""

    cells: list[str]
    end: int
    next_line: int

    @property
    def filled_cells(self) -> list[str]:
        return [cell.strip() for cell in self.cells if cell.strip()]


def read_first_rows(plain: Path, delimiter: str, skipped: int) -> list[Row]:
    """Return the first rows that hold anything, from byte `skipped` on."""
    rows: list[Row] = []
    with plain.open("rb") as file:
        file.read(skipped)
        line, pieces, is_open = (1 if skipped else 0), [""], False
        while len(rows) < ROWS_SEARCHED and file.tell() < LINE + skipped and (read := file.readline(LINE)):
            line += 1
            if not is_open and not read.strip():
                continue
            pieces.append(read.decode(errors="replace"))
            is_open ^= read.count(b'"') % 2 == 1
            if is_open:
                continue
            cells = _parse_line("".join(pieces), delimiter)
            if any(cell.strip() for cell in cells):
                rows.append(Row(cells, file.tell(), line + 1))
            pieces = [""]
        text = "".join(pieces)
        if not rows and text.strip():
            rows.append(Row(_parse_line(text, delimiter), file.tell(), line + 1))
    return rows


def _parse_line(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([text.replace("\0", "")], delimiter=delimiter, strict=False), [])
    except csv.Error:  # a cell longer than any name
        return text.replace("\0", "").rstrip("\r\n").split(delimiter)


def find_header(rows: list[Row], is_known: Callable[[list[str]], object]) -> Row:
    """Return the names of the columns: the first row that some mapping knows, else the first that looks like names."""
    recognised = next((row for row in rows if len(row.filled_cells) > 1 and is_known(row.cells)), None)
    if recognised:
        return recognised
    widest = max(len(row.filled_cells) for row in rows)
    if 2 * len(rows[0].filled_cells) >= widest and (len(rows[0].filled_cells) > 1 or widest < 2):
        return rows[0]
    return next((row for row in rows if 2 * len(row.filled_cells) >= widest and _looks_like_names(row)), rows[0])


def _looks_like_names(row: Row) -> bool:
    filled = row.filled_cells
    return len(set(filled)) == len(filled) and not any(re.search(r"^[\d\W]+$|@", cell) for cell in filled)


def cut_footer(plain: Path, start: int, width: int, delimiter: str) -> list[str]:
    """Take totals and notices off the end of the plain file; return the lines that went.

    Only narrow lines go, and only where one of them says by its words what they are: a row cut short is not a footer.
    """
    if width < 3:
        return []
    size = plain.stat().st_size
    with plain.open("r+b") as file:
        begin = max(start, size - TAIL)
        file.seek(begin)
        lines = file.read().splitlines(keepends=True)
        if begin > start:
            begin += len(lines.pop(0)) if lines else 0
        footer = _footer_start(lines, width, delimiter)
        if footer == len(lines):
            return []
        file.truncate(begin + sum(map(len, lines[:footer])))
    return [text for line in lines[footer:] if (text := _line_text(line, delimiter))]


def _footer_start(lines: list[bytes], width: int, delimiter: str) -> int:
    """Return the place of the first line of the footer; how many lines there are where there is none."""
    first = len(lines)
    while first and _may_be_footer(lines[first - 1], width, delimiter):
        first -= 1
    if not any(
        NOTICE.search(text) or TOTAL.fullmatch(text.partition(" · ")[0])
        for text in (_line_text(line, delimiter) for line in lines[first:])
    ):
        return len(lines)
    blank = next((n for n in range(first, len(lines)) if not _line_text(lines[n], delimiter)), None)
    first_notice = next(
        n
        for n in range(first, len(lines))
        if (text := _line_text(lines[n], delimiter))
        and (NOTICE.search(text) or TOTAL.fullmatch(text.partition(" · ")[0]))
    )
    return first_notice if blank is None else min(blank, first_notice)


def _may_be_footer(line: bytes, width: int, delimiter: str) -> bool:
    filled = [cell for cell in _parse_line(line.decode(errors="replace"), delimiter) if cell.strip()]
    if len(filled) <= 1:
        return True
    return (
        bool(TOTAL.fullmatch(filled[0].strip()))
        and 2 * len(filled) < width + 2
        and not any(re.search(r"[^\W\d]{4}", cell) for cell in filled[1:])
    )


def _line_text(line: bytes, delimiter: str) -> str:
    return " · ".join(cell.strip() for cell in _parse_line(line.decode(errors="replace"), delimiter) if cell.strip())


def describe_omitted_lines(above: list[Row], below: list[str]) -> dict[str, dict[str, str]]:
    """Say what was left out above and below the table."""
    omitted: dict[str, dict[str, str]] = {}
    if above:
        omitted["title"] = _omitted_lines(
            len(above), "above the names of the columns", " · ".join(above[0].filled_cells)
        )
    if below:
        omitted["footer"] = _omitted_lines(len(below), "below the rows", below[0])
    return omitted


def _omitted_lines(count: int, where: str, first: str) -> dict[str, str]:
    lines = "line" if count == 1 else "lines"
    return {
        "value": str(count),
        "words": f"{count} {lines} {where} left out: “{first[:MAX_SHOWN]}”{' …' if count > 1 else ''}",
    }
