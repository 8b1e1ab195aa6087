"""A cache of arrays that take long to compute: files named by the facts they were made of, read by memory mapping."""

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings

from facts.models import Snapshot

Arrays = Mapping[str, np.ndarray]
KEPT_SNAPSHOTS = 2  # snapshots: the newest, and the one that is shown until its numbers are there


def folder_of(snapshot: Snapshot) -> Path:
    """Where what follows from a snapshot is kept; another lake has another folder, whatever its snapshots are numbered."""
    content = repr((sorted(snapshot.versions.items()), sorted(snapshot.lake_ids.items()), str(snapshot.taken_at)))
    return Path(settings.SCORES_DIR) / f"{snapshot.pk}-{hashlib.sha256(content.encode()).hexdigest()[:12]}"


def load_arrays(folder: Path, name: str) -> Arrays | None:
    """Return kept arrays by name, None when they are not kept."""
    array_folder = folder / name
    return (
        {file.stem: np.load(file, mmap_mode="r") for file in array_folder.glob("*.npy")}
        if array_folder.is_dir()
        else None
    )


def load_or_make(folder: Path, name: str, make: Callable[[], Arrays]) -> Arrays:
    """Return cached arrays, made now if they are missing. Two processes that make them at once make the same."""
    arrays = load_arrays(folder, name)
    if arrays is not None:
        return arrays
    new_arrays = make()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".new-") as temporary:
        for part, array in new_arrays.items():
            np.save(Path(temporary) / f"{part}.npy", array)
        Path(temporary, "whole").mkdir()
        _publish_folder(Path(temporary), folder / name)
    return load_arrays(folder, name) or new_arrays


def _publish_folder(temporary: Path, target: Path) -> None:
    whole = temporary / "whole"
    for file in temporary.glob("*.npy"):
        file.rename(whole / file.name)
    try:
        whole.rename(target)
    except OSError:  # another process has published the same arrays first
        shutil.rmtree(whole, ignore_errors=True)


def forget_older(snapshot: Snapshot) -> None:
    """Remove what was kept of all but the newest snapshots; a reader who has a file open goes on reading it."""
    kept_names = {
        folder_of(kept_snapshot).name
        for kept_snapshot in Snapshot.objects.filter(pk__lte=snapshot.pk).order_by("-pk")[:KEPT_SNAPSHOTS]
    }
    for path in Path(settings.SCORES_DIR).glob("*"):
        if path.name not in kept_names and path.is_dir():
            shutil.rmtree(path, ignore_errors=True)


def short_digest(content: Any) -> str:
    return hashlib.sha256(repr(content).encode()).hexdigest()[:20]
