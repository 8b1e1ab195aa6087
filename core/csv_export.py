"""Rows as CSV that a spreadsheet may open without running anything."""

import csv
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

BYTE_ORDER_MARK = "\ufeff"
SIGNS = r"=+\-@\uff1d\uff0b\uff0d\uff20"  # with the wide forms of East Asian keyboards, which Excel takes for the plain ones
FORMULA = re.compile(rf"'*[{SIGNS}\t\r\0]")  # whatever quotes are before it: one more can then be removed again
AFTER_DELIMITER = re.compile(
    rf"""(?<=[;,\t|\r\n])(?=['"]*[{SIGNS}])"""
)  # a reader with another delimiter begins a cell there
GUARD = re.compile(rf"""\A'(?='*[{SIGNS}\t\r\0])|(?<=[;,\t|\r\n])'(?=['"]*[{SIGNS}])""")
NOT_IN_A_NAME = re.compile(r"[^\w.-]+")  # the name may hold what the company calls a column of its own
NUMBER = re.compile(r"[+-]?\d[\d.,]*%?")


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def csv_lines(rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """Yield the rows as lines of CSV: words are guarded, numbers stay numbers, booleans read Yes or No, None is empty."""
    writer = csv.writer(_Echo())  # type: ignore[arg-type]
    return (writer.writerow([_cell_text(value) for value in row]) for row in rows)  # type: ignore[misc]


def csv_response(name: str, rows: Iterable[Iterable[Any]]) -> StreamingHttpResponse:
    """Hand the rows out as a file of that name, as they come, behind the byte order mark by which Excel knows UTF-8."""
    response = StreamingHttpResponse(chain([BYTE_ORDER_MARK], csv_lines(rows)), content_type="text/csv; charset=utf-8")
    file_name = f"{NOT_IN_A_NAME.sub('-', name)}.csv"
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=file_name)
    return response


def _cell_text(value: Any) -> Any:
    match value:
        case None:
            return ""
        case bool():
            return "Yes" if value else "No"
        case str():
            return guard_formula(value)
        case _:
            return value


def guard_formula(cell: str) -> str:
    """Put a quote before what a spreadsheet would take for a formula; numbers stay numbers.

    That is at the start of the cell, and after each character that a spreadsheet may be told is the delimiter.
    """
    if NUMBER.fullmatch(cell):
        return cell
    first = "'" if FORMULA.match(cell) else ""
    return first + AFTER_DELIMITER.sub("'", cell)


def unguard_formula(cell: str) -> str:
    """Take away exactly the quotes that `guarded` put."""
    return GUARD.sub("", cell)
