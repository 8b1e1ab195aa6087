"""What a record must carry to be copied to the columnar facts, and what the copy knows of itself."""

from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models.expressions import RawSQL


class TransactionId(models.BigIntegerField):
    """The 64-bit id of the transaction that wrote the row last (xid8), stamped by the database itself.

    With `pg_snapshot_xmin` of the last export it finds what changed since, exactly, whatever wrote it
    and however transactions overlapped.
    """

    description = "Writing transaction"

    def db_type(self, connection: object) -> str:
        return "xid8"

    def get_prep_value(self, value: object) -> str | None:
        return None if value is None else str(value)

    def from_db_value(self, value: str | None, expression: object, connection: object) -> int | None:
        return None if value is None else int(value)


class Deletion(models.Model):
    """A row that left a fact's table; the next refresh takes it out of the copy."""

    table = models.CharField(max_length=80)
    row_id = models.BigIntegerField()
    changed_xid = TransactionId(db_default=RawSQL("pg_current_xact_id()", ()), editable=False)

    class Meta:
        indexes = [models.Index(fields=["table"])]


class Copy(models.Model):
    """What the Delta table of one fact holds: which version, and up to which moment of Postgres.

    Rows stamped with `horizon` or later may differ from the copy; all earlier ones are in it. A copy whose
    `lake_id`, `origin` or `shape` is no longer what is found was made of another lake, database or declaration.
    """

    table = models.CharField(max_length=80, unique=True)
    version = models.BigIntegerField()
    lake_id = models.CharField(max_length=40)
    origin = models.CharField(max_length=80)
    shape = models.CharField(max_length=40)
    checksum = models.CharField(max_length=64, blank=True)  # of the whole, for tables without stamps
    horizon = models.CharField(max_length=20)
    rows = models.BigIntegerField()
    staged = models.BigIntegerField(default=0)  # rows copied ahead of the next snapshot

    class Meta:
        verbose_name_plural = "copies"

    def __str__(self) -> str:
        return f"{self.table} v{self.version}"


class Snapshot(models.Model):
    """One consistent copy of all fact tables: which Delta version of each, and the truth it was taken at."""

    taken_at = models.DateTimeField()
    horizon = models.CharField(max_length=20)
    versions = models.JSONField(default=dict)  # {table: Delta version}
    lake_ids = models.JSONField(default=dict)  # {table: id of the Delta table}
    rows = models.JSONField(default=dict)  # {table: rows in it}
    exported = models.JSONField(default=dict)  # {table: rows read from Postgres to make it}
    seconds = models.FloatField(default=0)
    timings = models.JSONField(default=dict)  # {table: seconds spent on it}

    class Meta:
        get_latest_by = "taken_at"
        ordering = ["-taken_at"]

    def __str__(self) -> str:
        return f"the snapshot of {self.taken_at:%Y-%m-%d %H:%M:%S} UTC"


STAMP = pgtrigger.Trigger(
    name="stamp_change",
    level=pgtrigger.Row,
    when=pgtrigger.Before,
    operation=pgtrigger.Update,
    func="NEW.changed_xid = pg_current_xact_id(); RETURN NEW;",
)
NOTE_DELETION = pgtrigger.Trigger(
    name="note_deletion",
    level=pgtrigger.Statement,
    when=pgtrigger.After,
    operation=pgtrigger.Delete,
    referencing=pgtrigger.Referencing(old="gone"),
    func='INSERT INTO facts_deletion ("table", row_id) SELECT TG_TABLE_NAME, id FROM gone; RETURN NULL;',
)


class Recorded(models.Model):
    """A row that is copied to the facts: stamped on every write, noted when deleted."""

    changed_xid = TransactionId(db_default=RawSQL("pg_current_xact_id()", ()), editable=False, db_index=True)

    class Meta:
        abstract = True
        triggers: ClassVar[list[pgtrigger.Trigger]] = [STAMP, NOTE_DELETION]


class BatchRun(models.Model):
    """One run over the facts that goes through its tables batch by batch, and goes on where it was killed.

    `since` separates the rows that it looks at: whatever depends on a row stamped with it or later. The next run's `since`
    is this run's `horizon`. Empty, everything is asked about.
    """

    moment = models.DateTimeField(help_text="The time of the run: what it counts as now.")
    snapshot = models.BigIntegerField()
    since = models.CharField(max_length=20, blank=True, default="")
    horizon = models.CharField(max_length=20)
    digest = models.CharField(max_length=64, help_text="Of the definitions that were asked.")
    reached: Any = models.JSONField(default=dict)  # {table: the last id done}
    asked = models.BigIntegerField(default=0)
    written = models.BigIntegerField(default=0)
    seconds = models.FloatField(default=0)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True
        ordering: ClassVar[list[str]] = ["-pk"]


class SetAside(models.Model):
    """A record that a step of the nightly run could not work on, or whose date it took for none, until it can."""

    step = models.CharField(max_length=40)
    table = models.CharField(max_length=80)
    row_id = models.BigIntegerField(default=0)
    name = models.CharField(max_length=120, blank=True, default="", help_text="Of what is no row, such as a metric.")
    reason = models.CharField(max_length=500)
    since = models.DateTimeField(auto_now_add=True)
    tried_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["step", "table", "row_id", "name"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["step", "table", "row_id", "name"], name="set_aside_once"),
        ]

    def __str__(self) -> str:
        return f"{self.table} {self.name or self.row_id}"
