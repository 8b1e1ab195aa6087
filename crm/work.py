"""Who works on imports, their previews, what takes them back, and the pulls of connectors."""

from core.work import register_step, register_worker
from crm.connectors.pulling import Puller
from crm.connectors.scheduling import queue_due
from crm.imports.preview import Counting
from crm.imports.rules import MappingError
from crm.imports.run import Run
from crm.imports.undo import step
from crm.models import Import, Preview, Pull, Undo

# A mapping that cannot be read is not tried again: the next try would read the same file.
register_worker(Import, Run, schedule=Import.discard_expired, permanent=(MappingError,))
register_worker(Preview, Counting, permanent=(MappingError,))
register_step(Undo, step)
register_worker(Pull, Puller, schedule=queue_due)
