"""What people do to the records: so far, bring them in."""

import uuid
from collections.abc import Iterable, Mapping

from django.db import transaction
from django.utils import timezone

from core.work import State
from crm.imports import store
from crm.imports.duplicates import treatments
from crm.imports.undo import blockers
from crm.models import Import, ImportFile, Undo
from team.models import User


class CannotUndo(Exception):
    """Something stands on the import that it would take away."""


def start_import(
    *, files: Iterable[store.Given], source: str = "auto", name: str = "", currency: str = "", user: User | None = None,
    duplicates: Mapping[str, str] | None = None,
) -> Import:
    """Keep the files and put the import in the queue; whoever calls rings the bell, or the next tick does.

    Raises:
        OSError: the files cannot be kept (the disk is full, say); then nothing is left of them.
    """
    store.discard_old()
    folder = store.new_folder()
    try:
        kept = store.keep(folder, files)
        with transaction.atomic():
            run = Import.objects.create(
                key=f"import:{uuid.uuid4()}", source=source, folder=folder, currency_asked=currency, started_by=user,
                duplicates=treatments(duplicates or {}),
                name=(name or ", ".join(one.name for one in kept))[:255], size=sum(one.size for one in kept),
                sha256=kept[0].sha256 if len(kept) == 1 else "",
            )  # fmt: skip
            ImportFile.objects.bulk_create(
                ImportFile(run=run, name=one.name, stored=one.stored, sha256=one.sha256, size=one.size) for one in kept
            )
    except BaseException:
        store.discard(folder)
        raise
    return run


def cancel_import(*, run: Import) -> bool:
    """Stop an import; what is in stays in. False when it was over already."""
    ending = Import.objects.filter(pk=run.pk, state__in=[State.QUEUED, State.RUNNING])
    return bool(ending.update(state=State.CANCELLED, lease_until=None, finished_at=timezone.now()))


def undo_import(*, run: Import, user: User) -> Undo:
    """Queue the taking back of an import, whole; whoever calls rings the bell.

    Raises:
        CannotUndo: something later stands on it; the message says what.
    """
    with transaction.atomic():
        run = Import.objects.select_for_update().get(pk=run.pk)
        found = blockers(run)
        if found:
            raise CannotUndo(" ".join(one.words for one in found))
        return Undo.objects.get_or_create(run=run, defaults={"key": f"undo:{run.pk}", "asked_by": user})[0]
