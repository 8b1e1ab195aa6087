"""The files of a pull while it goes on: pages are appended, and after a crash cut back to the last checkpoint."""

import contextlib
import csv
import io
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings

from connectors.protocol import Table

MAX_FILE_BYTES = 64 * 1024 * 1024  # a file is not let grow larger; the next rows go to a part of their own
DELETED_FILE = "gone.jsonl"


class FilesLost(Exception):
    """The files are not what the checkpoint says (another disk, a clean-up); the pull starts over."""


class Spool:
    """A folder of files. `sizes` is what is certain: {file name: {"bytes": …, "rows": …, "kind": …}}."""

    def __init__(self, pull_id: int, sizes: dict[str, dict[str, Any]]) -> None:
        self.folder = folder_of(pull_id)
        self.sizes = {name: dict(size) for name, size in sizes.items()}
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._truncate_files()

    def _truncate_files(self) -> None:
        """Drop whatever was written behind the last checkpoint.

        Raises:
            Lost: there is less than the checkpoint says.
        """
        for path in self.folder.iterdir():
            if path.name not in self.sizes:
                path.unlink()
        for name, size in self.sizes.items():
            path = self.folder / name
            if not path.exists() or path.stat().st_size < size["bytes"]:
                raise FilesLost(name)
            os.truncate(path, size["bytes"])

    def append(self, kind: str, tables: Iterable[Table], gone: Iterable[tuple[str, str]] = ()) -> None:
        """Write a page to disk, for certain; `sizes` then is what the checkpoint must say."""
        for table in tables:
            if table.rows:
                self._append_text(
                    self._part_name(table.file), kind, len(table.rows), _csv_text(table.rows), _csv_text([table.header])
                )
        lines = "".join(json.dumps(deleted) + "\n" for deleted in gone)
        if lines:
            self._append_text(DELETED_FILE, kind, lines.count("\n"), lines, "")

    def _part_name(self, file: str) -> str:
        number = 1
        while self.sizes.get(f"{file}-{number}.csv", {}).get("bytes", 0) >= MAX_FILE_BYTES:
            number += 1
        return f"{file}-{number}.csv"

    def _append_text(self, name: str, kind: str, rows: int, text: str, header: str) -> None:
        is_new = name not in self.sizes
        size = self.sizes.setdefault(name, {"bytes": 0, "rows": 0, "kind": kind})
        with (self.folder / name).open("ab") as file:
            file.write(((header if is_new else "") + text).encode())
            file.flush()
            # the checkpoint is committed next, and must not be ahead of the disk
            os.fsync(file.fileno())
            size["bytes"] = file.tell()
        size["rows"] += rows

    def paths(self) -> list[Path]:
        """Return the files that are for the import."""
        return [self.folder / name for name in sorted(self.sizes) if name != DELETED_FILE]

    def gone(self) -> Iterator[tuple[str, str]]:
        """Yield (kind of record, id) of what the source has deleted."""
        with contextlib.suppress(FileNotFoundError), (self.folder / DELETED_FILE).open(encoding="utf-8") as lines:
            for line in lines:
                kind, key = json.loads(line)
                yield kind, key


def discard_files(pull_id: int) -> None:
    """Delete the files of a pull."""
    shutil.rmtree(folder_of(pull_id), ignore_errors=True)


def _csv_text(rows: Iterable[Iterable[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def pulls_folder() -> Path:
    return Path(settings.MEDIA_ROOT) / "pulls"


def folder_of(pull_id: int) -> Path:
    return pulls_folder() / str(pull_id)


def pulls_with_files() -> list[int]:
    """Return the ids of the pulls that have a folder."""
    return (
        [int(path.name) for path in pulls_folder().glob("*") if path.name.isdigit()] if pulls_folder().exists() else []
    )
