"""An import: what was given, how far it is, what became of it, and the rows that were not taken."""

from datetime import timedelta
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from core.work import State, Work

HELD_FOR = timedelta(days=7)  # an import that waits for a person for longer is discarded


ROW_COUNTS = ("created", "updated", "unchanged", "repeated", "duplicates", "older")  # what becomes of rows of a kind
RECORD_COUNTS = ("removed", "merged")  # records that the source has deleted, or merged into others
LEFT_OUT_COUNTS = ("dropped", "repeated", "duplicates", "older")


class ImportJob(Work):
    """One import of the files of an upload, a folder or a sync.

    A finished import is found by its `finished_at`; the nightly chain polls for those it has not seen yet.
    """

    source = models.CharField(max_length=40, default="auto", help_text="The source that was asked for.")
    name = models.CharField(max_length=255, help_text="What was given: a file, a folder, some files.")
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="imports"
    )
    folder = models.CharField(max_length=64, help_text="Where its files are kept, under MEDIA_ROOT.")
    currency_asked = models.CharField(max_length=3, blank=True, default="")
    currency = models.CharField(
        max_length=3, blank=True, default="", help_text="Of amounts whose file names no currency."
    )
    sha256 = models.CharField(max_length=64, blank=True, default="", help_text="Over all its files.")
    size = models.BigIntegerField(default=0)
    gave_currency = models.BooleanField(default=False, help_text="The company had no currency before.")
    undone_at = models.DateTimeField(null=True, blank=True)
    duplicates = models.JSONField(
        default=dict, blank=True, help_text="What to do with duplicates: {why: keep or skip}."
    )
    waits = models.BooleanField(default=False, help_text="A person reviews it before it is imported.")
    held_since = models.DateTimeField(null=True, blank=True, help_text="It waits for a person; no worker processes it.")

    class Meta(Work.Meta):
        ordering: ClassVar[list[str]] = ["-pk"]
        indexes: ClassVar[list[models.Index]] = [*Work.Meta.indexes, models.Index(fields=["finished_at"])]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def due(cls) -> models.QuerySet[Self]:
        """Return those that a worker may take: none that waits for a person."""
        return super().due().filter(held_since=None)

    @classmethod
    def discard_expired(cls) -> None:
        """Discard imports that waited for a person for longer than `HELD_FOR`."""
        now = timezone.now()
        cls._default_manager.filter(state=State.QUEUED, held_since__lt=now - HELD_FOR).update(
            state=State.CANCELLED,
            held_since=None,
            finished_at=now,
            last_error=f"It was not imported within {HELD_FOR.days} days.",
        )

    @property
    def is_held(self) -> bool:
        """Return whether it waits for a person."""
        return self.state == State.QUEUED and self.held_since is not None

    @property
    def counts(self) -> dict[str, int]:
        """Rows over all files, by what became of them; and how many records were removed and merged."""
        total = dict.fromkeys(("rows", "rejected", "dropped", *ROW_COUNTS, *RECORD_COUNTS), 0)
        for file in self.files.all():
            total["rows"] += file.rows
            total["rejected"] += file.rejected
            total["dropped"] += file.dropped
            for counts in file.counts.values():
                for name, number in counts.items():
                    total[name] += number
        return total

    @property
    def left_out(self) -> int:
        """Rows that were read and left out: repeated, duplicates, older than the record in Accord, or not to be read at all."""
        counts = self.counts
        return sum(counts[name] for name in LEFT_OUT_COUNTS)


class FileState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    READING = "reading", "Reading"
    DONE = "done", "Read"
    UNPACKED = "unpacked", "Unpacked"
    SKIPPED = "skipped", "Skipped"
    FAILED = "failed", "Unreadable"


class ImportFile(models.Model):
    """One file of an import, as it was recognised, and what became of its rows."""

    State = FileState

    run = models.ForeignKey(ImportJob, on_delete=models.CASCADE, related_name="files")
    name = models.CharField(max_length=1000)
    stored = models.CharField(max_length=255, help_text="Path of what was uploaded, under MEDIA_ROOT.")
    plain = models.CharField(max_length=255, blank=True, default="", help_text="Path of the same as plain UTF-8.")
    sha256 = models.CharField(max_length=64, blank=True, default="")
    size = models.BigIntegerField(default=0)
    state = models.CharField(max_length=10, choices=FileState, default=FileState.WAITING)
    reason = models.CharField(max_length=1000, blank=True, default="", help_text="Why it was skipped or not readable.")
    source = models.CharField(max_length=40, blank=True, default="", help_text="The source that was recognised.")
    kind = models.CharField(max_length=80, blank=True, default="", help_text="The kind of file that was recognised.")
    encoding = models.CharField(max_length=20, blank=True, default="")
    delimiter = models.CharField(max_length=1, blank=True, default="")
    header = models.JSONField(default=list, blank=True)
    detected = models.JSONField(
        default=dict,
        blank=True,
        help_text="What its cells prove: {what: {value, words}}, and of each column what it holds.",
    )
    answers = models.JSONField(
        default=dict, blank=True, help_text="Answers of people where the file is ambiguous: {question: value}."
    )
    start = models.BigIntegerField(default=0, help_text="Offset in bytes of the first row in the plain file.")
    first_line = models.IntegerField(default=2, help_text="Line number of the first row in the uploaded file.")
    bytes = models.BigIntegerField(default=0, help_text="Length of the plain file.")
    rank = models.IntegerField(default=0, help_text="Files of low rank are read first.")
    rows = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)
    dropped = models.BigIntegerField(default=0, help_text="Rows that are not read; the notes give the reason.")
    counts = models.JSONField(default=dict, blank=True)  # {object: {created, updated, unchanged, repeated, duplicates}}
    mends = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="mended_in",
        help_text="The file whose corrected refused rows it contains.",
    )  # fmt: skip
    fingerprint = models.CharField(
        max_length=64, blank=True, default="", db_index=True, help_text="Of its bytes and all that they were read by."
    )
    stood = models.JSONField(
        default=dict, blank=True, help_text="How the tables stood when it was in; empty: it must be read again."
    )
    same_as = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+",
        help_text="The file that proves that nothing of it is new.",
    )  # fmt: skip
    mappings = models.JSONField(
        default=list, blank=True, help_text="What a person made of the mapping; empty: as the catalogue has it."
    )
    mapped_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    remembered = models.ForeignKey(
        "imports.RememberedMapping", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    notes = models.JSONField(
        default=dict, blank=True, help_text="What was made of rows beyond reading them: {what: {rows, sample}}."
    )
    preview = models.JSONField(default=dict, blank=True, help_text="The result of the preview so far.")

    class Meta:
        ordering: ClassVar[list[str]] = ["pk"]

    @property
    def is_unknown(self) -> bool:
        """Whether it holds a table without a mapping, which a person can map."""
        return self.state == FileState.SKIPPED and bool(self.header) and not self.kind

    def __str__(self) -> str:
        return self.name


class RowErrorQuerySet(models.QuerySet["RowError"]):
    def of(self, run: ImportJob) -> Self:
        return self.filter(file__run=run).select_related("file").order_by("file_id", "line")


class RowError(models.Model):
    """A refused row: its line, what is wrong, and the row as it was."""

    file = models.ForeignKey(ImportFile, on_delete=models.CASCADE, related_name="errors")
    line = models.BigIntegerField()
    column = models.CharField(max_length=255, blank=True, default="")
    reason = models.CharField(max_length=500)
    row = models.JSONField(default=dict)
    mended_by = models.ForeignKey(
        ImportJob, on_delete=models.SET_NULL, null=True, blank=True, related_name="+",
        help_text="The import of the corrected row.",
    )  # fmt: skip

    objects = RowErrorQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["file_id", "line"]

    def __str__(self) -> str:
        return f"{self.file} line {self.line}: {self.reason}"
