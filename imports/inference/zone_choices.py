"""The clock by which times of day are read that say none themselves: whose it is, and where that is anybody's guess.

A source states in its mapping by which clock its programs write. What it shows to people, in a report say, is on the
clock of whoever looked at it, and a source that states nothing may mean any.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from imports.inference.evidence import Reader
from imports.mapping.catalogue import source_title
from imports.mapping.schema import MappingError
from imports.models import FileState, ImportFile

NAMED = 4  # columns


@dataclass(frozen=True)
class Clock:
    """By which clock the files of a source are read, as far as somebody might want to say otherwise."""

    source: str
    title: str
    zone: str
    why: str
    columns: list[str]
    sample: str


def clocks(files: Iterable[ImportFile]) -> list[Clock]:
    """Return one clock for each source whose files have times that name none."""
    found: dict[str, Clock] = {}
    for file in files:
        if file.state == FileState.READING and (one := _clock(file)):
            known = found.setdefault(file.source, one)
            known.columns.extend(
                name for name in one.columns if name not in known.columns and len(known.columns) < NAMED
            )
    return list(found.values())


def _clock(file: ImportFile) -> Clock | None:
    try:
        reader = Reader(file)
    except MappingError:
        return None
    times = reader.clocks()
    if reader.kind and reader.kind.source.time_zone:
        times = {name: times[name] for name in reader.shown_clocks()}
    times = {name: time for name, time in times.items() if f"zone:{name}" not in file.answers}
    if not times:
        return None
    zone, why = reader.usual_zone()
    return Clock(file.source, source_title(file.source), zone, why, list(times)[:NAMED], next(iter(times.values())))
