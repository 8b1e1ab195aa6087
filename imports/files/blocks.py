"""A plain file in blocks of whole rows, each known by the byte and the line at which it begins.

A block whose quotes all stand where they should is read by Arrow, fast, which also says which rows have too many
or too few cells. Any other block is read line by line, so that a quote gone astray costs its own line alone.
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv as arrow_csv

from imports.files.grouped_reports import MARK

BLOCK = 8 * 1024 * 1024
LONGEST_ROW = 1024 * 1024  # a quote that stays open for longer was opened by mistake
MAX_REREAD_FACTOR = (
    8  # times a block: rows that turn out to be none may cost so much, then each line is a row of its own
)
LF, CR, QUOTE = 10, 13, 34
MARK_BYTES = MARK.encode()
NEVER_CLOSED = "A quote is not closed"
STRAY_QUOTE = "A quote is in the wrong place"
TOO_LONG = "A cell is too long"


@dataclass(frozen=True)
class BadLine:
    """A row that is not a row of this table."""

    line: int
    text: str
    reason: str


@dataclass
class Block:
    """Rows as text, one column per header, empty where nothing was written; and what could not be read."""

    frame: pd.DataFrame
    lines: np.ndarray  # line of the uploaded file at which each row begins
    bad: list[BadLine] = field(default_factory=list)
    totals: list[str] = field(default_factory=list)  # rows of a report that are none, as they stood there
    end: int = 0  # byte behind the block: where a resume goes on
    next_line: int = 0


def read_blocks(path: Path, header: list[str], delimiter: str, offset: int, line: int) -> Iterator[Block]:
    """Yield the rows from byte `offset` on, which is the beginning of a row on `line`."""
    with path.open("rb") as file:
        while True:
            text, is_last = _read_bytes(file, offset)
            if not text:
                return
            end = len(text) if is_last else last_row_end(text)
            if end and is_well_formed(text[:end], delimiter):
                block = parse_rows(text[:end], header, delimiter, line)
            else:
                block, end = parse_malformed_rows(text, header, delimiter, line, is_last)
            offset, line = offset + end, line + text.count(b"\n", 0, end)
            block.end, block.next_line = offset, line
            if MARK_BYTES in text[:end]:
                _separate_totals(block)
            yield block


def _separate_totals(block: Block) -> None:
    """Take the rows out that are marked as totals of a report."""
    marked = [bad.text.startswith((MARK, f'"{MARK}')) for bad in block.bad]
    block.totals = [
        bad.text.strip('"').removeprefix(MARK) for bad, is_total in zip(block.bad, marked, strict=True) if is_total
    ]
    block.bad = [bad for bad, is_total in zip(block.bad, marked, strict=True) if not is_total]


def _read_bytes(file: IO[bytes], offset: int) -> tuple[bytes, bool]:
    """Return (bytes with the end of a row among them, whether they are the last of the file)."""
    file.seek(offset)
    text = file.read(BLOCK)
    if len(text) < BLOCK:
        return text, True
    while not last_row_end(text) and len(text) < BLOCK + LONGEST_ROW:
        more = file.read(LONGEST_ROW)
        if not more:
            return text, True
        text += more
    return text, False


def last_row_end(text: bytes) -> int:
    """Return the byte behind the last line feed that no quotes enclose; 0 when there is none."""
    if b'"' not in text:
        return text.rfind(b"\n") + 1
    # A line feed ends a row only where an even number of quotes is before it.
    codes = np.frombuffer(text, np.uint8)
    feeds = np.flatnonzero(codes == LF)
    quotes = np.flatnonzero(codes == QUOTE)
    outside = feeds[np.searchsorted(quotes, feeds) % 2 == 0]
    return int(outside[-1]) + 1 if len(outside) else 0


def is_well_formed(text: bytes, delimiter: str) -> bool:
    """Return whether each quote opens behind a delimiter, closes before one, or stands doubled inside."""
    if b'"' not in text:
        return True
    codes = np.frombuffer(b"\n" + text + b"\n", np.uint8)
    quotes = np.flatnonzero(codes == QUOTE)
    if len(quotes) % 2:
        return False
    before, after = codes[quotes[0::2] - 1], codes[quotes[1::2] + 1]
    return bool(
        np.isin(before, [LF, QUOTE, ord(delimiter)]).all() and np.isin(after, [LF, CR, QUOTE, ord(delimiter)]).all()
    )


def parse_rows(text: bytes, header: list[str], delimiter: str, line: int) -> Block:
    """Read whole, well-formed rows."""
    wrong: list[tuple[int, str, int]] = []

    def skip_row(row: "arrow_csv.InvalidRow") -> str:
        wrong.append((row.number - 1, row.text, row.actual_columns))
        return "skip"

    positions = [str(position) for position in range(len(header))]
    table = arrow_csv.read_csv(
        io.BytesIO(text),
        read_options=arrow_csv.ReadOptions(use_threads=False, column_names=positions, block_size=len(text) + 1),
        parse_options=arrow_csv.ParseOptions(
            delimiter=delimiter, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=skip_row
        ),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(positions, pa.string()), strings_can_be_null=False, check_utf8=False
        ),
    )
    frame = table.to_pandas().set_axis(header, axis=1)
    all_lines = line + _line_offsets(frame, wrong, text)
    first_lines = np.delete(all_lines, [position for position, _, _ in wrong])
    return Block(
        frame,
        first_lines,
        [BadLine(int(all_lines[n]), row_text, _width_error(width, len(header))) for n, row_text, width in wrong],
    )


def _line_offsets(frame: pd.DataFrame, wrong: list[tuple[int, str, int]], text: bytes) -> np.ndarray:
    """Return for each row how many lines are before it: one for each row before, and the line feeds inside those."""
    numbers = np.arange(len(frame) + len(wrong))
    if text.count(b"\n") <= len(numbers):
        return numbers
    inside = sum((frame[column].str.count("\n") for column in frame), start=pd.Series(0, index=frame.index)).to_numpy()
    feeds = np.zeros(len(numbers), np.int64)
    feeds[np.delete(numbers, [position for position, _, _ in wrong])] = inside
    for position, row_text, _ in wrong:
        feeds[position] = row_text.count("\n")
    return numbers + np.cumsum(feeds) - feeds


def parse_malformed_rows(text: bytes, header: list[str], delimiter: str, line: int, is_last: bool) -> tuple[Block, int]:
    """Read what may be malformed, line by line: (block, bytes read). A row cut off by the end of the block waits."""
    # Split after line feeds only: other line ends can be part of a cell.
    whole = text if is_last else _whole_lines(text)
    lines = [line.decode() for line in re.findall(rb"[^\n]*\n|[^\n]+\Z", whole)]
    begins = np.cumsum([0, *(len(line.encode()) for line in lines)])
    good: list[tuple[int, list[str]]] = []
    bad: list[BadLine] = []
    position = 0
    left = MAX_REREAD_FACTOR * len(text)
    while position < len(lines):
        cells, used, reason, read = _parse_row(lines, position, delimiter, LONGEST_ROW if left > 0 else 0)
        # A quote left open may close in the next block: stop here and read the row again from there.
        if reason == NEVER_CLOSED and position and not is_last and begins[-1] - begins[position] < LONGEST_ROW:
            break
        # Each bad row may read far ahead for its closing quote; a budget keeps a file of such rows from taking quadratic time.
        left -= read if reason else 0
        if reason or len(cells) != len(header):
            row_text = "".join(lines[position : position + used]).rstrip("\r\n")
            bad.append(BadLine(line + position, row_text, reason or _width_error(len(cells), len(header))))
        else:
            good.append((line + position, cells))
        position += used
    frame = _rows_to_frame([cells for _, cells in good], header)
    return Block(frame, np.array([number for number, _ in good], np.int64), bad), int(begins[position])


def _whole_lines(text: bytes) -> bytes:
    """Return the lines that end in the block; a line longer than the block is taken as far as it goes, or reading would make no progress."""
    end = text.rfind(b"\n") + 1
    return text[:end] if end else text.decode(errors="ignore").encode()


def _parse_row(lines: list[str], position: int, delimiter: str, longest: int) -> tuple[list[str], int, str, int]:
    """Read one row that begins at a line: (cells, lines it takes, what is wrong with it, characters read for it).

    Each line is read once: the reader asks for the next one while a quote is open. Beyond `longest` it gets none.
    """
    used = read = 0

    def feed_lines() -> Iterator[str]:
        nonlocal used, read
        while position + used < len(lines) and (not used or read + len(lines[position + used]) <= longest):
            line = lines[position + used]
            used, read = used + 1, read + len(line)
            yield from io.StringIO(line, newline="") if "\r" in line else (line,)

    try:
        return next(csv.reader(feed_lines(), delimiter=delimiter, strict=True), [""]), used, "", read
    except csv.Error as error:
        if "unexpected end" in str(error):
            return [], 1, NEVER_CLOSED, read
        return [], 1, TOO_LONG if "field larger" in str(error) else STRAY_QUOTE, read


def _width_error(width: int, expected: int) -> str:
    cells = "cell" if width == 1 else "cells"
    return f"The row has {width} {cells} where the header has {expected}"


def _rows_to_frame(rows: list[list[str]], header: list[str]) -> pd.DataFrame:
    columns = {position: pd.Series([row[position] for row in rows], dtype="str") for position in range(len(header))}
    return pd.DataFrame(columns).set_axis(header, axis=1)


def strip_cells(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with the blanks around each cell removed."""
    return pd.DataFrame({position: frame.iloc[:, position].str.strip() for position in range(frame.shape[1])}).set_axis(
        frame.columns, axis=1
    )
