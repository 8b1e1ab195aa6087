"""Writes the sheets of a workbook as CSV, in a process of its own: what a hostile file does to it, it does to no worker.

Run as `python workbook.py BOOK FOLDER MAX_BYTES SECONDS`, without Django. Each sheet that holds something is written as FOLDER/N,
and named on a line of the output as JSON: {"place": N, "name": …, "bytes": …}; what is wrong with the book as {"wrong": …}.
"""

import csv
import json
import sys
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

MEMORY = 1024**3
SECONDS, SECONDS_PER_MILLION = 30, 0.2  # of computing, for what a workbook unpacks to in bytes
MAX_SHEETS = 100
MILLION = 1024**2
SHORTENED_FROM, SIGNIFICANT = 12, 6  # digits of whole numbers that spreadsheets shorten, and of what they keep of them


class TooLarge(Exception):
    """A sheet has more in it than we take."""


def main(book: str, folder: str, limit: str, seconds: str) -> None:
    import python_calamine as calamine

    _bounded(int(seconds))
    left = int(limit)
    try:
        with calamine.CalamineWorkbook.from_path(book) as opened:
            visible = [sheet.name for sheet in opened.sheets_metadata if sheet.typ == calamine.SheetTypeEnum.WorkSheet]
            for place, name in enumerate(visible[:MAX_SHEETS], 1):
                left -= _write(opened, name, Path(folder) / str(place), left, place)
    except calamine.PasswordError:
        _say(wrong="The workbook is locked with a password. Save it without one.")
    except TooLarge as error:
        _say(wrong=str(error))
    except (calamine.CalamineError, OSError, ValueError, OverflowError) as error:
        _say(wrong=f"The workbook cannot be read: {error}.")


def _bounded(seconds: int) -> None:
    """Let a workbook that claims to be a universe end this process, not the machine."""
    import resource

    for kind, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(kind, (most, most))


def _write(book: Any, name: str, path: Path, left: int, place: int) -> int:
    """Write one sheet; return its bytes."""
    size = 0
    with path.open("w", encoding="utf-8", newline="", errors="replace") as target:
        write = csv.writer(target, lineterminator="\n").writerow
        for cells in _rows(book.get_sheet_by_name(name)):
            size += write(cells)
            if size > left:
                raise TooLarge(f"The sheets hold more than {left // MILLION} MB. Save them as CSV, in parts.")
    if size:
        _say(place=place, name=name, bytes=size)
    else:
        path.unlink()
    return size


def _rows(sheet: Any) -> Iterator[list[str]]:
    """Yield the rows from the first that holds something on; blank ones inside stay, so that lines can be told."""
    begun = False
    blank = 0
    for cells in sheet.iter_rows():
        words = [_word(cell) for cell in cells]
        if not any(words):
            blank += begun
            continue
        for _ in range(blank):
            yield [""] * len(words)
        begun, blank = True, 0
        yield words


def _word(cell: Any) -> str:
    """Write a typed cell so that it can be read in one way alone."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int | float):
        return _number(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ", timespec="seconds")
    if isinstance(cell, timedelta):
        return f"{cell.total_seconds() / 60:.4f}"
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)


def _number(value: float) -> str:
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


def _say(**found: object) -> None:
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:5])
