"""A clean file in blocks of whole rows, each known by the byte and the line at which it begins."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv as arrow_csv

BLOCK = 8 * 1024 * 1024
LONGEST_ROW = 1024 * 1024  # a quote that stays open for longer was opened by mistake
LF, QUOTE = 10, 34


@dataclass(frozen=True)
class BadLine:
    """A row that is no row of this table."""

    line: int
    text: str
    reason: str


@dataclass
class Block:
    """Rows as text, one column per header, empty where nothing was written; and what could not be read."""

    frame: pd.DataFrame
    lines: np.ndarray  # line of the uploaded file at which each row begins
    bad: list[BadLine] = field(default_factory=list)
    end: int = 0  # byte behind the block: where a resume goes on
    next_line: int = 0


def blocks(path: Path, header: list[str], delimiter: str, offset: int, line: int) -> Iterator[Block]:
    """Yield the rows from byte `offset` on, which is the beginning of a row on `line`."""
    with path.open("rb") as file:
        while True:
            text, broken = _whole_rows(file, offset)
            if not text:
                return
            block = _broken(text, header, line) if broken else parse(text, header, delimiter, line)
            offset += len(text)
            line += text.count(b"\n")
            block.end, block.next_line = offset, line
            yield block


def _whole_rows(file: IO[bytes], offset: int) -> tuple[bytes, bool]:
    """Return (bytes up to the end of the last whole row, False), or (one line whose quote never closes, True)."""
    file.seek(offset)
    text = file.read(BLOCK)
    if len(text) < BLOCK:
        return _to_the_end(text)
    end = last_row_end(text)
    while not end and len(text) < BLOCK + LONGEST_ROW:
        more = file.read(LONGEST_ROW)
        text += more
        end = last_row_end(text)
        if not more:
            return _to_the_end(text)
    return (text[:end], False) if end > 0 else (_first_line(text), True)


def _to_the_end(text: bytes) -> tuple[bytes, bool]:
    """The last block: all of it, unless a quote stays open; then what comes before, and the line that opens it."""
    if not text or text.count(b'"') % 2 == 0:
        return text, False
    end = last_row_end(text)
    return (text[:end], False) if end else (_first_line(text), True)


def _first_line(text: bytes) -> bytes:
    return text[: text.find(b"\n") + 1 or len(text)]


def last_row_end(text: bytes) -> int:
    """Return the byte behind the last line feed that no quotes enclose; 0 when there is none."""
    if b'"' not in text:
        return text.rfind(b"\n") + 1
    codes = np.frombuffer(text, np.uint8)
    feeds = np.flatnonzero(codes == LF)
    quotes = np.flatnonzero(codes == QUOTE)
    outside = feeds[np.searchsorted(quotes, feeds) % 2 == 0]
    return int(outside[-1]) + 1 if len(outside) else 0


def _broken(text: bytes, header: list[str], line: int) -> Block:
    words = text.decode(errors="replace").rstrip("\r\n")
    bad = [BadLine(line, words, "A quote is opened and never closed")]
    return Block(_frame([[] for _ in header], header), np.array([], np.int64), bad)


def parse(text: bytes, header: list[str], delimiter: str, line: int) -> Block:
    """Read whole rows. Arrow reads them, because it alone says which rows have too many or too few cells."""
    wrong: list[tuple[int, str, int]] = []

    def skip(row: "arrow_csv.InvalidRow") -> str:
        wrong.append((row.number, row.text, row.actual_columns))
        return "skip"

    places = [str(place) for place in range(len(header))]
    table = arrow_csv.read_csv(
        io.BytesIO(text),
        read_options=arrow_csv.ReadOptions(use_threads=False, column_names=places, block_size=len(text) + 1),
        parse_options=arrow_csv.ParseOptions(
            delimiter=delimiter, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=skip
        ),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(places, pa.string()), strings_can_be_null=False, check_utf8=False
        ),
    )
    frame = table.to_pandas()
    frame.columns = pd.Index(header)
    lines = _lines(frame, [number for number, _, _ in wrong], text, line)
    block = Block(frame, lines)
    _sort_out(block, wrong, header, delimiter, line)
    return block


def _lines(frame: pd.DataFrame, wrong: list[int], text: bytes, line: int) -> np.ndarray:
    """Return the line of each row: its number, plus the line feeds inside the cells of the rows before."""
    numbers = np.arange(len(frame) + len(wrong))
    kept = np.delete(numbers, [number - 1 for number in wrong]) if wrong else numbers
    if b'"' not in text or text.count(b"\n") <= len(numbers):
        return line + kept
    inside = sum((frame[column].str.count("\n") for column in frame), start=pd.Series(0, index=frame.index))
    feeds = np.zeros(len(numbers), np.int64)
    feeds[kept] = inside.to_numpy()
    return line + kept + (np.cumsum(feeds) - feeds)[kept]


def _sort_out(block: Block, wrong: list[tuple[int, str, int]], header: list[str], delimiter: str, line: int) -> None:
    """Tell what is wrong with rows of the wrong width; read line by line those that a stray quote glued together."""
    rescued: list[tuple[int, list[str]]] = []
    for number, text, found in wrong:
        first = line + number - 1
        if "\n" not in text:
            block.bad.append(BadLine(first, text, _width(found, len(header))))
            continue
        for place, words in enumerate(text.split("\n")):
            cells = next(csv.reader([words], delimiter=delimiter), [])
            if len(cells) == len(header):
                rescued.append((first + place, cells))
            elif words.strip():
                block.bad.append(BadLine(first + place, words, _width(len(cells), len(header))))
    if rescued:
        more = _frame([[row[place] for _, row in rescued] for place in range(len(header))], header)
        block.frame = pd.concat([block.frame, more], ignore_index=True)
        block.lines = np.concatenate([block.lines, [number for number, _ in rescued]])


def _width(found: int, expected: int) -> str:
    cells = "cell" if found == 1 else "cells"
    return f"The row has {found} {cells} where the header has {expected}"


def _frame(columns: list[list[str]], header: list[str]) -> pd.DataFrame:
    frame = pd.concat([pd.Series(values, dtype="str") for values in columns], axis=1)
    frame.columns = pd.Index(header)
    return frame
