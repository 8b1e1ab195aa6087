"""Who works on imports, their previews, and what takes them back."""

from core.work import register_step, register_worker
from imports.load.pipeline import ImportPipeline
from imports.mapping.schema import MappingError
from imports.models import ImportJob, Preview, Undo
from imports.preview.counting import PreviewCounter
from imports.undo import undo_step

# A mapping that cannot be read is not tried again: the next try would read the same file.
register_worker(ImportJob, ImportPipeline, schedule=ImportJob.discard_expired, permanent=(MappingError,))
register_worker(Preview, PreviewCounter, permanent=(MappingError,))
register_step(Undo, undo_step)
