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

PART = 64 * 1024 * 1024  # a file is not let grow larger; the next rows go to a part of their own
GONE = "gone.jsonl"


class Lost(Exception):
    """The files are not what the checkpoint says (another disk, a clean-up); the pull begins anew."""


class Spool:
    """A folder of files. `sizes` is what is certain: {file name: {"bytes": …, "rows": …, "kind": …}}."""

    def __init__(self, pull_id: int, sizes: dict[str, dict[str, Any]]) -> None:
        self.folder = folder_of(pull_id)
        self.sizes = {name: dict(size) for name, size in sizes.items()}
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._cut_back()

    def _cut_back(self) -> None:
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
                raise Lost(name)
            os.truncate(path, size["bytes"])

    def append(self, kind: str, tables: Iterable[Table], gone: Iterable[tuple[str, str]] = ()) -> None:
        """Write a page to disk, for certain; `sizes` then is what the checkpoint must say."""
        for table in tables:
            if table.rows:
                self._write(self._part(table.file), kind, len(table.rows), _csv(table.rows), _csv([table.header]))
        lines = "".join(json.dumps(one) + "\n" for one in gone)
        if lines:
            self._write(GONE, kind, lines.count("\n"), lines, "")

    def _part(self, file: str) -> str:
        number = 1
        while self.sizes.get(f"{file}-{number}.csv", {}).get("bytes", 0) >= PART:
            number += 1
        return f"{file}-{number}.csv"

    def _write(self, name: str, kind: str, rows: int, text: str, header: str) -> None:
        is_new = name not in self.sizes
        size = self.sizes.setdefault(name, {"bytes": 0, "rows": 0, "kind": kind})
        with (self.folder / name).open("ab") as file:
            file.write(((header if is_new else "") + text).encode())
            file.flush()
            os.fsync(file.fileno())
            size["bytes"] = file.tell()
        size["rows"] += rows

    def paths(self) -> list[Path]:
        """Return the files that are for the import."""
        return [self.folder / name for name in sorted(self.sizes) if name != GONE]

    def gone(self) -> Iterator[tuple[str, str]]:
        """Yield (kind of record, id) of what the source has deleted."""
        with contextlib.suppress(FileNotFoundError), (self.folder / GONE).open(encoding="utf-8") as lines:
            for line in lines:
                kind, key = json.loads(line)
                yield kind, key


def discard(pull_id: int) -> None:
    """Delete the files of a pull."""
    shutil.rmtree(folder_of(pull_id), ignore_errors=True)


def _csv(rows: Iterable[Iterable[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def root() -> Path:
    return Path(settings.MEDIA_ROOT) / "pulls"


def folder_of(pull_id: int) -> Path:
    return root() / str(pull_id)


def left_over() -> list[int]:
    """Return the ids of the pulls that have a folder."""
    return [int(path.name) for path in root().glob("*") if path.name.isdigit()] if root().exists() else []
