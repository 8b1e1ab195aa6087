"""The two Celery tasks: one works on a row, the other is the periodic tick that finds what is due."""

from celery import shared_task
from django.apps import apps
from django.utils import timezone

from core.work import State, Work, registration_of, run_claimed, work_models

TICK_LIMIT = 50


def enqueue(row: Work) -> None:
    """Send a message to work on one row now. Losing it loses nothing: the next tick finds the row."""
    run_work.delay(row._meta.label, row.pk)


@shared_task(name="core.work")
def run_work(label: str, pk: int) -> None:
    """Work on one row; send the message again when the time was up before the work was done. A row that waits is left to the tick."""
    model = apps.get_model(label)
    row = run_claimed(model, pk)
    if row is not None and row.state == State.QUEUED and row.run_after <= timezone.now():
        run_work.delay(label, pk)


@shared_task(name="core.tick")
def queue_due_work() -> None:
    """Queue what the schedules owe, and send a message for every row that is due."""
    for model in work_models():
        schedule = registration_of(model).schedule
        if schedule:
            schedule()
        for pk in model.due().values_list("pk", flat=True)[:TICK_LIMIT]:
            run_work.delay(model._meta.label, pk)
