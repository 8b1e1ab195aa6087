"""Imports: what was given and what became of it, what people decided about its columns, and what undoing needs."""

from imports.models.duplicates import Duplicate, Likeness, Treatment
from imports.models.jobs import FileState, ImportFile, ImportJob, RowError
from imports.models.mapping import CustomField, CustomType, Preview, RememberedMapping, SeenKey, SourceZone
from imports.models.undo import ImportTransaction, Removal, RestoredRow, RowVersion, Undo

__all__ = [
    "CustomField",
    "CustomType",
    "Duplicate",
    "FileState",
    "ImportFile",
    "ImportJob",
    "ImportTransaction",
    "Likeness",
    "Preview",
    "RememberedMapping",
    "Removal",
    "RestoredRow",
    "RowError",
    "RowVersion",
    "SeenKey",
    "SourceZone",
    "Treatment",
    "Undo",
]  # fmt: skip
