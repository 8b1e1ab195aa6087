"""What people said of a file's columns holds for the next file that has the same ones."""

import hashlib

from django.utils import timezone

from imports.inference.evidence import ZONE
from imports.mapping.editing import kind_for
from imports.mapping.schema import MappingError
from imports.models import ImportFile, ImportJob, RememberedMapping, SourceZone
from imports.parsing.headers import fold, is_ours
from team.models import User


def signature(header: list[str]) -> str:
    """Return what files with the same columns have in common, in whatever order they stand."""
    names = sorted({fold(name) for name in header if not is_ours(name)})
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def apply(file: ImportFile, asked: str) -> bool:
    """Read the file as somebody said of such a file before; False when nobody did."""
    known = RememberedMapping.objects.filter(signature=signature(file.header))
    found = known.filter(source=asked).first() if asked != "auto" else known.first()
    if found is None:
        return False
    file.source, file.kind, file.mappings, file.remembered = found.source, found.kind, found.mappings, found
    try:
        file.rank = kind_for(file).rank
    except MappingError:  # a field that it names is gone
        file.source, file.kind, file.mappings, file.remembered = "", "", [], None
        return False
    file.state = ImportFile.State.READING
    return True


def keep(run: ImportJob, user: User) -> None:
    """Remember what was said of each file of an import that goes in, and that the remembered was used."""
    now = timezone.now()
    _keep_zones(run, user)
    for file in run.files.filter(state=ImportFile.State.READING).exclude(mappings=[]):
        if file.remembered_id and not file.mapped_by_id:
            RememberedMapping.objects.filter(pk=file.remembered_id).update(used_at=now)
            continue
        file.remembered, _ = RememberedMapping.objects.update_or_create(
            source=file.source,
            kind=file.kind,
            signature=signature(file.header),
            defaults={
                "header": file.header,
                "mappings": file.mappings,
                "decided_by": user,
                "decided_at": now,
                "used_at": now,
            },
        )
        file.save(update_fields=["remembered"])


def _keep_zones(run: ImportJob, user: User) -> None:
    """Remember by which clock the files of a source are read; a corrected file only repeats what was said of the first."""
    for file in run.files.filter(state=ImportFile.State.READING, mends=None).exclude(source=""):
        if zone := file.answers.get(ZONE):
            said = {"time_zone": zone, "decided_by": user, "decided_at": timezone.now()}
            SourceZone.objects.update_or_create(source=file.source, defaults=said)
