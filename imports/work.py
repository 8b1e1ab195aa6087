"""Who works on imports, their previews, and what takes them back."""

from core.work import register_step, register_worker
from imports.load.pipeline import Run
from imports.mapping.schema import MappingError
from imports.models import ImportJob, Preview, Undo
from imports.preview.counting import Counting
from imports.undo import step

# A mapping that cannot be read is not tried again: the next try would read the same file.
register_worker(ImportJob, Run, schedule=ImportJob.discard_expired, permanent=(MappingError,))
register_worker(Preview, Counting, permanent=(MappingError,))
register_step(Undo, step)
