"""Where the files of an import are kept until it is done: each import in a folder of its own, under plain numbers."""

import hashlib
import secrets
import shutil
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import IO

from django.conf import settings
from django.utils import timezone

from core.disk import require_space
from imports.files.sniffing import Unreadable
from imports.models import ImportFile, ImportJob

PIECE = 1024 * 1024
MAX_MEMBERS = 1000
MAX_RATIO = 200
RETENTION_DAYS = 30
MEMBER = "-"  # in the stored name of what came out of a zip or a workbook
TABLES = {".csv", ".tsv", ".tab", ".txt", ".gz", ".zip", ".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".xml"}


@dataclass(frozen=True)
class IncomingFile:
    """A file as it was handed to us."""

    name: str
    pieces: Iterable[bytes]


@dataclass(frozen=True)
class StoredFile:
    """A file as we hold it."""

    name: str
    stored: str
    sha256: str
    size: int


def files_at(path: Path) -> list[IncomingFile]:
    """Return the file, or all files of the folder that may hold tables, and those beneath it."""
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.is_file() and not _is_hidden(file.relative_to(path)))
        return [IncomingFile(str(file.relative_to(path)), _read_pieces(file)) for file in files]
    return [IncomingFile(path.name, _read_pieces(path))]


def _is_hidden(path: Path | PurePosixPath) -> bool:
    return any(part.startswith((".", "__MACOSX")) and part != ".." for part in path.parts)


def _read_pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def new_folder() -> str:
    folder = f"imports/{secrets.token_hex(16)}"
    path_of(folder).mkdir(parents=True, mode=0o700)
    return folder


def path_of(stored: str) -> Path:
    """Return where on disk a stored path lies."""
    return Path(settings.MEDIA_ROOT) / stored


def store_files(folder: str, files: Iterable[IncomingFile]) -> list[StoredFile]:
    return [store_file(f"{folder}/{number}", given) for number, given in enumerate(files, 1)]


def store_file(stored: str, given: IncomingFile) -> StoredFile:
    digest, size = hashlib.sha256(), 0
    try:
        with path_of(stored).open("wb") as target:
            for piece in given.pieces:
                require_space(path_of(stored).parent, len(piece))
                target.write(piece)
                digest.update(piece)
                size += len(piece)
    except BaseException:
        path_of(stored).unlink(missing_ok=True)
        raise
    return StoredFile(given.name.replace("\0", "")[-1000:], stored, digest.hexdigest(), size)


def delete_folder(folder: str) -> None:
    shutil.rmtree(path_of(folder), ignore_errors=True)


def delete_refused_file(stored: str) -> None:
    """Delete a file that was refused, with all that was written of it: its plain text, what it unpacked to."""
    path = path_of(stored)
    for leftover in [path, *path.parent.glob(f"{path.name}.*"), *path.parent.glob(f"{path.name}{MEMBER}*")]:
        leftover.unlink(missing_ok=True)


def remaining_unpack_bytes(file: ImportFile) -> int:
    """Return how many bytes a file may still unpack to, all files of its import and all nesting taken together.

    Unpacked are the members of zips and the sheets of workbooks, and what a compressed text is larger than its file.
    """
    others = file.run.files.exclude(pk=file.pk).values_list("stored", "size", "bytes")
    used = sum((size if is_member(stored) else 0) + max(0, text - size) for stored, size, text in others)
    most = min(int(settings.UNPACKED_MAX_BYTES), MAX_RATIO * max(PIECE, file.run.size))
    return max(0, most - used)


def is_member(stored: str) -> bool:
    """Return whether a file came out of another."""
    return MEMBER in PurePosixPath(stored).name


def delete_expired_files() -> None:
    """Delete the files of imports that ended long ago; their counts and rejected rows stay."""
    long_ago = timezone.now() - timedelta(days=RETENTION_DAYS)
    for run in ImportJob.objects.filter(finished_at__lt=long_ago).exclude(folder=""):
        delete_folder(run.folder)
        ImportJob.objects.filter(pk=run.pk).update(folder="")


def is_zip(file: ImportFile) -> bool:
    """Return whether a file is a zip by its content, whatever its name."""
    with path_of(file.stored).open("rb") as opened:
        return opened.read(2) == b"PK" and zipfile.is_zipfile(opened)


def unpack_zip(file: ImportFile) -> list[StoredFile]:
    """Unpack a zip beside itself, under numbers; the names inside are only ever shown.

    Raises:
        Unreadable: it is damaged, has too many files, or would unpack to more than we take.
    """
    try:
        with zipfile.ZipFile(path_of(file.stored)) as archive:
            members = [
                member
                for member in archive.infolist()
                if not member.is_dir() and not _is_hidden(PurePosixPath(member.filename))
            ]
            _refuse_bomb(members, remaining_unpack_bytes(file), MAX_MEMBERS - file.run.files.count() + 1)
            return [_unpack_member(archive, member, file, number) for number, member in enumerate(members, 1)]
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        raise Unreadable(f"The zip cannot be unpacked: {error}.") from error


def _refuse_bomb(members: list[zipfile.ZipInfo], left: int, files_left: int) -> None:
    size = sum(member.file_size for member in members)
    if len(members) > files_left:
        raise Unreadable(f"The zip holds {len(members)} files; at most {MAX_MEMBERS} of an upload are taken.")
    if size > settings.UNPACKED_MAX_BYTES:
        raise Unreadable(
            f"The zip unpacks to {size // 1024**2} MB; at most {settings.UNPACKED_MAX_BYTES // 1024**2} MB are taken."
        )
    if size > MAX_RATIO * max(PIECE, sum(member.compress_size for member in members)):
        raise Unreadable("The compression ratio of the zip is suspiciously high. Upload the files without zip.")
    if size > left:
        raise Unreadable("The upload is larger than the limit when unpacked. Upload it in parts.")


def _unpack_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, file: ImportFile, number: int) -> StoredFile:
    """Write one member; what the directory says of its size may be a lie, so the bytes are counted."""
    name = "/".join(part for part in PurePosixPath(member.filename.replace("\\", "/")).parts if part not in {"..", "/"})
    with archive.open(member) as source:
        return store_file(
            f"{file.stored}{MEMBER}{number}",
            IncomingFile(f"{file.name}/{name}", _read_promised_bytes(source, member.file_size)),
        )


def _read_promised_bytes(source: IO[bytes], promised: int) -> Iterator[bytes]:
    size = 0
    while piece := source.read(PIECE):
        size += len(piece)
        if size > promised:
            raise Unreadable("The zip contains more than its index says. Upload the files without zip.")
        yield piece
