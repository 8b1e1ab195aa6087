"""The European Central Bank's XML of reference rates as a table; any other XML is refused with a word."""

import csv
import gzip
import zlib
from pathlib import Path
from typing import IO
from xml.parsers import expat

from core.disk import NoSpace, require_space
from imports.files.sniffing import Unreadable

HEADER = ["ECB date", "ECB currency", "ECB rate"]
PIECE = 1024 * 1024
NO_RATES = "This XML has no exchange rates of the European Central Bank. Export the table as CSV."


class _RatesParser:
    """Hears the elements of the file: a Cube with a time holds Cubes with a currency and a rate."""

    def __init__(self, rows: IO[str]) -> None:
        self.write = csv.writer(rows).writerow
        self.day, self.rate_count = "", 0
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartElementHandler = self._start_element
        self.parser.StartDoctypeDeclHandler = self._refuse_doctype  # the bank's file has none; entities can be bombs

    def read(self, file: IO[bytes] | gzip.GzipFile, limit: int, folder: Path) -> None:
        size = 0
        while piece := file.read(PIECE):
            size += len(piece)
            if size > limit:
                raise Unreadable(f"Unpacked it is larger than {limit // 1024**2} MB.")
            require_space(folder, len(piece))
            self.parser.Parse(piece)
        self.parser.Parse(b"", True)

    def _start_element(self, name: str, attributes: dict[str, str]) -> None:
        if name.rpartition(" ")[2] != "Cube":
            return
        self.day = attributes.get("time", self.day)
        if {"currency", "rate"} <= set(attributes) and self.day:
            self.write([self.day, attributes["currency"], attributes["rate"]])
            self.rate_count += 1

    def _refuse_doctype(self, *_: object) -> None:
        raise Unreadable(NO_RATES)


def convert_rates_to_csv(path: Path, table: Path, limit: int) -> Path:
    """Write the rates of the file at `path` as CSV to `table`.

    Raises:
        Unreadable: it is not XML, is other XML, or is larger than `limit` bytes when unpacked.
    """
    with path.open("rb") as raw:
        zipped = raw.read(2) == b"\x1f\x8b"
    opened = gzip.open if zipped else open
    with opened(path, "rb") as file, table.open("w", encoding="utf-8", newline="") as rows:
        reader = _RatesParser(rows)
        reader.write(HEADER)
        try:
            reader.read(file, limit, table.parent)
        except NoSpace:  # an OSError too, but the disk's fault and not the file's
            raise
        except (expat.ExpatError, OSError, EOFError, zlib.error) as error:
            raise Unreadable(f"This is not a valid XML file: {error}") from None
    if not reader.rate_count:
        raise Unreadable(NO_RATES)
    return table
