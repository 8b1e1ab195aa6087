"""Who works on imports, their previews, and what takes them back."""

from core.work import register_step, register_worker
from crm.imports.preview import Counting
from crm.imports.rules import MappingError
from crm.imports.run import Run
from crm.imports.undo import step
from crm.models import Import, Preview, Undo

# A mapping that cannot be read is not tried again: the next try would read the same file.
register_worker(Import, Run, schedule=Import.discard_expired, permanent=(MappingError,))
register_worker(Preview, Counting, permanent=(MappingError,))
register_step(Undo, step)
