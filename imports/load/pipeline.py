"""An import, step by step: inspect the files, load them block by block, resolve the links.

What a step did and the checkpoint behind it are one transaction, so a worker may be killed at any time; the
next one goes on at the byte where the last commit ended.
"""

from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from core.tasks import enqueue
from core.work import Postpone
from crm.rates import exchange_rates
from imports.files import ecb_rates, storage, workbooks
from imports.files.column_profile import profile_columns
from imports.files.encodings import describe_guess
from imports.files.sample import first_rows
from imports.files.sniffing import Unreadable, detect_format
from imports.inference import saved_mappings, uploads
from imports.inference.currency import set_import_currency
from imports.inference.questions import open_questions
from imports.load import corrections, linking, removals, skip_unchanged
from imports.load.checks import Prepared, Refused, Staged
from imports.load.corrections import AT_FIRST
from imports.load.duplicates import list_left_out
from imports.load.journal import lock_import_writes, mark_transaction
from imports.load.plan_builder import note_custom_fields, plans_of, position_after, position_in, prepare_from
from imports.load.read_ahead import Prefetcher
from imports.load.upsert import Written, upsert
from imports.mapping.catalogue import AUTO, recognise_file
from imports.mapping.other_systems import describe_missing_mapping, other_system
from imports.mapping.same_names import describe_columns_read, fullest_columns, same_names
from imports.models import ImportFile, ImportJob, Preview, RowError
from imports.parsing.notes import OLDER, RESTATED, SAME_NAME, add_note, add_notes
from team.models import Company

MAX_REFUSED = 100_000  # refused rows of a file that are kept to be corrected; the others are counted
MAX_REFUSED_CHARACTERS = 64 * 1024 * 1024  # of those of one block, with the names of their columns
NEXT_YEAR = 365 * 24 * 3600.0  # it is a person who says when an import goes on


class ImportPipeline:
    """One claim's work on an import; what it holds in memory can be lost at any time."""

    def __init__(self, row: ImportJob) -> None:
        self.row = row
        self.file: ImportFile | None = None
        self.ahead: Prefetcher[Prepared] | None = None
        self.tasks: list[linking.Task] | None = None  # all are safe to do again: a resume begins with the first

    def step(self) -> bool:
        phase = self.row.checkpoint.get("phase", "look")
        with Company.cached():
            if phase in {"look", "review"}:
                return self._inspect_next_file()
            return self._load_next_block() if phase == "load" else self._run_finishing_task()

    def close(self) -> None:
        if self.ahead:
            self.ahead.close()
        self.ahead = self.file = None

    # look

    def _inspect_next_file(self) -> bool:
        file = self.row.files.filter(state=ImportFile.State.WAITING).first()
        if file is None:
            uploads.assign_sources(self.row)
            if self._needs_review():
                self._wait_for_review()
        with transaction.atomic():
            if file is None:
                self._begin_loading()
            else:
                inspect_file(file, uploads.source_to_recognise(self.row))
                self.row.advance({"phase": "look"})
        return False

    def _needs_review(self) -> bool:
        """Tell whether the user asked to review the import, or a file leaves a question open."""
        files = list(self.row.files.all())
        is_open = uploads.source_question(self.row) is not None or any(map(open_questions, files))
        return is_open or (self.row.waits and any(map(can_be_mapped, files)))

    def _wait_for_review(self) -> None:
        """Wait for the user's review, and have a preview counted meanwhile."""
        with transaction.atomic():
            begun = Preview.restart(self.row)
            self.row.advance({"phase": "review"})
            transaction.on_commit(lambda: enqueue(begun), robust=True)
        raise Postpone(NEXT_YEAR, held_since=timezone.now())

    def _begin_loading(self) -> None:
        files = list(self.row.files.filter(state=ImportFile.State.READING))
        had_one = bool(Company.get().currency)
        currency = set_import_currency(files, self.row.currency_asked)
        size = sum(file.bytes - file.start for file in files)
        note_custom_fields(self.row, files)
        self.row.advance(
            {"phase": "load"},
            done_units=0,
            total_units=size,
            currency=currency,
            gave_currency=bool(currency) and not had_one,
        )

    # load

    def _load_next_block(self) -> bool:
        if self.file is None:
            self.file = self._next_file()
            if self.file is None:
                self.row.advance({"phase": "finish"})
                return False
            if self._is_unchanged(self.file):
                self.file = None
                return False
            position = position_in(self.row.checkpoint, self.file)
            self.ahead = Prefetcher(prepare_from(position, self.file, self.row.currency))
        assert self.ahead
        prepared = self.ahead.next()
        if prepared is None:
            self._end_file()
        else:
            self._write_block(self.file, prepared)
        return False

    def _next_file(self) -> ImportFile | None:
        waiting = self.row.files.filter(state=ImportFile.State.READING)
        begun = self.row.checkpoint.get("file")
        return waiting.filter(pk=begun).first() or waiting.order_by("rank", "pk").first()

    def _is_unchanged(self, file: ImportFile) -> bool:
        """Tell whether all rows of the file provably are in already; then it is done."""
        if self.row.checkpoint.get("file") == file.pk:
            return False
        with transaction.atomic():
            lock_import_writes()
            stands = skip_unchanged.skip_if_unchanged(self.row, file)
            done = self.row.done_units + (file.bytes - file.start if stands else 0)
            self.row.advance({"phase": "load"}, done_units=done)
        return stands

    def _write_block(self, file: ImportFile, prepared: Prepared) -> None:
        done = self.row.done_units + prepared.end - position_in(self.row.checkpoint, file).offset
        with transaction.atomic():
            _commit_without_waiting()
            mark_transaction(self.row.pk)
            for staged in prepared.staged:
                written = upsert(staged, self.row.pk, self.row.duplicates)
                list_left_out(self.row, file, staged, written.left_out)
                removals.note_departures(
                    self.row, file, staged.plan.mapping.object, staged.plan.source.name, staged.departures
                )
                _add_counts(file, staged, written)
                add_note(
                    file.notes, RESTATED, len(written.restated), next((pair.name for pair in written.restated), "")
                )
            _keep_refused(file, prepared.refused)
            corrections.mark_corrected(file, prepared.corrected)
            file.rows += prepared.rows
            file.rejected += len(prepared.refused)
            file.dropped += prepared.dropped
            add_notes(file.notes, prepared.notes)
            file.save(update_fields=["rows", "rejected", "dropped", "counts", "notes"])
            self.row.advance({"phase": "load", **position_after(prepared, file)}, done_units=done)

    def _end_file(self) -> None:
        assert self.file
        assert self.ahead
        self.file.state = ImportFile.State.DONE
        with transaction.atomic():
            if "exchange_rate" in self.file.counts:
                exchange_rates.use_imported_rates(self.row.pk)
            add_note(
                self.file.notes, SAME_NAME, *describe_columns_read(plans_of(self.file, self.row.currency), self.file)
            )
            self.file.save(update_fields=["state", "notes"])
            skip_unchanged.recheck_fingerprint(self.row, self.file)
            self.row.advance({"phase": "load"})
        self.close()

    # finish

    def _run_finishing_task(self) -> bool:
        if self.tasks is None:
            self.tasks = linking.finishing_tasks(self.row)
        with transaction.atomic():
            if self.tasks:
                mark_transaction(self.row.pk)
                # a task that changed less than a full batch has nothing left to do
                if self.tasks[0]() < linking.BATCH:
                    self.tasks.pop(0)
                self.row.advance({"phase": "finish"})
                return False
            exchange_rates.update_day_rates()
            lock_import_writes()
            skip_unchanged.store_table_states(self.row)
        for file in self.row.files.exclude(plain=""):
            storage.path_of(file.plain).unlink(missing_ok=True)
        return True


def _commit_without_waiting() -> None:
    """Let this transaction end before the disk has it; what ends the import waits for all of it.

    A block and the checkpoint behind it are in one transaction: if the database crashes at that moment it has both or
    neither, and the import continues from the checkpoint that it has.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit TO off")


def _add_counts(file: ImportFile, staged: Staged, written: Written) -> None:
    counts = file.counts.setdefault(staged.plan.mapping.object, {})
    out = len(written.left_out)
    new = {
        "created": written.created,
        "updated": written.updated,
        "unchanged": staged.rows - out - written.created - written.updated - written.older,
        "repeated": staged.repeated,
        "duplicates": out,
        "older": written.older,
    }
    add_note(file.notes, OLDER, written.older)
    for name, number in new.items():
        counts[name] = counts.get(name, 0) + number


def _keep_refused(file: ImportFile, refused: list[Refused]) -> None:
    """Keep refused rows to be corrected, up to a limit: a small file can hold half a million."""
    RowError.objects.bulk_create(
        (
            RowError(file=file, line=r.line, column=r.column[:255], reason=r.reason[:500], row=r.row)
            for r in _within_limits(refused, MAX_REFUSED - file.rejected)
        ),
        batch_size=2000,
    )


def _within_limits(refused: list[Refused], room: int) -> Iterator[Refused]:
    """Yield the first of the refused rows: no more than there is room for, and than fit in MAX_REFUSED_CHARACTERS."""
    characters = 0
    for row in refused[: max(0, room)]:
        characters += sum(len(name) + len(cell) for name, cell in row.row.items())
        if characters > MAX_REFUSED_CHARACTERS:
            return
        yield row


def inspect_file(file: ImportFile, asked_source: str) -> None:
    """Unpack it, or find out what it is and whether any mapping knows it."""
    try:
        if workbooks.is_workbook(file):
            _add_unpacked(file, workbooks.unpack_workbook(file))
        elif storage.is_zip(file):
            _add_unpacked(file, storage.unpack_zip(file))
        else:
            _recognise_file(file, asked_source)
    except Unreadable as error:
        if AT_FIRST & file.answers.keys():  # the user's answer cannot be right
            file.answers = {key: value for key, value in file.answers.items() if key not in AT_FIRST}
            inspect_file(file, asked_source)
            return
        file.state, file.reason = ImportFile.State.FAILED, str(error)
        transaction.on_commit(partial(storage.delete_refused_file, file.stored))
    file.save()


def _add_unpacked(file: ImportFile, stored_files: list[storage.StoredFile]) -> None:
    fields: list[dict[str, Any]] = [asdict(stored) for stored in stored_files]
    ImportFile.objects.bulk_create(ImportFile(run=file.run, answers=file.answers, **values) for values in fields)
    file.state = ImportFile.State.UNPACKED


def _recognise_file(file: ImportFile, asked_source: str) -> None:
    """Find the mapping of a file: the one chosen for it before, else a saved one, else one of the catalogue."""
    suffix = file.name.lower().rpartition(".")[2]
    if f".{suffix}" not in storage.TABLES and "." in file.name and not workbooks.is_sheet(file):
        return _skip_file(file, f"A .{suffix} file cannot be read as a table.")
    header_before = file.header
    _survey_file(file, suffix, asked_source)
    if file.mappings and file.header == header_before:  # read again, in another encoding say
        file.state = ImportFile.State.READING
        return None
    file.source, file.kind, file.mappings, file.mapped_by, file.remembered = "", "", [], None, None
    if corrections.recognise_correction(file) or saved_mappings.apply_saved_mapping(file, asked_source):
        return None
    kind = recognise_file(file.header, file.name, asked_source, first_rows(file))
    if kind is None:
        return _skip_file(file, _unknown_reason(file.header, asked_source))
    file.source, file.kind, file.rank = kind.source.name, kind.name, kind.rank
    file.state = ImportFile.State.READING
    return None


def _survey_file(file: ImportFile, suffix: str, asked_source: str) -> None:
    """Store how a file is written: encoding, delimiter, header, where its rows begin, and what its columns hold."""
    clean = f"{file.stored}.utf8"
    given = storage.path_of(file.stored)
    limit = file.size + storage.remaining_unpack_bytes(file)
    if suffix == "xml":
        given = ecb_rates.convert_rates_to_csv(given, storage.path_of(f"{file.stored}.csv"), limit)
    recognise_header = partial(recognise_file, name=file.name, source=asked_source)
    seen = detect_format(given, storage.path_of(clean), limit, recognise_header, file.answers)
    file.notes = dict(seen.notes)
    file.plain, file.encoding, file.delimiter, file.header = clean, seen.encoding, seen.delimiter, seen.header
    file.start, file.first_line, file.bytes = seen.start, seen.first_line, seen.size
    file.detected = profile_columns(file, workbooks.is_sheet(file)) | seen.around
    if same_names(seen.header):
        file.detected["same_names"] = fullest_columns(seen.header, first_rows(file))
    for what, value in seen.detected.items():
        file.detected[what]["found"] = value
    if seen.guess:
        file.detected["encoding"] |= {
            "words": describe_guess(seen.guess, seen.encoding),
            "is_sure": seen.guess.is_sure,
            "readings": list(seen.guess.readings.items()),  # a list keeps their order
        }


def can_be_mapped(file: ImportFile) -> bool:
    """Tell whether a user can map a file: it has columns, whether or not a mapping knows them."""
    return file.state == ImportFile.State.READING or (file.state == ImportFile.State.SKIPPED and bool(file.header))


def _skip_file(file: ImportFile, reason: str) -> None:
    file.state, file.reason = ImportFile.State.SKIPPED, reason


def _unknown_reason(header: list[str], asked_source: str) -> str:
    if asked_source == AUTO and (title := other_system(header)):
        return describe_missing_mapping(title)
    columns = ", ".join(header[:6]) + (" …" if len(header) > 6 else "")
    whose = "No mapping" if asked_source == "auto" else f"No {asked_source} mapping"
    return f"{whose} matches a file with these columns: {columns}"[:1000]
