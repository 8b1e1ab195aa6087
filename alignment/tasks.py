"""What happens to results of the detector, to the joint plan and to the values of pages as time passes."""

from celery import shared_task

from alignment.actions import delete_outdated_results
from alignment.index.actions import record_index
from alignment.last_values import take_request
from alignment.plan.actions import remind_of_update
from alignment.prepared_values import prepare_values
from alignment.review.actions import remind_of_decisions
from alignment.rounds.actions import delete_outdated_links
from alignment.rounds.notices import notify_of_ended_rounds


@shared_task(name="alignment.days")
def run_daily_checks() -> None:
    """Delete the results that are older than 24 months, tell of what is overdue, record the index."""
    delete_outdated_results()
    delete_outdated_links()
    remind_of_update()
    remind_of_decisions()
    notify_of_ended_rounds()
    record_index()


@shared_task(name="alignment.values")
def compute_requested_values() -> None:
    """Compute the values of the newest records, where a page has shown earlier ones."""
    if take_request():
        prepare_values()
