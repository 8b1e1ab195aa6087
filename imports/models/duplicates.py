"""Rows that seem to repeat a person or company that is already a record, and what was done with them."""

from typing import ClassVar

from django.db import models

from imports.models.jobs import ImportFile, ImportJob


class Likeness(models.TextChoices):
    """Why two records seem to be one."""

    EMAIL = "email", "same e-mail"
    DOMAIN = "domain", "same domain"
    NAME = "name", "near-same name"
    SPEND = "spend", "spend of a day and campaign already imported"


class Treatment(models.TextChoices):
    """What is done with a new row that seems to be there already."""

    KEEP = "keep", "import both and list the pair"
    SKIP = "skip", "leave out the new row and list it"


class DuplicateQuerySet(models.QuerySet["Duplicate"]):
    def of(self, run: ImportJob) -> "DuplicateQuerySet":
        return self.filter(run=run).select_related("file").order_by("pk")


class Duplicate(models.Model):
    """A new row of an import, and the record that it seems to repeat."""

    Likeness, Treatment = Likeness, Treatment

    run = models.ForeignKey(ImportJob, on_delete=models.CASCADE, related_name="pairs")
    file = models.ForeignKey(ImportFile, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    line = models.BigIntegerField(null=True, blank=True, help_text="The line of the row, if it was left out.")
    kind = models.CharField(max_length=40, help_text="The kind of record, as mappings write it.")
    why = models.CharField(max_length=10, choices=Likeness)
    sure = models.SmallIntegerField(help_text="Confidence in percent.")
    done = models.CharField(max_length=10, choices=Treatment, default=Treatment.KEEP)
    source = models.CharField(max_length=40)
    external_id = models.CharField(max_length=255)
    name = models.CharField(max_length=255, blank=True, default="")
    other_source = models.CharField(max_length=40)
    other_external_id = models.CharField(max_length=255)
    other_name = models.CharField(max_length=255, blank=True, default="")

    objects = DuplicateQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["pk"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["kind", "source", "external_id"], name="duplicate_row", condition=models.Q(done="skip")
            )
        ]

    def __str__(self) -> str:
        return (
            f"{self.name or self.external_id} ({self.get_why_display()}: {self.other_name or self.other_external_id})"
        )
