"""A first look at a file: what it is written in, how its cells part, where its rows begin.

Whatever it was, from here on it is plain UTF-8 with line feeds, so that a byte offset is all that a resume needs.
"""

import codecs
import csv
import gzip
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from core.disk import require_space
from imports.files import encodings, preamble
from imports.files.encodings import ASSUMED_ENCODING, Guess, Sample
from imports.files.grouped_reports import LONGEST, Report, Ungroupable, may_be_report, read_report
from imports.parsing.headers import make_unique_names
from imports.parsing.notes import FILLED, FOOTER, GUESSED, Notes

DELIMITERS = ",;\t|"
PIECE = 1024 * 1024
SAMPLE = 64 * 1024
MAX_COLUMNS = 500
MIN_COLUMNS = 3  # of a report in groups
LONGEST_NAME = 1000
BOMS = [(codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")]
BINARY = {
    b"PK\x03\x04": "This is a zip or Excel file with a wrong file extension. Save the sheet as CSV.",
    b"\xd0\xcf\x11\xe0": "This is an old Excel file. Save the sheet as CSV.",
    b"%PDF": "This is a PDF. Export the table as CSV.",
    b"\x89PNG": "This is an image. Export the table as CSV.",
    b"PAR1": "This is a Parquet file. Export the table as CSV.",
}


class Unreadable(ValueError):
    """The file cannot be read as a table; the message says why and what to do."""


@dataclass(frozen=True)
class FileFormat:
    """How to read a file, once it is clean."""

    encoding: str
    delimiter: str
    header: list[str]
    start: int  # byte of the plain file at which the first row begins
    first_line: int
    size: int  # of the plain file, in bytes
    around: dict[str, dict[str, str]] = field(default_factory=dict)  # what is above and below the table, in words
    detected: dict[str, str] = field(
        default_factory=dict
    )  # encoding and delimiter without regard to what a person chose
    notes: Notes = field(default_factory=dict)  # what was filled in and left out, for the notes of the file
    guess: Guess | None = None  # of the encoding, where nothing in the file proves one


def detect_format(
    path: Path, clean: Path, limit: int, is_known: Callable[[list[str]], object] | None = None,
    chosen: Mapping[str, str] | None = None,
) -> FileFormat:  # fmt: skip
    """Write the file at `path` as plain UTF-8 to `clean` and return how to read it.

    Args:
        is_known: returns whether a row of names is one that some mapping knows; the first such row is the header.
        chosen: encoding and delimiter that a person chose; they go before what is detected. The answer under
            ASSUMED_ENCODING only goes before a guess.

    Raises:
        Unreadable: it is not a table, or larger than `limit` bytes when unpacked.
    """
    chosen = chosen or {}
    detected = _detect_encoding(path, limit)
    assumed = chosen.get(ASSUMED_ENCODING) if detected.guess else ""
    encoding = chosen.get("encoding") or assumed or detected.name
    _write_utf8(path, clean, encoding, detected, limit)
    sample = _read_sample(clean)
    skipped, declared = _declared_delimiter(sample)
    likely = declared or sniff_delimiter(sample[skipped:])
    delimiter = chosen.get("delimiter") or likely
    first_rows = preamble.read_first_rows(clean, delimiter, skipped)
    header = _find_header(first_rows, is_known)
    names = make_unique_names(header.cells)
    above = [row for row in first_rows if row.end < header.end]
    below = preamble.cut_footer(clean, header.end, len(names), delimiter)
    report = rewrite_grouped_report(clean, header.end, names, delimiter)
    notes = {FOOTER: {"rows": len(below), "sample": below[0][:80]}} if below else {}
    if detected.guess and not (chosen.get("encoding") or assumed):
        notes[GUESSED] = {"rows": 1, "sample": encodings.encoding_label(encoding)}
    if report:
        names = make_unique_names(report.header)
        notes |= {FILLED: {"rows": report.filled, "sample": report.filled_columns}} if report.filled else {}
    return FileFormat(
        encoding, delimiter, names, header.end, header.next_line, clean.stat().st_size, preamble.describe_omitted_lines(above, below),
        {"encoding": detected.name, "delimiter": likely}, notes, detected.guess,
    )  # fmt: skip


def _find_header(rows: list[preamble.Row], is_known: Callable[[list[str]], object] | None) -> preamble.Row:
    """Return the row of column names.

    Raises:
        Unreadable: there is none, or it cannot be one.
    """
    if not rows:
        raise Unreadable("The file has no row of column names.")
    header = preamble.find_header(
        rows, lambda cells: is_known and len(cells) <= MAX_COLUMNS and is_known(make_unique_names(cells))
    )
    if not any(letter.isalpha() for cell in header.cells for letter in cell):
        raise Unreadable("The file has no row of column names.")
    if len(header.cells) > MAX_COLUMNS:
        raise Unreadable(f"The file has {len(header.cells)} columns; at most {MAX_COLUMNS} can be read.")
    if max(map(len, header.cells)) > LONGEST_NAME:
        raise Unreadable("The first row is too long for column names. Export the table as CSV.")
    return header


def rewrite_grouped_report(plain: Path, start: int, header: list[str], delimiter: str) -> Report | None:
    """Write a report in groups as a table, its totals marked, each row on the line on which it stood; None for a table.

    Raises:
        Unreadable: its groups cannot be recognised.
    """
    size = plain.stat().st_size - start
    if len(header) < MIN_COLUMNS or size > LONGEST:
        return None
    with plain.open("rb") as file:
        file.seek(start)
        text = file.read()
    if not may_be_report(header, text, delimiter):
        return None
    rows = _read_all_rows(plain, start, delimiter)
    try:
        report = read_report(header, rows) if rows else None
    except Ungroupable as error:
        raise Unreadable(str(error)) from error
    if report:
        with plain.open("r+b") as file:
            file.truncate(start)
        with plain.open("a", encoding="utf-8", newline="") as target:
            csv.writer(target, delimiter=delimiter, lineterminator="\n").writerows(report.rows)
    return report


def _read_all_rows(plain: Path, start: int, delimiter: str) -> list[list[str]]:
    """Return all rows; none where a quote is not closed, of which the reader of blocks knows more."""
    with plain.open("rb") as file:
        file.seek(start)
        lines = io.TextIOWrapper(file, encoding="utf-8", errors="replace", newline="")
        try:
            return list(csv.reader(lines, delimiter=delimiter, strict=True))
        except csv.Error:
            return []


def _open_maybe_gzip(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
    return gzip.open(path) if zipped else path.open("rb")  # type: ignore[return-value]


@dataclass(frozen=True)
class _DetectedEncoding:
    name: str
    mark_length: int = 0
    is_strict: bool = False  # every byte of the file holds
    guess: Guess | None = None


def _detect_encoding(path: Path, limit: int) -> _DetectedEncoding:
    """Return the encoding that the file's mark or all of its bytes prove, else the likeliest of a shortlist."""
    try:
        with _open_maybe_gzip(path) as file:
            head = file.read(4096)
            _refuse_binary(head)
            for mark, name in BOMS:
                if head.startswith(mark):
                    return _DetectedEncoding(name, len(mark))
            # Before UTF-8: the zero bytes of UTF-16 are valid UTF-8 too.
            if silent := _unmarked_utf16(head):
                return _DetectedEncoding(silent)
            fault = _utf8_fault(head, file, limit)
        if fault != "broken":
            return _DetectedEncoding("utf-8", is_strict=not fault)
        guess = encodings.guess_encoding(_sample_words(path, limit))
        return _DetectedEncoding(guess.encoding, guess=guess)
    except (OSError, EOFError) as error:
        raise Unreadable(f"The file cannot be read: {error}.") from error


def _sample_words(path: Path, limit: int) -> Sample:
    """Read a file once more for its words with letters beyond ASCII."""
    sample, size = Sample(), 0
    with _open_maybe_gzip(path) as file:
        while piece := file.read(PIECE):
            size += len(piece)
            if size > limit:
                raise Unreadable(_too_large(limit))
            sample.add(piece)
    return sample


def _refuse_binary(head: bytes) -> None:
    if not head.strip():
        raise Unreadable("The file is empty.")
    for magic, message in BINARY.items():
        if head.startswith(magic):
            raise Unreadable(message)
    controls = sum(head.count(bytes([code])) for code in (*range(1, 9), *range(14, 27)))
    if controls > len(head) / 20:
        raise Unreadable("This is not a text file. Export the table as CSV.")


def _unmarked_utf16(head: bytes) -> str:
    """Return UTF-16 without a byte-order mark, recognised by its zero bytes: every second one of Western text."""
    half = len(head) // 2
    if half < 4:
        return ""
    if head[1::2].count(0) > half * 0.6:
        return "utf-16-le"
    return "utf-16-be" if head[0::2].count(0) > half * 0.6 else ""


def _utf8_fault(head: bytes, file: IO[bytes], limit: int) -> str:
    """Return what speaks against UTF-8: nothing, a last letter that is cut off ("cut"), or bytes that cannot be ("broken")."""
    # A file can be cut off in the middle of a letter and still be UTF-8, so the end is judged apart from the rest.
    decoder, size = codecs.getincrementaldecoder("utf-8")(), len(head)
    try:
        decoder.decode(head)
        while piece := file.read(PIECE):
            size += len(piece)
            if size > limit:
                raise Unreadable(_too_large(limit))
            decoder.decode(piece)
    except UnicodeDecodeError:
        return "broken"
    return "cut" if decoder.getstate()[0] else ""


def _write_utf8(path: Path, clean: Path, encoding: str, detected: _DetectedEncoding, limit: int) -> None:
    size, as_it_is = 0, encoding == "utf-8" and detected.is_strict
    try:
        with _open_maybe_gzip(path) as source, clean.open("wb") as target:
            source.read(detected.mark_length)
            for piece in _decode_to_utf8(source, encoding, as_it_is):
                size += len(piece)
                if size > limit:
                    raise Unreadable(_too_large(limit))
                require_space(clean.parent, len(piece))
                target.write(piece)
    except (OSError, EOFError) as error:
        if getattr(error, "errno", None):  # the disk is full, or a file went away: worth another try later
            raise
        raise Unreadable(f"The file cannot be read: {error}.") from error


def _too_large(limit: int) -> str:
    return f"Unpacked it is larger than {limit // 1024**2} MB. Split it into smaller files."


def _decode_to_utf8(source: IO[bytes], encoding: str, as_it_is: bool) -> Iterator[bytes]:
    """Yield the text in pieces of UTF-8; lines that end in CR alone end in LF."""
    first = source.read(PIECE)
    old_mac = b"\r" in first and b"\n" not in first
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    piece = first
    while piece:
        if not as_it_is:
            piece = decoder.decode(piece).encode()
        yield piece.replace(b"\r", b"\n") if old_mac else piece
        piece = source.read(PIECE)
    if not as_it_is:
        yield decoder.decode(b"", final=True).encode()


def _read_sample(clean: Path) -> str:
    with clean.open("rb") as file:
        return codecs.getincrementaldecoder("utf-8")(errors="replace").decode(file.read(SAMPLE))


def _declared_delimiter(sample: str) -> tuple[int, str]:
    """Read Excel's first line `sep=;`: (characters to skip, delimiter)."""
    line, _, _ = sample.partition("\n")
    declaration = line.strip().removeprefix('"').removesuffix('"')
    if declaration.lower().startswith("sep=") and len(declaration) == 5:
        return len(line) + 1, declaration[4]
    return 0, ""


def sniff_delimiter(sample: str) -> str:
    """Return the delimiter under which most rows have the same, largest number of cells."""
    return max(DELIMITERS, key=lambda delimiter: _delimiter_agreement(sample, delimiter))


def _delimiter_agreement(sample: str, delimiter: str) -> tuple[float, int]:
    lengths: list[int] = []
    try:
        for row in csv.reader(sample.splitlines(keepends=True), delimiter=delimiter):
            lengths.append(len(row))
            if len(lengths) == 200:
                break
    except csv.Error:
        pass
    lengths = [length for length in lengths if length] or [1]
    if len(lengths) > 2 and len(lengths) < 200:
        lengths.pop()  # the sample may end inside a row
    widths = [length for length in lengths if length > 1]
    if not widths:
        return 0.0, 0
    width = max(set(widths), key=lambda one: (widths.count(one), one == widths[0], one))
    return lengths.count(width) / len(lengths), width
