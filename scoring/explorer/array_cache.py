"""Arrays that are dear to make, kept in files beside the facts they were made of, and read without loading them."""

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
    what = repr((sorted(snapshot.versions.items()), sorted(snapshot.lake_ids.items()), str(snapshot.taken_at)))
    return Path(settings.SCORES_DIR) / f"{snapshot.pk}-{hashlib.sha256(what.encode()).hexdigest()[:12]}"


def load_arrays(folder: Path, name: str) -> Arrays | None:
    """Return kept arrays by name, None when they are not kept."""
    place = folder / name
    return {file.stem: np.load(file, mmap_mode="r") for file in place.glob("*.npy")} if place.is_dir() else None


def load_or_make(folder: Path, name: str, make: Callable[[], Arrays]) -> Arrays:
    """Return kept arrays, made now if they were not. Whoever makes them at the same time makes the same."""
    found = load_arrays(folder, name)
    if found is not None:
        return found
    made = make()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".new-") as fresh:
        for part, array in made.items():
            np.save(Path(fresh) / f"{part}.npy", array)
        Path(fresh, "whole").mkdir()
        _publish_folder(Path(fresh), folder / name)
    return load_arrays(folder, name) or made


def _publish_folder(fresh: Path, place: Path) -> None:
    whole = fresh / "whole"
    for file in fresh.glob("*.npy"):
        file.rename(whole / file.name)
    try:
        whole.rename(place)
    except OSError:  # somebody else was quicker
        shutil.rmtree(whole, ignore_errors=True)


def forget_older(snapshot: Snapshot) -> None:
    """Remove what was kept of all but the newest snapshots; a reader who has a file open goes on reading it."""
    kept = {
        folder_of(one).name for one in Snapshot.objects.filter(pk__lte=snapshot.pk).order_by("-pk")[:KEPT_SNAPSHOTS]
    }
    for place in Path(settings.SCORES_DIR).glob("*"):
        if place.name not in kept and place.is_dir():
            shutil.rmtree(place, ignore_errors=True)


def short_digest(what: Any) -> str:
    return hashlib.sha256(repr(what).encode()).hexdigest()[:20]
