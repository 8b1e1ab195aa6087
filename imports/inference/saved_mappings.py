"""Saved mappings: what a person decided about a file's columns applies to the next file with the same columns."""

import hashlib

from django.utils import timezone

from imports.inference.evidence import ZONE
from imports.mapping.editing import file_kind_of
from imports.mapping.schema import MappingError
from imports.models import ImportFile, ImportJob, RememberedMapping, SourceZone
from imports.parsing.headers import fold, is_added_header
from team.models import User


def header_signature(header: list[str]) -> str:
    """Return what files with the same columns have in common, in whatever order they stand."""
    names = sorted({fold(name) for name in header if not is_added_header(name)})
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def apply_saved_mapping(file: ImportFile, source: str) -> bool:
    """Apply the saved mapping of a file with the same columns; return False when there is none."""
    matches = RememberedMapping.objects.filter(signature=header_signature(file.header))
    saved = matches.filter(source=source).first() if source != "auto" else matches.first()
    if saved is None:
        return False
    file.source, file.kind, file.mappings, file.remembered = saved.source, saved.kind, saved.mappings, saved
    try:
        file.rank = file_kind_of(file).rank
    except MappingError:  # a field that it names is gone
        file.source, file.kind, file.mappings, file.remembered = "", "", [], None
        return False
    file.state = ImportFile.State.READING
    return True


def save_mappings(run: ImportJob, user: User) -> None:
    """Save the mapping of each file of an import, and note which saved mappings were used."""
    now = timezone.now()
    _save_zones(run, user)
    for file in run.files.filter(state=ImportFile.State.READING).exclude(mappings=[]):
        if file.remembered_id and not file.mapped_by_id:
            RememberedMapping.objects.filter(pk=file.remembered_id).update(used_at=now)
            continue
        file.remembered, _ = RememberedMapping.objects.update_or_create(
            source=file.source,
            kind=file.kind,
            signature=header_signature(file.header),
            defaults={
                "header": file.header,
                "mappings": file.mappings,
                "decided_by": user,
                "decided_at": now,
                "used_at": now,
            },
        )
        file.save(update_fields=["remembered"])


def _save_zones(run: ImportJob, user: User) -> None:
    """Save the time zone chosen for each source; a corrected file only repeats the answer of the first one."""
    for file in run.files.filter(state=ImportFile.State.READING, mends=None).exclude(source=""):
        if zone := file.answers.get(ZONE):
            defaults = {"time_zone": zone, "decided_by": user, "decided_at": timezone.now()}
            SourceZone.objects.update_or_create(source=file.source, defaults=defaults)
