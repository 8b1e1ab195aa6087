"""What came of an import, in words and as a file: sentences, pace, and the rows that were refused."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from core.formatting import format_count
from core.work import State
from imports.mapping.schema import model_of
from imports.models import ImportFile, ImportJob, RowError
from imports.parsing.headers import REJECTED_BECAUSE, REJECTED_LINE, correction_header, is_added_header


@dataclass(frozen=True)
class Pace:
    """How far an import is, and how fast it gets on."""

    percent: int | None
    rows: int
    rows_per_second: int
    left: timedelta | None

    @property
    def sentence(self) -> str:
        parts = [f"{format_count(self.rows)} rows"]
        if self.rows_per_second:
            parts.append(f"{format_count(self.rows_per_second)} rows a second")
        if self.left is not None:
            parts.append(f"about {duration_text(self.left)} left")
        return " · ".join(parts)


def duration_text(time: timedelta) -> str:
    seconds = max(1, round(time.total_seconds()))
    if seconds < 90:
        return f"{seconds} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{round(seconds / 3600)} h"


def import_pace(run: ImportJob, rows: int) -> Pace:
    """Rows are counted over the time since the start; the time left is estimated from the bytes read so far."""
    fraction = run.fraction_done if run.checkpoint.get("phase") in {"load", "finish"} else None
    percent = None if fraction is None else int(100 * fraction)
    if not run.started_at or not fraction:
        return Pace(percent, rows, 0, None)
    elapsed = ((run.finished_at or timezone.now()) - run.started_at).total_seconds()
    if run.lacks_worker:
        return Pace(percent, rows, 0, None)
    left = timedelta(seconds=elapsed * (1 - fraction) / fraction) if not run.is_over else None
    return Pace(percent, rows, round(rows / elapsed) if elapsed else 0, left)


def describe_phase(run: ImportJob) -> str:
    """Say what an import is at."""
    if run.state == State.QUEUED and run.checkpoint.get("phase", "review") == "review":
        return "Waiting for a worker"
    if run.lacks_worker and run.checkpoint:
        return "Waiting for a worker; the import then resumes where it stopped"
    match run.checkpoint.get("phase", "look"):
        case "look" | "review":
            return "Analyzing the files"
        case "load":
            return "Reading the rows"
        case _:
            return "Linking the records"


def describe_result(run: ImportJob, counts: dict[str, int]) -> str:
    """Say in one sentence what came of an import that is over."""
    if not counts["rows"]:
        text = "Nothing was imported"
    else:
        numbers = [
            (counts["created"], "new"),
            (counts["updated"], "changed"),
            (counts["unchanged"], "the same as before"),
        ]
        came = ", ".join(f"{format_count(number)} {word}" for number, word in numbers if number) or "none taken"
        text = f"{_rows_text(counts['rows'])} read: {came}"
    if counts["rejected"]:
        text += f"; {_rows_text(counts['rejected'])} {'was' if counts['rejected'] == 1 else 'were'} refused"
    reasons = [
        (counts["duplicates"], "as duplicates"),
        (counts["repeated"], "as repeated in the file"),
        (counts["older"], "as older than the record in Accord"),
        (counts["dropped"], "for the reasons below"),
    ]
    text += "".join(f"; {_rows_text(number)} left out {why}" for number, why in reasons if number)
    gone = [(counts["removed"], "removed"), (counts["merged"], "merged into others")]
    for number, what in gone:
        text += f"; {format_count(number)} record{'' if number == 1 else 's'} {what}" if number else ""
    ends = {State.FAILED.value: "It then failed", State.CANCELLED.value: "It was then cancelled"}
    return f"{text}. {ends[run.state]}." if run.state in ends else f"{text}."


def describe_kinds(file: ImportFile) -> list[str]:
    """Say for each kind of record how many records a file wrote: “Leads: 8,000 new, 12 changed”."""
    labels = {"created": "new", "updated": "changed", "unchanged": "the same", "repeated": "repeated in the file",
             "duplicates": "left out as duplicates", "older": "older than the record in Accord", "removed": "removed",
             "merged": "merged into others"}  # fmt: skip
    lines = []
    for kind, counts in file.counts.items():
        title = str(model_of(kind)._meta.verbose_name_plural).capitalize()
        parts = [f"{format_count(counts[name])} {label}" for name, label in labels.items() if counts.get(name)]
        lines.append(f"{title}: {', '.join(parts) or 'none'}")
    return lines


def _rows_text(number: int) -> str:
    return f"{format_count(number)} row" if number == 1 else f"{format_count(number)} rows"


def rejected_rows(file: ImportFile) -> Iterator[list[str | int]]:
    """Yield the refused rows of a file that are not corrected yet, to be handed out by core.csv_export.

    Its own columns come first, then line, reason, and the column by which the file is known when it comes back.
    """
    own = [name for name in file.header if not is_added_header(name)]
    ours = [REJECTED_LINE, REJECTED_BECAUSE, correction_header(file.pk, file.sha256)]
    yield [*own, *ours]
    for error in RowError.objects.filter(file=file, mended_by=None).iterator(2000):
        raw = error.row.get("")  # a line that is not a row of this table is stored whole in its first cell
        cells = [error.row.get(name, "") for name in own]
        if raw is not None and cells:
            cells[0] = raw
        reason = f"{error.column}: {error.reason}" if error.column else error.reason
        yield [*cells, error.line, reason, ""]
