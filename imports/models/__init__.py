"""Imports: what was given and what became of it, what people decided about its columns, and what undoing needs."""

from imports.models.duplicates import Duplicate, Likeness, Treatment
from imports.models.jobs import FileState, Import, ImportFile, RowError
from imports.models.mapping import CustomField, CustomType, Preview, RememberedMapping, SeenKey, SourceZone
from imports.models.undo import Before, ImportTransaction, Removal, Restored, Undo

__all__ = [
    "Before", "CustomField", "CustomType", "Duplicate", "FileState", "Import", "ImportFile", "ImportTransaction", "Likeness", "Preview",
    "RememberedMapping", "Removal", "Restored", "RowError", "SeenKey", "SourceZone", "Treatment", "Undo",
]  # fmt: skip
