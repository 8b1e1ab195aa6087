"""`manage.py import_crm PATH`: import a file, a folder or a zip of CRM exports."""

import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from celery import current_app
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from core.tasks import enqueue
from core.work import State, run_claimed
from imports.actions import cancel_import, start_import
from imports.files import storage
from imports.files.encodings import ASSUMED_ENCODING, ENCODINGS
from imports.inference.empty_cells import CLEAR, EMPTY, LEAVE
from imports.inference.occurrences import EACH, EQUAL_ROWS, ONE
from imports.inference.questions import DATES, DECIMAL, ZONE, Question, open_questions
from imports.inference.uploads import SEVERAL, source_question
from imports.mapping.catalogue import AUTO, source_names
from imports.models import ImportFile, ImportJob, RowError
from imports.parsing.notes import note_sentences
from imports.parsing.time_zones import zone_named
from team.models import currency_code

FOREVER = 1e9
PATIENCE_SECONDS = 20  # a worker that answered and then does not begin has something else to do
SHOWN_ERRORS = 10
MORE = {
    "repeated": "repeated in the file", "duplicates": "left out as duplicates", "older": "older than the record in Accord",
    "removed": "removed", "merged": "merged into others",
}  # fmt: skip
UNKNOWN = (
    "  For a file that no mapping matches: upload it once on the page Imports and choose “Map columns”; this command then reads "
    "the next one;\n  or write a mapping into MAPPINGS_DIR (docs/imports.md), or fill in a template (Imports, Templates)."
)


class Command(BaseCommand):
    help = "Import a file, folder or zip of CRM exports. Importing the same file twice changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, metavar="PATH", help="a file, a folder, or a zip")
        parser.add_argument(
            "--source",
            default="auto",
            help=f"{', '.join(source_names())}; several: not all files are of one; auto (default)",
        )
        parser.add_argument("--currency", default="", help="currency of amounts whose file names none, such as EUR")
        parser.add_argument(
            "--encoding",
            choices=list(ENCODINGS),
            help="of files whose bytes prove none; marked files and UTF-8 are known",
        )
        parser.add_argument(
            "--dates", choices=["day-first", "month-first"], help="how 01/02/2026 is read if the file does not show it"
        )
        parser.add_argument(
            "--decimal", choices=["comma", "point"], help="decimal separator if 1.234 could be two numbers"
        )
        parser.add_argument(
            "--equal-rows", choices=[EACH, ONE], help="what rows without an id are that are equal in every column"
        )
        parser.add_argument(
            "--empty-cells",
            choices=[LEAVE, CLEAR],
            help="whether empty cells leave or empty the values of existing records",
        )
        parser.add_argument("--zone", default="", help="time zone of times without one, such as Europe/Berlin")

    def handle(self, *args: Any, **options: Any) -> None:
        path, source, currency = options["path"], options["source"].lower(), options["currency"].upper()
        _check_options(path, source, currency, options["zone"])
        with transaction.atomic():
            run = start_import(files=storage.files_at(path), source=source, name=str(path.name), currency=currency)
            run.files.update(answers=_answers_from_options(options))
        if _worker_answers():
            enqueue(run)
            self._follow_worker(run)
        else:
            self._work_here(run)
        if run.is_held:
            self._stop_with_questions(run)
        self._print_report(run)

    def _stop_with_questions(self, run: ImportJob) -> None:
        """Print the open questions of the files, and end with nothing written."""
        lines = _source_question(run)
        lines += [
            _question_line(file, question) for file in run.files.order_by("pk") for question in open_questions(file)
        ]
        cancel_import(run=run, user=None)
        raise CommandError("\n".join([*lines, "Nothing was imported."]), returncode=2)

    def _follow_worker(self, run: ImportJob) -> None:
        """Show how far the worker is; work here if it does not come."""
        begun = time.monotonic()
        while not (run.is_over or run.is_held):
            self._show_progress(run)
            if run.state == State.QUEUED and time.monotonic() - begun > PATIENCE_SECONDS:
                self._run_turn(run)
            time.sleep(0.3)
            run.refresh_from_db()
        self._show_progress(run)

    def _work_here(self, run: ImportJob) -> None:
        """Work in this process, in short turns so that the bar moves."""
        while not (run.is_over or run.is_held):
            self._run_turn(run, budget=1.0)
            run.refresh_from_db()
            self._show_progress(run)

    def _run_turn(self, run: ImportJob, budget: float = FOREVER) -> None:
        try:
            run_claimed(ImportJob, run.pk, budget)
        except Exception as error:
            run.refresh_from_db()
            if run.is_over:
                raise CommandError(f"The import failed: {error}") from error
            time.sleep(1)

    def _show_progress(self, run: ImportJob) -> None:
        if not sys.stderr.isatty():
            return
        done = run.fraction_done or 0.0
        bar = "█" * round(30 * done)
        self.stderr.write(f"\r{bar:░<30} {done:4.0%}  {run.counts['rows']:,} rows ", ending="")
        if run.is_over:
            self.stderr.write("")

    def _print_report(self, run: ImportJob) -> None:
        for file in run.files.exclude(state=ImportFile.State.UNPACKED, reason=""):
            self.stdout.write(f"{file.name}: {_file_summary(file)}")
            for note in note_sentences(file.notes):
                self.stdout.write(f"  {note}")
        if any(file.is_unknown for file in run.files.all()):
            self.stdout.write(UNKNOWN)
        errors = RowError.objects.of(run)
        for error in errors[:SHOWN_ERRORS]:
            column = f", {error.column}" if error.column else ""
            self.stdout.write(f"  {error.file.name} line {error.line}{column}: {error.reason}")
        counts = run.counts
        if counts["rejected"] > SHOWN_ERRORS:
            self.stdout.write(f"  … and {counts['rejected'] - SHOWN_ERRORS:,} more.")
        self.stdout.write(
            f"{counts['rows']:,} rows: {counts['created']:,} created, {counts['updated']:,} updated, "
            f"{counts['unchanged']:,} unchanged, {counts['rejected']:,} rejected{_left_out(run, counts)}. Amounts without a currency: {run.currency or '–'}."
        )
        if run.state != State.DONE:
            raise CommandError(f"The import is {run.get_state_display().lower()}. {run.last_error}")
        if not run.files.filter(state=ImportFile.State.DONE).exists():
            raise CommandError("No records were imported: no file could be read as records.")


def _left_out(run: ImportJob, counts: dict[str, int]) -> str:
    """Say how many rows were left out, and what became of records that the source has deleted or merged."""
    records = [(counts["removed"], "removed"), (counts["merged"], "merged into others")]
    rows = f", {run.left_out:,} left out" if run.left_out else ""
    return rows + "".join(
        f", {number:,} record{'' if number == 1 else 's'} {what}" for number, what in records if number
    )


def _answers_from_options(options: dict[str, Any]) -> dict[str, str]:
    """Return what was said on the line, as answers to the questions that files may leave open."""
    answers = {
        ASSUMED_ENCODING: options["encoding"],
        DATES: options["dates"],
        DECIMAL: options["decimal"],
        ZONE: options["zone"],
        EQUAL_ROWS: options["equal_rows"],
        EMPTY: options["empty_cells"],
    }
    return {key: value for key, value in answers.items() if value}


def _source_question(run: ImportJob) -> list[str]:
    question = source_question(run)
    if question is None:
        return []
    files = [f"  {name}: {titles}" for name, titles in question.files]
    flags = " or ".join(f"--source {name}" for name, _ in (*question.titles, (SEVERAL, "")))
    return [question.text, *files, f"Say which with {flags}."]


def _question_line(file: ImportFile, question: Question) -> str:
    flag = f"--{question.key.partition(':')[0]}"
    readings = " or ".join(f"{choice.reads} ({flag} {choice.value})" for choice in question.choices)
    sample = f"“{question.sample}” is " if question.sample else ""
    return f"{file.name}: {question.text} {sample}{readings}."


def _check_options(path: Path, source: str, currency: str, zone: str) -> None:
    if not path.exists():
        raise CommandError(f"There is no file or folder {path}.")
    if source not in {AUTO, SEVERAL, *source_names()}:
        raise CommandError(f"The source “{source}” does not exist. Use one of: auto, {', '.join(source_names())}.")
    if zone and not zone_named(zone):
        raise CommandError(f"“{zone}” is not a valid time zone. Write it as Europe/Berlin or UTC.")
    if currency:
        try:
            currency_code(currency)
        except ValidationError as error:
            raise CommandError(f"“{currency}” is not a currency. Write three letters, like EUR.") from error


def _worker_answers() -> bool:
    try:
        return bool(current_app.control.ping(timeout=1.0, limit=1))
    except OSError:  # no broker, so no worker can be reached: the work is done here
        return False


def _file_summary(file: ImportFile) -> str:
    if file.state != ImportFile.State.DONE:
        return f"{file.get_state_display().lower()}: {file.reason}"
    kinds = "; ".join(
        f"{kind.replace('_', ' ')} {counts['created']:,} created, {counts['updated']:,} updated, {counts['unchanged']:,} unchanged"
        + "".join(f", {counts[name]:,} {label}" for name, label in MORE.items() if counts.get(name))
        for kind, counts in file.counts.items()
    )
    return f"{file.rows:,} rows as {file.source} {file.kind}: {kinds}; {file.rejected:,} rejected"
