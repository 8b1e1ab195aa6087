"""The time zone of times that name none: which one is used, and where a person may choose another.

A source states in its mapping the zone in which its programs write. Reports for people are in the zone of the user who
ran them, and a source that states nothing may mean any.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from imports.inference.evidence import FormatInference
from imports.mapping.catalogue import source_title
from imports.mapping.schema import MappingError
from imports.models import FileState, ImportFile

MAX_COLUMNS = 4  # columns


@dataclass(frozen=True)
class ZoneChoice:
    """The time zone by which the files of a source are read, where a person may choose another."""

    source: str
    title: str
    zone: str
    why: str
    columns: list[str]
    sample: str


def list_zone_choices(files: Iterable[ImportFile]) -> list[ZoneChoice]:
    """Return one choice for each source whose files have times without a zone."""
    by_source: dict[str, ZoneChoice] = {}
    for file in files:
        if file.state == FileState.READING and (choice := _zone_choice(file)):
            first = by_source.setdefault(file.source, choice)
            first.columns.extend(
                name for name in choice.columns if name not in first.columns and len(first.columns) < MAX_COLUMNS
            )
    return list(by_source.values())


def _zone_choice(file: ImportFile) -> ZoneChoice | None:
    try:
        reader = FormatInference(file)
    except MappingError:
        return None
    times = reader.times_without_zone()
    if reader.kind and reader.kind.source.time_zone:
        times = {name: times[name] for name in reader.columns_of_shown_times()}
    times = {name: time for name, time in times.items() if f"zone:{name}" not in file.answers}
    if not times:
        return None
    zone, why = reader.usual_zone()
    return ZoneChoice(
        file.source, source_title(file.source), zone, why, list(times)[:MAX_COLUMNS], next(iter(times.values()))
    )
