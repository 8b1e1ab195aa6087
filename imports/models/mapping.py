"""What people say of files before they go in, what is remembered of it, and the counting of what would come."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from core.work import State, Work
from imports.models.jobs import ImportJob


class RememberedMapping(models.Model):
    """A saved mapping of a kind of file; it applies to the next file with the same columns."""

    source = models.CharField(max_length=40)
    kind = models.CharField(max_length=80, help_text="The kind of file.")
    signature = models.CharField(max_length=64, help_text="Of the names of all columns, in whatever order.")
    header = models.JSONField(default=list)
    mappings = models.JSONField(default=list)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-decided_at", "-pk"]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["signature"])]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["source", "kind", "signature"], name="remembered_mapping_once")
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.kind}"


class SourceZone(models.Model):
    """The time zone that a person chose for the files of a source that name none."""

    source = models.CharField(max_length=40, unique=True)
    time_zone = models.CharField(max_length=64)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["source"]

    def __str__(self) -> str:
        return f"{self.source}: {self.time_zone}"


class CustomType(models.TextChoices):
    TEXT = "text", "text"
    NUMBER = "number", "number"
    DATE = "date", "date"
    YES_NO = "yes_no", "yes or no"


class CustomField(models.Model):
    """A column that only this company has: which records carry it in `custom`, and what it holds."""

    Type = CustomType

    kind = models.CharField(max_length=40, help_text="The kind of record, as mappings write it.")
    key = models.CharField(max_length=500)
    type = models.CharField(max_length=6, choices=CustomType, default=CustomType.TEXT)
    first_import = models.ForeignKey(ImportJob, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["kind", "key"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["kind", "key"], name="custom_field_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.key}"


class Preview(Work):
    """The counting of what an import would do, block by block; it writes to no record."""

    run = models.OneToOneField(ImportJob, on_delete=models.CASCADE, related_name="previewed")

    class Meta(Work.Meta):
        pass

    def __str__(self) -> str:
        return f"counting {self.run}"

    @classmethod
    def restart(cls, run: ImportJob) -> "Preview":
        """Start the count again; a worker that still counts by the old answers loses its claim. Call it in a transaction."""
        row, _ = cls._default_manager.get_or_create(run=run, defaults={"key": f"preview:{run.pk}"})
        row.fence += 1
        row.state, row.checkpoint, row.attempts, row.done_units, row.total_units = State.QUEUED, {}, 0, 0, None
        row.lease_until, row.finished_at, row.last_error, row.run_after = None, None, "", timezone.now()
        row.save()
        run.files.exclude(preview={}).update(preview={})
        return row

    @classmethod
    def stop(cls, run: ImportJob) -> None:
        """Count no further."""
        active = cls._default_manager.filter(run=run, state__in=[State.QUEUED, State.RUNNING])
        active.update(state=State.CANCELLED, lease_until=None, finished_at=timezone.now())


class SeenKey(models.Model):
    """A row that a preview has counted: an id that comes again later in the files is not new a second time."""

    pk = models.CompositePrimaryKey("preview_id", "kind", "key")
    preview = models.ForeignKey(Preview, on_delete=models.CASCADE, related_name="seen")
    kind = models.CharField(max_length=40)
    key = models.BigIntegerField(help_text="Hash of the id.")
    content = models.BigIntegerField(help_text="Hash of all that was staged of it last.")
    modified_at = models.DateTimeField(null=True, help_text="When the source last changed it.")

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
