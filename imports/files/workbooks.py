"""Workbooks of Excel and LibreOffice: each sheet that holds a table becomes a file of the import, as plain CSV."""

import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings

from core.disk import require_space
from imports.files import storage, workbook_process
from imports.files.sniffing import Unreadable
from imports.files.storage import StoredFile
from imports.models import ImportFile

SUFFIXES = {".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"}
SHEET = ".sheet"
MAX_BYTES = 512 * 1024**2  # of the parts of a workbook, unpacked
MAX_RATIO = 200
OLD_EXCEL, ZIP = b"\xd0\xcf\x11\xe0", b"PK\x03\x04"
TOO_MUCH = "The workbook has too many cells. Save the sheet as CSV."


def is_workbook(file: ImportFile) -> bool:
    """Return whether a file is a workbook, by its name, or by its content where the name says otherwise."""
    if PurePosixPath(file.name).suffix.lower() in SUFFIXES:
        return not _is_text(storage.path_of(file.stored))
    return _is_zipped_book(storage.path_of(file.stored))


def is_sheet(file: ImportFile) -> bool:
    """Return whether a file was a sheet of a workbook, whose cells say what they are."""
    return file.stored.endswith(SHEET)


def _is_text(path: Path) -> bool:
    """Some programs write CSV, or a web page, and call it .xls."""
    with path.open("rb") as file:
        return not file.read(4).startswith((OLD_EXCEL, ZIP))


def _is_zipped_book(path: Path) -> bool:
    with path.open("rb") as file:
        if file.read(4) != ZIP:
            return False
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False
    return "xl/workbook.xml" in names or {"content.xml", "mimetype"} <= names


def unpack_workbook(file: ImportFile) -> list[StoredFile]:
    """Write the sheets of a workbook beside it.

    Raises:
        Unreadable: it is damaged, locked, or larger than we take.
    """
    path = storage.path_of(file.stored)
    left = storage.remaining_unpack_bytes(file)
    seconds = seconds_allowed(_refuse_bomb(path))
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        messages = _run_converter(path, Path(folder), left, seconds)
        wrong = next((message["wrong"] for message in messages if "wrong" in message), "")
        if wrong:
            raise Unreadable(str(wrong)[:500])
        skipped: list[str] = next((message["skipped"] for message in messages if "skipped" in message), [])
        if skipped:
            file.reason = describe_skipped_sheets(skipped)
        sheets = [message for message in messages if "place" in message]
        if not sheets:
            raise Unreadable("The workbook is empty.")
        return [_store_sheet(file, Path(folder), message) for message in sheets]


def describe_skipped_sheets(skipped: list[str]) -> str:
    """Say which sheets of a workbook are left out, and what to do."""
    names = ", ".join(f"“{name}”" for name in skipped[:5]) + (" …" if len(skipped) > 5 else "")
    sheets = f"{len(skipped)} sheet{'' if len(skipped) == 1 else 's'}"
    return f"{sheets} not read: {names}. Of a workbook the first {workbook_process.MAX_SHEETS} are read; import the others from a second workbook."[
        :1000
    ]


def seconds_allowed(size: int) -> int:
    """Return how long a worker may take over a workbook of so many bytes, unpacked."""
    return round(workbook_process.SECONDS + workbook_process.SECONDS_PER_MILLION * size / workbook_process.MILLION)


def _refuse_bomb(path: Path) -> int:
    """Look at what a workbook says of its parts before anything is unpacked; return their bytes."""
    if not zipfile.is_zipfile(path):
        return path.stat().st_size
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise Unreadable(f"The workbook cannot be read: {error}.") from error
    size = sum(part.file_size for part in parts)
    if any(part.flag_bits & 1 for part in parts):
        raise Unreadable("The workbook is password-protected. Save it without a password.")
    if size > min(MAX_BYTES, settings.UNPACKED_MAX_BYTES):
        raise Unreadable(TOO_MUCH)
    if size > MAX_RATIO * max(storage.PIECE, path.stat().st_size):
        raise Unreadable("The compression ratio of the workbook is suspiciously high. Save the sheet as CSV.")
    return size


def _run_converter(path: Path, folder: Path, left: int, seconds: int) -> list[dict[str, Any]]:
    require_space(folder, min(left, MAX_RATIO * path.stat().st_size))
    # -I keeps the environment and the current folder from adding code to the process that opens untrusted files.
    command = [sys.executable, "-I", workbook_process.__file__, str(path), str(folder), str(left), str(seconds)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=3 * seconds, check=False)
    except subprocess.TimeoutExpired:
        raise Unreadable(TOO_MUCH) from None
    if done.returncode:
        memory = done.returncode < 0 or b"MemoryError" in done.stderr or b"memory allocation" in done.stderr
        raise Unreadable(TOO_MUCH if memory else "The workbook is damaged. Save the sheet as CSV.")
    return [json.loads(line) for line in done.stdout.splitlines()]


def _store_sheet(file: ImportFile, folder: Path, sheet: dict[str, Any]) -> StoredFile:
    given = storage.files_at(folder / str(sheet["place"]))[0]
    name = str(sheet["name"]).replace("/", "-")
    return storage.store_file(
        f"{file.stored}{storage.MEMBER}{sheet['place']}{SHEET}",
        storage.IncomingFile(f"{file.name}/{name}", given.pieces),
    )
