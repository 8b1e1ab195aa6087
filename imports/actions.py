"""What users do with imports: start them, choose how files are read, and undo them."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from core.work import State, Work
from imports.files import storage
from imports.inference import saved_mappings
from imports.inference.questions import ZONE, merge_answers, open_questions
from imports.inference.uploads import SEVERAL, source_question
from imports.load.corrections import AT_FIRST
from imports.load.duplicates import complete_treatments
from imports.mapping.catalogue import companion_sources, source_names
from imports.mapping.editing import file_kind_of
from imports.mapping.schema import MappingError
from imports.models import ImportFile, ImportJob, Likeness, Preview, RememberedMapping, SourceZone, Treatment, Undo
from imports.parsing.time_zones import zone_named
from imports.permissions import IMPORT_RECORDS, UNDO_IMPORT
from imports.undo import undo_blockers
from team.models import User, currency_code


class CannotUndo(Exception):
    """Later changes depend on the import."""


class NotHeld(Exception):
    """The import does not wait for a review any more; it was started or cancelled meanwhile."""


class CannotImport(Exception):
    """Something must be said before the import can go in; the message says what."""


def start_import(
    *, files: Iterable[storage.IncomingFile], source: str = "auto", name: str = "", currency: str = "", user: User | None = None,
    duplicates: Mapping[str, str] | None = None, waits: bool = False,
) -> ImportJob:  # fmt: skip
    """Keep the files and put the import in the queue; the caller enqueues the message, or the next tick does.

    With `waits` nothing is imported before the user has reviewed it (`confirm_import`). The command line has no `user`.

    Raises:
        PermissionDenied: the person's role imports nothing.
        OSError: the files cannot be kept (the disk is full, say); then nothing is left of them.
    """
    _require_importer(user)
    storage.delete_expired_files()
    folder = storage.new_folder()
    try:
        stored_files = storage.store_files(folder, files)
        with transaction.atomic():
            run = ImportJob.objects.create(
                key=f"import:{uuid.uuid4()}", source=source, folder=folder, currency_asked=currency, started_by=user,
                duplicates=complete_treatments(duplicates or {}),
                name=(name or ", ".join(stored.name for stored in stored_files))[:255], size=sum(stored.size for stored in stored_files),
                sha256=stored_files[0].sha256 if len(stored_files) == 1 else "", waits=waits,
            )  # fmt: skip
            ImportFile.objects.bulk_create(ImportFile(run=run, **asdict(stored)) for stored in stored_files)
    # also when the request is interrupted: files without an import would stay for ever
    except BaseException:
        storage.delete_folder(folder)
        raise
    return run


def cancel_import(*, run: ImportJob, user: User | None) -> bool:
    """Stop an import; what is in stays in. False when it was over already."""
    _require_importer(user)
    ending = ImportJob.objects.filter(pk=run.pk, state__in=[State.QUEUED, State.RUNNING])
    Preview.stop(run)
    return bool(ending.update(state=State.CANCELLED, lease_until=None, held_since=None, finished_at=timezone.now()))


def _require_importer(user: User | None) -> None:
    if user is not None:
        IMPORT_RECORDS.require(user)


def _lock_held(run_pk: int, user: User | None) -> ImportJob:
    """Return an import that waits for its review, locked, if the user may import."""
    _require_importer(user)
    run = ImportJob.objects.select_for_update().get(pk=run_pk)
    if not run.is_held:
        raise NotHeld("This import is no longer waiting: it was imported or cancelled in the meantime.")
    return run


def map_file(*, file: ImportFile, source: str, kind: str, mappings: list[dict[str, Any]], user: User) -> Preview:
    """Set the mapping of a file; its preview is counted again.

    Raises:
        PermissionDenied: the person's role imports nothing.
        NotHeld: the import does not wait any more.
        MappingError: the mapping says something that cannot be.
    """
    with transaction.atomic():
        run = _lock_held(file.run_id, user)
        file.source, file.kind, file.mappings, file.mapped_by, file.remembered = source, kind, mappings, user, None
        file.rank, file.state, file.reason = file_kind_of(file).rank, ImportFile.State.READING, ""
        file.save()
        return Preview.restart(run)


def leave_out(*, file: ImportFile, user: User) -> Preview:
    """Leave a file of an import out; it can be taken in again as long as the import waits."""
    with transaction.atomic():
        run = _lock_held(file.run_id, user)
        file.state, file.reason = ImportFile.State.SKIPPED, f"Left out by {user}."
        file.save(update_fields=["state", "reason"])
        return Preview.restart(run)


def include_file(*, file: ImportFile, user: User | None) -> Preview:
    """Include a file again that was left out."""
    with transaction.atomic():
        run = _lock_held(file.run_id, user)
        file.state, file.reason = ImportFile.State.READING, ""
        file.save(update_fields=["state", "reason"])
        return Preview.restart(run)


def answer_questions(*, file: ImportFile, answers: Mapping[str, str], user: User | None) -> Work:
    """Answer the questions of a file, or change earlier answers; return the work to enqueue.

    With another encoding or delimiter it is another file: then a worker inspects it again.
    """
    with transaction.atomic():
        run, before = _lock_held(file.run_id, user), file.answers
        file.answers = merge_answers(file, answers)
        if any(file.answers.get(key) != before.get(key) for key in AT_FIRST):
            return _inspect_again(run, file)
        file.save(update_fields=["answers"])
        return Preview.restart(run)


def _inspect_again(run: ImportJob, file: ImportFile) -> ImportJob:
    file.state, file.reason = ImportFile.State.WAITING, ""
    file.save(update_fields=["answers", "state", "reason"])
    Preview.stop(run)
    run.held_since, run.run_after = None, timezone.now()
    run.save(update_fields=["held_since", "run_after"])
    return run


def choose_source(*, run: ImportJob, source: str, user: User | None) -> Work:
    """Set the source of the files of an upload: one system, or several; return the work to enqueue.

    Raises:
        ValueError: the system does not exist.
    """
    if source not in {SEVERAL, *source_names()}:
        raise ValueError(f"The source “{source}” does not exist.")
    with transaction.atomic():
        run = _lock_held(run.pk, user)
        run.source = source
        if source == SEVERAL:
            run.save(update_fields=["source"])
            return Preview.restart(run)
        states = Q(state=ImportFile.State.READING) | Q(state=ImportFile.State.SKIPPED, kind="")
        # files that the user mapped, or that correct others, keep their source
        again = run.files.filter(states, mappings=[], mends=None, remembered=None).exclude(header=[])
        again.exclude(source__in=companion_sources()).update(
            state=ImportFile.State.WAITING, reason="", source="", kind=""
        )
        Preview.stop(run)
        run.held_since, run.run_after = None, timezone.now()
        run.save(update_fields=["source", "held_since", "run_after"])
    return run


def choose_zone(*, run: ImportJob, source: str, zone: str, user: User | None) -> Preview:
    """Set the time zone of times without one in the files of a source.

    Raises:
        ValueError: the time zone does not exist.
    """
    if not zone_named(zone):
        raise ValueError(f"“{zone}” is not a valid time zone.")
    with transaction.atomic():
        run = _lock_held(run.pk, user)
        for file in run.files.filter(source=source).only("answers"):
            file.answers = {**file.answers, ZONE: zone}
            file.save(update_fields=["answers"])
        return Preview.restart(run)


def choose_currency(*, run: ImportJob, currency: str, user: User | None) -> Preview:
    """Set the currency of amounts whose file names none.

    Raises:
        ValidationError: it is not a currency.
    """
    currency_code(currency)
    with transaction.atomic():
        run = _lock_held(run.pk, user)
        run.currency_asked = currency
        run.save(update_fields=["currency_asked"])
        return Preview.restart(run)


def choose_duplicates(*, run: ImportJob, chosen: Mapping[str, str], user: User | None) -> Preview:
    """Say what to do with new rows that seem to be there already, by why they seem so; what is not spoken of stays."""
    with transaction.atomic():
        run = _lock_held(run.pk, user)
        valid_choices = {why: chosen[why] for why in Likeness.values if chosen.get(why) in Treatment.values}
        run.duplicates = complete_treatments({**run.duplicates, **valid_choices})
        run.save(update_fields=["duplicates"])
        return Preview.restart(run)


def confirm_import(*, run: ImportJob, user: User) -> ImportJob:
    """Start an import that waits for its review; the mapping of its columns is saved.

    Raises:
        NotHeld: it does not wait any more.
        CannotBringIn: nothing of it can be read yet.
    """
    with transaction.atomic():
        run = _lock_held(run.pk, user)
        if not run.files.filter(state=ImportFile.State.READING).exists():
            raise CannotImport("Map the columns of the files first. None of these files can be read yet.")
        if source_question(run):
            raise CannotImport("Choose the system of the files first.")
        if _has_questions(run):
            raise CannotImport("Answer the open questions about how cells are read first.")
        saved_mappings.save_mappings(run, user)
        Preview.stop(run)
        run.waits, run.held_since, run.run_after, run.last_error = False, None, timezone.now(), ""
        run.started_at = None  # its pace is that of the rows, not of the person
        run.save(update_fields=["waits", "held_since", "run_after", "last_error", "started_at"])
    return run


def _has_questions(run: ImportJob) -> bool:
    try:
        return any(open_questions(file) for file in run.files.filter(state=ImportFile.State.READING))
    except MappingError as error:
        raise CannotImport(f"The import cannot start: {error}.") from error


def undo_import(*, run: ImportJob, user: User) -> Undo:
    """Queue the undo of a whole import; the caller enqueues the message.

    Raises:
        CannotUndo: later changes depend on it; the message says which.
    """
    UNDO_IMPORT.require(user)
    with transaction.atomic():
        run = ImportJob.objects.select_for_update().get(pk=run.pk)
        blockers = undo_blockers(run)
        if blockers:
            raise CannotUndo(" ".join(blocker.reason for blocker in blockers))
        return Undo.objects.get_or_create(run=run, defaults={"key": f"undo:{run.pk}", "asked_by": user})[0]


def forget_mapping(*, remembered: RememberedMapping | SourceZone, user: User | None) -> None:
    """Forget how files of a source are read, or by which clock; what went in stays as it is."""
    _require_importer(user)
    remembered.delete()
