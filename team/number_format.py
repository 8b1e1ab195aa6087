"""The company's number format for Celery tasks, so that what they write (sentences, mails) reads like the pages."""

from contextlib import ExitStack
from typing import Any

from celery.signals import task_postrun, task_prerun

from core.number_locale import use_locale
from team.models import Company

_formats_by_task: dict[str, ExitStack] = {}


def connect_tasks() -> None:
    task_prerun.connect(begin_task_format, dispatch_uid="number_format")
    task_postrun.connect(end_task_format, dispatch_uid="number_format")


def begin_task_format(task_id: str = "", **_: Any) -> None:
    stack = ExitStack()
    stack.enter_context(use_locale(Company.get().number_format))
    _formats_by_task[task_id] = stack


def end_task_format(task_id: str = "", **_: Any) -> None:
    """Celery calls it in the task's thread after success and failure alike."""
    if stack := _formats_by_task.pop(task_id, None):
        stack.close()
