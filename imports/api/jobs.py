"""Imports over HTTP: how far each is, and what became of every row of its files."""

from typing import Any

import django_filters as filters
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request

from core.api.views import ReadOnly
from core.work import State
from crm.api.filters import Reference
from imports.models import ImportFile, ImportJob, RowError
from imports.parsing.notes import note_sentences
from team.access import has_right


class ImportFileSerializer(serializers.ModelSerializer[ImportFile]):
    """One file of an import, as it was recognised, and what became of its rows."""

    counts = serializers.DictField(
        child=serializers.DictField(child=serializers.IntegerField()),
        help_text="By kind of record: created, updated, unchanged, repeated, duplicates, older, removed, merged.",
    )
    dropped = serializers.IntegerField(help_text="Rows left out before they became records.")
    notes = serializers.SerializerMethodField(help_text="What was left out, filled, guessed or merged.")

    class Meta:
        model = ImportFile
        fields = ("id", "name", "source", "kind", "state", "reason", "rows", "rejected", "dropped", "counts", "notes")

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_notes(self, file: ImportFile) -> list[str]:
        return note_sentences(file.notes)


class ImportSerializer(serializers.ModelSerializer[ImportJob]):
    """One import. Each of its rows is created, updated, unchanged, rejected or left out."""

    state = serializers.ChoiceField(choices=State.choices)
    rows = serializers.IntegerField(source="counts.rows")
    created = serializers.IntegerField(source="counts.created")
    updated = serializers.IntegerField(source="counts.updated")
    unchanged = serializers.IntegerField(source="counts.unchanged")
    rejected = serializers.IntegerField(source="counts.rejected")
    left_out = serializers.IntegerField(
        help_text="Repeated, duplicates, older than the record in Accord, or no records."
    )
    files = ImportFileSerializer(many=True)

    class Meta:
        model = ImportJob
        fields = (
            "id", "name", "source", "state", "currency", "queued_at", "finished_at", "undone_at", "rows", "created",
            "updated", "unchanged", "rejected", "left_out", "files",
        )  # fmt: skip


class RefusedRowSerializer(serializers.ModelSerializer[RowError]):
    """A row that was refused: its line in the file, the column, why, and the row as it was."""

    class Meta:
        model = RowError
        fields = ("id", "file", "line", "column", "reason", "row")


class RefusedRowFilter(filters.FilterSet):
    file = Reference(field_name="file_id")


class ForImporters(ReadOnly):
    """Lists for those who import records."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if not has_right(request.user, "import"):
            raise PermissionDenied("You need the import permission to see imports.")


class ImportView(ForImporters):
    queryset = ImportJob.objects.prefetch_related("files")
    serializer_class = ImportSerializer


class RefusedRowView(ForImporters):
    queryset = RowError.objects.all()
    serializer_class = RefusedRowSerializer
    filterset_class = RefusedRowFilter


IMPORT_VIEWS: dict[str, type[ReadOnly]] = {"imports": ImportView, "refused_rows": RefusedRowView}
