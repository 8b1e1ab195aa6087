"""What happens to results of the detector and to the joint plan as days pass."""

from celery import shared_task

from alignment.actions import delete_outdated_results
from alignment.plan.actions import remind_of_update


@shared_task(name="alignment.days")
def run_daily_checks() -> None:
    """Delete the results that are older than 24 months, and tell of an update of the plan that is overdue."""
    delete_outdated_results()
    remind_of_update()
