"""What happens to results of the detector as days pass."""

from celery import shared_task

from alignment.actions import delete_outdated_results


@shared_task(name="alignment.days")
def run_daily_checks() -> None:
    """Delete the results that are older than 24 months."""
    delete_outdated_results()
