"""What an import must store so that it can be undone, and the undo as a unit of work."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from core.work import Work
from facts.models import TransactionId
from imports.models.jobs import ImportJob


class ImportTransaction(models.Model):
    """A transaction in which an import wrote: a row whose last writer is not among them was changed since."""

    run = models.ForeignKey(ImportJob, on_delete=models.CASCADE, related_name="transactions")
    xid = TransactionId()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["run", "xid"], name="import_transaction_once")
        ]

    def __str__(self) -> str:
        return f"{self.run_id}: {self.xid}"


class RowVersion(models.Model):
    """A row as it was before an import first changed it; no image where the import made it (a territory)."""

    run = models.ForeignKey(ImportJob, on_delete=models.CASCADE, related_name="+")
    table = models.CharField(max_length=80)
    row_id = models.BigIntegerField()
    image = models.JSONField(null=True)
    is_removed = models.BooleanField(default=False, db_default=False, help_text="The import removed the row.")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["run", "table", "row_id"], name="before_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["table"], name="before_removed", condition=models.Q(is_removed=True))
        ]

    def __str__(self) -> str:
        return f"{self.table} {self.row_id} before {self.run_id}"


class Removal(models.Model):
    """A record of which a file says that its source deleted it, or merged it into another; it goes when all files are in."""

    run = models.ForeignKey(ImportJob, on_delete=models.CASCADE, related_name="removals")
    file = models.ForeignKey("imports.ImportFile", on_delete=models.CASCADE, related_name="removals")
    kind = models.CharField(max_length=40)
    source = models.CharField(max_length=40)
    external_id = models.CharField(max_length=255)
    master = models.CharField(max_length=255, blank=True, default="", help_text="The record it was merged into.")

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["source", "kind"], name="removal_merged", condition=~models.Q(master=""))
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.external_id}"


class RestoredRow(models.Model):
    """A row that an undo restored: which transaction counts as its writer, though the undo wrote it last."""

    table = models.CharField(max_length=80)
    row_id = models.BigIntegerField()
    xid = TransactionId(help_text="The transaction that gave it back.")
    was = TransactionId(help_text="The one that had written it before.")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["table", "row_id"], name="restored_once")
        ]

    def __str__(self) -> str:
        return f"{self.table} {self.row_id} of {self.was}"


class Undo(Work):
    """The undo of an import, table by table in batches that a killed worker can resume."""

    run = models.OneToOneField(ImportJob, on_delete=models.CASCADE, related_name="undo")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta(Work.Meta):
        pass

    def __str__(self) -> str:
        return f"undo of {self.run}"
